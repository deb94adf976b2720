package play

import (
	"bytes"
	"context"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"spot-expander.local/conformance/autoscaler"
	"spot-expander.local/conformance/kube"
	"spot-expander.local/conformance/scripted"
	"spot-expander.local/conformance/wire"
)

// The client model is held against a scripted server, so that what it says of a real one can be believed.

func TestTheClientReadsEachAnswerAsItsGenerationDoes(t *testing.T) {
	all := ids(fleetRequest().Options)
	cases := []struct {
		name       string
		reply      scripted.Reply
		old, new   []string
		failedOpen bool
	}{
		{"one id", scripted.IDs("spot-m5-large-b"), []string{"spot-m5-large-b"}, []string{"spot-m5-large-b"}, false},
		{"several ids", scripted.IDs("spot-m5-large-b", "od-m5-large-a"), []string{"od-m5-large-a", "spot-m5-large-b"}, []string{"od-m5-large-a", "spot-m5-large-b"}, false},
		{"one id twice", scripted.IDs("od-m5-large-a", "od-m5-large-a"), []string{"od-m5-large-a", "od-m5-large-a"}, []string{"od-m5-large-a", "od-m5-large-a"}, false},
		{"some unknown ids", scripted.IDs("nobody", "od-m5-large-a"), []string{"od-m5-large-a"}, []string{"od-m5-large-a"}, false},
		{"only unknown ids", scripted.IDs("nobody", "nothing"), all, all, true},
		{"an error", fails(codes.Internal), all, all, true},
		{"unavailable", fails(codes.Unavailable), all, all, true},
		{"resource exhausted", fails(codes.ResourceExhausted), all, all, true},
		{"bytes that are no answer", says([]byte{0x0a, 0xff}), all, all, true},
	}
	for _, one := range cases {
		t.Run(one.name, func(t *testing.T) {
			each(t, func(t *testing.T, generation autoscaler.Generation) {
				client, _ := told(t, generation, one.reply)
				left := ids(client.BestOptions(fleetRequest()))
				want := one.old
				if generation.EmptyMeansNone {
					want = one.new
				}
				if !slices.Equal(left, want) {
					t.Errorf("the client kept %v, not %v (%s)", left, want, client.Last.Why)
				}
				if client.Last.FailedOpen != one.failedOpen {
					t.Errorf("failed open: %v, not %v", client.Last.FailedOpen, one.failedOpen)
				}
			})
		})
	}
}

func TestAnEmptyAnswerIsNoOpinionUpTo131AndNoScaleUpLater(t *testing.T) {
	each(t, func(t *testing.T, generation autoscaler.Generation) {
		client, _ := told(t, generation, scripted.IDs())
		chain := autoscaler.Chain{Filters: []autoscaler.Filter{client, autoscaler.LeastWaste{}}, Random: chance()}
		_, grows := chain.BestOption(fleetRequest())
		if grows == generation.EmptyMeansNone {
			t.Errorf("an empty answer and the group grows: %v", grows)
		}
	})
}

func TestASilentServerCostsFiveSecondsAndChangesNothing(t *testing.T) {
	for _, generation := range autoscaler.Generations {
		t.Run(generation.Name, func(t *testing.T) {
			t.Parallel()
			client, _ := told(t, generation, func(ctx context.Context, _ []byte) ([]byte, error) {
				<-ctx.Done()
				time.Sleep(time.Second)
				return wire.MarshalAnswer("od-m5-large-a"), nil
			})
			started := time.Now()
			left := client.BestOptions(fleetRequest())
			if len(left) != len(kube.Fleet) || !client.Last.FailedOpen || status.Code(client.Last.Err) != codes.DeadlineExceeded {
				t.Errorf("the client kept %v: %s, %v", ids(left), client.Last.Why, client.Last.Err)
			}
			if took := time.Since(started); took < 4900*time.Millisecond || took > 8*time.Second {
				t.Errorf("the client waited %s", took)
			}
		})
	}
}

func TestAnEchoOfPodsIsTooLongForTheOldReplyLimit(t *testing.T) {
	each(t, func(t *testing.T, generation autoscaler.Generation) {
		echo := append(wire.MarshalAnswer("od-m5-large-a"), 0x12)
		echo = append(appendVarint(echo, 5<<20), make([]byte, 5<<20)...)
		client, _ := told(t, generation, says(echo))
		left := ids(client.BestOptions(fleetRequest()))
		if tooLong := generation.ReplyLimit < 5<<20; client.Last.FailedOpen != tooLong {
			t.Errorf("a reply of 5 MiB, limit %d: failed open %v, kept %v", generation.ReplyLimit, client.Last.FailedOpen, left)
		}
	})
}

func TestEachGenerationSendsItsOwnFields(t *testing.T) {
	each(t, func(t *testing.T, generation autoscaler.Generation) {
		client, server := told(t, generation, scripted.IDs("od-m5-large-a"))
		client.BestOptions(fleetRequest())
		seen := map[string]int{}
		err := wire.EachField(server.Seen()[0], func(field wire.Field) error {
			switch field.Number {
			case 1:
				return wire.EachField(field.Value, func(inner wire.Field) error {
					switch inner.Number {
					case 4:
						seen["pod"]++
					case 5:
						seen["podBytes"]++
					}
					return nil
				})
			case 2:
				seen["nodeMap"]++
			case 3:
				seen["nodeBytesMap"]++
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		embedded, raw := generation.Form != wire.Bytes, generation.Form != wire.Embedded
		if (seen["pod"] > 0) != embedded || (seen["nodeMap"] > 0) != embedded || (seen["podBytes"] > 0) != raw || (seen["nodeBytesMap"] > 0) != raw {
			t.Errorf("%s sends %v", generation.Form, seen)
		}
	})
}

func TestACertificateThatDoesNotFitFailsOpen(t *testing.T) {
	root, stranger := authority(t), authority(t)
	cases := []struct {
		name  string
		hosts []string
		roots string
		url   func(port string) string
	}{
		{"another host in the certificate", []string{"expander.other.svc"}, root.File, func(port string) string { return "localhost:" + port }},
		{"another root", nil, stranger.File, func(port string) string { return "localhost:" + port }},
		{"https:// in the URL", nil, root.File, func(port string) string { return "https://localhost:" + port }},
	}
	for _, one := range cases {
		t.Run(one.name, func(t *testing.T) {
			server, err := scripted.Start("127.0.0.1:0", issued(t, root, strings.ReplaceAll(one.name, "/", "_"), one.hosts...), scripted.IDs("od-m5-large-a"))
			if err != nil {
				t.Fatal(err)
			}
			defer server.Stop()
			_, port, _ := net.SplitHostPort(server.Address)
			client := expander(t, autoscaler.Generations[4], one.url(port), one.roots)
			if left := client.BestOptions(fleetRequest()); len(left) != len(kube.Fleet) || !client.Last.FailedOpen {
				t.Errorf("the client kept %v", ids(left))
			}
			if len(server.Seen()) != 0 {
				t.Error("the request arrived all the same")
			}
		})
	}
}

func TestADNSTargetWorks(t *testing.T) {
	root := authority(t)
	server, err := scripted.Start("127.0.0.1:0", issued(t, root, "server"), scripted.IDs("od-m5-large-a"))
	if err != nil {
		t.Fatal(err)
	}
	defer server.Stop()
	client := expander(t, autoscaler.Generations[0], "dns:///"+server.Address, root.File)
	if left := client.BestOptions(fleetRequest()); len(left) != 1 {
		t.Errorf("the client kept %v: %v", ids(left), client.Last.Err)
	}
}

func TestTheClientFindsAServerThatCameBack(t *testing.T) {
	root := authority(t)
	pair := issued(t, root, "server")
	first, err := scripted.Start("127.0.0.1:0", pair, scripted.IDs("od-m5-large-a"))
	if err != nil {
		t.Fatal(err)
	}
	client := expander(t, autoscaler.Generations[4], first.Address, root.File)
	if len(client.BestOptions(fleetRequest())) != 1 {
		t.Fatal("the first call was not answered", client.Last.Err)
	}
	first.Stop()
	client.BestOptions(fleetRequest())
	if !client.Last.FailedOpen {
		t.Error("a stopped server was no failure")
	}
	second, err := scripted.Start(first.Address, pair, scripted.IDs("spot-m5-large-b"))
	if err != nil {
		t.Fatal(err)
	}
	defer second.Stop()
	eventually(t, 10*time.Second, "the client came back", func() bool {
		return slices.Equal(ids(client.BestOptions(fleetRequest())), []string{"spot-m5-large-b"})
	})
}

func TestTheChainStopsAtOneOptionAndDrawsAmongTheRest(t *testing.T) {
	newest := autoscaler.Generations[4]
	t.Run("one id ends the chain", func(t *testing.T) {
		client, _ := told(t, newest, scripted.IDs("spot-m5-2xlarge-c"))
		chain := autoscaler.Chain{Filters: []autoscaler.Filter{client, forbidden{t}}, Random: chance()}
		if best, _ := chain.BestOption(fleetRequest()); best.NodeGroupID != "spot-m5-2xlarge-c" {
			t.Errorf("%s grows", best.NodeGroupID)
		}
	})
	t.Run("least-waste decides among several", func(t *testing.T) {
		client, _ := told(t, newest, scripted.IDs("spot-m5-2xlarge-c", "spot-m5-large-b"))
		chain := autoscaler.Chain{Filters: []autoscaler.Filter{client, autoscaler.LeastWaste{}}, Random: chance()}
		if best, _ := chain.BestOption(fleetRequest()); best.NodeGroupID != "spot-m5-large-b" {
			t.Errorf("%s grows", best.NodeGroupID)
		}
	})
	t.Run("duplicates weigh in the draw", func(t *testing.T) {
		client, _ := told(t, newest, scripted.IDs("od-m5-large-a", "od-m5-large-a", "od-m5-large-a", "spot-m5-large-b"))
		chain := autoscaler.Chain{Filters: []autoscaler.Filter{client}, Random: chance()}
		drawn := map[string]int{}
		for range 400 {
			best, _ := chain.BestOption(fleetRequest())
			drawn[best.NodeGroupID]++
		}
		if share := float64(drawn["od-m5-large-a"]) / 400; share < 0.65 || share > 0.85 {
			t.Errorf("three of four drew %v", drawn)
		}
	})
	t.Run("a dead server leaves the choice to least-waste", func(t *testing.T) {
		client, server := told(t, newest, scripted.IDs("od-m5-large-a"))
		server.Stop()
		chain := autoscaler.Chain{Filters: []autoscaler.Filter{client, autoscaler.LeastWaste{}}, Random: chance()}
		if _, grows := chain.BestOption(fleetRequest()); !grows || !client.Last.FailedOpen {
			t.Error("nothing grows")
		}
	})
}

func TestMarshalEachWritesTheSameBytes(t *testing.T) {
	for _, form := range []wire.Form{wire.Embedded, wire.Both, wire.Bytes} {
		once, err := wire.Marshal(fleetRequest(), form)
		if err != nil {
			t.Fatal(err)
		}
		each, err := wire.MarshalEach(fleetRequest(), form)
		if err != nil || !bytes.Equal(once, each) {
			t.Errorf("%s: %d bytes and %d bytes (%v)", form, len(once), len(each), err)
		}
	}
}

type forbidden struct{ t *testing.T }

func (filter forbidden) BestOptions(request wire.Request) []wire.Option {
	filter.t.Error("the next filter was asked")
	return request.Options
}

func fails(code codes.Code) scripted.Reply {
	return func(context.Context, []byte) ([]byte, error) { return nil, status.Error(code, "told to fail") }
}

func says(answer []byte) scripted.Reply {
	return func(context.Context, []byte) ([]byte, error) { return answer, nil }
}

func appendVarint(message []byte, value int) []byte {
	for value >= 0x80 {
		message = append(message, byte(value)|0x80)
		value >>= 7
	}
	return append(message, byte(value))
}

func eventually(t *testing.T, limit time.Duration, what string, holds func() bool) {
	t.Helper()
	for until := time.Now().Add(limit); !holds(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("not within %s: %s", limit, what)
		}
	}
}
