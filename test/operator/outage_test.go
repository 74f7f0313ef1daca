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
	"github.com/llamastack/llama-stack-k8s-operator/test/harness"
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

var _ = Describe("An operator that lost the API server", Serial, func() {
	// outOfTouch is longer than a process waits before it gives its manager up, and shorter than its lease lasts after that.
	const outOfTouch = 13 * time.Second
	// standbyRetry is the longest that a standby waits until it asks for the lease again: 2 s and up to 120 % of them.
	const standbyRetry = 4400 * time.Millisecond
	// outOfDate is longer than a standby waits before it gives its manager up: it notices at its next question, and again
	// at the first question after the 10 seconds.
	const outOfDate = 11*time.Second + 2*standbyRetry
	held := HaveField("HolderIdentity", HaveValue(Not(BeEmpty())))

	It("takes its own lease back, and need not wait until it has run out", func(ctx context.Context) {
		wire := newWire()
		instance := llsdtest.Make("a").Namespace(newNamespace(ctx, false)).Obj()
		whileDown(func() {
			lost := startBehind(wire)
			defer lost.Stop()
			Eventually(leaseOf(ctx)).Should(held)
			before := leaseOf(ctx)()
			wire.Cut()
			Consistently(leaseOf(ctx)).WithTimeout(outOfTouch).WithPolling(time.Second).Should(HaveField("HolderIdentity", Equal(before.HolderIdentity)))
			silent := leaseOf(ctx)()

			wire.Mend()
			create(ctx, instance)
			becomeReady(ctx, instance)
			after := leaseOf(ctx)()
			Expect(after.RenewTime.Time).To(BeTemporally(">", silent.RenewTime.Time))
			Expect(after.HolderIdentity).To(Equal(before.HolderIdentity))
			Expect(after.AcquireTime).To(Equal(before.AcquireTime), "it was held all the time")
			Expect(after.LeaseTransitions).To(Equal(before.LeaseTransitions))
		})
	})

	It("stands by with new watches, instead of old ones that wait longer and longer", func(ctx context.Context) {
		wire := newWire()
		instance := llsdtest.Make("a").Namespace(newNamespace(ctx, false)).Obj()
		Eventually(leaseOf(ctx)).Should(held)
		leads := leaseOf(ctx)().HolderIdentity
		mark := audit.Mark()
		standby := startBehind(wire)
		defer standby.Stop()
		Eventually(audit.Watches(mark)).Should(ContainElement("deployments"))
		wire.Cut()
		Consistently(leaseOf(ctx)).WithTimeout(outOfDate).WithPolling(time.Second).Should(HaveField("HolderIdentity", Equal(leads)))
		wire.Mend()
		whileDown(func() {
			create(ctx, instance)
			becomeReady(ctx, instance)
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
