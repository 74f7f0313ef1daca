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

// Package tenants_test runs a hostile tenant beside a good one, whose server is created, edited and healed. The
// operator's work for the good one is compared with its work without the hostile one.
package tenants_test

import (
	"context"
	"flag"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/internal/operatorconfig"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// mostMemory is what the operator may hold, in bytes. All of the suite counts: the hostile servers and what is sent to the
// API server, too.
const mostMemory = 256 << 20

// timing compares how long a tenant waits with how long it waits alone: "make test-perf", on a machine that does
// nothing else.
var timing = flag.Bool("timing", false, "compare times, on a machine that does nothing else")

// The suite's own world.
var (
	controlPlane *harness.ControlPlane
	admin        client.Client
	audit        *harness.AuditLog
	servers      *harness.Servers
	operator     *harness.Operator
	used         *memory
	// mute is the namespace for which the API server does not answer requests about Secrets.
	mute atomic.Pointer[string]
)

func TestTenants(t *testing.T) {
	RegisterFailHandler(Fail)
	SetDefaultEventuallyTimeout(time.Minute)
	SetDefaultEventuallyPollingInterval(20 * time.Millisecond)
	RunSpecs(t, "Tenants of one operator")
}

var _ = harness.ReportLeftOut()

var _ = BeforeSuite(func() {
	ctrl.SetLogger(GinkgoLogr)
	controlPlane = harness.StartControlPlane(harness.Options{})
	admin, audit = controlPlane.Admin, controlPlane.Audit
	servers = harness.StartServers()
	controlPlane.StartKubelet()
	operator = controlPlane.StartOperator(harness.OperatorOptions{Dial: servers.Dial, RESTConfig: mutable})
	DeferCleanup(func() { operator.Stop() })
	harness.Get(context.Background(), admin, harness.OperatorNamespace, operatorconfig.Name, &corev1.ConfigMap{})
	used = measureMemory()
})

var _ = AfterEach(func() {
	Expect(operator.Ended()).To(BeZero(), "the operator was restarted")
	Expect(used.most()).To(BeNumerically("<", mostMemory), "bytes that were in use at once")
})

// mutable is the operator's connection to the API server, without answers to requests about the Secrets of one
// namespace.
func mutable() *rest.Config {
	config := controlPlane.OperatorConfig()
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return muteSecrets{next} })
	return config
}

type muteSecrets struct{ next http.RoundTripper }

func (m muteSecrets) RoundTrip(request *http.Request) (*http.Response, error) {
	if namespace := mute.Load(); namespace != nil && strings.Contains(request.URL.Path, "/namespaces/"+*namespace+"/secrets") {
		<-request.Context().Done()
		return nil, request.Context().Err()
	}
	return m.next.RoundTrip(request)
}
