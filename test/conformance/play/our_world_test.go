package play

import (
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"spot-expander.local/conformance/autoscaler"
	"spot-expander.local/conformance/certificates"
	"spot-expander.local/conformance/ours"
	"spot-expander.local/conformance/wire"
)

// running is a server of ours with its certificate files and the root that signed them.
type running struct {
	*ours.Server
	root   *certificates.Authority
	pair   certificates.Pair
	places ours.Places
	state  string
	extra  []string
}

// common is one server with nothing but defaults, for the tests that only ask.
var common = sync.OnceValues(func() (*running, error) {
	directory, err := os.MkdirTemp("", "spot-expander-play-")
	if err != nil {
		return nil, err
	}
	return launched(directory)
})

// TestMain ends the common server when every test has been played.
func TestMain(m *testing.M) {
	code := m.Run()
	if _, set := ours.Command(); set {
		if server, err := common(); err == nil {
			server.Kill()
			_ = os.RemoveAll(server.state)
		}
	}
	os.Exit(code)
}

// asking is the common server; without a built server the test is skipped.
func asking(t *testing.T) *running {
	t.Helper()
	skipWithoutServer(t)
	server, err := common()
	if err != nil {
		t.Fatal(err)
	}
	return server
}

// started runs the built server for one test; without one the test is skipped.
func started(t *testing.T, extra ...string) *running {
	t.Helper()
	skipWithoutServer(t)
	one, err := launched(t.TempDir(), extra...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		one.Kill()
		if t.Failed() {
			t.Logf("the server said:\n%s", tail(one.Output(), 4000))
		}
	})
	return one
}

func skipWithoutServer(t *testing.T) {
	t.Helper()
	if _, set := ours.Command(); !set {
		t.Skipf("no server to play against: %s is not set", ours.CommandVariable)
	}
}

func launched(directory string, extra ...string) (*running, error) {
	root, err := certificates.NewAuthority(directory)
	if err != nil {
		return nil, err
	}
	pair, err := root.Issue("serving")
	if err != nil {
		return nil, err
	}
	places, err := ours.FreePlaces()
	if err != nil {
		return nil, err
	}
	one := &running{root: root, pair: pair, places: places, state: directory, extra: extra}
	one.Server, err = ours.Start(places, pair, directory, extra...)
	return one, err
}

// again starts the server on the same ports with the same files.
func (one *running) again(t *testing.T) {
	t.Helper()
	server, err := ours.Start(one.places, one.pair, one.state, one.extra...)
	if err != nil {
		t.Fatal(err)
	}
	one.Server = server
}

func (one *running) asked(t *testing.T, generation autoscaler.Generation) *autoscaler.GRPCExpander {
	t.Helper()
	return expander(t, generation, one.Address(), one.root.File)
}

// legal fails the test unless the client could use the answer and the answer is one that the contract allows.
func legal(t *testing.T, client *autoscaler.GRPCExpander, request wire.Request) {
	t.Helper()
	last := client.Last
	if last.FailedOpen {
		t.Errorf("the client could not use the answer: %s (%v)", last.Why, last.Err)
		return
	}
	known := ids(request.Options)
	seen := map[string]bool{}
	for _, id := range last.Answer.IDs {
		if !slices.Contains(known, id) {
			t.Errorf("%q was not asked about", id)
		}
		if seen[id] {
			t.Errorf("%q is answered twice", id)
		}
		seen[id] = true
	}
	if len(last.Answer.IDs) == 0 {
		t.Error("the answer is empty")
	}
	if last.Answer.Pods != 0 {
		t.Errorf("%d pods are echoed", last.Answer.Pods)
	}
	if last.Took > 4*time.Second {
		t.Errorf("the answer took %s", last.Took)
	}
}

func tail(text string, length int) string {
	return text[max(0, len(text)-length):]
}
