//go:build perf

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

// Package perf_test measures the operator against its budgets. The operator is a process of its own, built and
// configured as it ships, under its ServiceAccount; requests are counted in the audit log of a real API server, memory
// is read from the kernel and from the operator's own metrics. What an API server alone does not do, rolling out
// Deployments and binding PVCs, is done by a stand-in. There are no servers: the operator's probes fail, and it
// continues.
//
// `make test-perf` runs it. Figures are counts and ratios wherever they can be, because machines differ.
package perf_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// fleetSize is how many LlamaStackDistributions there are where the budgets say "with 200".
const fleetSize = 200

// The suite's own world: one API server behind a wire that can be cut, and one operator.
var (
	admin       client.Client
	adminConfig *rest.Config
	audit       *harness.AuditLog
	wire        *harness.Wire
	operator    *process
)

func TestPerformance(t *testing.T) {
	RegisterFailHandler(Fail)
	SetDefaultEventuallyTimeout(2 * time.Minute)
	SetDefaultEventuallyPollingInterval(100 * time.Millisecond)
	RunSpecs(t, "The operator's budgets")
}

var _ = BeforeSuite(func() {
	ctrl.SetLogger(GinkgoLogr)
	controlPlane := harness.StartControlPlane(harness.Options{ServiceRange: noServers})
	admin, adminConfig, audit = controlPlane.Admin, controlPlane.Config, controlPlane.Audit
	controlPlane.StartKubelet()

	address, err := url.Parse(adminConfig.Host)
	Expect(err).NotTo(HaveOccurred())
	wire = harness.NewWire(address.Host)
	DeferCleanup(wire.Cut)
	operator = buildOperator()
})

// What the API server forbids the operator is missing from its RBAC.
var _ = AfterSuite(func() {
	if audit != nil {
		Expect(audit.Forbidden()).To(BeEmpty(), "requests that the operator's RBAC does not allow")
	}
})

// One story, from an operator with nothing to do to one that lost its API server five times.
var _ = Describe("The operator", Ordered, ContinueOnFailure, Label("budgets"), func() {
	AfterAll(func() { operator.stop() })
	describeIdle()
	describeOne()
	describeFleet()
	describeMemory()
	describeOutages()
})

func newNamespace(ctx context.Context, name string) {
	GinkgoHelper()
	Expect(admin.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}})).To(Succeed())
}

// figuref reports a measured value beside its budget, and keeps it in the file that TEST_PERF_FIGURES names, if any.
func figuref(what, format string, args ...any) {
	GinkgoHelper()
	value := fmt.Sprintf(format, args...)
	AddReportEntry(what, value, ReportEntryVisibilityAlways)
	path := os.Getenv("TEST_PERF_FIGURES")
	if path == "" {
		return
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	Expect(err).NotTo(HaveOccurred())
	defer func() { _ = file.Close() }()
	_, err = fmt.Fprintf(file, "%s: %s\n", what, value)
	Expect(err).NotTo(HaveOccurred())
}
