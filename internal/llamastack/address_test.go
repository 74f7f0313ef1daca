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

package llamastack_test

import (
	"context"
	"net"
	"net/netip"

	"github.com/llamastack/llama-stack-k8s-operator/internal/llamastack"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("The address of a server", func() {
	DescribeTable("may be that of a Service", func(address string) {
		Expect(llamastack.Allowed(netip.MustParseAddr(address))).To(BeTrue())
	},
		Entry("IPv4", "10.96.0.17"),
		Entry("IPv4 of another range", "172.30.4.5"),
		Entry("IPv6", "fd00:10:96::11"),
		Entry("IPv6, global", "2001:db8::1"),
	)

	DescribeTable("is the only one that the dialer connects to", func(address string) {
		endpoint := llamastack.Endpoint{Scheme: "http", Host: "a-service.apps.svc", Port: 1}
		if address != "" {
			endpoint.Address = netip.MustParseAddr(address)
		}
		refused := llamastack.Observation{Problem: "GET /v1/health: its address is none that a server may have"}
		Expect(llamastack.Allowed(endpoint.Address)).To(BeFalse())
		Expect(llamastack.NewClient(llamastack.ClientOptions{Dial: func(context.Context, llamastack.Endpoint) (net.Conn, error) {
			Fail("connected")
			return nil, nil
		}}).Observe(GinkgoT().Context(), endpoint)).To(Equal(refused))

		first := true // lets the client pass, and leaves it to the dialer
		usual := llamastack.NewClient(llamastack.ClientOptions{Allow: func(to netip.Addr) bool {
			defer func() { first = false }()
			return first || llamastack.Allowed(to)
		}})
		Expect(usual.Observe(GinkgoT().Context(), endpoint).Reached).To(BeFalse())
	},
		Entry("none", ""),
		Entry("this machine", "127.0.0.1"),
		Entry("this machine, another", "127.8.9.1"),
		Entry("this machine, IPv6", "::1"),
		Entry("this machine, IPv4 in IPv6", "::ffff:127.0.0.1"),
		Entry("a cloud's metadata", "169.254.169.254"),
		Entry("a cloud's metadata, IPv4 in IPv6", "::ffff:169.254.169.254"),
		Entry("link-local", "fe80::1"),
		Entry("an address with a zone", "fd00::1%eth0"),
		Entry("unspecified", "0.0.0.0"),
		Entry("unspecified, IPv6", "::"),
		Entry("multicast", "224.0.0.1"),
		Entry("multicast, IPv6", "ff02::1"),
		Entry("multicast in this machine", "ff01::1"),
		Entry("broadcast", "255.255.255.255"),
	)

	It("reaches no server on this machine, whatever the address is", func() {
		got := llamastack.NewClient(llamastack.ClientOptions{}).Observe(GinkgoT().Context(), serve(healthy()))
		Expect(got).To(Equal(llamastack.Observation{Problem: "GET /v1/health: its address is none that a server may have"}))
	})
})
