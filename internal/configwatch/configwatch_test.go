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
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/apply"
	"github.com/llamastack/llama-stack-k8s-operator/internal/configwatch"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/internal/operatorconfig"
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	clientevents "k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestConfigWatch(t *testing.T) {
	t.Parallel()
	RegisterFailHandler(Fail)
	RunSpecs(t, "ConfigWatch")
}

var (
	home    = types.NamespacedName{Namespace: "home", Name: operatorconfig.Name}
	request = ctrl.Request{NamespacedName: home}
	errDown = errors.New("the API server is down")
)

// faults are the errors that a cluster answers with. While one is set, nothing happens there.
type faults struct{ get, list, references, create error }

// cluster has ConfigMaps and LlamaStackDistributions, and notes who writes.
type cluster struct {
	client.Client
	faults

	creators []string
	// departed are ConfigMaps that the cache of references still has.
	departed []metav1.PartialObjectMetadata
}

func clusterOf(objects ...client.Object) *cluster {
	GinkgoHelper()
	scheme := runtime.NewScheme()
	Expect(corev1.AddToScheme(scheme)).To(Succeed())
	Expect(v1alpha1.AddToScheme(scheme)).To(Succeed())
	c := &cluster{}
	c.Client = interceptor.NewClient(fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).Build(), interceptor.Funcs{
		Get: func(ctx context.Context, w client.WithWatch, key client.ObjectKey, into client.Object, options ...client.GetOption) error {
			if c.get != nil {
				return c.get
			}
			return w.Get(ctx, key, into, options...)
		},
		List: func(ctx context.Context, w client.WithWatch, into client.ObjectList, options ...client.ListOption) error {
			references, ok := into.(*metav1.PartialObjectMetadataList)
			switch err := w.List(ctx, into, options...); {
			case !ok:
				return errors.Join(c.list, err)
			default:
				references.Items = append(references.Items, c.departed...)
				return errors.Join(c.references, err)
			}
		},
		Create: func(ctx context.Context, w client.WithWatch, object client.Object, options ...client.CreateOption) error {
			if c.create != nil {
				return c.create
			}
			c.creators = append(c.creators, (&client.CreateOptions{}).ApplyOptions(options).FieldManager)
			return w.Create(ctx, object, options...)
		},
	})
	return c
}

// read is the operator's ConfigMap, nil where there is none.
func (c *cluster) read(ctx context.Context) *corev1.ConfigMap {
	GinkgoHelper()
	configMap := &corev1.ConfigMap{}
	if err := c.Get(ctx, home, configMap); err != nil {
		Expect(apierrors.IsNotFound(err)).To(BeTrue(), err.Error())
		return nil
	}
	return configMap
}

// edit writes the data of the operator's ConfigMap.
func (c *cluster) edit(ctx context.Context, data map[string]string) {
	GinkgoHelper()
	configMap := c.read(ctx)
	configMap.Data = data
	Expect(c.Update(ctx, configMap)).To(Succeed())
}

func configMapOf(namespace, name string, data map[string]string) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}, Data: data}
}

func overriding(image string) map[string]string {
	return map[string]string{operatorconfig.KeyImageOverrides: "starter: " + image + "\n"}
}

// watched is a reconciler with what it reports to.
type watched struct {
	reconcile.Reconciler

	store    *operatorconfig.Store
	recorder *clientevents.FakeRecorder
	registry *prometheus.Registry
	woken    []string
}

func watching(c *cluster) *watched {
	w := &watched{store: operatorconfig.NewStore(), recorder: clientevents.NewFakeRecorder(100), registry: prometheus.NewRegistry()}
	w.Reconciler = configwatch.NewReconciler(configwatch.Surroundings{
		Client: c, Store: w.store, Recorder: w.recorder, Registry: w.registry,
		Wake: func(key types.NamespacedName) { w.woken = append(w.woken, key.String()) },
	})
	return w
}

// run reconciles, and returns which servers were woken.
func (w *watched) run(ctx context.Context) []string {
	GinkgoHelper()
	w.woken = nil
	Expect(w.Reconcile(ctx, request)).To(BeZero())
	return w.woken
}

// fails reconciles, and returns the error.
func (w *watched) fails(ctx context.Context) error {
	GinkgoHelper()
	w.woken = nil
	result, err := w.Reconcile(ctx, request)
	Expect(err).To(HaveOccurred())
	Expect(result).To(BeZero())
	return err
}

// events are those since the last call.
func (w *watched) events() []string {
	var found []string
	for len(w.recorder.Events) > 0 {
		found = append(found, <-w.recorder.Events)
	}
	return found
}

// malformed are the keys that the metric shows as malformed.
func (w *watched) malformed() []string {
	GinkgoHelper()
	families, err := w.registry.Gather()
	Expect(err).NotTo(HaveOccurred())
	var found []string
	for _, family := range families {
		if !strings.HasSuffix(family.GetName(), "config_malformed") {
			continue
		}
		Expect(family.GetMetric()).To(HaveLen(len(operatorconfig.Keys())), "one for each key")
		for _, metric := range family.GetMetric() {
			if metric.GetGauge().GetValue() != 0 {
				found = append(found, metric.GetLabel()[0].GetValue())
			}
		}
	}
	return found
}

func serverIn(namespace, name string) client.Object {
	return llsdtest.Make(name).Namespace(namespace).Obj()
}

var _ = Describe("The operator's ConfigMap that does not exist", func() {
	It("is created with the defaults, in the operator's name", func(ctx context.Context) {
		c := clusterOf(serverIn("ns", "a"))
		w := watching(c)
		Expect(w.run(ctx)).To(BeEmpty(), "the watch follows")
		Expect(w.store.Loaded()).To(BeFalse(), "until then nothing is known")

		created := c.read(ctx)
		Expect(created.Data).To(Equal(operatorconfig.Defaults()))
		Expect(created.Labels).To(Equal(map[string]string{v1alpha1.LabelWatch: "true"}))
		Expect(c.creators).To(Equal([]string{apply.FieldOwner}))

		Expect(w.run(ctx)).To(ConsistOf("ns/a"))
		Expect(w.store.Current().NetworkPolicy).To(Equal(operatorconfig.Setting[bool]{Known: true}))
		Expect(w.malformed()).To(BeEmpty())
		Expect(w.events()).To(BeEmpty())
	})

	It("is not taken from another namespace, which an Event reports", func(ctx context.Context) {
		c := clusterOf(
			configMapOf("older", operatorconfig.Name, overriding("registry.example/older:1")),
			configMapOf("tenant", operatorconfig.Name, overriding("registry.example/tenant:1")),
			configMapOf("home", "another", overriding("registry.example/another:1")),
			configMapOf("tenant", "another", nil))
		w := watching(c)
		w.run(ctx)
		Expect(w.events()).To(ConsistOf(
			And(HavePrefix("Warning OperatorConfigElsewhere "), ContainSubstring("in namespace older is not used")),
			And(HavePrefix("Warning OperatorConfigElsewhere "), ContainSubstring("in namespace tenant is not used"))))

		w.run(ctx)
		Expect(c.read(ctx).Data).To(Equal(operatorconfig.Defaults()))
		Expect(w.store.Current().ImageOverrides.Value).To(BeEmpty())
		Expect(w.events()).To(BeEmpty(), "only once")
	})

	It("is reported for ten other namespaces at most", func(ctx context.Context) {
		var tenants []client.Object
		for n := range 30 {
			tenants = append(tenants, configMapOf(fmt.Sprintf("tenant-%02d", n), operatorconfig.Name, nil))
		}
		w := watching(clusterOf(tenants...))
		w.run(ctx)
		Expect(w.events()).To(And(HaveLen(10), HaveEach(ContainSubstring("in namespace tenant-0"))))
	})

	It("exists, where only the cache is late", func(ctx context.Context) {
		c := clusterOf(configMapOf("home", operatorconfig.Name, overriding("registry.example/s:1")), configMapOf("older", operatorconfig.Name, nil))
		c.get = apierrors.NewNotFound(schema.GroupResource{Resource: "configmaps"}, operatorconfig.Name)
		w := watching(c)
		w.run(ctx)
		Expect(w.events()).To(BeEmpty(), "it was not created")

		c.get = nil
		Expect(c.read(ctx).Data).To(Equal(overriding("registry.example/s:1")))
		w.run(ctx)
		Expect(w.store.Current().ImageOverrides.Value).To(HaveKeyWithValue("starter", "registry.example/s:1"))
	})

	It("is created once the API server lets it, and what is elsewhere is reported then", func(ctx context.Context) {
		c := clusterOf(configMapOf("older", operatorconfig.Name, nil))
		w := watching(c)
		c.create = errDown
		Expect(w.fails(ctx)).To(MatchError("failed to create ConfigMap home/" + operatorconfig.Name + " with the defaults: the API server is down"))
		Expect(w.events()).To(BeEmpty())

		c.create = nil
		w.run(ctx)
		Expect(w.events()).To(HaveLen(1))
	})

	It("is not created while it is not known what is elsewhere", func(ctx context.Context) {
		c := clusterOf(configMapOf("older", operatorconfig.Name, nil))
		w := watching(c)
		c.references = errDown
		Expect(w.fails(ctx)).To(MatchError("failed to list ConfigMaps from the cache: the API server is down"))
		Expect(c.read(ctx)).To(BeNil())

		c.references = nil
		w.run(ctx)
		Expect(c.read(ctx)).NotTo(BeNil())
		Expect(w.events()).To(HaveLen(1))
	})

	It("any more is created again, and what it said holds until that is read", func(ctx context.Context) {
		c := clusterOf(configMapOf("home", operatorconfig.Name, overriding("registry.example/s:1")), serverIn("ns", "a"))
		w := watching(c)
		Expect(w.run(ctx)).To(ConsistOf("ns/a"))
		c.departed = []metav1.PartialObjectMetadata{{ObjectMeta: c.read(ctx).ObjectMeta}}
		Expect(c.Delete(ctx, c.read(ctx))).To(Succeed())

		Expect(w.run(ctx)).To(BeEmpty())
		Expect(w.events()).To(BeEmpty(), "it is not elsewhere")
		Expect(w.store.Current().ImageOverrides.Value).To(HaveLen(1))
		Expect(w.run(ctx)).To(ConsistOf("ns/a"))
		Expect(w.store.Current().ImageOverrides.Value).To(BeEmpty())
	})
})

var _ = Describe("A change of the operator's ConfigMap", func() {
	It("reconciles every server, after a failure, too", func(ctx context.Context) {
		c := clusterOf(configMapOf("home", operatorconfig.Name, nil), serverIn("ns", "a"), serverIn("ns", "b"), serverIn("other", "a"))
		w := watching(c)
		c.list = errDown
		Expect(w.fails(ctx)).To(MatchError("failed to list LlamaStackDistributions from the cache: the API server is down"))
		Expect(w.woken).To(BeEmpty())
		Expect(w.store.Loaded()).To(BeTrue(), "what others reconcile for already counts")

		c.list = nil
		Expect(w.run(ctx)).To(ConsistOf("ns/a", "ns/b", "other/a"))
		Expect(w.run(ctx)).To(BeEmpty(), "nothing changed since")
	})

	DescribeTable("reconciles servers only for what it means", func(ctx context.Context, data map[string]string, servers int) {
		c := clusterOf(configMapOf("home", operatorconfig.Name, overriding("registry.example/s:1")), serverIn("ns", "a"))
		w := watching(c)
		w.run(ctx)
		c.edit(ctx, data)
		Expect(w.run(ctx)).To(HaveLen(servers))
		Expect(w.run(ctx)).To(BeEmpty())
	},
		Entry("another image", overriding("registry.example/s:2"), 1),
		Entry("no image", nil, 1),
		Entry("more of it", map[string]string{operatorconfig.KeyImageOverrides: "starter: registry.example/s:1\n", operatorconfig.KeyRollouts: "atOnce: 1\n"}, 1),
		Entry("the same in other words", map[string]string{operatorconfig.KeyImageOverrides: `{"starter": "registry.example/s:1"} # same`}, 0),
		Entry("a default, written down", map[string]string{operatorconfig.KeyImageOverrides: "starter: registry.example/s:1\n", operatorconfig.KeyRollouts: "atOnce: 5\n"}, 0),
		Entry("a key that nobody reads", map[string]string{operatorconfig.KeyImageOverrides: "starter: registry.example/s:1\n", "note": "of mine"}, 0),
		Entry("a malformed value, for which the last good one stays", map[string]string{operatorconfig.KeyImageOverrides: "["}, 0),
	)

	It("waits for the cache, and loses nothing meanwhile", func(ctx context.Context) {
		c := clusterOf(configMapOf("home", operatorconfig.Name, overriding("registry.example/s:1")), serverIn("ns", "a"))
		w := watching(c)
		w.run(ctx)
		c.get = errDown
		Expect(w.fails(ctx)).To(MatchError("failed to read ConfigMap home/" + operatorconfig.Name + ": the API server is down"))
		Expect(w.store.Current().ImageOverrides.Value).To(HaveLen(1))
		Expect(w.woken).To(BeEmpty())
		Expect(c.creators).To(BeEmpty(), "an error is not absence")
	})
})

var _ = Describe("A malformed ConfigMap of the operator", func() {
	const broken = "rollouts of mine"

	It("is reported once, until it changes", func(ctx context.Context) {
		c := clusterOf(configMapOf("home", operatorconfig.Name, map[string]string{operatorconfig.KeyRollouts: broken}))
		w := watching(c)
		w.run(ctx)
		Expect(w.events()).To(ConsistOf(HavePrefix("Warning OperatorConfigMalformed " + operatorconfig.KeyRollouts + ": ")))
		Expect(w.malformed()).To(ConsistOf(operatorconfig.KeyRollouts))
		w.run(ctx)
		Expect(w.events()).To(BeEmpty(), "it is the same")

		c.edit(ctx, map[string]string{operatorconfig.KeyRollouts: "atOnce: 0\n"})
		w.run(ctx)
		Expect(w.events()).To(ConsistOf(ContainSubstring("atOnce")))

		c.edit(ctx, map[string]string{operatorconfig.KeyRollouts: "atOnce: 3\n"})
		w.run(ctx)
		Expect(w.events()).To(BeEmpty())
		Expect(w.malformed()).To(BeEmpty())

		c.edit(ctx, map[string]string{operatorconfig.KeyRollouts: "atOnce: 0\n"})
		w.run(ctx)
		Expect(w.events()).To(HaveLen(1), "it is malformed again")
	})

	It("leaves what was good as it is, and takes the rest", func(ctx context.Context) {
		c := clusterOf(configMapOf("home", operatorconfig.Name, map[string]string{operatorconfig.KeyRollouts: "atOnce: 3\n"}))
		w := watching(c)
		w.run(ctx)
		c.edit(ctx, map[string]string{operatorconfig.KeyRollouts: broken, operatorconfig.KeyCABundleNamespaces: "[shared]"})
		w.run(ctx)
		Expect(w.store.Current().Rollouts.Value.AtOnce).To(Equal(3))
		Expect(w.store.Current().CABundleNamespaces.Value).To(ConsistOf("shared"))
		Expect(w.malformed()).To(ConsistOf(operatorconfig.KeyRollouts))
	})

	It("from the start leaves unknown what it does not say, and wakes the servers for the rest", func(ctx context.Context) {
		c := clusterOf(configMapOf("home", operatorconfig.Name, map[string]string{
			operatorconfig.KeyFeatureFlags: "yes", operatorconfig.KeyImageOverrides: "[]", operatorconfig.KeyCABundleNamespaces: "shared",
		}), serverIn("ns", "a"))
		w := watching(c)
		Expect(w.run(ctx)).To(ConsistOf("ns/a"))
		config := w.store.Current()
		Expect(config.NetworkPolicy.Known || config.ImageOverrides.Known || config.CABundleNamespaces.Known).To(BeFalse())
		Expect(config.Rollouts).To(Equal(operatorconfig.Setting[operatorconfig.Rollouts]{Value: operatorconfig.DefaultRollouts(), Known: true}))
		Expect(w.malformed()).To(ConsistOf(operatorconfig.KeyFeatureFlags, operatorconfig.KeyImageOverrides, operatorconfig.KeyCABundleNamespaces))
	})

	It("says at most so much, whatever is in it", func(ctx context.Context) {
		const most, longest = 11, 1024 + len("Warning OperatorConfigMalformed ")
		var flags strings.Builder
		for i := range 2000 {
			fmt.Fprintf(&flags, "%s%%s%d: true\n", strings.Repeat("f", 3000), i)
		}
		w := watching(clusterOf(configMapOf("home", operatorconfig.Name, map[string]string{operatorconfig.KeyFeatureFlags: flags.String()})))
		w.run(ctx)
		events := w.events()
		Expect(len(events)).To(And(BeNumerically(">", 0), BeNumerically("<=", most)))
		for _, event := range events {
			Expect(len(event)).To(BeNumerically("<=", longest))
		}
	})
})
