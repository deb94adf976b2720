// Package autoscaler plays the cluster-autoscaler's side of the expander contract, generation by generation.
package autoscaler

import "spot-expander.local/conformance/wire"

// Generation is a range of releases that behave alike towards a gRPC expander.
type Generation struct {
	Name string
	Form wire.Form
	// ReplyLimit is the largest answer the client takes, in bytes.
	ReplyLimit int
	// EmptyMeansNone: an empty answer stops the scale-up. Before, it was read as "no opinion".
	EmptyMeansNone bool
}

// Generations are all that were released since the gRPC expander exists in its present shape.
var Generations = []Generation{
	{Name: "1.24-1.26", Form: wire.Embedded, ReplyLimit: 4 << 20},
	{Name: "1.27-1.31", Form: wire.Embedded, ReplyLimit: 128 << 20},
	{Name: "1.32-1.34.1", Form: wire.Embedded, ReplyLimit: 128 << 20, EmptyMeansNone: true},
	{Name: "1.34.2-1.34.5", Form: wire.Both, ReplyLimit: 128 << 20, EmptyMeansNone: true},
	{Name: "1.35+", Form: wire.Bytes, ReplyLimit: 128 << 20, EmptyMeansNone: true},
}
