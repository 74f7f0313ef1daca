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

package llamastack

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"syscall"
)

// errAddress is that of a connection to an address which is not a server's.
var errAddress = errors.New("its address is none that a server may have")

// Allowed says whether a server may have the address. Those that mean this machine, the link that it is on (where clouds
// serve credentials) or no machine in particular reach something that is not a server, with the rights of the operator's
// place in the network.
func Allowed(address netip.Addr) bool {
	address = address.Unmap()
	return address.IsValid() && address.Zone() == "" && !address.IsUnspecified() && !address.IsLoopback() &&
		!address.IsMulticast() && !address.IsLinkLocalUnicast() && address != netip.AddrFrom4([4]byte{255, 255, 255, 255})
}

// dialing connects to the endpoint's address, whatever name is in the URL.
func (c *Client) dialing(endpoint Endpoint) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, _, _ string) (net.Conn, error) {
		if !c.options.Allow(endpoint.Address) {
			return nil, errAddress
		}
		return c.options.Dial(ctx, endpoint)
	}
}

// dialer is the usual one. It checks the address again when the socket connects, so that no path bypasses the rule.
func dialer(allow func(netip.Addr) bool) Dial {
	usual := &net.Dialer{Timeout: connectTimeout, Control: func(_, address string, _ syscall.RawConn) error {
		if to, err := netip.ParseAddrPort(address); err != nil || !allow(to.Addr()) {
			return errAddress
		}
		return nil
	}}
	return func(ctx context.Context, endpoint Endpoint) (net.Conn, error) {
		address := net.JoinHostPort(endpoint.Address.String(), strconv.Itoa(int(endpoint.Port)))
		connection, err := usual.DialContext(ctx, "tcp", address)
		if err != nil {
			return nil, fmt.Errorf("failed to connect: %w", err)
		}
		return connection, nil
	}
}
