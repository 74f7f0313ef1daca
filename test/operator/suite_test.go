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

// Package operator_test runs the operator as it ships against a real API server: the production caches, the flags'
// defaults, and the RBAC of config/rbac under its ServiceAccount. What an API server alone does not do is done by
// stand-ins: one marks Deployments as rolled out and PVCs as bound, and one answers for the servers.
package operator_test

import (
	"context"
	"flag"
	"iter"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	"github.com/llamastack/llama-stack-k8s-operator/internal/metrics"
	"github.com/llamastack/llama-stack-k8s-operator/internal/operatorconfig"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const (
	operatorVersion = "9.8.7-test"
	starterImage    = "registry.example/starter:related"
	platformImage   = "registry.example/platform:related"

	// starts is how long the first operator may take, while other suites start as well.
	starts = 3 * time.Minute
)

// onOpenShift runs every spec with the API groups of OpenShift present and with admission that checks who may set an
// owner reference that blocks a deletion.
var onOpenShift = flag.Bool("openshift", false, "run with the OpenShift API groups and OwnerReferencesPermissionEnforcement")

// timing also checks ratios of times: "make test-perf", on a machine that does nothing else.
var timing = flag.Bool("timing", false, "compare times, on a machine that does nothing else")

// The suite's own world: one API server, one operator, shared by specs that each have a namespace of their own.
var (
	controlPlane *harness.ControlPlane
	admin        client.Client
	audit        *harness.AuditLog
	servers      *harness.Servers
	operator     *harness.Operator
	down         bool // while no operator runs
	registry     = prometheus.NewRegistry()
)

func TestOperator(t *testing.T) {
	RegisterFailHandler(Fail)
	SetDefaultEventuallyTimeout(time.Minute)
	SetDefaultEventuallyPollingInterval(50 * time.Millisecond)
	RunSpecs(t, "Operator against an API server")
}

var _ = harness.ReportLeftOut()

var _ = BeforeSuite(func() {
	ctrl.SetLogger(GinkgoLogr)
	controlPlane = harness.StartControlPlane(harness.Options{OpenShift: *onOpenShift, Routing: true})
	admin, audit = controlPlane.Admin, controlPlane.Audit
	servers = harness.StartServers()
	controlPlane.StartKubelet()
	operator = startOperator()
	DeferCleanup(func() { operator.Stop() })
	made := client.ObjectKey{Namespace: harness.OperatorNamespace, Name: operatorconfig.Name}
	Eventually(func() error { return admin.Get(context.Background(), made, &corev1.ConfigMap{}) }).WithTimeout(starts).Should(Succeed())
})

// What the API server forbids the operator is missing from its RBAC, whatever spec caused the request.
var _ = AfterSuite(func() {
	if audit != nil {
		forbidden := slices.DeleteFunc(audit.Forbidden(), asksForOneSecret) // until it is allowed, where a server asks for it
		Expect(forbidden).To(BeEmpty(), "requests of the operator that its RBAC does not allow")
	}
})

var operatorMetrics = sync.OnceValues(func() (*metrics.Metrics, error) { return metrics.Register(registry) })

// operatorRoots are the public authorities that the next operator knows; nil is those of its release.
var operatorRoots func() iter.Seq[[]byte]

// startOperator runs the operator until it is stopped.
func startOperator() *harness.Operator {
	GinkgoHelper()
	counted, err := operatorMetrics()
	Expect(err).NotTo(HaveOccurred())
	return controlPlane.StartOperator(harness.OperatorOptions{
		Version: operatorVersion, Getenv: operatorEnvironment, Environ: []string{"RELATED_IMAGE_RH_DISTRIBUTION=" + platformImage},
		Dial: servers.Dial, Metrics: counted, Roots: operatorRoots,
	})
}

// whileDown runs a function while no operator runs. One runs afterwards in any case.
func whileDown(do func()) {
	GinkgoHelper()
	operator.Stop()
	down = true
	defer func() { operator, down = startOperator(), false }()
	do()
}

func operatorEnvironment(name string) string {
	switch name {
	case "RELATED_IMAGE_STARTER":
		return starterImage
	case "RELATED_IMAGE_RH_DISTRIBUTION":
		return platformImage
	}
	return os.Getenv(name)
}

// quiet is how long an operator without work sends nothing: it delays the progress of a rollout for 5 seconds.
const quiet = 5500 * time.Millisecond

// waitForQuiet waits until the operator has sent nothing for a while.
func waitForQuiet() {
	GinkgoHelper()
	audit.WaitForQuiet(quiet, asksForRouteFields)
}

// requestsSince are the operator's requests after the mark, but those of an operator that has just started. "make bench" counts
// the requests of one that has not.
func requestsSince(mark int64) []harness.Request {
	GinkgoHelper()
	return slices.DeleteFunc(audit.Since(mark), asksForRouteFields)
}

// asksForRouteFields is whether the operator reads which fields HTTPRoutes have, which it does at growing intervals for
// a minute after it starts and after their definition changes.
func asksForRouteFields(r harness.Request) bool {
	return r.URI == "/openapi/v3/apis/"+children.Of(children.HTTPRoute).GroupVersionKind.GroupVersion().String()
}
