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

package cli_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/internal/manager"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// installedOperator is a Deployment as the operator's, with a ServiceAccount and more arguments, beside the Deployment and the
// lease of an operator of something else. The lease is that of the operator that runs.
func installedOperator(ctx context.Context, account string, args ...string) {
	GinkgoHelper()
	objects := []client.Object{
		&coordinationv1.Lease{
			ObjectMeta: metav1.ObjectMeta{Name: "00000000.example.com", Namespace: harness.OperatorNamespace},
			Spec:       coordinationv1.LeaseSpec{HolderIdentity: new("a_b"), LeaseDurationSeconds: new(int32(1)), RenewTime: &metav1.MicroTime{}},
		},
	}
	for name, labels := range map[string]map[string]string{"installed": render.OperatorPodLabels(), "other": {"control-plane": "controller-manager"}} {
		objects = append(objects, &appsv1.Deployment{
			ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: harness.OperatorNamespace, Labels: labels},
			Spec: appsv1.DeploymentSpec{
				Selector: &metav1.LabelSelector{MatchLabels: labels},
				Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: corev1.PodSpec{
					ServiceAccountName: account,
					Containers: []corev1.Container{{
						Name: "manager", Image: image, Args: args,
						Env: []corev1.EnvVar{{Name: "OPERATOR_VERSION", Value: "1.0.0"}, {Name: "WATCH_NAMESPACES", Value: "team-a,team-b"}},
					}},
				}},
			},
		})
	}
	harness.Create(ctx, admin, objects...)
	DeferCleanup(func(ctx context.Context) {
		for _, object := range objects {
			Expect(admin.Delete(ctx, object)).To(Succeed())
		}
	})
}

var _ = Describe("doctor", func() {
	It("finds nothing wrong with an operator and a server that are well", func(ctx context.Context) {
		namespace, _ := readyServer(ctx)
		installedOperator(ctx, "llama-stack-k8s-operator-controller-manager")

		Eventually(func() result { return run(ctx, nil, "doctor", "demo", "-n", namespace) }).Should(And(
			HaveField("Code", 0),
			HaveField("Out", And(ContainSubstring("OK       operator operator-rights\n"), ContainSubstring("OK       demo storage\n"), Not(ContainSubstring("Failure")))),
			HaveField("Requests", Not(ContainElement(ContainSubstring("/secrets")))),
		))
	})

	It("fails with the cause, and what to do", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		installedOperator(ctx, "default")
		harness.Create(ctx, admin, llsdtest.Make("demo").Namespace(namespace).UserConfig("missing").Obj())

		found := run(ctx, nil, "doctor", "-n", namespace)

		Expect(found.Code).To(Equal(1))
		Expect(found.Err).To(MatchRegexp(`error: \d+ checks failed`))
		Expect(found.Out).To(And(
			MatchRegexp(`Failure  operator operator-rights: the operator may not list llamastackdistributions, .*\n +fix: restore the ClusterRoleBinding`),
			MatchRegexp(`Failure  demo references: ConfigMap missing does not exist\n +fix: create it`),
		))
		view := struct {
			Findings []map[string]string `json:"findings"`
		}{}
		Expect(json.Unmarshal([]byte(run(ctx, nil, "doctor", "demo", "-n", namespace, "-o", "json").Out), &view)).To(Succeed())
		Expect(view.Findings).To(ContainElement(And(HaveKeyWithValue("check", "references"), HaveKeyWithValue("verdict", "Failure"), HaveKeyWithValue("server", "demo"))))
	})

	It("finds the operator where a platform or OLM installed it, unless its namespace is named", func(ctx context.Context) {
		platform := newNamespace(ctx)
		deployedOperator(ctx, platform, 1, corev1.EnvVar{Name: "OPERATOR_VERSION", Value: "1.0.0"})

		Expect(run(ctx, nil, "doctor", "-n", platform).Out).To(ContainSubstring("nobody holds lease 54e06e98.llamastack.io in namespace " + platform))
		Expect(run(ctx, nil, "doctor", "-n", platform, "--operator-namespace", harness.OperatorNamespace).Out).To(MatchRegexp(
			`Failure  operator operator: no Deployment of the operator exists in namespace ` + harness.OperatorNamespace + `\n +fix: install .*: kubectl get deploy -A -l \S+\n`))
	})

	It("checks the rights of the operator in each namespace that it watches", func(ctx context.Context) {
		installedOperator(ctx, "default", "--watch-namespaces=$(WATCH_NAMESPACES)")

		found := run(ctx, nil, "doctor", "-n", newNamespace(ctx))

		Expect(found.Out).To(MatchRegexp(`Failure  operator operator-rights: the operator may not list llamastackdistributions in namespace team-a, .*` +
			`patch configmaps in namespace team-b\n`))
	})

	It("fails for a certificate that cert-manager did not renew", func(ctx context.Context) {
		certificates(ctx)
		namespace := newNamespace(ctx)
		harness.Create(ctx, admin, llsdtest.Make("demo").Namespace(namespace).Command("serve").ServingTLS("serving").Obj())
		for secret, ended := range map[string]string{"serving": "2020-03-01T13:00:00Z", "other": "2020-02-01T13:00:00Z"} {
			harness.Create(ctx, admin, &unstructured.Unstructured{Object: map[string]any{
				"apiVersion": "cert-manager.io/v1", "kind": "Certificate", "metadata": map[string]any{"namespace": namespace, "name": "of-" + secret},
				"spec": map[string]any{"secretName": secret}, "status": map[string]any{"notAfter": ended, "renewalTime": "2020-01-20T12:00:00Z"},
			}})
		}

		found := run(ctx, nil, "doctor", "demo", "-n", namespace)

		Expect(found.Out).To(And(MatchRegexp(`Failure  demo certificates: the certificate in Secret serving ended at 2020-03-01T13:00:00Z\n`+
			` +fix: .*kubectl describe certificate of-serving -n `+namespace), Not(ContainSubstring("of-other"))))
		Expect(found.Requests).NotTo(ContainElement(ContainSubstring("/secrets/serving")))
	})

	It("warns of certificates that end, and reads a CA bundle once for all servers", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		harness.Create(ctx, admin,
			&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "authorities", Namespace: namespace}, Data: map[string]string{
				"ca-bundle.crt": harness.NewCertificate("authority.example.com"), // for an hour
			}},
			llsdtest.Make("one").Namespace(namespace).CABundle("authorities").Obj(), llsdtest.Make("two").Namespace(namespace).CABundle("authorities").Obj())

		found := asEditor(ctx, namespace, "doctor")

		for _, name := range []string{"one", "two"} {
			Expect(found.Out).To(MatchRegexp(`Warning  ` + name + ` certificates: certificate CN=test of the CA bundle ends at \S+\n +fix: renew it in the ConfigMap`))
		}
		Expect(slices.DeleteFunc(found.Requests, func(request string) bool { return !strings.HasSuffix(request, "/configmaps/authorities") })).To(HaveLen(1))
	})

	It("warns an editor of what cannot be checked", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		harness.Create(ctx, admin, llsdtest.Make("demo").Namespace(namespace).Obj())

		found := asEditor(ctx, namespace, "doctor", "demo")

		Expect(found.Out).To(And(ContainSubstring("OK       demo references\n"),
			ContainSubstring("Warning  operator your-rights: not checked: you cannot list deployments in namespace "+harness.OperatorNamespace)))
		Expect(run(ctx, nil, "--as="+nobody, "-n", namespace, "doctor", "demo")).To(HaveField("Code", 1))
		Expect(asEditor(ctx, namespace, "doctor", "other")).To(And(HaveField("Code", 1), HaveField("Err", ContainSubstring("other does not exist"))))
	})

	It("names what others deleted and set, from what is left of it", func(ctx context.Context) {
		namespace, _ := readyServer(ctx)
		children := map[string]client.Object{"demo": &appsv1.Deployment{}, "demo-service": &corev1.Service{}, "demo-sa": &corev1.ServiceAccount{}}
		Eventually(func(g Gomega) { // again and again, until the objects are clearly younger than the condition ServiceReady
			for name, child := range children {
				harness.Get(ctx, admin, namespace, name, child)
				g.Expect(admin.Delete(ctx, child, client.PropagationPolicy(metav1.DeletePropagationBackground))).To(Succeed())
			}
			for name, child := range children {
				harness.Get(ctx, admin, namespace, name, child)
			}
			g.Expect(run(ctx, nil, "doctor", "demo", "-n", namespace).Out).To(And(
				MatchRegexp(`Warning  demo objects: Deployment demo was deleted, and the operator created it again \d+ seconds ago\n +fix: find out what deletes`),
				MatchRegexp(`Warning  demo objects: Service demo-service was deleted, and the operator created it again \d+ seconds ago\n`)))
		}).Should(Succeed())

		harness.Edit(ctx, admin, harness.Get(ctx, admin, namespace, "demo-service", &corev1.Service{}), func(s *corev1.Service) { s.Labels = map[string]string{"mine": "yes"} })
		Eventually(func() string { return run(ctx, nil, "doctor", "demo", "-n", namespace).Out }).Should(MatchRegexp(
			`Warning  demo objects: cli\.test has set fields of Service demo-service, the last ones \d+ seconds ago: metadata\.labels\.mine\n +fix: make the change`))
	})

	It("names a process of the operator that is cut off, and a lease that was deleted", func(ctx context.Context) {
		installedOperator(ctx, "default")
		lease := harness.Get(ctx, admin, harness.OperatorNamespace, manager.LeaseName, &coordinationv1.Lease{})
		leader, _, _ := strings.Cut(*lease.Spec.HolderIdentity, "_")
		process := &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: leader, Namespace: harness.OperatorNamespace, Labels: render.OperatorPodLabels()},
			Spec:       corev1.PodSpec{AutomountServiceAccountToken: new(false), Containers: []corev1.Container{{Name: "manager", Image: image}}},
		}
		harness.Create(ctx, admin, process)
		DeferCleanup(func(ctx context.Context) { Expect(admin.Delete(ctx, process)).To(Succeed()) })
		long := metav1.NewTime(time.Now().Add(-3 * time.Hour))
		process.Status = corev1.PodStatus{Phase: corev1.PodRunning, ContainerStatuses: []corev1.ContainerStatus{{
			Name: "manager", State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: long}},
		}}}
		Expect(admin.Status().Update(ctx, process)).To(Succeed())

		Expect(run(ctx, nil, "doctor", "-n", newNamespace(ctx)).Out).To(And(
			MatchRegexp(`Warning  operator operator: Pod `+leader+` runs and is not ready: it cannot reach the API server.*\n +fix: kubectl -n \S+ logs `+leader),
			MatchRegexp(`Warning  operator leader: lease 54e06e98\.llamastack\.io was deleted, and `+leader+` created it again \d+ seconds ago\n +fix: find out`),
		))
	})

	It("reads nothing without the database of the API server, where each request would wait for a minute", func(ctx context.Context) {
		ill := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "[+]ping ok\n[-]etcd failed: reason withheld\n[-]etcd-readiness failed: reason withheld", http.StatusInternalServerError)
		}))
		DeferCleanup(ill.Close)
		redirected := func(request *http.Request) {
			request.URL.Scheme, request.URL.Host = "http", ill.Listener.Addr().String()
		}

		found := run(ctx, redirected, "doctor", "demo")

		Expect(found).To(And(HaveField("Code", 1), HaveField("Requests", ConsistOf("GET /readyz")),
			HaveField("Out", MatchRegexp(`^Failure  operator api-server: the API server is not ready: etcd failed: .*\n +fix: find out .*\n$`))))
	})

	It("stops at the first read that gets no answer, and asks the API server again how it is", func(ctx context.Context) {
		var asked atomic.Int32
		ill := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
			switch {
			case request.URL.Path != "/readyz":
				<-request.Context().Done()
			case asked.Add(1) > 1:
				http.Error(w, "[+]ping ok\n[-]etcd failed: reason withheld", http.StatusInternalServerError)
			}
		}))
		DeferCleanup(ill.Close)
		redirected := func(request *http.Request) {
			request.URL.Scheme, request.URL.Host = "http", ill.Listener.Addr().String()
		}

		found := run(ctx, redirected, "doctor", "demo", "--request-timeout=2s")

		Expect(found).To(And(HaveField("Code", 1),
			HaveField("Requests", HaveExactElements(Equal("GET /readyz"), Not(Equal("GET /readyz")), Equal("GET /readyz"))),
			HaveField("Out", MatchRegexp(`^Failure  operator api-server: the API server is not ready: etcd failed: .*\n +fix: find out .*\n$`))))
	})

	It("says that the API server does not answer, or that the CRD is not installed", func(ctx context.Context) {
		down := func(request *http.Request) { request.URL.Host = "127.0.0.1:1" }
		Expect(run(ctx, down, "doctor")).To(And(HaveField("Code", 1), HaveField("Out", ContainSubstring("Failure  operator api-server: the API server does not answer"))))
		unserved := func(request *http.Request) {
			request.URL.Path = strings.Replace(request.URL.Path, "/llamastackdistributions", "/unserved", 1)
		}
		Expect(run(ctx, unserved, "doctor")).To(HaveField("Code", 1))
	})
})
