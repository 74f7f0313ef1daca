/*
Copyright 2026 The llama-stack-k8s-operator Authors.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

    http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.
*/

package harness

import (
	"context"
	"io"
	"net"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// Wire is a proxy to the API server that can be cut: its connections break, and a new connection is refused, as when
// the API server has stopped.
type Wire struct {
	address, target string

	mu       sync.Mutex
	listener net.Listener
	open     map[net.Conn]struct{}
}

// NewWire is a proxy to an address, until it is cut.
func NewWire(target string) *Wire {
	GinkgoHelper()
	c := &Wire{address: FreeAddress(), target: target, open: map[net.Conn]struct{}{}}
	c.Restore()
	return c
}

// Restore accepts connections from now on, at the same address as before.
func (c *Wire) Restore() {
	GinkgoHelper()
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", c.address)
	Expect(err).NotTo(HaveOccurred())
	c.mu.Lock()
	defer c.mu.Unlock()
	c.listener, c.address = listener, listener.Addr().String()
	go c.accept(listener)
}

func (c *Wire) accept(listener net.Listener) {
	for {
		near, err := listener.Accept()
		if err != nil {
			return
		}
		go c.carry(near)
	}
}

func (c *Wire) carry(near net.Conn) {
	far, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", c.target)
	if err != nil {
		_ = near.Close()
		return
	}
	c.keep(near, far)
	var both sync.WaitGroup
	for _, ends := range [][2]net.Conn{{near, far}, {far, near}} {
		both.Go(func() {
			_, _ = io.Copy(ends[0], ends[1])
			_ = near.Close()
			_ = far.Close()
		})
	}
	both.Wait()
	c.drop(near, far)
}

func (c *Wire) keep(conns ...net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conn := range conns {
		c.open[conn] = struct{}{}
	}
}

func (c *Wire) drop(conns ...net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conn := range conns {
		delete(c.open, conn)
	}
}

// Cut breaks every connection and refuses new ones.
func (c *Wire) Cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	_ = c.listener.Close()
	for conn := range c.open {
		_ = conn.Close()
	}
}

// Address is where the wire listens.
func (c *Wire) Address() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.address
}
