package play

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"spot-expander.local/conformance/autoscaler"
	"spot-expander.local/conformance/kube"
	"spot-expander.local/conformance/wire"
)

var newest = autoscaler.Generations[len(autoscaler.Generations)-1]

func TestOurServerAsksForNoClientCertificateAndSpeaksTLS12(t *testing.T) {
	server := asking(t)
	for version, works := range map[uint16]bool{tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		asked := false
		connection, err := tls.Dial("tcp", server.Address(), &tls.Config{
			RootCAs: pool(t, server.root.File), MinVersion: version, MaxVersion: version, NextProtos: []string{"h2"},
			GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
				asked = true
				return &tls.Certificate{}, nil
			},
		})
		if (err == nil) != works {
			t.Errorf("%s: %v", tls.VersionName(version), err)
		}
		if err == nil {
			if connection.ConnectionState().NegotiatedProtocol != "h2" {
				t.Errorf("%s: no HTTP/2", tls.VersionName(version))
			}
			_ = connection.Close()
		}
		if asked {
			t.Errorf("%s: a client certificate was asked for", tls.VersionName(version))
		}
	}
}

func TestOurServerTakesALargeRequestInTime(t *testing.T) {
	server := asking(t)
	client := server.asked(t, newest)
	request := kube.SizedRequest(50, 200, 4200, false)
	client.BestOptions(request)
	legal(t, client, request)
}

func TestOurServerRefusesWhatIsLongerThanTheLimitAndServesOn(t *testing.T) {
	server := started(t, "--max-message-size", "8Mi")
	client := server.asked(t, newest)
	fits, tooLong := kube.SizedRequest(10, 180, 4200, false), kube.SizedRequest(10, 250, 4200, false)
	client.BestOptions(fits)
	legal(t, client, fits)
	left := client.BestOptions(tooLong)
	if !client.Last.FailedOpen || status.Code(client.Last.Err) != codes.ResourceExhausted || len(left) != 10 {
		t.Errorf("10 MB against 8 MiB: %v", client.Last.Err)
	}
	client.BestOptions(fits)
	legal(t, client, fits)
}

func TestAServerOfOursThatHangsCostsFiveSecondsAndChangesNothing(t *testing.T) {
	t.Parallel()
	server := started(t)
	client := server.asked(t, newest)
	request := fleetRequest()
	client.BestOptions(request)
	legal(t, client, request)
	if err := server.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	left := client.BestOptions(request)
	if len(left) != len(request.Options) || status.Code(client.Last.Err) != codes.DeadlineExceeded {
		t.Errorf("a stopped process: %v stay, %v", len(left), client.Last.Err)
	}
	_ = server.Signal(syscall.SIGCONT)
	client.BestOptions(request)
	legal(t, client, request)
}

func TestOurServerEndsWithoutARefusedCall(t *testing.T) {
	server := started(t)
	client := server.asked(t, newest)
	request := kube.SizedRequest(20, 100, 4200, false)
	client.BestOptions(request)
	legal(t, client, request)
	message, err := wire.Marshal(request, wire.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	// Calls that are under way when SIGTERM comes are answered.
	var group sync.WaitGroup
	var failed atomic.Int32
	for range 4 {
		group.Go(func() {
			if answer, err := client.Raw(message); err != nil || len(answer.IDs) == 0 {
				failed.Add(1)
				t.Logf("%v %v", answer, err)
			}
		})
	}
	time.Sleep(15 * time.Millisecond)
	if err := server.Stop(25 * time.Second); err != nil {
		t.Errorf("the server ended with %v", err)
	}
	group.Wait()
	if failed.Load() > 0 {
		t.Errorf("%d of 4 calls were not answered", failed.Load())
	}
}

func TestOurServerCanBeRestartedUnderTheSameClient(t *testing.T) {
	for _, way := range []struct {
		name string
		end  func(*running) error
	}{
		{"asked to", func(server *running) error { return server.Stop(25 * time.Second) }},
		{"killed", func(server *running) error { server.Kill(); return nil }},
	} {
		t.Run(way.name, func(t *testing.T) {
			server := started(t)
			client := server.asked(t, newest)
			request := fleetRequest()
			before := ids(client.BestOptions(request))
			legal(t, client, request)
			if err := way.end(server); err != nil {
				t.Fatal(err)
			}
			if left := client.BestOptions(request); !client.Last.FailedOpen || len(left) != len(request.Options) {
				t.Errorf("without a server %v stay", ids(left))
			}
			server.again(t)
			eventually(t, 15*time.Second, "the client finds the new server", func() bool {
				left := ids(client.BestOptions(request))
				return !client.Last.FailedOpen && fmt.Sprint(left) == fmt.Sprint(before)
			})
		})
	}
}

func TestOurServerRenewsConnectionsWithoutALostCall(t *testing.T) {
	server := started(t, "--max-connection-age", "1s")
	client := server.asked(t, newest)
	request := fleetRequest()
	calls := 0
	for until := time.Now().Add(4 * time.Second); time.Now().Before(until); calls++ {
		client.BestOptions(request)
		if client.Last.FailedOpen {
			t.Fatalf("call %d: %v", calls, client.Last.Err)
		}
	}
	t.Logf("%d calls", calls)
}

func TestOurServerChangesItsCertificateUnderLoad(t *testing.T) {
	server := started(t)
	renewed := issued(t, server.root, "renewed")
	ctx, stop := context.WithCancel(t.Context())
	var group sync.WaitGroup
	var handshakes, calls, lost atomic.Int32
	note := func(what string, err error) {
		if err != nil {
			lost.Add(1)
			t.Logf("%s: %v", what, err)
		}
	}
	roots := pool(t, server.root.File)
	group.Go(func() {
		for ctx.Err() == nil {
			_, err := servedSerial(server.Address(), roots)
			note("handshake", err)
			handshakes.Add(1)
			// A client may open fifty connections a second.
			time.Sleep(25 * time.Millisecond)
		}
	})
	client := server.asked(t, newest)
	message, _ := wire.Marshal(fleetRequest(), wire.Bytes)
	group.Go(func() {
		for ctx.Err() == nil {
			_, err := client.Raw(message)
			note("call", err)
			calls.Add(1)
		}
	})
	time.Sleep(200 * time.Millisecond)
	if err := renewed.CopyTo(server.pair); err != nil {
		t.Fatal(err)
	}
	eventually(t, 20*time.Second, "the new certificate is served", func() bool {
		serial, err := servedSerial(server.Address(), roots)
		return err == nil && serial == renewed.Serial
	})
	// Half a renewal: a certificate that does not fit its key. The good pair serves on.
	other := issued(t, server.root, "other")
	content, err := os.ReadFile(other.CertFile)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(server.pair.CertFile, content, 0o600); err != nil {
		t.Fatal(err)
	}
	time.Sleep(2 * time.Second)
	if serial, err := servedSerial(server.Address(), roots); err != nil || serial != renewed.Serial {
		t.Errorf("after half a renewal: serial %d (%v), not %d", serial, err, renewed.Serial)
	}
	stop()
	group.Wait()
	if lost.Load() > 0 {
		t.Errorf("%d of %d handshakes and %d calls were lost", lost.Load(), handshakes.Load(), calls.Load())
	}
	t.Logf("%d handshakes, %d calls", handshakes.Load(), calls.Load())
}

func servedSerial(address string, roots *x509.CertPool) (int64, error) {
	connection, err := tls.Dial("tcp", address, &tls.Config{RootCAs: roots, NextProtos: []string{"h2"}})
	if err != nil {
		return 0, err
	}
	defer connection.Close()
	return connection.ConnectionState().PeerCertificates[0].SerialNumber.Int64(), nil
}

func pool(t *testing.T, file string) *x509.CertPool {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(content)
	return roots
}
