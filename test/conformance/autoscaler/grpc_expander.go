package autoscaler

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"spot-expander.local/conformance/wire"
)

// callTimeout is hard-wired in every release.
const callTimeout = 5 * time.Second

// GRPCExpander is the filter behind --expander=grpc. It holds one connection for its whole life.
type GRPCExpander struct {
	generation Generation
	connection *grpc.ClientConn
	// Last is what came of the latest call, for the tests to look at.
	Last Outcome
}

// Outcome is how a call was read.
type Outcome struct {
	// FailedOpen says that the client kept all options because it could not use the answer.
	FailedOpen bool
	Why        string
	Err        error
	Answer     wire.Answer
	Took       time.Duration
}

// NewGRPCExpander reads the root pool once, as --grpc-expander-cert is read, and dials --grpc-expander-url.
// There is no client certificate, no retry policy and no keepalive.
func NewGRPCExpander(generation Generation, url, rootPoolFile string) (*GRPCExpander, error) {
	roots, err := credentials.NewClientTLSFromFile(rootPoolFile, "")
	if err != nil {
		return nil, fmt.Errorf("the root pool %s cannot be used: %w", rootPoolFile, err)
	}
	connection, err := grpc.NewClient(url,
		grpc.WithTransportCredentials(roots),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(generation.ReplyLimit), grpc.ForceCodecV2(wire.Codec{})),
	)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be dialled: %w", url, err)
	}
	return &GRPCExpander{generation: generation, connection: connection}, nil
}

// Close ends the connection.
func (expander *GRPCExpander) Close() { _ = expander.connection.Close() }

// BestOptions is the options that the answer leaves, or all of them when the answer cannot be used.
func (expander *GRPCExpander) BestOptions(request wire.Request) []wire.Option {
	message, err := wire.Marshal(request, expander.generation.Form)
	if err != nil {
		return expander.keepAll(request, Outcome{Why: "the request does not marshal", Err: err})
	}
	started := time.Now()
	answer, err := expander.Raw(message)
	outcome := Outcome{Answer: answer, Took: time.Since(started)}
	if err != nil {
		outcome.Why, outcome.Err = "the call failed", err
		return expander.keepAll(request, outcome)
	}
	return expander.read(request, outcome)
}

// Raw sends bytes as they are and reads the answer; it may be called from several goroutines.
func (expander *GRPCExpander) Raw(message []byte) (wire.Answer, error) {
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	var reply []byte
	if err := expander.connection.Invoke(ctx, wire.Method, &message, &reply); err != nil {
		return wire.Answer{}, err
	}
	answer, err := wire.ReadAnswer(reply)
	if err != nil {
		return wire.Answer{}, fmt.Errorf("the answer does not parse: %w", err)
	}
	return answer, nil
}

// read drops ids that the request did not have. Duplicates stay, and so weigh more in the draw.
func (expander *GRPCExpander) read(request wire.Request, outcome Outcome) []wire.Option {
	if len(outcome.Answer.IDs) == 0 {
		if expander.generation.EmptyMeansNone {
			outcome.Why = "the answer is empty: nothing is scaled"
			expander.Last = outcome
			return nil
		}
		outcome.Why = "the answer is empty"
		return expander.keepAll(request, outcome)
	}
	byID := make(map[string]wire.Option, len(request.Options))
	for _, option := range request.Options {
		byID[option.NodeGroupID] = option
	}
	var kept []wire.Option
	for _, id := range outcome.Answer.IDs {
		if option, known := byID[id]; known {
			kept = append(kept, option)
		}
	}
	if len(kept) == 0 {
		outcome.Why = "the answer names only unknown node groups"
		return expander.keepAll(request, outcome)
	}
	expander.Last = outcome
	return kept
}

func (expander *GRPCExpander) keepAll(request wire.Request, outcome Outcome) []wire.Option {
	outcome.FailedOpen = true
	expander.Last = outcome
	return request.Options
}
