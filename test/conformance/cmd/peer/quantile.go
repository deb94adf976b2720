package main

import (
	"math"
	"slices"
)

func sorted(values []float64) []float64 {
	copied := slices.Clone(values)
	slices.Sort(copied)
	return copied
}

// quantile is the nearest-rank quantile of sorted values; NaN never leaves this program, so no values is 0.
func quantile(sortedValues []float64, q float64) float64 {
	if len(sortedValues) == 0 {
		return 0
	}
	rank := int(math.Ceil(q*float64(len(sortedValues)))) - 1
	return sortedValues[max(rank, 0)]
}
