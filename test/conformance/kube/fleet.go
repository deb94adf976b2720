package kube

import (
	"fmt"

	v1 "k8s.io/api/core/v1"

	"spot-expander.local/conformance/wire"
)

// Fleet is node groups of well-known types in one region, among them ARM, GPU, Windows and on-demand ones.
var Fleet = []Group{
	{ID: "spot-c5-xlarge-a", InstanceType: "c5.xlarge", Zone: "ap-south-1a", CapacityType: "SPOT", CPU: "4", Memory: "8Gi"},
	{ID: "spot-m5-large-b", InstanceType: "m5.large", Zone: "ap-south-1b", CapacityType: "SPOT", CPU: "2", Memory: "8Gi"},
	{ID: "spot-m5-2xlarge-c", InstanceType: "m5.2xlarge", Zone: "ap-south-1c", CapacityType: "SPOT", CPU: "8", Memory: "32Gi"},
	{ID: "spot-r5-large-a", InstanceType: "r5.large", Zone: "ap-south-1a", CapacityType: "SPOT", CPU: "2", Memory: "16Gi"},
	{ID: "spot-m6g-large-b", InstanceType: "m6g.large", Zone: "ap-south-1b", CapacityType: "SPOT", CPU: "2", Memory: "8Gi", Arch: "arm64"},
	{ID: "spot-g4dn-xlarge-a", InstanceType: "g4dn.xlarge", Zone: "ap-south-1a", CapacityType: "SPOT", CPU: "4", Memory: "16Gi", GPUs: "1"},
	{ID: "spot-m5-xlarge-windows-c", InstanceType: "m5.xlarge", Zone: "ap-south-1c", CapacityType: "SPOT", CPU: "4", Memory: "16Gi", OS: "windows"},
	{ID: "od-m5-large-a", InstanceType: "m5.large", Zone: "ap-south-1a", CapacityType: "ON_DEMAND", CPU: "2", Memory: "8Gi"},
}

// ScaleUp offers the pods to every group.
func ScaleUp(groups []Group, pods []*v1.Pod) wire.Request {
	request := wire.Request{Nodes: map[string]*v1.Node{}}
	for _, group := range groups {
		request.Options = append(request.Options, wire.Option{NodeGroupID: group.ID, NodeCount: int32(1 + len(pods)/4), Pods: pods})
		request.Nodes[group.ID] = group.Node()
	}
	return request
}

// PlainPods are pods that only differ in name.
func PlainPods(count int) []*v1.Pod {
	pods := make([]*v1.Pod, count)
	for i := range pods {
		pods[i] = plainPod(fmt.Sprintf("web-%d", i), container("app", Resources("500m", "600Mi")))
	}
	return pods
}
