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

package operator_test

import (
	"context"
	"net/url"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/internal/manager"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	coordinationv1 "k8s.io/api/coordination/v1"
	"k8s.io/client-go/rest"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// leaseOf polls the lease of the operator's processes.
func leaseOf(ctx context.Context) func() coordinationv1.LeaseSpec {
	return func() coordinationv1.LeaseSpec {
		GinkgoHelper()
		return get(ctx, harness.OperatorNamespace, manager.LeaseName, &coordinationv1.Lease{}).Spec
	}
}

var _ = Describe("An operator that lost the API server", Label(harness.Exhaustive), func() {
	// noticed is longer than a process takes to end its manager: the leader after 12 s, a standby after 20 s.
	const noticed = 2 * time.Minute
	held := HaveField("HolderIdentity", HaveValue(Not(BeEmpty())))

	It("takes its own lease back, without waiting until it expires", func(ctx context.Context) {
		wire := newWire()
		instance := llsdtest.Make("a").Namespace(newNamespace(ctx, false)).Obj()
		whileDown(func() {
			lost := startBehind(wire)
			defer lost.Stop()
			Eventually(leaseOf(ctx)).Should(held)
			before := leaseOf(ctx)()
			wire.Cut()
			Eventually(lost.Ended).WithTimeout(noticed).Should(BeNumerically(">", 0))
			silent := leaseOf(ctx)()
			Expect(silent.HolderIdentity).To(Equal(before.HolderIdentity))

			wire.Restore()
			create(ctx, instance)
			becomeReady(ctx, instance)
			after := leaseOf(ctx)()
			Expect(after.RenewTime.Time).To(BeTemporally(">", silent.RenewTime.Time))
			Expect(after.HolderIdentity).To(Equal(before.HolderIdentity))
			Expect(after.AcquireTime).To(Equal(before.AcquireTime), "it was held all the time")
			Expect(after.LeaseTransitions).To(Equal(before.LeaseTransitions))
		})
	})

	It("stands by with new watches, instead of old ones with a growing backoff", func(ctx context.Context) {
		wire := newWire()
		instance := llsdtest.Make("a").Namespace(newNamespace(ctx, false)).Obj()
		Eventually(leaseOf(ctx)).Should(held)
		leads := leaseOf(ctx)().HolderIdentity
		mark := audit.Mark()
		standby := startBehind(wire)
		defer standby.Stop()
		Eventually(audit.Watches(mark)).Should(ContainElement("deployments"))
		wire.Cut()
		Eventually(standby.Ended).WithTimeout(noticed).Should(BeNumerically(">", 0))
		Expect(leaseOf(ctx)().HolderIdentity).To(Equal(leads))
		mark = audit.Mark()
		wire.Restore()
		// Old watches wait for a minute.
		Eventually(audit.Watches(mark)).WithTimeout(45 * time.Second).Should(ContainElement("deployments"))
		whileDown(func() {
			create(ctx, instance)
			becomeReady(ctx, instance) // with the lease, which the standby has up to 20 s after it could
			Expect(leaseOf(ctx)()).To(HaveField("HolderIdentity", Not(Equal(leads))))
			standby.Stop()
		})
	})
})

func newWire() *harness.Wire {
	GinkgoHelper()
	host, err := url.Parse(controlPlane.Config.Host)
	Expect(err).NotTo(HaveOccurred())
	wire := harness.NewWire(host.Host)
	DeferCleanup(wire.Cut)
	return wire
}

// startBehind runs an operator that reaches the API server over a wire.
func startBehind(wire *harness.Wire) *harness.Operator {
	GinkgoHelper()
	counted, err := operatorMetrics()
	Expect(err).NotTo(HaveOccurred())
	return controlPlane.StartOperator(harness.OperatorOptions{
		Version: operatorVersion, Getenv: operatorEnvironment, Dial: servers.Dial, Metrics: counted,
		RESTConfig: func() *rest.Config {
			config := controlPlane.OperatorConfig()
			config.Host = "https://" + wire.Address()
			return config
		},
	})
}
