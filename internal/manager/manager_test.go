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

package manager_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime/debug"
	"testing"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/apply"
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	"github.com/llamastack/llama-stack-k8s-operator/internal/manager"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
	ctrlmanager "sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestManager(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Manager")
}

var _ = BeforeSuite(manager.OutlivePanics)

var errLost = errors.New("the API server is gone")

func quickBackoff() *wait.Backoff {
	return &wait.Backoff{Duration: time.Millisecond, Factor: 2, Steps: 10, Cap: 5 * time.Millisecond}
}

var _ = Describe("Supervision", func() {
	It("builds the next manager when one ends, until the process is stopped", func() {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		runs := 0
		Expect(manager.Supervise(ctx, func(context.Context) error {
			if runs++; runs == 3 {
				cancel()
			}
			return errLost
		}, quickBackoff)).To(Succeed())
		Expect(runs).To(Equal(3))
	})

	It("builds no manager while a part of the last one runs", func() {
		runs := 0
		err := manager.Supervise(context.Background(), func(context.Context) error {
			runs++
			return errors.Join(manager.ErrLeftOver, errLost)
		}, quickBackoff)
		Expect(err).To(MatchError(manager.ErrLeftOver))
		Expect(runs).To(Equal(1))
	})

	DescribeTable("detects that a part of a manager still runs",
		func(ends bool, limit time.Duration) {
			mgr, err := ctrl.NewManager(&rest.Config{Host: "https://127.0.0.1:1"}, ctrlmanager.Options{
				Metrics: metricsserver.Options{BindAddress: "0"}, MapperProvider: manager.NewMapper, GracefulShutdownTimeout: &limit,
			})
			Expect(err).NotTo(HaveOccurred())
			started, release := make(chan struct{}), make(chan struct{})
			defer close(release)
			Expect(mgr.Add(ctrlmanager.RunnableFunc(func(ctx context.Context) error {
				close(started)
				<-ctx.Done()
				if !ends {
					<-release
				}
				return nil
			}))).To(Succeed())
			ctx, cancel := context.WithCancel(context.Background())
			go func() {
				<-started
				<-mgr.Elected()
				cancel()
			}()
			Expect(manager.IsLeftOver(mgr.Start(ctx))).To(Equal(!ends))
		},
		Entry("where it does not end in time", false, 50*time.Millisecond),
		Entry("but not where all of it does", true, time.Minute),
	)

	It("gives a manager less time to end than its Pod has, and a reconcile less time than one that is stuck", func() {
		options := manager.ManagerOptions()
		Expect(*options.GracefulShutdownTimeout).To(And(BeNumerically(">", 0), BeNumerically("<", 30*time.Second)))
		Expect(options.Controller.ReconciliationTimeout).To(Equal(time.Minute))
		Expect(options.Controller.RecoverPanic).To(HaveValue(BeTrue()))
	})

	It("waits longer after each failure, and starts over after a change of the platform", func() {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		fresh, runs := 0, 0
		Expect(manager.Supervise(ctx, func(context.Context) error {
			switch runs++; runs {
			case 2:
				return manager.ErrPlatformChanged
			case 4:
				cancel()
			}
			return errLost
		}, func() *wait.Backoff { fresh++; return quickBackoff() })).To(Succeed())
		Expect(fresh).To(Equal(2), "one backoff at the start and one after the platform changed")
	})

	It("stops while it waits", func() {
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() {
			defer close(done)
			_ = manager.Supervise(ctx, func(context.Context) error { cancel(); return errLost }, func() *wait.Backoff { return &wait.Backoff{Duration: time.Hour, Steps: 1} })
		}()
		Eventually(done).Should(BeClosed())
	})

	It("survives an API server that is not reachable, alive and not ready", func() {
		address := freeAddress()
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() {
			done <- manager.Run(ctx, manager.Options{
				RESTConfig: func() (*rest.Config, error) { return &rest.Config{Host: "https://127.0.0.1:1"}, nil },
				Namespace:  "system", OperatorConfigName: "config", MetricsAddress: "0", HealthAddress: address,
			})
		}()
		Eventually(statusCode("http://" + address + "/healthz")).Should(Equal(http.StatusOK))
		Consistently(statusCode("http://" + address + "/readyz")).WithTimeout(2 * time.Second).Should(Equal(http.StatusInternalServerError))
		Expect(done).NotTo(Receive())
		cancel()
		Eventually(done).WithTimeout(time.Minute).Should(Receive(BeNil()))
	})

	It("ends with the process, although its caches cannot be filled", func() {
		lists := make(chan string, 1000)
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/apis":
				w.Header().Set("Content-Type", "application/json")
				_, _ = io.WriteString(w, `{"kind": "APIGroupList", "apiVersion": "v1"}`)
			case "/api":
				w.Header().Set("Content-Type", "application/json")
				_, _ = io.WriteString(w, `{"kind": "APIVersions", "versions": ["v1"]}`)
			default:
				lists <- r.URL.Path
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		}))
		DeferCleanup(server.Close)
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() {
			done <- manager.Run(ctx, manager.Options{
				RESTConfig: func() (*rest.Config, error) { return &rest.Config{Host: server.URL}, nil },
				Namespace:  "system", OperatorConfigName: "config", MetricsAddress: "0", HealthAddress: "0", LeaderElection: true,
				Setup: func(ctx context.Context, parts manager.Parts) error {
					_, err := parts.Manager.GetCache().GetInformer(ctx, &v1alpha1.LlamaStackDistribution{}, cache.BlockUntilSynced(false))
					return err
				},
			})
		}()
		Eventually(lists).WithTimeout(time.Minute).Should(Receive(HaveSuffix("/llamastackdistributions")))
		Consistently(done).WithTimeout(100 * time.Millisecond).ShouldNot(Receive())
		cancel()
		Eventually(done).WithTimeout(time.Minute).Should(Receive(BeNil()))
	})

	It("ends with an error that names an address it cannot serve on", func() {
		taken, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
		Expect(err).NotTo(HaveOccurred())
		defer func() { Expect(taken.Close()).To(Succeed()) }()
		err = manager.Run(context.Background(), manager.Options{
			RESTConfig: func() (*rest.Config, error) { return &rest.Config{Host: "https://127.0.0.1:1"}, nil },
			Namespace:  "system", MetricsAddress: "0", HealthAddress: taken.Addr().String(),
		})
		Expect(err).To(MatchError(And(HavePrefix("failed to run the operator"), ContainSubstring(taken.Addr().String()))))
	})
})

func freeAddress() string {
	GinkgoHelper()
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	Expect(err).NotTo(HaveOccurred())
	defer func() { Expect(listener.Close()).To(Succeed()) }()
	return listener.Addr().String()
}

func statusCode(url string) func() (int, error) {
	return func() (int, error) {
		request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url, http.NoBody)
		if err != nil {
			return 0, err
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return 0, err
		}
		_, err = io.Copy(io.Discard, response.Body)
		return response.StatusCode, errors.Join(err, response.Body.Close())
	}
}

var _ = Describe("Health", func() {
	DescribeTable("answers", func(path string, ready bool, code int) {
		health := &manager.Health{}
		health.SetReady(ready)
		recorder := httptest.NewRecorder()
		health.Handler().ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, path, http.NoBody))
		Expect(recorder.Code).To(Equal(code))
	},
		Entry("alive without caches", "/healthz", false, http.StatusOK),
		Entry("alive with caches", "/healthz", true, http.StatusOK),
		Entry("not ready without caches", "/readyz", false, http.StatusInternalServerError),
		Entry("ready with caches", "/readyz", true, http.StatusOK),
		Entry("nothing else", "/", true, http.StatusNotFound),
	)

	It("fails liveness when a reconcile has not ended for minutes", func() {
		now := time.Now()
		health, begin := manager.HealthAt(func() time.Time { return now })
		alive := func() int {
			recorder := httptest.NewRecorder()
			health.Handler().ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/healthz", http.NoBody))
			return recorder.Code
		}
		first, second := begin(), begin()
		now = now.Add(5 * time.Minute)
		third := begin()
		Expect(alive()).To(Equal(http.StatusOK))
		now = now.Add(time.Second)
		Expect(alive()).To(Equal(http.StatusInternalServerError))
		first()
		Expect(alive()).To(Equal(http.StatusInternalServerError), "the second is stuck, too")
		second()
		Expect(alive()).To(Equal(http.StatusOK), "the third has just begun")
		third()
		now = now.Add(time.Hour)
		Expect(alive()).To(Equal(http.StatusOK))
	})

	It("serves nothing when there is no address", func() {
		Expect((&manager.Health{}).Serve(context.Background(), "0")).To(Succeed())
		Expect((&manager.Health{}).Serve(context.Background(), "")).To(Succeed())
	})

	It("stops when the context ends", func() {
		listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
		Expect(err).NotTo(HaveOccurred())
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		Expect(manager.ServeUntil(ctx, listener, http.NotFoundHandler())).To(Succeed())
	})
})

// groups is a discovery client that knows some groups.
type groups struct {
	names []string
	err   error
}

func (g groups) ServerGroups() (*metav1.APIGroupList, error) {
	list := &metav1.APIGroupList{}
	for _, name := range g.names {
		list.Groups = append(list.Groups, metav1.APIGroup{Name: name})
	}
	return list, g.err
}

var _ = Describe("The platform", func() {
	DescribeTable("is OpenShift where the API group of its security exists", func(names []string, expected bool) {
		Expect(manager.IsOpenShift(groups{names: names})).To(Equal(expected))
	},
		Entry("plain Kubernetes", []string{"apps", "batch"}, false),
		Entry("OpenShift", []string{"apps", "security.openshift.io"}, true),
		Entry("another group of OpenShift's alone", []string{"route.openshift.io"}, false),
	)

	It("is an error if the API server does not answer", func() {
		_, err := manager.IsOpenShift(groups{err: errLost})
		Expect(err).To(MatchError(ContainSubstring("failed to list the API groups")))
	})
})

var _ = Describe("The caches", func() {
	It("keep nothing of a referenced ConfigMap but its identity", func() {
		kept, err := manager.KeepIdentity(&metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{
			Namespace: "ns", Name: "big", UID: "u", ResourceVersion: "7", Labels: map[string]string{"a": "b"},
			Annotations:   map[string]string{"kubectl.kubernetes.io/last-applied-configuration": "long"},
			ManagedFields: []metav1.ManagedFieldsEntry{{Manager: "kubectl"}},
		}})
		Expect(err).NotTo(HaveOccurred())
		Expect(kept).To(Equal(&metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "big", UID: "u", ResourceVersion: "7"}}))
	})

	It("hold only labelled children, and complete LlamaStackDistributions", func() {
		managed, whole := 0, 0
		for object, by := range manager.MainCacheOptions(apply.CacheTransform, allServed(), nil).ByObject {
			switch {
			case by.Label != nil:
				managed++
				Expect(by.Label.String()).To(Equal(v1alpha1.LabelManagedBy + "=" + v1alpha1.ManagedBy))
			case isLlamaStackDistribution(object):
				whole++
			}
			Expect(by.Transform).NotTo(BeNil(), "managed fields and content must not be held in memory")
		}
		Expect(managed).To(Equal(len(manager.ManagedObjects()) + len(allServed())))
		Expect(whole).To(Equal(1))
		Expect(manager.MainCacheOptions(apply.CacheTransform, nil, nil).ReaderFailOnMissingInformer).To(BeTrue(), "reading a kind must never start an informer by accident")
	})

	It("count as caches for the manager, which starts them before it leads", func() {
		_, taken := manager.Standby(nil).(interface{ GetCache() cache.Cache })
		Expect(taken).To(BeTrue())
	})

	It("know every kind in the scheme", func() {
		scheme, err := manager.NewScheme()
		Expect(err).NotTo(HaveOccurred())
		for _, object := range append(manager.ManagedObjects(), &v1alpha1.LlamaStackDistribution{}, &corev1.Pod{}, &rbacv1.ClusterRoleBinding{}) {
			_, _, err := scheme.ObjectKinds(object)
			Expect(err).NotTo(HaveOccurred())
		}
	})

	It("know where every kind in the scheme that is cached is served", func() {
		scheme, err := manager.NewScheme()
		Expect(err).NotTo(HaveOccurred())
		mapper, err := manager.NewMapper(nil, nil)
		Expect(err).NotTo(HaveOccurred())
		for object := range manager.MainCacheOptions(apply.CacheTransform, allServed(), nil).ByObject {
			gvk, err := apiutil.GVKForObject(object, scheme)
			Expect(err).NotTo(HaveOccurred())
			_, err = mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
			Expect(err).NotTo(HaveOccurred())
		}
	})

	DescribeTable("know the resource of a kind", func(group, version, kind, resource string, scope meta.RESTScopeName) {
		mapper, err := manager.NewMapper(nil, nil)
		Expect(err).NotTo(HaveOccurred())
		mapping, err := mapper.RESTMapping(schema.GroupKind{Group: group, Kind: kind}, version)
		Expect(err).NotTo(HaveOccurred())
		Expect(mapping.Resource).To(Equal(schema.GroupVersionResource{Group: group, Version: version, Resource: resource}))
		Expect(mapping.Scope.Name()).To(Equal(scope))
	},
		Entry(nil, "", "v1", "Pod", "pods", meta.RESTScopeNameNamespace),
		Entry(nil, "", "v1", "PersistentVolumeClaim", "persistentvolumeclaims", meta.RESTScopeNameNamespace),
		Entry(nil, "apps", "v1", "ReplicaSet", "replicasets", meta.RESTScopeNameNamespace),
		Entry(nil, "networking.k8s.io", "v1", "Ingress", "ingresses", meta.RESTScopeNameNamespace),
		Entry(nil, "networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies", meta.RESTScopeNameNamespace),
		Entry(nil, "policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets", meta.RESTScopeNameNamespace),
		Entry(nil, "autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", meta.RESTScopeNameNamespace),
		Entry(nil, "rbac.authorization.k8s.io", "v1", "RoleBinding", "rolebindings", meta.RESTScopeNameNamespace),
		Entry(nil, "rbac.authorization.k8s.io", "v1", "ClusterRoleBinding", "clusterrolebindings", meta.RESTScopeNameRoot),
		Entry(nil, "apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", meta.RESTScopeNameRoot),
		Entry(nil, "apiregistration.k8s.io", "v1", "APIService", "apiservices", meta.RESTScopeNameRoot),
		Entry(nil, "gateway.networking.k8s.io", "v1", "HTTPRoute", "httproutes", meta.RESTScopeNameNamespace),
		Entry(nil, "route.openshift.io", "v1", "Route", "routes", meta.RESTScopeNameNamespace),
		Entry(nil, "llamastack.io", "v1alpha1", "LlamaStackDistribution", "llamastackdistributions", meta.RESTScopeNameNamespace),
	)
})

// allServed is a cluster that serves every kind of other APIs that the operator makes.
func allServed() manager.Optional {
	return manager.Optional{children.Of(children.HTTPRoute).GroupKind(): manager.Served, children.Of(children.Route).GroupKind(): manager.Served}
}

func isLlamaStackDistribution(object client.Object) bool {
	_, ok := object.(*v1alpha1.LlamaStackDistribution)
	return ok
}

var _ = Describe("The environment", func() {
	env := func(values map[string]string) func(string) string {
		return func(name string) string { return values[name] }
	}

	It("names the operator's namespace", func() {
		Expect(manager.Namespace(env(map[string]string{"OPERATOR_NAMESPACE": "mine"}))).To(Equal("mine"))
	})

	It("says what to set if there is neither a setting nor a Pod", func() {
		_, err := manager.Namespace(env(nil))
		Expect(err).To(MatchError(ContainSubstring("set OPERATOR_NAMESPACE")))
	})

	It("overrides when garbage is collected", func() {
		before := debug.SetGCPercent(77)
		DeferCleanup(func() { debug.SetGCPercent(before) })

		manager.LimitGarbage(env(map[string]string{"GOGC": "200"}))
		Expect(debug.SetGCPercent(77)).To(Equal(77))
		manager.LimitGarbage(env(nil))
		Expect(debug.SetGCPercent(77)).To(Equal(50))
	})

	It("overrides the version that was built in", func() {
		Expect(manager.Version(env(map[string]string{"OPERATOR_VERSION": "1.2.3"}), "dev")).To(Equal("1.2.3"))
		Expect(manager.Version(env(nil), "dev")).To(Equal("dev"))
	})
})
