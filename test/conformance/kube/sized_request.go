package kube

import (
	"fmt"

	v1 "k8s.io/api/core/v1"

	"spot-expander.local/conformance/wire"
)

var benchTypes = []Group{
	{InstanceType: "c5.xlarge", CPU: "4", Memory: "8Gi"},
	{InstanceType: "m5.large", CPU: "2", Memory: "8Gi"},
	{InstanceType: "m5.2xlarge", CPU: "8", Memory: "32Gi"},
	{InstanceType: "r5.large", CPU: "2", Memory: "16Gi"},
	{InstanceType: "c5.2xlarge", CPU: "8", Memory: "16Gi"},
}

// SizedRequest is a scale-up of options × pods, each pod podBytes long. With distinct false every option
// holds the same pods, which is what the autoscaler sends when they fit everywhere.
func SizedRequest(options, pods, podBytes int, distinct bool) wire.Request {
	shared := make([]*v1.Pod, pods)
	for i := range shared {
		shared[i] = SizedPod(fmt.Sprintf("pod-%06d", i), podBytes)
	}
	request := wire.Request{Nodes: map[string]*v1.Node{}}
	for i := range options {
		group := benchTypes[i%len(benchTypes)]
		group.ID = fmt.Sprintf("spot-%04d", i)
		group.CapacityType = "SPOT"
		group.Zone = "ap-south-1" + string(rune('a'+i%3))
		held := shared
		if distinct && i > 0 {
			held = make([]*v1.Pod, pods)
			for j := range held {
				held[j] = SizedPod(fmt.Sprintf("pod-%06d", i*pods+j), podBytes)
			}
		}
		request.Options = append(request.Options, wire.Option{NodeGroupID: group.ID, NodeCount: int32(pods/4 + 1), Pods: held})
		request.Nodes[group.ID] = group.Node()
	}
	return request
}
