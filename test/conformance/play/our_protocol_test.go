package play

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/encoding/gzip"
	health "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	reflection "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"

	"spot-expander.local/conformance/kube"
	"spot-expander.local/conformance/wire"
)

// What grpc-go clients other than the autoscaler do to a server.

func connected(t *testing.T, server *running, options ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	roots, err := credentials.NewClientTLSFromFile(server.root.File, "")
	if err != nil {
		t.Fatal(err)
	}
	connection, err := grpc.NewClient(server.Address(), append(options, grpc.WithTransportCredentials(roots))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close() })
	return connection
}

func limited(t *testing.T, length time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), length)
	t.Cleanup(cancel)
	return ctx
}

func marshalled(t *testing.T, request wire.Request) *[]byte {
	t.Helper()
	message, err := wire.Marshal(request, wire.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return &message
}

func TestOurServerTellsItsHealth(t *testing.T) {
	server := asking(t)
	client := health.NewHealthClient(connected(t, server))
	for _, service := range []string{"", "grpcplugin.Expander"} {
		answer, err := client.Check(limited(t, 5*time.Second), &health.HealthCheckRequest{Service: service})
		if err != nil || answer.Status != health.HealthCheckResponse_SERVING {
			t.Errorf("%q: %v, %v", service, answer, err)
		}
	}
	if _, err := client.Check(limited(t, 5*time.Second), &health.HealthCheckRequest{Service: "nobody"}); status.Code(err) != codes.NotFound {
		t.Errorf("an unknown service: %v", err)
	}
	watch, err := client.Watch(limited(t, 5*time.Second), &health.HealthCheckRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if first, err := watch.Recv(); err != nil || first.Status != health.HealthCheckResponse_SERVING {
		t.Errorf("watch: %v, %v", first, err)
	}
}

func TestOurServerListsItsServicesByReflection(t *testing.T) {
	server := asking(t)
	stream, err := reflection.NewServerReflectionClient(connected(t, server)).ServerReflectionInfo(limited(t, 5*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	err = stream.Send(&reflection.ServerReflectionRequest{MessageRequest: &reflection.ServerReflectionRequest_ListServices{}})
	if err != nil {
		t.Fatal(err)
	}
	answer, err := stream.Recv()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, service := range answer.GetListServicesResponse().GetService() {
		names = append(names, service.Name)
	}
	for _, wanted := range []string{"grpcplugin.Expander", "grpc.health.v1.Health"} {
		if !slices.Contains(names, wanted) {
			t.Errorf("%s is not among %v", wanted, names)
		}
	}
}

func TestOurServerReflectsDescriptorsThatGoAccepts(t *testing.T) {
	server := asking(t)
	for _, symbol := range []string{"grpcplugin.Expander", "grpc.health.v1.Health", "spotadvisor.v1.SpotAdvisor"} {
		stream, err := reflection.NewServerReflectionClient(connected(t, server)).ServerReflectionInfo(limited(t, 5*time.Second))
		if err != nil {
			t.Fatal(err)
		}
		_ = stream.Send(&reflection.ServerReflectionRequest{
			MessageRequest: &reflection.ServerReflectionRequest_FileContainingSymbol{FileContainingSymbol: symbol},
		})
		answer, err := stream.Recv()
		if err != nil || len(answer.GetFileDescriptorResponse().GetFileDescriptorProto()) == 0 {
			t.Errorf("%s: %v, %v", symbol, answer, err)
			continue
		}
		var files descriptorpb.FileDescriptorSet
		for _, encoded := range answer.GetFileDescriptorResponse().GetFileDescriptorProto() {
			var file descriptorpb.FileDescriptorProto
			if err := proto.Unmarshal(encoded, &file); err != nil {
				t.Fatal(err)
			}
			files.File = append(files.File, &file)
		}
		if _, err := (protodesc.FileOptions{AllowUnresolvable: true}).NewFiles(&files); err != nil {
			t.Errorf("%s: %v", symbol, err)
		}
	}
}

func TestOurServerDoesNotImplementWhatItDoesNotKnow(t *testing.T) {
	connection := connected(t, asking(t))
	for _, method := range []string{"/grpcplugin.Expander/WorstOptions", "/nobody.Nothing/None"} {
		var reply []byte
		err := connection.Invoke(limited(t, 5*time.Second), method, &[]byte{}, &reply, grpc.ForceCodecV2(wire.Codec{}))
		if status.Code(err) != codes.Unimplemented {
			t.Errorf("%s: %v", method, err)
		}
	}
}

func TestOurServerTakesACompressedRequestOrSaysThatItDoesNot(t *testing.T) {
	connection := connected(t, asking(t))
	var reply []byte
	err := connection.Invoke(limited(t, 5*time.Second), wire.Method, marshalled(t, fleetRequest()), &reply,
		grpc.ForceCodecV2(wire.Codec{}), grpc.UseCompressor(gzip.Name))
	if err != nil && status.Code(err) != codes.Unimplemented {
		t.Errorf("gzip: %v", err)
	}
	t.Logf("gzip: %v", err)
}

func TestOurServerAnswersManyCallsOnOneConnection(t *testing.T) {
	connection := connected(t, asking(t), grpc.WithDefaultCallOptions(grpc.ForceCodecV2(wire.Codec{})))
	small, large := marshalled(t, fleetRequest()), marshalled(t, kube.SizedRequest(10, 50, 4200, false))
	var group sync.WaitGroup
	var failed atomic.Int32
	for i := range 64 {
		group.Go(func() {
			message := small
			if i%8 == 0 {
				message = large
			}
			var reply []byte
			err := connection.Invoke(limited(t, 10*time.Second), wire.Method, message, &reply)
			answer, unreadable := wire.ReadAnswer(reply)
			if err != nil || unreadable != nil || len(answer.IDs) == 0 {
				failed.Add(1)
				t.Logf("call %d: %v %v %v", i, answer, err, unreadable)
			}
		})
	}
	group.Wait()
	if failed.Load() > 0 {
		t.Errorf("%d of 64 calls failed", failed.Load())
	}
}

func TestOurServerForgetsCallsThatAreGivenUp(t *testing.T) {
	connection := connected(t, asking(t), grpc.WithDefaultCallOptions(grpc.ForceCodecV2(wire.Codec{})))
	message := marshalled(t, kube.SizedRequest(50, 100, 4200, false))
	for i := range 12 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(1+i*3)*time.Millisecond)
		var reply []byte
		err := connection.Invoke(ctx, wire.Method, message, &reply)
		cancel()
		if err != nil && status.Code(err) != codes.DeadlineExceeded {
			t.Errorf("after %d ms: %v", 1+i*3, err)
		}
	}
	var reply []byte
	if err := connection.Invoke(limited(t, 10*time.Second), wire.Method, message, &reply); err != nil {
		t.Errorf("after calls that were given up: %v", err)
	}
}

func TestOurServerAnswersKeepalivePings(t *testing.T) {
	connection := connected(t, asking(t), grpc.WithDefaultCallOptions(grpc.ForceCodecV2(wire.Codec{})),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 10 * time.Second, Timeout: time.Second, PermitWithoutStream: true}))
	for range 3 {
		var reply []byte
		if err := connection.Invoke(limited(t, 5*time.Second), wire.Method, marshalled(t, fleetRequest()), &reply); err != nil {
			t.Error(err)
		}
	}
}

func TestOurServerTakesManyConnections(t *testing.T) {
	server := asking(t)
	message := marshalled(t, fleetRequest())
	var group sync.WaitGroup
	errors := make(chan error, 40)
	for range 40 {
		group.Go(func() {
			var reply []byte
			connection := connected(t, server, grpc.WithDefaultCallOptions(grpc.ForceCodecV2(wire.Codec{})))
			if err := connection.Invoke(limited(t, 10*time.Second), wire.Method, message, &reply); err != nil {
				errors <- fmt.Errorf("a connection of forty: %w", err)
			}
		})
	}
	group.Wait()
	close(errors)
	for err := range errors {
		t.Error(err)
	}
}
