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
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// holdAnnotation on a namespace keeps the stand-in from rolling out the Deployments in it.
const holdAnnotation = "test.llamastack.io/hold"

// installRBAC applies the roles and bindings that make deploy would, and nothing else of it.
func installRBAC() {
	GinkgoHelper()
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), filepath.Join("..", "..", "config", "default"))
	Expect(err).NotTo(HaveOccurred())
	for _, resource := range built.Resources() {
		kind := resource.GetKind()
		if !strings.Contains(kind, "Role") && kind != "ServiceAccount" {
			continue
		}
		content, err := resource.Map()
		Expect(err).NotTo(HaveOccurred())
		Expect(admin.Create(context.Background(), &unstructured.Unstructured{Object: content})).To(Succeed())
	}
}

// installStorageClass makes the cluster's default class one whose volumes can grow.
func installStorageClass() {
	GinkgoHelper()
	yes := true
	Expect(admin.Create(context.Background(), &storagev1.StorageClass{
		ObjectMeta:  metav1.ObjectMeta{Name: "standard", Annotations: map[string]string{"storageclass.kubernetes.io/is-default-class": "true"}},
		Provisioner: "test.llamastack.io/none", AllowVolumeExpansion: &yes,
	})).To(Succeed())
}

// startKubelet rolls out every Deployment, and binds its claims, as soon as it sees it, which is what the specs that are
// about something else want. A Deployment whose own annotations hold it is left to its spec.
func startKubelet() {
	GinkgoHelper()
	ctx, cancel := context.WithCancel(context.Background())
	DeferCleanup(cancel)
	informers, err := cache.New(adminConfig, cache.Options{Scheme: admin.Scheme()})
	Expect(err).NotTo(HaveOccurred())
	go func() {
		defer GinkgoRecover()
		Expect(informers.Start(ctx)).To(Succeed())
	}()
	react(ctx, informers, &appsv1.Deployment{}, func(object any) {
		if deployment, ok := object.(*appsv1.Deployment); ok && !isHeld(ctx, deployment) {
			var both sync.WaitGroup // at once, so that the operator sees them together
			both.Go(func() { bindClaims(ctx, deployment) })
			rollOut(ctx, deployment.DeepCopy())
			both.Wait()
		}
	})
}

func react(ctx context.Context, informers cache.Cache, object client.Object, do func(any)) {
	GinkgoHelper()
	informer, err := informers.GetInformer(ctx, object)
	Expect(err).NotTo(HaveOccurred())
	_, err = informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{AddFunc: do, UpdateFunc: func(_, object any) { do(object) }})
	Expect(err).NotTo(HaveOccurred())
}

// isHeld is whether the namespace of the Deployment asks the stand-in to keep its hands off.
func isHeld(ctx context.Context, deployment *appsv1.Deployment) bool {
	namespace := &corev1.Namespace{}
	err := admin.Get(ctx, client.ObjectKey{Name: deployment.Namespace}, namespace)
	return err != nil || namespace.Annotations[holdAnnotation] != ""
}

// rollOut writes the status of a Deployment that has rolled out. A conflict is followed by another event.
func rollOut(ctx context.Context, deployment *appsv1.Deployment) {
	wanted := int32(1)
	if deployment.Spec.Replicas != nil {
		wanted = *deployment.Spec.Replicas
	}
	status := appsv1.DeploymentStatus{ObservedGeneration: deployment.Generation, Replicas: wanted, UpdatedReplicas: wanted, ReadyReplicas: wanted, AvailableReplicas: wanted}
	current := deployment.Status
	if current.ObservedGeneration == status.ObservedGeneration && current.AvailableReplicas == wanted && current.UpdatedReplicas == wanted && current.Replicas == wanted {
		return
	}
	deployment.Status = status
	_ = admin.Status().Update(ctx, deployment)
}

// bindClaims binds the claims that the Pods of a Deployment mount, as most StorageClasses do it: when there is a Pod.
func bindClaims(ctx context.Context, deployment *appsv1.Deployment) {
	for _, volume := range deployment.Spec.Template.Spec.Volumes {
		if volume.PersistentVolumeClaim == nil {
			continue
		}
		key := client.ObjectKey{Namespace: deployment.Namespace, Name: volume.PersistentVolumeClaim.ClaimName}
		_ = retry.RetryOnConflict(retry.DefaultRetry, func() error { return bind(ctx, key) })
	}
}

func bind(ctx context.Context, key client.ObjectKey) error {
	claim := &corev1.PersistentVolumeClaim{}
	if err := admin.Get(ctx, key, claim); err != nil || claim.Status.Phase == corev1.ClaimBound {
		return err
	}
	claim.Status.Phase = corev1.ClaimBound
	claim.Status.Capacity = claim.Spec.Resources.Requests
	return admin.Status().Update(ctx, claim)
}

// fakeServers answer in the place of every server: the operator's connections to <service>.<namespace>.svc end here.
type fakeServers struct {
	healthy *httptest.Server

	mu       sync.Mutex
	replaced map[string]string
	requests map[string]int
}

func newFakeServers() *fakeServers {
	servers := &fakeServers{replaced: map[string]string{}, requests: map[string]int{}}
	servers.healthy = httptest.NewServer(answer(map[string]string{
		"/v1/health":    `{"status":"OK"}`,
		"/v1/version":   `{"version":"0.7.3"}`,
		"/v1/providers": `{"data":[{"api":"inference","provider_id":"vllm","provider_type":"remote::vllm","config":{"api_token":"secret"},"health":{"status":"OK"}}]}`,
	}))
	return servers
}

// answer serves fixed JSON bodies by path.
func answer(bodies map[string]string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, ok := bodies[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(body))
	})
}

// dial sends a connection for a server to its stand-in. The first label of the host is the Service.
func (f *fakeServers) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, _, _ := strings.Cut(address, ":")
	f.mu.Lock()
	target := f.healthy.Listener.Addr().String()
	if other, ok := f.replaced[host]; ok {
		target = other
	}
	f.requests[host]++
	f.mu.Unlock()
	return (&net.Dialer{}).DialContext(ctx, network, target)
}

// replace has the server of one LlamaStackDistribution answered by a handler of the spec's own until the spec ends.
func (f *fakeServers) replace(namespace, name string, handler http.Handler) {
	GinkgoHelper()
	f.use(namespace, name, httptest.NewServer(handler))
}

// replaceTLS is replace with a server that speaks TLS only. It returns the certificate that signs for it, in PEM.
func (f *fakeServers) replaceTLS(namespace, name string, handler http.Handler) string {
	GinkgoHelper()
	signed := newServerCertificate(hostOf(namespace, name))
	pair, err := tls.X509KeyPair([]byte(signed.certificate), []byte(signed.key))
	Expect(err).NotTo(HaveOccurred())
	server := httptest.NewUnstartedServer(handler)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	server.StartTLS()
	f.use(namespace, name, server)
	return signed.certificate
}

func hostOf(namespace, name string) string { return name + "-service." + namespace + ".svc" }

func (f *fakeServers) use(namespace, name string, server *httptest.Server) {
	host := hostOf(namespace, name)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.replaced[host] = server.Listener.Addr().String()
	DeferCleanup(func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.replaced, host)
		server.Close()
	})
}

// connections is how often the operator has connected to the server of one LlamaStackDistribution.
func (f *fakeServers) connections(namespace, name string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.requests[hostOf(namespace, name)]
}

func (f *fakeServers) close() { f.healthy.Close() }
