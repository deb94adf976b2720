package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"os"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/mem"

	"spot-expander.local/conformance/wire"
)

// typedCodec decodes a request into v1.Pod and v1.Node as generated messages of the embedded form do.
type typedCodec struct{ wire.Codec }

func (typedCodec) Unmarshal(data mem.BufferSlice, value any) error {
	return unmarshalWith(data, value, decodedTyped)
}

// bytesCodec keeps pods and nodes as byte slices of their own, as generated messages of the bytes form do.
type bytesCodec struct{ wire.Codec }

func (bytesCodec) Unmarshal(data mem.BufferSlice, value any) error {
	return unmarshalWith(data, value, decodedBytes)
}

// unmarshalWith makes one piece of the message from grpc's buffer pool, as grpc's own proto codec does.
func unmarshalWith(data mem.BufferSlice, value any, decode func([]byte) (*question, error)) error {
	target, ok := value.(*question)
	if !ok {
		return fmt.Errorf("the codec fills *question, not %T", value)
	}
	message := data.MaterializeToBuffer(mem.DefaultBufferPool())
	defer message.Free()
	decoded, err := decode(message.ReadOnlyData())
	if err != nil {
		return err
	}
	*target = *decoded
	return nil
}

func serve(arguments []string) error {
	flags := flag.NewFlagSet("serve", flag.ExitOnError)
	listen := flags.String("listen", "127.0.0.1:0", "address to listen on")
	cert := flags.String("cert", "", "certificate file")
	key := flags.String("key", "", "key file")
	form := flags.String("decode", "typed", "typed: v1.Pod and v1.Node; bytes: slices only")
	limit := flags.Int("max-message", 512<<20, "largest request in bytes")
	_ = flags.Parse(arguments)

	transport, err := credentials.NewServerTLSFromFile(*cert, *key)
	if err != nil {
		return fmt.Errorf("the certificate cannot be used: %w", err)
	}
	codec := grpc.ForceServerCodecV2(typedCodec{})
	if *form == "bytes" {
		codec = grpc.ForceServerCodecV2(bytesCodec{})
	}
	server := grpc.NewServer(grpc.Creds(transport), codec, grpc.MaxRecvMsgSize(*limit))
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: "grpcplugin.Expander",
		HandlerType: (*any)(nil),
		Methods:     []grpc.MethodDesc{{MethodName: "BestOptions", Handler: answerFirst}},
	}, struct{}{})
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stdout, "{\"msg\":\"listening\",\"address\":%q}\n", listener.Addr().String())
	return server.Serve(listener)
}

// answerFirst picks the option with the most pods, which is about what an example expander does.
func answerFirst(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
	var asked question
	if err := decode(&asked); err != nil {
		return nil, err
	}
	best, most := "", -1
	for _, option := range asked.options {
		if pods := len(option.pods) + len(option.podBytes); pods > most {
			best, most = option.id, pods
		}
	}
	answer := wire.MarshalAnswer(best)
	return &answer, nil
}
