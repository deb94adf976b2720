package main

import (
	"fmt"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"spot-expander.local/conformance/wire"
)

// Notations that the API allows, canonical or not.
var notations = []string{
	"0", "1", "12", "0.1", ".5", "5.", "+2", "1500m", "100u", "1n", "999999999n", "2k", "2M", "2G", "1T", "1P",
	"2Ki", "1.5Mi", "0.001Gi", "3Ti", "1Pi", "1e3", "1E3", "1e-3", "12e6", "1.5e2", "9P", "123456789012", "00012", "1e0", "0.0001", "7Pi",
}

// writeQuantities writes one request a notation; Kubernetes' parser says what it is worth.
func writeQuantities(directory string) error {
	for i, text := range notations {
		quantity, err := resource.ParseQuantity(text)
		if err != nil {
			return fmt.Errorf("%q is not a quantity after all: %w", text, err)
		}
		// More CPUs than there are in the world are nobody's request.
		cpu, cpuText := quantity, text
		if cpu.CmpInt64(1_000_000) > 0 {
			cpu, cpuText = resource.MustParse("1"), "1"
		}
		request := oneGroup(nil)
		request.Options[0].RawPods = [][]byte{wire.QuantityPod("quantity", cpuText, text)}
		message, err := wire.Marshal(request, wire.Bytes)
		if err != nil {
			return err
		}
		content := expected(request)
		content.DistinctPods = 1
		list := v1.ResourceList{v1.ResourceCPU: cpu, v1.ResourceMemory: quantity}
		content.Options[0].Pods = []pod{{Requests: amounts(list), PreferredNodeTerms: []preferredTerm{}, SpreadPreferences: []spread{}, OnScaleDown: "stays"}}
		if err := writePair(directory, fmt.Sprintf("quantity %d %s", i, text), message, content); err != nil {
			return err
		}
	}
	return nil
}
