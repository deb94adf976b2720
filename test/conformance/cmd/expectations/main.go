// Command expectations writes BestOptionsRequests made by Kubernetes' own types together with what is in them,
// counted by Kubernetes' own rules, so that another reader can be held against both.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"

	v1 "k8s.io/api/core/v1"

	"spot-expander.local/conformance/kube"
	"spot-expander.local/conformance/wire"
)

func main() {
	directory := flag.String("out", "", "directory for NAME.bin and NAME.json")
	count := flag.Int("count", 60, "random requests in each form")
	start := flag.Int64("start", 1, "first number of the pseudo-random sequence")
	flag.Parse()
	if err := write(*directory, *count, *start); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func write(directory string, count int, start int64) error {
	if err := os.MkdirAll(directory, 0o755); err != nil {
		return err
	}
	for _, form := range []wire.Form{wire.Embedded, wire.Both, wire.Bytes} {
		for i := range count {
			request := kube.RandomRequest(rand.New(rand.NewSource(start + int64(i))))
			if err := writeOne(directory, fmt.Sprintf("random %d, %s", i, form), request, form); err != nil {
				return err
			}
		}
		for _, shape := range kube.Shapes() {
			if err := writeOne(directory, fmt.Sprintf("%s, %s", shape.Name, form), oneGroup([]*v1.Pod{shape.Pod}), form); err != nil {
				return err
			}
		}
	}
	return writeQuantities(directory)
}

func oneGroup(pods []*v1.Pod) wire.Request {
	group := kube.Group{ID: "only", InstanceType: "m5.large", Zone: "ap-south-1a", CapacityType: "SPOT", CPU: "2", Memory: "8Gi", GPUs: "1"}
	return wire.Request{
		Options: []wire.Option{{NodeGroupID: "only", NodeCount: 1, Pods: pods}},
		Nodes:   map[string]*v1.Node{"only": group.Node()},
	}
}

func writeOne(directory, name string, request wire.Request, form wire.Form) error {
	message, err := wire.Marshal(request, form)
	if err != nil {
		return err
	}
	return writePair(directory, name, message, expected(request))
}

func writePair(directory, name string, message []byte, content contents) error {
	text, err := json.Marshal(content)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(directory, name+".bin"), message, 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(directory, name+".json"), text, 0o644)
}
