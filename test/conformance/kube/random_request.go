package kube

import (
	"fmt"
	"math/rand"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"spot-expander.local/conformance/wire"
)

var (
	cpuTexts    = []string{"1", "2", "100m", "0.25", "1500m", "33m", "1e1", "25e-2", "500u", "1n", "0", "3.3", "64"}
	memoryTexts = []string{"128Mi", "1Gi", "1.5Gi", "100M", "1e9", "123456789", "64Ki", "0.5Gi", "1Ti", "0", "12E6", "2T", "100k"}
	operators   = []v1.NodeSelectorOperator{v1.NodeSelectorOpIn, v1.NodeSelectorOpNotIn, v1.NodeSelectorOpExists, v1.NodeSelectorOpDoesNotExist, v1.NodeSelectorOpGt, v1.NodeSelectorOpLt}
)

// RandomRequest is a scale-up of random groups and random pods; options share pods as real ones do.
func RandomRequest(chance *rand.Rand) wire.Request {
	var pods []*v1.Pod
	for i := range 1 + chance.Intn(12) {
		pods = append(pods, randomPod(chance, fmt.Sprintf("pod-%d", i)))
	}
	request := wire.Request{Nodes: map[string]*v1.Node{}}
	for i := range 1 + chance.Intn(8) {
		group := benchTypes[chance.Intn(len(benchTypes))]
		group.ID = fmt.Sprintf("group-%d", i)
		group.Zone = "ap-south-1" + string(rune('a'+chance.Intn(3)))
		group.CapacityType = []string{"SPOT", "ON_DEMAND"}[chance.Intn(2)]
		group.Arch = []string{"", "arm64"}[chance.Intn(2)]
		group.OS = []string{"", "", "windows"}[chance.Intn(3)]
		if chance.Intn(4) == 0 {
			group.GPUs = "4"
		}
		request.Nodes[group.ID] = group.Node()
		if chance.Intn(6) == 0 {
			continue
		}
		option := wire.Option{NodeGroupID: group.ID, NodeCount: int32(1 + chance.Intn(300)), Debug: "AWSNodeGroup"}
		for _, pod := range pods {
			if chance.Intn(4) > 0 {
				option.Pods = append(option.Pods, pod)
			}
		}
		request.Options = append(request.Options, option)
	}
	return request
}

func randomPod(chance *rand.Rand, name string) *v1.Pod {
	pod := plainPod(name)
	if chance.Intn(3) > 0 {
		pod.OwnerReferences = owners([][]string{{"ReplicaSet"}, {"ReplicaSet", "Job"}, {"StatefulSet", "Rollout"}}[chance.Intn(3)]...)
	}
	if chance.Intn(3) == 0 {
		pod.Annotations = map[string]string{safeToEvict: []string{"true", "false", "maybe"}[chance.Intn(3)], "note": "x"}
	}
	for i := range 1 + chance.Intn(3) {
		pod.Spec.Containers = append(pod.Spec.Containers, container(fmt.Sprintf("c%d", i), randomResources(chance)))
	}
	for i := range chance.Intn(4) {
		build := container
		if chance.Intn(2) == 0 {
			build = sidecar
		}
		pod.Spec.InitContainers = append(pod.Spec.InitContainers, build(fmt.Sprintf("i%d", i), randomResources(chance)))
	}
	if chance.Intn(4) == 0 {
		pod.Spec.Overhead = Resources(cpuTexts[chance.Intn(len(cpuTexts))], memoryTexts[chance.Intn(len(memoryTexts))])
	}
	if chance.Intn(5) == 0 {
		pod.Spec.Resources = &v1.ResourceRequirements{Requests: randomResources(chance)}
		delete(pod.Spec.Resources.Requests, "nvidia.com/gpu")
	}
	if chance.Intn(3) == 0 {
		pod.Spec.Affinity = &v1.Affinity{NodeAffinity: &v1.NodeAffinity{}, PodAntiAffinity: &v1.PodAntiAffinity{}}
		for range 1 + chance.Intn(3) {
			pod.Spec.Affinity.NodeAffinity.PreferredDuringSchedulingIgnoredDuringExecution = append(
				pod.Spec.Affinity.NodeAffinity.PreferredDuringSchedulingIgnoredDuringExecution, randomTerm(chance))
		}
	}
	for range chance.Intn(3) {
		pod.Spec.TopologySpreadConstraints = append(pod.Spec.TopologySpreadConstraints, v1.TopologySpreadConstraint{
			MaxSkew: int32(1 + chance.Intn(4)), TopologyKey: "topology.kubernetes.io/zone",
			WhenUnsatisfiable: []v1.UnsatisfiableConstraintAction{v1.ScheduleAnyway, v1.DoNotSchedule}[chance.Intn(2)],
			LabelSelector:     &metav1.LabelSelector{MatchLabels: pod.Labels},
		})
	}
	return pod
}

func randomResources(chance *rand.Rand) v1.ResourceList {
	list := v1.ResourceList{}
	if chance.Intn(8) > 0 {
		list[v1.ResourceCPU] = resource.MustParse(cpuTexts[chance.Intn(len(cpuTexts))])
	}
	if chance.Intn(8) > 0 {
		list[v1.ResourceMemory] = resource.MustParse(memoryTexts[chance.Intn(len(memoryTexts))])
	}
	if chance.Intn(8) == 0 {
		list["nvidia.com/gpu"] = resource.MustParse("1")
	}
	return list
}

func randomTerm(chance *rand.Rand) v1.PreferredSchedulingTerm {
	term := v1.PreferredSchedulingTerm{Weight: int32(1 + chance.Intn(100))}
	for range 1 + chance.Intn(2) {
		requirement := v1.NodeSelectorRequirement{Key: "node.kubernetes.io/instance-type", Operator: operators[chance.Intn(len(operators))]}
		switch requirement.Operator {
		case v1.NodeSelectorOpIn, v1.NodeSelectorOpNotIn:
			requirement.Values = []string{"c5.large", "m5.large"}
		case v1.NodeSelectorOpGt, v1.NodeSelectorOpLt:
			requirement.Values = []string{"4"}
		}
		term.Preference.MatchExpressions = append(term.Preference.MatchExpressions, requirement)
	}
	return term
}
