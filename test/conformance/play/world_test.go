package play

import (
	"math/rand"
	"slices"
	"testing"

	"spot-expander.local/conformance/autoscaler"
	"spot-expander.local/conformance/certificates"
	"spot-expander.local/conformance/kube"
	"spot-expander.local/conformance/scripted"
	"spot-expander.local/conformance/wire"
)

func authority(t *testing.T) *certificates.Authority {
	t.Helper()
	made, err := certificates.NewAuthority(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func issued(t *testing.T, from *certificates.Authority, name string, hosts ...string) certificates.Pair {
	t.Helper()
	pair, err := from.Issue(name, hosts...)
	if err != nil {
		t.Fatal(err)
	}
	return pair
}

func expander(t *testing.T, generation autoscaler.Generation, url, roots string) *autoscaler.GRPCExpander {
	t.Helper()
	made, err := autoscaler.NewGRPCExpander(generation, url, roots)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(made.Close)
	return made
}

// told is an expander of the generation that talks to a scripted server.
func told(t *testing.T, generation autoscaler.Generation, reply scripted.Reply) (*autoscaler.GRPCExpander, *scripted.Expander) {
	t.Helper()
	root := authority(t)
	server, err := scripted.Start("127.0.0.1:0", issued(t, root, "server"), reply)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	return expander(t, generation, server.Address, root.File), server
}

func fleetRequest() wire.Request { return kube.ScaleUp(kube.Fleet, kube.PlainPods(12)) }

func ids(options []wire.Option) []string {
	var list []string
	for _, option := range options {
		list = append(list, option.NodeGroupID)
	}
	slices.Sort(list)
	return list
}

func chance() *rand.Rand { return rand.New(rand.NewSource(7)) }

func each(t *testing.T, play func(*testing.T, autoscaler.Generation)) {
	t.Helper()
	for _, generation := range autoscaler.Generations {
		t.Run(generation.Name, func(t *testing.T) { play(t, generation) })
	}
}
