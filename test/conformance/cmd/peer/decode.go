package main

import (
	"encoding/json"
	"flag"
	"os"
	"time"
)

// decode times what the Go expander spends on a request after it has arrived.
func decode(arguments []string) error {
	flags := flag.NewFlagSet("decode", flag.ExitOnError)
	file := flags.String("file", "", "a BestOptionsRequest")
	calls := flags.Int("calls", 10, "timed decodes")
	_ = flags.Parse(arguments)
	message, err := os.ReadFile(*file)
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(os.Stdout)
	for _, form := range []struct {
		name   string
		decode func([]byte) (*question, error)
	}{{"typed", decodedTyped}, {"bytes", decodedBytes}} {
		var times []float64
		for range *calls + 1 {
			started := time.Now()
			if _, err := form.decode(message); err != nil {
				return err
			}
			times = append(times, float64(time.Since(started).Nanoseconds())/1e6)
		}
		times = sorted(times[1:])
		err := encoder.Encode(result{
			Name: form.name, Bytes: len(message), Calls: len(times),
			MinMs: quantile(times, 0), P50Ms: quantile(times, 0.5), P99Ms: quantile(times, 0.99), MaxMs: quantile(times, 1),
		})
		if err != nil {
			return err
		}
	}
	return nil
}
