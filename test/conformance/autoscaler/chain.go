package autoscaler

import (
	"math/rand"

	v1 "k8s.io/api/core/v1"

	"spot-expander.local/conformance/wire"
)

// Filter is one name in --expander=a,b,c.
type Filter interface {
	BestOptions(request wire.Request) []wire.Option
}

// Chain is --expander: filters in order, then chance.
type Chain struct {
	Filters []Filter
	Random  *rand.Rand
}

// BestOption is the one node group that grows; false when there is none. The chain stops at one option.
func (chain Chain) BestOption(request wire.Request) (wire.Option, bool) {
	left := request.Options
	for _, filter := range chain.Filters {
		left = filter.BestOptions(wire.Request{Options: left, Nodes: request.Nodes})
		if len(left) == 1 {
			return left[0], true
		}
	}
	if len(left) == 0 {
		return wire.Option{}, false
	}
	return left[chain.Random.Intn(len(left))], true
}

// LeastWaste keeps the options that leave the smallest share of CPU and memory unused.
type LeastWaste struct{}

// BestOptions is all options of the least waste.
func (LeastWaste) BestOptions(request wire.Request) []wire.Option {
	var best []wire.Option
	least := 0.0
	for _, option := range request.Options {
		node, known := request.Nodes[option.NodeGroupID]
		if !known {
			continue
		}
		cpu, memory := 0.0, 0.0
		for _, pod := range option.Pods {
			for _, container := range pod.Spec.Containers {
				cpu += float64(container.Resources.Requests.Cpu().MilliValue())
				memory += float64(container.Resources.Requests.Memory().Value())
			}
		}
		count := float64(option.NodeCount)
		waste := unused(float64(node.Status.Capacity.Cpu().MilliValue())*count, cpu) +
			unused(capacity(node, v1.ResourceMemory)*count, memory)
		if best == nil || waste < least {
			best, least = []wire.Option{option}, waste
		} else if waste == least {
			best = append(best, option)
		}
	}
	return best
}

func capacity(node *v1.Node, name v1.ResourceName) float64 {
	quantity := node.Status.Capacity[name]
	return float64(quantity.Value())
}

func unused(total, asked float64) float64 {
	if total == 0 {
		return 0
	}
	return (total - asked) / total
}
