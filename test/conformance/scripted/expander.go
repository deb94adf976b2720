// Package scripted is an expander that says what it is told to, to prove the client and to say what a good server never says.
package scripted

import (
	"context"
	"net"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"spot-expander.local/conformance/certificates"
	"spot-expander.local/conformance/wire"
)

// Reply makes the bytes of an answer from the bytes of a request.
type Reply func(ctx context.Context, message []byte) ([]byte, error)

// IDs answers these node groups.
func IDs(ids ...string) Reply {
	return func(context.Context, []byte) ([]byte, error) { return wire.MarshalAnswer(ids...), nil }
}

// Expander is a running scripted server.
type Expander struct {
	Address string
	server  *grpc.Server
	lock    sync.Mutex
	reply   Reply
	// Seen are the requests, as bytes.
	seen [][]byte
}

// Start listens on the address (port 0 for any).
func Start(address string, pair certificates.Pair, reply Reply) (*Expander, error) {
	transport, err := credentials.NewServerTLSFromFile(pair.CertFile, pair.KeyFile)
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	expander := &Expander{Address: listener.Addr().String(), reply: reply}
	expander.server = grpc.NewServer(grpc.Creds(transport), grpc.ForceServerCodecV2(wire.Codec{}), grpc.MaxRecvMsgSize(512<<20))
	expander.server.RegisterService(&grpc.ServiceDesc{
		ServiceName: "grpcplugin.Expander",
		HandlerType: (*any)(nil),
		Methods:     []grpc.MethodDesc{{MethodName: "BestOptions", Handler: expander.handle}},
	}, struct{}{})
	go func() { _ = expander.server.Serve(listener) }()
	return expander, nil
}

// Stop ends the server at once.
func (expander *Expander) Stop() { expander.server.Stop() }

// Seen are the requests that came, as bytes.
func (expander *Expander) Seen() [][]byte {
	expander.lock.Lock()
	defer expander.lock.Unlock()
	return expander.seen
}

func (expander *Expander) handle(_ any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
	var message []byte
	if err := decode(&message); err != nil {
		return nil, err
	}
	expander.lock.Lock()
	expander.seen = append(expander.seen, message)
	reply := expander.reply
	expander.lock.Unlock()
	answer, err := reply(ctx, message)
	if err != nil {
		return nil, err
	}
	return &answer, nil
}
