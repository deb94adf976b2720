// Command peer is the other side of the wire for measurements: a minimal Go expander to compare with,
// the autoscaler's client with a stopwatch, and a link with a delay.
package main

import (
	"fmt"
	"os"
)

const usage = `peer serve --listen HOST:PORT --cert FILE --key FILE [--decode typed|bytes]
peer call --ca FILE --target NAME=HOST:PORT [--target …] [--options N --pods N] [--calls N]
peer delay --listen HOST:PORT --to HOST:PORT [--one-way 1ms]
peer decode --file FILE [--calls N]
Each takes --help.`

func main() {
	commands := map[string]func([]string) error{"serve": serve, "call": call, "delay": delay, "decode": decode}
	if len(os.Args) < 2 || commands[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, usage)
		os.Exit(2)
	}
	if err := commands[os.Args[1]](os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
