// Package ours runs the built server as an operator would.
package ours

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"spot-expander.local/conformance/certificates"
)

// CommandVariable names the command that starts the built program, as a JSON array of words.
const CommandVariable = "SPOT_EXPANDER_COMMAND"

const startLimit = 30 * time.Second

// Command is what CommandVariable holds; false when it is not set.
func Command() ([]string, bool) {
	var words []string
	if json.Unmarshal([]byte(os.Getenv(CommandVariable)), &words) != nil || len(words) == 0 {
		return nil, false
	}
	return words, true
}

// Server is a running `serve`.
type Server struct {
	// Port is the gRPC port, HTTPPort that of /readyz and /metrics.
	Port, HTTPPort int
	process        *exec.Cmd
	lock           sync.Mutex
	output         strings.Builder
	ended          chan error
}

// Places are the addresses a server is started on; a restart uses them again.
type Places struct{ Port, HTTPPort int }

// FreePlaces asks the kernel for two ports that are free now.
func FreePlaces() (Places, error) {
	var ports []int
	for range 2 {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return Places{}, err
		}
		defer listener.Close()
		ports = append(ports, listener.Addr().(*net.TCPAddr).Port)
	}
	return Places{Port: ports[0], HTTPPort: ports[1]}, nil
}

// Start runs `serve` with the pair and the extra flags and waits until it says that it listens and is ready.
func Start(places Places, pair certificates.Pair, stateDirectory string, extra ...string) (*Server, error) {
	words, set := Command()
	if !set {
		return nil, fmt.Errorf("%s is not set", CommandVariable)
	}
	arguments := append(words[1:len(words):len(words)], "serve",
		"--grpc-listen", fmt.Sprintf("127.0.0.1:%d", places.Port), "--http-listen", fmt.Sprintf("127.0.0.1:%d", places.HTTPPort),
		"--tls-cert", pair.CertFile, "--tls-key", pair.KeyFile, "--state-dir", stateDirectory)
	server := &Server{Port: places.Port, HTTPPort: places.HTTPPort, ended: make(chan error, 1)}
	server.process = exec.Command(words[0], append(arguments, extra...)...)
	pipe, err := server.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	server.process.Stderr = &lockedWriter{server: server}
	if err := server.process.Start(); err != nil {
		return nil, err
	}
	listening := make(chan struct{})
	go server.read(bufio.NewScanner(pipe), listening)
	select {
	case <-listening:
	case err := <-server.ended:
		return nil, fmt.Errorf("the server ended before it listened (%v):\n%s", err, server.Output())
	case <-time.After(startLimit):
		server.Kill()
		return nil, fmt.Errorf("the server did not say that it listens:\n%s", server.Output())
	}
	return server, server.waitReady()
}

func (server *Server) read(lines *bufio.Scanner, listening chan struct{}) {
	lines.Buffer(nil, 16<<20)
	said := false
	for lines.Scan() {
		server.write(lines.Text() + "\n")
		var line struct {
			Message string `json:"msg"`
		}
		if !said && json.Unmarshal(lines.Bytes(), &line) == nil && strings.Contains(line.Message, "listening") {
			said = true
			close(listening)
		}
	}
	server.ended <- server.process.Wait()
}

func (server *Server) waitReady() error {
	until := time.Now().Add(startLimit)
	url := fmt.Sprintf("http://127.0.0.1:%d/readyz", server.HTTPPort)
	for {
		response, err := http.Get(url)
		if err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
			err = fmt.Errorf("/readyz says %s", response.Status)
		}
		if time.Now().After(until) {
			return fmt.Errorf("the server did not become ready: %w\n%s", err, server.Output())
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// Address is the --grpc-expander-url of the server.
func (server *Server) Address() string { return fmt.Sprintf("localhost:%d", server.Port) }

// Output is what the server has printed so far.
func (server *Server) Output() string {
	server.lock.Lock()
	defer server.lock.Unlock()
	return server.output.String()
}

func (server *Server) write(text string) {
	server.lock.Lock()
	defer server.lock.Unlock()
	server.output.WriteString(text)
}

// Signal sends a signal to the process.
func (server *Server) Signal(signal syscall.Signal) error {
	return server.process.Process.Signal(signal)
}

// Stop asks the server to end and waits; an error tells that it did not end well.
func (server *Server) Stop(limit time.Duration) error {
	_ = server.Signal(syscall.SIGTERM)
	select {
	case err := <-server.ended:
		server.ended <- err
		return err
	case <-time.After(limit):
		server.Kill()
		return fmt.Errorf("the server did not end within %s of SIGTERM", limit)
	}
}

// Kill ends the process without a word and waits until it is gone.
func (server *Server) Kill() {
	_ = server.Signal(syscall.SIGKILL)
	server.ended <- <-server.ended
}

type lockedWriter struct{ server *Server }

func (writer *lockedWriter) Write(content []byte) (int, error) {
	writer.server.write(string(content))
	return len(content), nil
}
