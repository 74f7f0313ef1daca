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
	"iter"
	"net"
	"sync"

	"github.com/llamastack/llama-stack-k8s-operator/internal/controller"
	"github.com/llamastack/llama-stack-k8s-operator/internal/manager"
	"github.com/llamastack/llama-stack-k8s-operator/internal/metrics"
	"github.com/llamastack/llama-stack-k8s-operator/internal/operatorconfig"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/client-go/rest"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// OperatorOptions are where an operator of a suite may differ from the one that is shipped.
type OperatorOptions struct {
	// Version that the operator tells; default "test".
	Version string
	// Getenv reads the environment; default none.
	Getenv func(string) string
	// Dial connects to the servers; default as the network does.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Roots are the public certificate authorities, in DER; default those of the operator's release.
	Roots func() iter.Seq[[]byte]
	// RESTConfig is the way to the API server; default ControlPlane.OperatorConfig, unchanged.
	RESTConfig func() *rest.Config
	// MetricsAddress is where metrics are served as they are shipped: over TLS, to those who may read them; default nowhere.
	MetricsAddress string
	// Metrics count what the operator does; default ones that nobody reads. Several operators may share them.
	Metrics *metrics.Metrics
}

// Operator runs in the suite's process, with everything as main does it but the addresses that it serves on.
type Operator struct {
	cancel context.CancelFunc
	done   sync.WaitGroup
}

// StartOperator runs an operator until it is stopped.
func (c *ControlPlane) StartOperator(options OperatorOptions) *Operator {
	GinkgoHelper()
	options = c.defaulted(options)
	ctx, cancel := context.WithCancel(context.Background())
	running := &Operator{cancel: cancel}
	controllers := controller.Options{Version: options.Version, Getenv: options.Getenv, Metrics: options.Metrics, Dial: options.Dial, Roots: options.Roots}
	managers := manager.Options{
		RESTConfig: func() (*rest.Config, error) { return options.RESTConfig(), nil },
		Namespace:  OperatorNamespace, OperatorConfigName: operatorconfig.Name,
		MetricsAddress: options.MetricsAddress, MetricsSecure: true, HealthAddress: "0", LeaderElection: true,
		Setup: func(ctx context.Context, parts manager.Parts) error {
			return controller.Setup(ctx, controller.Parts{
				Manager: parts.Manager, References: parts.Caches.References, OperatorConfig: parts.Caches.OperatorConfig,
				Children: parts.Children, Unserved: parts.Unserved, OpenShift: parts.OpenShift, Namespace: parts.Namespace,
			}, controllers)
		},
	}
	running.done.Go(func() {
		defer GinkgoRecover()
		Expect(manager.Run(ctx, managers)).To(Succeed())
	})
	return running
}

func (c *ControlPlane) defaulted(options OperatorOptions) OperatorOptions {
	GinkgoHelper()
	if options.Version == "" {
		options.Version = "test"
	}
	if options.Getenv == nil {
		options.Getenv = func(string) string { return "" }
	}
	if options.MetricsAddress == "" {
		options.MetricsAddress = "0"
	}
	if options.RESTConfig == nil {
		options.RESTConfig = c.OperatorConfig
	}
	if options.Metrics == nil {
		var err error
		options.Metrics, err = metrics.Register(prometheus.NewRegistry())
		Expect(err).NotTo(HaveOccurred())
	}
	return options
}

// Stop ends the operator as a signal does, and waits until nothing of it runs any more.
func (o *Operator) Stop() {
	o.cancel()
	o.done.Wait()
}

// FreeAddress is an address of this machine on which nobody listens.
func FreeAddress() string {
	GinkgoHelper()
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	Expect(err).NotTo(HaveOccurred())
	defer func() { Expect(listener.Close()).To(Succeed()) }()
	return listener.Addr().String()
}
