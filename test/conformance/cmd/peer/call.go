package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"spot-expander.local/conformance/kube"
	"spot-expander.local/conformance/wire"
)

type target struct {
	name        string
	connections []*grpc.ClientConn
	timesMs     []float64
	failures    int
	firstError  string
}

type targets []string

func (list *targets) String() string { return strings.Join(*list, ",") }
func (list *targets) Set(value string) error {
	*list = append(*list, value)
	return nil
}

type result struct {
	Name       string  `json:"name"`
	Bytes      int     `json:"bytes"`
	Calls      int     `json:"calls"`
	Failures   int     `json:"failures"`
	FirstError string  `json:"firstError,omitempty"`
	MinMs      float64 `json:"minMs"`
	P50Ms      float64 `json:"p50Ms"`
	P99Ms      float64 `json:"p99Ms"`
	MaxMs      float64 `json:"maxMs"`
	PerSecond  float64 `json:"perSecond"`
}

func call(arguments []string) error {
	flags := flag.NewFlagSet("call", flag.ExitOnError)
	var addresses targets
	flags.Var(&addresses, "target", "NAME=HOST:PORT; several are called in turn")
	ca := flags.String("ca", "", "root pool file, as --grpc-expander-cert")
	options := flags.Int("options", 50, "options in the request")
	pods := flags.Int("pods", 100, "pods in each option")
	podBytes := flags.Int("pod-bytes", 4200, "bytes of a pod")
	distinct := flags.Bool("distinct", false, "make every pod of every option a different one")
	form := flags.String("form", "embedded", "embedded (1.24-1.34.1), both (1.34.2-1.34.5) or bytes (1.35+)")
	calls := flags.Int("calls", 20, "timed calls to each target")
	warm := flags.Int("warm", 2, "calls before the timed ones")
	file := flags.String("file", "", "send this file instead of a made request")
	marshals := flags.Bool("client-marshals", false, "marshal every pod of every option within the timed call, as the autoscaler does")
	write := flags.String("write", "", "write the made request to this file and stop")
	concurrency := flags.Int("concurrency", 1, "calls in flight; above 1 a target is loaded for --seconds at a time")
	clients := flags.Int("clients", 1, "connections that the calls in flight are shared out to; one is one autoscaler")
	seconds := flags.Float64("seconds", 1, "length of a round when --concurrency is above 1")
	deadline := flags.Duration("deadline", 30*time.Second, "deadline of one call (the autoscaler has 5 s)")
	pause := flags.Duration("pause", 0, "rest between calls")
	_ = flags.Parse(arguments)

	request := kube.SizedRequest(*options, *pods, *podBytes, *distinct)
	message, err := requestBytes(*file, request, wire.Form(*form))
	if err != nil {
		return err
	}
	if *write != "" {
		return os.WriteFile(*write, message, 0o644)
	}
	list, err := dialled(addresses, *ca, max(*clients, 1))
	if err != nil {
		return err
	}
	for range *warm {
		for _, one := range list {
			one.ask(message, *deadline)
		}
	}
	for _, one := range list {
		one.timesMs, one.failures = nil, 0
	}
	spentSeconds := map[string]float64{}
	if *concurrency > 1 {
		for range *calls {
			for _, one := range list {
				spentSeconds[one.name] += one.load(message, *deadline, *concurrency, *seconds)
			}
		}
	} else {
		for range *calls {
			for _, one := range list {
				started := time.Now()
				if *marshals {
					one.askMarshalling(request, wire.Form(*form), *deadline)
				} else {
					one.ask(message, *deadline)
				}
				spentSeconds[one.name] += time.Since(started).Seconds()
				time.Sleep(*pause)
			}
		}
	}
	encoder := json.NewEncoder(os.Stdout)
	for _, one := range list {
		if err := encoder.Encode(one.result(len(message), spentSeconds[one.name])); err != nil {
			return err
		}
	}
	return nil
}

func requestBytes(file string, request wire.Request, form wire.Form) ([]byte, error) {
	if file != "" {
		return os.ReadFile(file)
	}
	return wire.Marshal(request, form)
}

func dialled(addresses []string, ca string, clients int) ([]*target, error) {
	roots, err := credentials.NewClientTLSFromFile(ca, "")
	if err != nil {
		return nil, fmt.Errorf("the root pool cannot be read: %w", err)
	}
	var list []*target
	for _, address := range addresses {
		name, hostPort, found := strings.Cut(address, "=")
		if !found {
			name, hostPort = address, address
		}
		one := &target{name: name}
		for range clients {
			connection, err := grpc.NewClient(hostPort, grpc.WithTransportCredentials(roots),
				grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(128<<20), grpc.ForceCodecV2(wire.Codec{})))
			if err != nil {
				return nil, err
			}
			one.connections = append(one.connections, connection)
		}
		list = append(list, one)
	}
	return list, nil
}

func (one *target) ask(message []byte, deadline time.Duration) {
	took, err := asked(one.connections[0], message, deadline)
	one.note(took, err)
}

func (one *target) askMarshalling(request wire.Request, form wire.Form, deadline time.Duration) {
	started := time.Now()
	message, err := wire.MarshalEach(request, form)
	if err == nil {
		_, err = asked(one.connections[0], message, deadline)
	}
	one.note(float64(time.Since(started).Nanoseconds())/1e6, err)
}

func asked(connection *grpc.ClientConn, message []byte, deadline time.Duration) (float64, error) {
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	var reply []byte
	started := time.Now()
	err := connection.Invoke(ctx, wire.Method, &message, &reply)
	took := float64(time.Since(started).Nanoseconds()) / 1e6
	if err != nil {
		return took, err
	}
	answer, err := wire.ReadAnswer(reply)
	if err == nil && len(answer.IDs) == 0 {
		err = fmt.Errorf("the answer names no option")
	}
	return took, err
}

func (one *target) note(tookMs float64, err error) {
	if err != nil {
		one.failures++
		if one.firstError == "" {
			one.firstError = err.Error()
		}
		return
	}
	one.timesMs = append(one.timesMs, tookMs)
}

// load keeps a number of calls in flight for a while, shared out to the connections, and returns the seconds it took.
func (one *target) load(message []byte, deadline time.Duration, concurrency int, seconds float64) float64 {
	var lock sync.Mutex
	var group sync.WaitGroup
	started := time.Now()
	for worker := range concurrency {
		connection := one.connections[worker%len(one.connections)]
		group.Go(func() {
			for time.Since(started).Seconds() < seconds {
				took, err := asked(connection, message, deadline)
				lock.Lock()
				one.note(took, err)
				lock.Unlock()
			}
		})
	}
	group.Wait()
	return time.Since(started).Seconds()
}

func (one *target) result(bytes int, spentSeconds float64) result {
	times := sorted(one.timesMs)
	return result{
		Name: one.name, Bytes: bytes, Calls: len(times), Failures: one.failures, FirstError: one.firstError,
		MinMs: quantile(times, 0), P50Ms: quantile(times, 0.5), P99Ms: quantile(times, 0.99), MaxMs: quantile(times, 1),
		PerSecond: float64(len(times)) / spentSeconds,
	}
}
