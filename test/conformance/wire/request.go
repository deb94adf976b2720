// Package wire writes and reads the expander's messages from the facts of its contract alone:
// field numbers and wire types, no generated code.
package wire

import (
	"fmt"
	"sort"

	"google.golang.org/protobuf/encoding/protowire"
	v1 "k8s.io/api/core/v1"
)

// Method is the path that every cluster-autoscaler generation calls.
const Method = "/grpcplugin.Expander/BestOptions"

// Form is how a generation of the autoscaler puts pods and nodes on the wire.
type Form string

const (
	// Embedded is 1.24.0 to 1.34.1: v1.Node in field 2, v1.Pod in field 4.
	Embedded Form = "embedded"
	// Both is 1.34.2 to 1.34.5: everything twice.
	Both Form = "both"
	// Bytes is 1.35.0 and later: raw Marshal output in fields 3 and 5.
	Bytes Form = "bytes"
)

const (
	requestOptions      = 1
	requestNodeMap      = 2
	requestNodeBytesMap = 3

	optionNodeGroupID = 1
	optionNodeCount   = 2
	optionDebug       = 3
	optionPod         = 4
	optionPodBytes    = 5

	mapKey   = 1
	mapValue = 2
)

// Option is one node group that could grow, with the pods it would take.
type Option struct {
	NodeGroupID string
	NodeCount   int32
	Debug       string
	Pods        []*v1.Pod
	// RawPods follow Pods as they are, for what Kubernetes' own types would not write.
	RawPods [][]byte
}

// Request is one scale-up question.
type Request struct {
	Options []Option
	Nodes   map[string]*v1.Node
}

// Marshal returns the request in the named form. A pod that several options share is marshalled once.
func Marshal(request Request, form Form) ([]byte, error) {
	pods, size := map[*v1.Pod][]byte{}, 0
	for _, option := range request.Options {
		for _, pod := range option.Pods {
			encoded, known := pods[pod]
			if !known {
				var err error
				if encoded, err = pod.Marshal(); err != nil {
					return nil, fmt.Errorf("pod %s does not marshal: %w", pod.Name, err)
				}
				pods[pod] = encoded
			}
			size += len(encoded) + 6
			if form == Both {
				size += len(encoded) + 6
			}
		}
		size += 256
	}
	message := make([]byte, 0, size+len(request.Nodes)*4096)
	for _, option := range request.Options {
		message = appendOption(message, option, pods, form)
	}
	return appendNodes(message, request.Nodes, form)
}

// MarshalEach is Marshal at the autoscaler's price: generated code marshals every pod of every option.
func MarshalEach(request Request, form Form) ([]byte, error) {
	var message []byte
	for i := range request.Options {
		one, err := Marshal(Request{Options: request.Options[i : i+1]}, form)
		if err != nil {
			return nil, err
		}
		message = append(message, one...)
	}
	return appendNodes(message, request.Nodes, form)
}

func appendOption(message []byte, option Option, pods map[*v1.Pod][]byte, form Form) []byte {
	encoded := make([][]byte, 0, len(option.Pods)+len(option.RawPods))
	for _, pod := range option.Pods {
		encoded = append(encoded, pods[pod])
	}
	encoded = append(encoded, option.RawPods...)

	var head []byte
	if option.NodeGroupID != "" {
		head = appendBytes(head, optionNodeGroupID, []byte(option.NodeGroupID))
	}
	if option.NodeCount != 0 {
		head = protowire.AppendTag(head, optionNodeCount, protowire.VarintType)
		head = protowire.AppendVarint(head, uint64(int64(option.NodeCount)))
	}
	if option.Debug != "" {
		head = appendBytes(head, optionDebug, []byte(option.Debug))
	}
	podFields := map[Form][]protowire.Number{
		Embedded: {optionPod}, Both: {optionPod, optionPodBytes}, Bytes: {optionPodBytes},
	}[form]
	length := len(head)
	for _, pod := range encoded {
		length += len(podFields) * (protowire.SizeTag(optionPod) + protowire.SizeBytes(len(pod)))
	}
	message = protowire.AppendTag(message, requestOptions, protowire.BytesType)
	message = protowire.AppendVarint(message, uint64(length))
	message = append(message, head...)
	for _, field := range podFields {
		for _, pod := range encoded {
			message = appendBytes(message, field, pod)
		}
	}
	return message
}

func appendNodes(message []byte, nodes map[string]*v1.Node, form Form) ([]byte, error) {
	ids := make([]string, 0, len(nodes))
	for id := range nodes {
		ids = append(ids, id)
	}
	sort.Strings(ids)
	fields := map[Form][]protowire.Number{
		Embedded: {requestNodeMap}, Both: {requestNodeMap, requestNodeBytesMap}, Bytes: {requestNodeBytesMap},
	}[form]
	for _, field := range fields {
		for _, id := range ids {
			encoded, err := nodes[id].Marshal()
			if err != nil {
				return nil, fmt.Errorf("the node of %s does not marshal: %w", id, err)
			}
			entry := appendBytes(nil, mapKey, []byte(id))
			entry = appendBytes(entry, mapValue, encoded)
			message = appendBytes(message, field, entry)
		}
	}
	return message, nil
}

func appendBytes(message []byte, field protowire.Number, value []byte) []byte {
	message = protowire.AppendTag(message, field, protowire.BytesType)
	return protowire.AppendBytes(message, value)
}
