package wire

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
)

// Field is one top-level field of a message; Value is a slice of the message for length-delimited fields.
type Field struct {
	Number protowire.Number
	Type   protowire.Type
	Value  []byte
	Varint uint64
}

// EachField calls visit for every field in order and stops at the first error.
func EachField(message []byte, visit func(Field) error) error {
	for len(message) > 0 {
		number, wireType, length := protowire.ConsumeTag(message)
		if length < 0 {
			return fmt.Errorf("a tag does not parse: %w", protowire.ParseError(length))
		}
		message = message[length:]
		field := Field{Number: number, Type: wireType}
		switch wireType {
		case protowire.BytesType:
			field.Value, length = protowire.ConsumeBytes(message)
		case protowire.VarintType:
			field.Varint, length = protowire.ConsumeVarint(message)
		default:
			length = protowire.ConsumeFieldValue(number, wireType, message)
		}
		if length < 0 {
			return fmt.Errorf("field %d does not parse: %w", number, protowire.ParseError(length))
		}
		message = message[length:]
		if err := visit(field); err != nil {
			return err
		}
	}
	return nil
}
