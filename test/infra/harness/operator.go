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
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/llamastack/llama-stack-k8s-operator/internal/controller"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llamastack"
	"github.com/llamastack/llama-stack-k8s-operator/internal/manager"
	"github.com/llamastack/llama-stack-k8s-operator/internal/metrics"
	"github.com/llamastack/llama-stack-k8s-operator/internal/operator"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/client-go/rest"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// OperatorOptions are the differences between an operator of a suite and the one that is shipped.
type OperatorOptions struct {
	// Version that the operator reports; default "test".
	Version string
	// Getenv reads the environment; default none.
	Getenv func(string) string
	// Environ are the environment variables, as from os.Environ; default none.
	Environ []string
	// Dial connects to the servers; default as the network does.
	Dial llamastack.Dial
	// Roots are the public certificate authorities, in DER; default those of the operator's release.
	Roots func() iter.Seq[[]byte]
	// RESTConfig is the connection to the API server; default ControlPlane.OperatorConfig, unchanged.
	RESTConfig func() *rest.Config
	// WatchNamespaces are the namespaces that are served; default all.
	WatchNamespaces []string
	// MetricsAddress is where metrics are served as they are shipped: over TLS, to those who may read them; default nowhere.
	MetricsAddress string
	// MetricsCertDir is the folder of the certificate of the metrics; default one that the operator creates.
	MetricsCertDir string
	// Metrics count what the operator does; default ones that nobody reads. Several operators may share them.
	Metrics *metrics.Metrics
}

// Operator runs in the suite's process, as main runs it, except for the addresses that it serves on.
type Operator struct {
	cancel context.CancelFunc
	done   sync.WaitGroup
	ended  atomic.Int32
}

// Ended is how many managers have ended, with everything that they ran and their last request for the lease.
func (o *Operator) Ended() int { return int(o.ended.Load()) }

// StartOperator runs an operator until it is stopped.
func (c *ControlPlane) StartOperator(options OperatorOptions) *Operator {
	GinkgoHelper()
	options = c.defaulted(options)
	c.WaitForRights()
	ctx, cancel := context.WithCancel(context.Background())
	running := &Operator{cancel: cancel}
	controllers := controller.Options{Version: options.Version, Getenv: options.Getenv, Environ: options.Environ, Metrics: options.Metrics, Dial: options.Dial, Roots: options.Roots}
	managers := manager.Options{
		RESTConfig: func() (*rest.Config, error) { return options.RESTConfig(), nil },
		Namespace:  OperatorNamespace, WatchNamespaces: options.WatchNamespaces,
		MetricsAddress: options.MetricsAddress, MetricsSecure: true, MetricsCertDir: options.MetricsCertDir, HealthAddress: "0", LeaderElection: true,
		Ended: func() { running.ended.Add(1) },
	}
	running.done.Go(func() {
		defer GinkgoRecover()
		Expect(operator.Run(ctx, managers, controllers)).To(Succeed())
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

// The ports of FreeAddress: fewer than those that Linux gives to connections and to listeners that name none, from 32768 on, and fewer
// than those of Services. One that is free now could be anybody's there when it is used.
const firstPort, lastPort = 20000, 29999

// FreeAddress is an address of this machine on which nothing listens.
func FreeAddress() string {
	GinkgoHelper()
	var address string
	Eventually(func() error {
		address = net.JoinHostPort("127.0.0.1", strconv.Itoa(firstPort+rand.IntN(lastPort-firstPort+1))) //nolint:gosec // no secret
		listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", address)
		if err != nil {
			return err
		}
		return listener.Close()
	}).Should(Succeed())
	return address
}
