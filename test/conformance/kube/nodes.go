package kube

import (
	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Group is a node group as it shows in its template node.
type Group struct {
	ID           string
	InstanceType string
	Zone         string
	// CapacityType is the value of the EKS label: SPOT or ON_DEMAND.
	CapacityType string
	CPU, Memory  string
	// Arch is amd64 when empty, OS is linux when empty.
	Arch, OS string
	GPUs     string
}

// Node is the template node of the group.
func (group Group) Node() *v1.Node {
	arch, os := group.Arch, group.OS
	if arch == "" {
		arch = "amd64"
	}
	if os == "" {
		os = "linux"
	}
	capacity := Resources(group.CPU, group.Memory)
	capacity[v1.ResourcePods] = resource.MustParse("110")
	if group.GPUs != "" {
		capacity["nvidia.com/gpu"] = resource.MustParse(group.GPUs)
	}
	allocatable := capacity.DeepCopy()
	memory := allocatable[v1.ResourceMemory]
	memory.Sub(resource.MustParse("300Mi"))
	allocatable[v1.ResourceMemory] = memory
	region := ""
	if len(group.Zone) > 1 {
		region = group.Zone[:len(group.Zone)-1]
	}
	return &v1.Node{
		ObjectMeta: metav1.ObjectMeta{
			Name: "template-node-for-" + group.ID,
			Labels: map[string]string{
				"eks.amazonaws.com/capacityType":   group.CapacityType,
				"eks.amazonaws.com/nodegroup":      group.ID,
				"kubernetes.io/arch":               arch,
				"kubernetes.io/os":                 os,
				"node.kubernetes.io/instance-type": group.InstanceType,
				"topology.kubernetes.io/region":    region,
				"topology.kubernetes.io/zone":      group.Zone,
			},
		},
		Spec:   v1.NodeSpec{ProviderID: "aws:///" + group.Zone + "/i-0123456789abcdef0"},
		Status: v1.NodeStatus{Capacity: capacity, Allocatable: allocatable},
	}
}
