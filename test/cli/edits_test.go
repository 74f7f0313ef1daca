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
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("a command that changes a server", func() {
	It("restarts it, and waits for the new Pods", func(ctx context.Context) {
		namespace, server := readyServer(ctx)

		found := asEditor(ctx, namespace, "restart", "demo", "--wait")

		Expect(found.Code).To(BeZero(), found.Err)
		Expect(found.Out).To(Equal("llamastackdistribution.llamastack.io/demo restarted\n"))
		Expect(found.Err).To(And(HavePrefix("New Pods replace the old ones. "), ContainSubstring("Ready True")))
		value := current(ctx, server).Annotations[v1alpha1.AnnotationRestartedAt]
		Expect(value).NotTo(BeEmpty())
		deployment := harness.Get(ctx, admin, namespace, "demo", &appsv1.Deployment{})
		Expect(deployment.Spec.Template.Annotations).To(HaveKeyWithValue(v1alpha1.AnnotationRestartedAt, value))
	})

	It("is recorded under its own name", func(ctx context.Context) {
		namespace, server := readyServer(ctx)

		Expect(asEditor(ctx, namespace, "restart", "demo").Code).To(BeZero())

		Expect(current(ctx, server).ManagedFields).To(ContainElement(HaveField("Manager", "kubectl-llamastack")))
	})

	It("suspends and resumes it, and says what happens to its data", func(ctx context.Context) {
		namespace, server := readyServer(ctx)

		suspended := asEditor(ctx, namespace, "suspend", "demo", "--wait")
		Expect(suspended.Code).To(BeZero(), suspended.Err)
		Expect(suspended.Err).To(And(ContainSubstring("The PVC, the Service and the configuration stay"),
			ContainSubstring("resume demo -n "+namespace), ContainSubstring("ScaledToZero")))
		Expect(current(ctx, server).Spec.Suspend).To(BeTrue())
		Expect(asEditor(ctx, namespace, "restart", "demo")).To(And(HaveField("Code", 1), HaveField("Err", ContainSubstring("is suspended and has no Pods to restart"))))

		resumed := asEditor(ctx, namespace, "resume", "demo", "--wait")
		Expect(resumed.Code).To(BeZero(), resumed.Err)
		Expect(current(ctx, server)).To(And(HaveField("Spec.Suspend", false), HaveField("Status.Phase", v1alpha1.PhaseReady)))
	})

	It("does not resume a server that has no replicas", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		harness.Create(ctx, admin, llsdtest.Make("demo").Namespace(namespace).Replicas(0).Obj())

		Expect(asEditor(ctx, namespace, "resume", "demo")).To(And(HaveField("Code", 1),
			HaveField("Err", ContainSubstring("kubectl scale llsd/demo -n "+namespace+" --replicas=1"))))
	})

	It("pauses and unpauses it", func(ctx context.Context) {
		namespace, server := readyServer(ctx)

		Expect(asEditor(ctx, namespace, "pause", "demo", "--wait").Code).To(BeZero())
		Expect(current(ctx, server).Paused()).To(BeTrue())
		for _, command := range []string{"restart", "check"} {
			Expect(asEditor(ctx, namespace, command, "demo")).To(And(HaveField("Code", 1), HaveField("Err", ContainSubstring("unpause demo"))))
		}

		Expect(asEditor(ctx, namespace, "unpause", "demo", "--wait").Code).To(BeZero())
		Expect(current(ctx, server).Annotations).NotTo(HaveKey(v1alpha1.AnnotationPaused))
	})

	It("lets it roll back, once", func(ctx context.Context) {
		namespace, server := readyServer(ctx)

		Expect(asEditor(ctx, namespace, "rollback", "demo", "--wait").Code).To(BeZero())
		Expect(current(ctx, server).RollsBack()).To(BeTrue())
		Eventually(func() map[string]string {
			return harness.Get(ctx, admin, namespace, "demo", &appsv1.Deployment{}).Annotations
		}).Should(HaveKey(v1alpha1.AnnotationReadyTemplate), "the operator records the template that is ready")
		Expect(asEditor(ctx, namespace, "rollback", "demo")).To(And(HaveField("Code", 1), HaveField("Err", ContainSubstring("already has"))))
	})

	It("checks its configuration, and waits for the result", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		harness.Create(ctx, admin, &corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Name: "config", Namespace: namespace}, Data: map[string]string{v1alpha1.UserConfigKey: "version: 2\n"},
		})
		server := llsdtest.Make("demo").Namespace(namespace).UserConfig("config").Obj()
		harness.Create(ctx, admin, server)
		harness.BecomeReady(ctx, admin, server)

		found := asEditor(ctx, namespace, "check", "demo")

		Expect(found.Code).To(BeZero(), found.Err)
		Expect(found.Err).To(HavePrefix("A Job checks the configuration."))
		Expect(current(ctx, server).Status.AnsweredCheck).To(Equal(current(ctx, server).Annotations[v1alpha1.AnnotationCheck]))
	})

	It("has nothing to check without a configuration", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		harness.Create(ctx, admin, llsdtest.Make("demo").Namespace(namespace).Obj())

		Expect(asEditor(ctx, namespace, "check", "demo")).To(And(HaveField("Code", 1), HaveField("Err", ContainSubstring("nothing to check"))))
	})

	It("changes nothing in a dry run", func(ctx context.Context) {
		namespace, server := readyServer(ctx)
		before := declared(ctx, server)

		Expect(asEditor(ctx, namespace, "suspend", "demo", "--dry-run=server", "--wait").Out).To(Equal("llamastackdistribution.llamastack.io/demo suspended (server dry run)\n"))
		printed := asEditor(ctx, namespace, "suspend", "demo", "--dry-run=client", "-o", "yaml")
		Expect(printed.Out).To(And(ContainSubstring("kind: LlamaStackDistribution"), ContainSubstring("suspend: true")))
		Expect(printed.Requests).To(HaveEach(HavePrefix("GET ")))
		Expect(asEditor(ctx, namespace, "suspend", "demo", "--dry-run=maybe")).To(HaveField("Err", ContainSubstring("use none, client or server")))

		Expect(declared(ctx, server)).To(Equal(before))
	})

	It("stops waiting, and says what to do next", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		server := llsdtest.Make("demo").Namespace(namespace).Distribution("unheard-of").Obj()
		harness.Create(ctx, admin, server)
		Eventually(harness.ConditionOf(ctx, admin, server, v1alpha1.ConditionReady)).Should(harness.Say(metav1.ConditionFalse, v1alpha1.ReasonUnknownDistribution))

		found := asEditor(ctx, namespace, "restart", "demo", "--wait", "--timeout=1s")

		Expect(found.Code).To(Equal(1))
		Expect(found.Err).To(And(ContainSubstring("demo is not restarted within 1s"), ContainSubstring("next: set spec.server.distribution to a name ")))
	})

	It("waits on while the API server does not answer, and ends when it refuses", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		server := llsdtest.Make("demo").Namespace(namespace).Distribution("unheard-of").Obj() // it never becomes Ready
		harness.Create(ctx, admin, server)
		down, refused := &atomic.Bool{}, &atomic.Bool{}
		found := start(ctx, func(request *http.Request) {
			failing(down)(request)
			if refused.Load() {
				request.Header.Set("Impersonate-User", nobody)
			}
		}, "restart", "demo", "--wait", "-n", namespace)

		Eventually(found.Err.String).Should(ContainSubstring("Ready False"))
		down.Store(true)
		Eventually(found.Err.String).Should(ContainSubstring("A request failed, and is sent again until it is answered: "))
		down.Store(false)
		Eventually(found.Err.String).Should(HaveSuffix("The API server answers again.\n"))
		Expect(found.ended).NotTo(Receive())
		refused.Store(true)
		Eventually(found.ended).Should(Receive(Equal(1)))
		Expect(found.Err.String()).To(ContainSubstring("you cannot get llamastackdistributions in namespace " + namespace))
	})

	It("names the right that a viewer lacks", func(ctx context.Context) {
		namespace, _ := readyServer(ctx)
		user := namespace + "-viewer"
		bind(ctx, namespace, "llama-stack-k8s-operator-llsd-viewer-role", user)

		Eventually(func() string { return run(ctx, nil, "--as="+user, "-n", namespace, "pause", "demo").Err }).Should(ContainSubstring(
			"you cannot patch llamastackdistributions in namespace " + namespace + "; to allow it, an administrator can run: kubectl -n " + namespace +
				" create rolebinding llamastack-edit --clusterrole=edit --user=" + user))
	})

	It("sends a bounded number of requests", func(ctx context.Context) {
		namespace, _ := readyServer(ctx)

		verbs := map[string]int{}
		for _, request := range asEditor(ctx, namespace, "pause", "demo").Requests {
			verb, _, _ := strings.Cut(request, " ")
			verbs[verb]++
		}

		Expect(verbs).To(Equal(map[string]int{"GET": 1, "PATCH": 1}), "%v", slices.Collect(maps.Keys(verbs)))
	})
})

// readyServer is a server that serves, and its namespace with an editor.
func readyServer(ctx context.Context) (string, *v1alpha1.LlamaStackDistribution) {
	GinkgoHelper()
	namespace := newNamespace(ctx)
	server := llsdtest.Make("demo").Namespace(namespace).Obj()
	harness.Create(ctx, admin, server)
	harness.BecomeReady(ctx, admin, server)
	return namespace, server
}

// declared is what people and their tools write of a server, and the number of their changes: the operator may write a status at any time.
func declared(ctx context.Context, server *v1alpha1.LlamaStackDistribution) *v1alpha1.LlamaStackDistribution {
	GinkgoHelper()
	now := current(ctx, server)
	now.ResourceVersion, now.Status = "", v1alpha1.LlamaStackDistributionStatus{}
	ofStatus := func(entry metav1.ManagedFieldsEntry) bool { return entry.Subresource == "status" }
	now.ManagedFields = slices.DeleteFunc(now.ManagedFields, ofStatus)
	return now
}

// current is the server as it is.
func current(ctx context.Context, server *v1alpha1.LlamaStackDistribution) *v1alpha1.LlamaStackDistribution {
	GinkgoHelper()
	now := &v1alpha1.LlamaStackDistribution{}
	Expect(admin.Get(ctx, client.ObjectKeyFromObject(server), now)).To(Succeed())
	return now
}
