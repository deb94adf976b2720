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
	length := 0
	count := uint64(int64(option.NodeCount))
	if option.NodeGroupID != "" {
		length += protowire.SizeTag(optionNodeGroupID) + protowire.SizeBytes(len(option.NodeGroupID))
	}
	if option.NodeCount != 0 {
		length += protowire.SizeTag(optionNodeCount) + protowire.SizeVarint(count)
	}
	if option.Debug != "" {
		length += protowire.SizeTag(optionDebug) + protowire.SizeBytes(len(option.Debug))
	}
	for _, pod := range option.Pods {
		one := protowire.SizeTag(optionPod) + protowire.SizeBytes(len(pods[pod]))
		if form == Both {
			one *= 2
		}
		length += one
	}

	message = protowire.AppendTag(message, requestOptions, protowire.BytesType)
	message = protowire.AppendVarint(message, uint64(length))
	if option.NodeGroupID != "" {
		message = appendBytes(message, optionNodeGroupID, []byte(option.NodeGroupID))
	}
	if option.NodeCount != 0 {
		message = protowire.AppendTag(message, optionNodeCount, protowire.VarintType)
		message = protowire.AppendVarint(message, count)
	}
	if option.Debug != "" {
		message = appendBytes(message, optionDebug, []byte(option.Debug))
	}
	if form == Embedded || form == Both {
		for _, pod := range option.Pods {
			message = appendBytes(message, optionPod, pods[pod])
		}
	}
	if form == Bytes || form == Both {
		for _, pod := range option.Pods {
			message = appendBytes(message, optionPodBytes, pods[pod])
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
	var fields []protowire.Number
	if form == Embedded || form == Both {
		fields = append(fields, requestNodeMap)
	}
	if form == Bytes || form == Both {
		fields = append(fields, requestNodeBytesMap)
	}
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
