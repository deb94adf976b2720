package wire

import (
	"fmt"

	"google.golang.org/grpc/mem"
)

// Codec hands message bytes through as they are. It calls itself "proto", so the peer sees ordinary gRPC.
type Codec struct{}

// Marshal takes a *[]byte and copies nothing.
func (Codec) Marshal(value any) (mem.BufferSlice, error) {
	message, ok := value.(*[]byte)
	if !ok {
		return nil, fmt.Errorf("the codec takes *[]byte, not %T", value)
	}
	return mem.BufferSlice{mem.SliceBuffer(*message)}, nil
}

// Unmarshal puts the message into a *[]byte as one piece, as grpc's own codec does before it decodes.
func (Codec) Unmarshal(data mem.BufferSlice, value any) error {
	message, ok := value.(*[]byte)
	if !ok {
		return fmt.Errorf("the codec fills *[]byte, not %T", value)
	}
	*message = data.Materialize()
	return nil
}

// Name is the content-subtype that every autoscaler uses.
func (Codec) Name() string { return "proto" }
