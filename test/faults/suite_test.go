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

// Package faults_test drives the operator's reconcilers call by call against a real API server, so that everything that
// can happen between two calls is tested: the end of the process, a lost answer, a refusal, a cache that is late. The
// reconcilers are those of controller.Setup, under the shipped RBAC; what differs from production is that a test says
// when one runs, and what its caches show.
package faults_test

import (
	"context"
	"flag"
	"testing"

	"github.com/llamastack/llama-stack-k8s-operator/internal/metrics"
	"github.com/llamastack/llama-stack-k8s-operator/internal/operatorconfig"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// soak makes the suite thorough instead of quick: "make soak".
var soak = flag.Bool("soak", false, "run every combination, and ten times as many generated edits, for about half an hour")

// What all specs share.
var (
	controlPlane *harness.ControlPlane
	objects      *mirror
	admin        client.Client
	unstarted    manager.Manager
	counted      *metrics.Metrics
)

func TestFaults(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Faults between the operator and the API server")
}

var _ = harness.ReportLeftOut()

var _ = BeforeSuite(func(ctx context.Context) {
	ctrl.SetLogger(GinkgoLogr)
	controlPlane = harness.StartControlPlane(harness.Options{Routing: true})
	controlPlane.WaitForRights()
	var err error
	unstarted, err = ctrl.NewManager(controlPlane.OperatorConfig(), managerOptions())
	Expect(err).NotTo(HaveOccurred())
	counted, err = metrics.Register(prometheus.NewRegistry())
	Expect(err).NotTo(HaveOccurred())

	objects = newMirror(controlPlane.Admin)
	admin = (&wire{mirror: objects}).client(controlPlane.Config, nil)
	harness.Create(ctx, admin, configMap(harness.OperatorNamespace, operatorconfig.Name, map[string]string{
		operatorconfig.KeyFeatureFlags: "enableNetworkPolicy:\n  enabled: true\n",
	}))
})

// managerOptions are for a manager that is never started: it lends its scheme and what it knows of the API.
func managerOptions() manager.Options {
	yes := true
	return manager.Options{
		Scheme: controlPlane.Admin.Scheme(), Metrics: metricsserver.Options{BindAddress: "0"},
		Controller: config.Controller{SkipNameValidation: &yes},
	}
}

// asJSON keeps the wire readable for the mirror.
func asJSON(base *rest.Config) *rest.Config {
	out := rest.CopyConfig(base)
	out.ContentType, out.AcceptContentTypes, out.QPS = "application/json", "application/json", -1
	return out
}
