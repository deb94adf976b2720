package main

import (
	"flag"
	"fmt"
	"net"
	"time"
)

// delay is a link that is long but not narrow: bytes leave in the order they came, each --one-way after it arrived,
// and reading never waits for writing.
func delay(arguments []string) error {
	flags := flag.NewFlagSet("delay", flag.ExitOnError)
	listen := flags.String("listen", "127.0.0.1:0", "address to listen on")
	to := flags.String("to", "", "address to forward to")
	oneWay := flags.Duration("one-way", time.Millisecond, "delay in each direction")
	_ = flags.Parse(arguments)
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		return err
	}
	fmt.Printf("{\"msg\":\"listening\",\"address\":%q}\n", listener.Addr().String())
	for {
		near, err := listener.Accept()
		if err != nil {
			return err
		}
		far, err := net.Dial("tcp", *to)
		if err != nil {
			_ = near.Close()
			continue
		}
		go carry(far, near, *oneWay)
		go carry(near, far, *oneWay)
	}
}

type parcel struct {
	due     time.Time
	content []byte
}

func carry(to, from net.Conn, oneWay time.Duration) {
	road := make(chan parcel, 16384)
	go func() {
		defer close(road)
		for {
			content := make([]byte, 64<<10)
			length, err := from.Read(content)
			if length > 0 {
				road <- parcel{due: time.Now().Add(oneWay), content: content[:length]}
			}
			if err != nil {
				return
			}
		}
	}()
	for one := range road {
		time.Sleep(time.Until(one.due))
		if _, err := to.Write(one.content); err != nil {
			_ = from.Close()
		}
	}
	if half, ok := to.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
}
