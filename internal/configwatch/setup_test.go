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

package configwatch_test

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/internal/configwatch"
	"github.com/llamastack/llama-stack-k8s-operator/internal/events"
	"github.com/llamastack/llama-stack-k8s-operator/internal/metrics"
	"github.com/llamastack/llama-stack-k8s-operator/internal/operatorconfig"
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	clientevents "k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache/informertest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// watchedCache is the cache of a cluster. Its watches see what a test reports to them.
type watchedCache struct {
	*informertest.FakeInformers

	reader client.Reader
}

func (c watchedCache) Get(ctx context.Context, key client.ObjectKey, into client.Object, options ...client.GetOption) error {
	return c.reader.Get(ctx, key, into, options...)
}

func (c watchedCache) List(ctx context.Context, into client.ObjectList, options ...client.ListOption) error {
	return c.reader.List(ctx, into, options...)
}

// managerOf has the controllers of a cluster, and no API server.
func managerOf(c *cluster, sameName bool) manager.Manager {
	GinkgoHelper()
	mgr, err := ctrl.NewManager(&rest.Config{Host: "https://127.0.0.1:1"}, manager.Options{
		Scheme: c.Scheme(), Metrics: server.Options{BindAddress: "0"}, Controller: config.Controller{SkipNameValidation: &sameName},
		MapperProvider: func(*rest.Config, *http.Client) (meta.RESTMapper, error) { return c.RESTMapper(), nil },
		NewClient:      func(*rest.Config, client.Options) (client.Client, error) { return c, nil },
		NewCache: func(*rest.Config, cache.Options) (cache.Cache, error) {
			return watchedCache{&informertest.FakeInformers{Scheme: c.Scheme()}, c}, nil
		},
	})
	Expect(err).NotTo(HaveOccurred())
	return mgr
}

func optionsOf(c *cluster, informers *informertest.FakeInformers) configwatch.Options {
	GinkgoHelper()
	metrics, err := metrics.Register(prometheus.NewRegistry())
	Expect(err).NotTo(HaveOccurred())
	return configwatch.Options{
		Config: watchedCache{informers, c}, References: c, Namespace: home.Namespace, Store: operatorconfig.NewStore(),
		Events: events.New(clientevents.NewFakeRecorder(100)), Metrics: metrics, Wake: func(types.NamespacedName) {},
	}
}

var _ = Describe("The controller of the operator's ConfigMap", func() {
	It("creates it at the start, without any event, and follows it", func(ctx SpecContext) {
		c := clusterOf(serverIn("ns", "a"))
		informers := &informertest.FakeInformers{Scheme: c.Scheme()}
		informer, err := informers.FakeInformerFor(ctx, &corev1.ConfigMap{})
		Expect(err).NotTo(HaveOccurred())
		woken := make(chan types.NamespacedName, 10)
		var begun, ended atomic.Int32
		options := optionsOf(c, informers)
		options.Wake = func(key types.NamespacedName) { woken <- key }
		options.Working = func() func() {
			begun.Add(1)
			return func() { ended.Add(1) }
		}
		mgr := managerOf(c, true)
		Expect(configwatch.Setup(mgr, options)).To(Succeed())

		running, stop := context.WithCancel(ctx)
		stopped := make(chan error)
		go func() { stopped <- mgr.Start(running) }()
		Eventually(ctx, ended.Load).Should(BeEquivalentTo(1))
		created := c.read(ctx)
		Expect(created).NotTo(BeNil())
		Expect(woken).NotTo(Receive())

		informer.Add(created)
		Eventually(ctx, woken).Should(Receive(Equal(types.NamespacedName{Namespace: "ns", Name: "a"})))
		Eventually(ctx, ended.Load).Should(BeEquivalentTo(2))
		Expect(begun.Load()).To(Equal(ended.Load()))
		Expect(options.Store.Loaded()).To(BeTrue())
		stop()
		Eventually(ctx, stopped).Should(Receive(BeNil()))
	}, SpecTimeout(2*time.Minute))

	It("is added once to a process that does not allow more", func() {
		c := clusterOf()
		Expect(configwatch.Setup(managerOf(c, false), optionsOf(c, &informertest.FakeInformers{Scheme: c.Scheme()}))).To(Succeed())
		Expect(configwatch.Setup(managerOf(c, false), optionsOf(c, &informertest.FakeInformers{Scheme: c.Scheme()}))).
			To(MatchError(HavePrefix("failed to add the controller of the operator's ConfigMap to the manager: ")))
	})
})
