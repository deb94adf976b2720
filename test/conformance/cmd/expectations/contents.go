package main

import (
	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/component-helpers/resource"

	"spot-expander.local/conformance/wire"
)

type resources struct {
	CPUMilli    int64 `json:"cpuMilli"`
	MemoryBytes int64 `json:"memoryBytes"`
	GPUs        int64 `json:"gpus"`
}

type requirement struct {
	Key      string   `json:"key"`
	Operator string   `json:"operator"`
	Values   []string `json:"values"`
}

type preferredTerm struct {
	Weight       int32         `json:"weight"`
	Requirements []requirement `json:"requirements"`
}

type spread struct {
	TopologyKey string `json:"topologyKey"`
	MaxSkew     int32  `json:"maxSkew"`
}

type pod struct {
	UID                string          `json:"uid,omitempty"`
	Requests           resources       `json:"requests"`
	PreferredNodeTerms []preferredTerm `json:"preferredNodeTerms"`
	SpreadPreferences  []spread        `json:"spreadPreferences"`
	OnScaleDown        string          `json:"onScaleDown"`
}

type option struct {
	NodeGroupID string `json:"nodeGroupId"`
	NodeCount   int32  `json:"nodeCount"`
	Pods        []pod  `json:"pods"`
}

type node struct {
	Name        string            `json:"name"`
	Labels      map[string]string `json:"labels"`
	ProviderID  string            `json:"providerId"`
	Allocatable resources         `json:"allocatable"`
	Capacity    resources         `json:"capacity"`
}

// contents is what a reader must find in a request.
type contents struct {
	DistinctPods int             `json:"distinctPods"`
	Options      []option        `json:"options"`
	Nodes        map[string]node `json:"nodes"`
}

func expected(request wire.Request) contents {
	found := contents{Options: []option{}, Nodes: map[string]node{}}
	distinct := map[*v1.Pod]bool{}
	for _, one := range request.Options {
		held := option{NodeGroupID: one.NodeGroupID, NodeCount: one.NodeCount, Pods: []pod{}}
		for _, asked := range one.Pods {
			distinct[asked] = true
			held.Pods = append(held.Pods, expectedPod(asked))
		}
		found.Options = append(found.Options, held)
	}
	for id, one := range request.Nodes {
		found.Nodes[id] = node{
			Name: one.Name, Labels: one.Labels, ProviderID: one.Spec.ProviderID,
			Allocatable: amounts(one.Status.Allocatable), Capacity: amounts(one.Status.Capacity),
		}
	}
	found.DistinctPods = len(distinct)
	return found
}

// expectedPod counts requests with the function that the scheduler itself calls; on a copy, since it adds the overhead into the pod's own map
// where the pod names requests as a whole.
func expectedPod(asked *v1.Pod) pod {
	found := pod{
		UID:                string(asked.UID),
		Requests:           amounts(resource.PodRequests(asked.DeepCopy(), resource.PodResourcesOptions{})),
		PreferredNodeTerms: []preferredTerm{}, SpreadPreferences: []spread{},
		OnScaleDown: onScaleDown(asked),
	}
	if asked.Spec.Affinity != nil && asked.Spec.Affinity.NodeAffinity != nil {
		for _, term := range asked.Spec.Affinity.NodeAffinity.PreferredDuringSchedulingIgnoredDuringExecution {
			one := preferredTerm{Weight: term.Weight, Requirements: []requirement{}}
			for _, expression := range term.Preference.MatchExpressions {
				one.Requirements = append(one.Requirements, requirement{
					Key: expression.Key, Operator: string(expression.Operator), Values: append([]string{}, expression.Values...),
				})
			}
			found.PreferredNodeTerms = append(found.PreferredNodeTerms, one)
		}
	}
	for _, constraint := range asked.Spec.TopologySpreadConstraints {
		if constraint.WhenUnsatisfiable == v1.ScheduleAnyway {
			found.SpreadPreferences = append(found.SpreadPreferences, spread{TopologyKey: constraint.TopologyKey, MaxSkew: constraint.MaxSkew})
		}
	}
	return found
}

// onScaleDown is the autoscaler's rule as it stands with its default flags, but for pods of kube-system, local storage and disruption
// budgets, which are not read.
func onScaleDown(asked *v1.Pod) string {
	switch asked.Annotations["cluster-autoscaler.kubernetes.io/safe-to-evict"] {
	case "true":
		return "moves"
	case "false":
		return "stays"
	}
	if owner := metav1.GetControllerOf(asked); owner != nil {
		switch owner.Kind {
		case "ReplicaSet", "StatefulSet", "Job", "ReplicationController":
			return "moves"
		}
	}
	return "stays"
}

func amounts(list v1.ResourceList) resources {
	cpu, memory := list[v1.ResourceCPU], list[v1.ResourceMemory]
	nvidia, amd := list["nvidia.com/gpu"], list["amd.com/gpu"]
	return resources{CPUMilli: cpu.MilliValue(), MemoryBytes: memory.Value(), GPUs: nvidia.Value() + amd.Value()}
}
