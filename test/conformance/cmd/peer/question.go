package main

import (
	"bytes"

	v1 "k8s.io/api/core/v1"

	"spot-expander.local/conformance/wire"
)

type option struct {
	id       string
	count    int32
	pods     []*v1.Pod
	podBytes [][]byte
}

type question struct {
	options   []option
	nodes     map[string]*v1.Node
	nodeBytes map[string][]byte
}

// decodedTyped unmarshals every pod and node, also those that repeat: generated code knows of no repetition.
func decodedTyped(message []byte) (*question, error) {
	return decoded(message, func(target *option, value []byte) error {
		pod := &v1.Pod{}
		target.pods = append(target.pods, pod)
		return pod.Unmarshal(value)
	}, func(target *question, id string, value []byte) error {
		node := &v1.Node{}
		target.nodes[id] = node
		return node.Unmarshal(value)
	})
}

// decodedBytes copies every pod and node out of the message: generated code owns its bytes fields.
func decodedBytes(message []byte) (*question, error) {
	return decoded(message, func(target *option, value []byte) error {
		target.podBytes = append(target.podBytes, bytes.Clone(value))
		return nil
	}, func(target *question, id string, value []byte) error {
		target.nodeBytes[id] = bytes.Clone(value)
		return nil
	})
}

func decoded(
	message []byte,
	addPod func(*option, []byte) error,
	addNode func(*question, string, []byte) error,
) (*question, error) {
	asked := &question{nodes: map[string]*v1.Node{}, nodeBytes: map[string][]byte{}}
	err := wire.EachField(message, func(field wire.Field) error {
		switch field.Number {
		case 1:
			var one option
			err := wire.EachField(field.Value, func(inner wire.Field) error {
				switch inner.Number {
				case 1:
					one.id = string(inner.Value)
				case 2:
					one.count = int32(inner.Varint)
				case 4, 5:
					return addPod(&one, inner.Value)
				}
				return nil
			})
			asked.options = append(asked.options, one)
			return err
		case 2, 3:
			var id string
			var value []byte
			err := wire.EachField(field.Value, func(inner wire.Field) error {
				switch inner.Number {
				case 1:
					id = string(inner.Value)
				case 2:
					value = inner.Value
				}
				return nil
			})
			if err != nil {
				return err
			}
			return addNode(asked, id, value)
		}
		return nil
	})
	return asked, err
}
