package wire

import "google.golang.org/protobuf/encoding/protowire"

const responseOptions = 1

// Answer is what a client can see in a BestOptionsResponse.
type Answer struct {
	// IDs are the node group ids in the order they came, duplicates kept.
	IDs []string
	// Pods counts pods that were echoed back; a well-behaved expander echoes none.
	Pods int
}

// ReadAnswer reads a BestOptionsResponse.
func ReadAnswer(message []byte) (Answer, error) {
	var answer Answer
	err := EachField(message, func(field Field) error {
		if field.Number != responseOptions || field.Type != protowire.BytesType {
			return nil
		}
		id := ""
		err := EachField(field.Value, func(inner Field) error {
			switch inner.Number {
			case optionNodeGroupID:
				id = string(inner.Value)
			case optionPod, optionPodBytes:
				answer.Pods++
			}
			return nil
		})
		answer.IDs = append(answer.IDs, id)
		return err
	})
	return answer, err
}

// MarshalAnswer writes a BestOptionsResponse that holds the ids and nothing else.
func MarshalAnswer(ids ...string) []byte {
	var message []byte
	for _, id := range ids {
		message = appendBytes(message, responseOptions, appendBytes(nil, optionNodeGroupID, []byte(id)))
	}
	return message
}
