package play

import (
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	v1 "k8s.io/api/core/v1"

	"spot-expander.local/conformance/autoscaler"
	"spot-expander.local/conformance/kube"
	"spot-expander.local/conformance/wire"
)

func TestOurServerTellsEveryGenerationTheSame(t *testing.T) {
	server := asking(t)
	answers := map[string][]string{}
	each(t, func(t *testing.T, generation autoscaler.Generation) {
		client := server.asked(t, generation)
		request := fleetRequest()
		answers[generation.Name] = ids(client.BestOptions(request))
		legal(t, client, request)
	})
	first := answers[autoscaler.Generations[0].Name]
	for name, answer := range answers {
		if !slices.Equal(answer, first) {
			t.Errorf("%s is told %v, the first generation %v", name, answer, first)
		}
	}
}

func TestOurServerNamesOneGroupAmongKnownPoolsAndTheChainStops(t *testing.T) {
	server := asking(t)
	client := server.asked(t, autoscaler.Generations[4])
	request := kube.ScaleUp(kube.Fleet[:4], kube.PlainPods(12))
	chain := autoscaler.Chain{Filters: []autoscaler.Filter{client, forbidden{t}}, Random: chance()}
	best, grows := chain.BestOption(request)
	legal(t, client, request)
	if !grows || len(client.Last.Answer.IDs) != 1 || best.NodeGroupID != client.Last.Answer.IDs[0] {
		t.Errorf("%v was answered", client.Last.Answer.IDs)
	}
}

func TestOurServerDoesNotMindTheOrderOfOptions(t *testing.T) {
	// What was answered lately counts as nodes where none are watched, so that two servers are asked step by step.
	client, other := started(t).asked(t, autoscaler.Generations[3]), started(t).asked(t, autoscaler.Generations[3])
	request := fleetRequest()
	for i := range 20 {
		want := ids(client.BestOptions(request))
		shuffled := request
		shuffled.Options = slices.Clone(request.Options)
		rand.New(rand.NewSource(int64(i))).Shuffle(len(shuffled.Options), func(a, b int) {
			shuffled.Options[a], shuffled.Options[b] = shuffled.Options[b], shuffled.Options[a]
		})
		if got := ids(other.BestOptions(shuffled)); !slices.Equal(got, want) {
			t.Fatalf("order %d: %v, in the first order %v", i, got, want)
		}
	}
}

func TestOurServerAnswersEveryShapeOfPod(t *testing.T) {
	server := asking(t)
	for _, generation := range []autoscaler.Generation{autoscaler.Generations[0], autoscaler.Generations[3], autoscaler.Generations[4]} {
		client := server.asked(t, generation)
		for _, shape := range kube.Shapes() {
			t.Run(shape.Name+" from "+generation.Name, func(t *testing.T) {
				request := kube.ScaleUp(kube.Fleet, []*v1.Pod{shape.Pod})
				client.BestOptions(request)
				legal(t, client, request)
			})
		}
	}
}

func TestOurServerAnswersRandomScaleUps(t *testing.T) {
	server := asking(t)
	for index, generation := range autoscaler.Generations {
		client := server.asked(t, generation)
		for i := range 40 {
			request := kube.RandomRequest(rand.New(rand.NewSource(int64(1000*index + i))))
			if len(request.Options) == 0 {
				continue
			}
			client.BestOptions(request)
			legal(t, client, request)
			if t.Failed() {
				t.Fatalf("scale-up %d of %s", i, generation.Name)
			}
		}
	}
}

func TestOurServerLeavesTheChoiceOpenForPoolsThatItDoesNotKnow(t *testing.T) {
	server := asking(t)
	var groups []kube.Group
	for i := range 4 {
		groups = append(groups, kube.Group{ID: fmt.Sprintf("strange-%d", i), InstanceType: "zz9.plural", Zone: "nowhere", CPU: "4", Memory: "8Gi"})
	}
	each(t, func(t *testing.T, generation autoscaler.Generation) {
		client := server.asked(t, generation)
		request := kube.ScaleUp(groups, kube.PlainPods(3))
		chain := autoscaler.Chain{Filters: []autoscaler.Filter{client, autoscaler.LeastWaste{}}, Random: chance()}
		_, grows := chain.BestOption(request)
		legal(t, client, request)
		if !grows {
			t.Error("nothing grows")
		}
	})
}

func TestOurServerAnswersRequestsThatLackParts(t *testing.T) {
	server := asking(t)
	cases := map[string]func(*wire.Request){
		"no nodes":             func(request *wire.Request) { request.Nodes = nil },
		"a node less":          func(request *wire.Request) { delete(request.Nodes, "od-m5-large-a") },
		"no pods":              func(request *wire.Request) { request.Options[0].Pods = nil },
		"a node count of 0":    func(request *wire.Request) { request.Options[0].NodeCount = 0 },
		"a node count below 0": func(request *wire.Request) { request.Options[0].NodeCount = -3 },
		"one option":           func(request *wire.Request) { request.Options = request.Options[:1] },
		"pods that are UTF-8 ids": func(request *wire.Request) {
			request.Options[0].RawPods = [][]byte{[]byte("default/web-1"), []byte("x")}
		},
	}
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			client := server.asked(t, autoscaler.Generations[4])
			request := fleetRequest()
			change(&request)
			client.BestOptions(request)
			legal(t, client, request)
		})
	}
}

func TestOurServerSurvivesBytesThatAreNoRequest(t *testing.T) {
	server := asking(t)
	client := server.asked(t, autoscaler.Generations[4])
	whole, err := wire.Marshal(fleetRequest(), wire.Both)
	if err != nil {
		t.Fatal(err)
	}
	random := chance()
	for range 300 {
		broken := slices.Clone(whole[:1+random.Intn(len(whole))])
		for range 1 + random.Intn(5) {
			broken[random.Intn(len(broken))] = byte(random.Intn(256))
		}
		_, err := client.Raw(broken)
		if code := status.Code(err); code == codes.Unavailable || code == codes.DeadlineExceeded || code == codes.Unknown {
			t.Fatalf("broken bytes: %v", err)
		}
	}
	request := fleetRequest()
	client.BestOptions(request)
	legal(t, client, request)
}

func TestOurServerAnswersWhatRealAutoscalersSent(t *testing.T) {
	server := asking(t)
	files, err := filepath.Glob("../../fixtures/*request.*.bin")
	if err != nil || len(files) < 6 {
		t.Fatalf("fixtures: %v, %v", files, err)
	}
	answers := map[string]string{}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			message, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			answer, err := server.asked(t, autoscaler.Generations[4]).Raw(message)
			if err != nil || len(answer.IDs) == 0 || answer.Pods != 0 {
				t.Fatalf("%v, %v", answer, err)
			}
			answers[filepath.Base(file)] = strings.Join(answer.IDs, " ")
		})
	}
	told := map[string]bool{}
	for name, answer := range answers {
		if strings.HasPrefix(name, "real_request") {
			told[answer] = true
		}
	}
	if len(told) != 1 {
		t.Errorf("the same scale-up from three releases is answered in %d ways: %v", len(told), answers)
	}
}

func TestOurServerAnswersEmptyOnlyWhenToldToBlock(t *testing.T) {
	rejectAll := []string{"--risk-model", "mock", "--max-crash-probability", "0"}
	spotOnly := kube.ScaleUp(kube.Fleet[:4], kube.PlainPods(6))
	t.Run("by default the least bad stays", func(t *testing.T) {
		server := started(t, rejectAll...)
		each(t, func(t *testing.T, generation autoscaler.Generation) {
			client := server.asked(t, generation)
			left := client.BestOptions(spotOnly)
			legal(t, client, spotOnly)
			if len(left) != 1 {
				t.Errorf("%v stay", ids(left))
			}
		})
	})
	t.Run("blocked on purpose", func(t *testing.T) {
		server := started(t, append(rejectAll, "--on-all-rejected", "block")...)
		each(t, func(t *testing.T, generation autoscaler.Generation) {
			client := server.asked(t, generation)
			left := client.BestOptions(spotOnly)
			if len(client.Last.Answer.IDs) != 0 || client.Last.Err != nil {
				t.Errorf("%v was answered (%v)", client.Last.Answer.IDs, client.Last.Err)
			}
			if (len(left) == 0) != generation.EmptyMeansNone {
				t.Errorf("%s keeps %v", generation.Name, ids(left))
			}
		})
	})
}
