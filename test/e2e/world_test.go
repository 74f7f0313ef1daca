//go:build e2e

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

package e2e_test

import (
	"context"
	"fmt"
	"sync"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	gomegatypes "github.com/onsi/gomega/types"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// namespaces are those of specs that have not been cleaned up yet, for the report of a failure.
type namespaces struct {
	mu    sync.Mutex
	names []string
}

var inUse namespaces

func (n *namespaces) add(name string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.names = append(n.names, name)
}

func (n *namespaces) take() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	taken := n.names
	n.names = nil
	return taken
}

// newNamespace makes the namespace of one spec, or of one ordered container. It only admits Pods of the standard
// "restricted", and is deleted at the end.
func newNamespace(ctx context.Context) string {
	GinkgoHelper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		GenerateName: "e2e-", Labels: map[string]string{"pod-security.kubernetes.io/enforce": "restricted"},
	}}
	create(ctx, namespace)
	inUse.add(namespace.Name)
	DeferCleanup(func(ctx SpecContext) {
		inUse.take()
		Expect(client.IgnoreNotFound(kube.Delete(ctx, namespace))).To(Succeed())
	})
	// Without this account, which a controller makes, a Pod that a spec creates is refused.
	Eventually(func() error {
		return kube.Get(ctx, client.ObjectKey{Namespace: namespace.Name, Name: "default"}, &corev1.ServiceAccount{})
	}).Should(Succeed())
	return namespace.Name
}

// backend is the stand-in for inference that all real servers of the suite share.
type backend struct {
	// first and second are URLs of two backends that serve different models, firstModel and secondModel.
	first, second string
}

const (
	firstModel  = "echo"
	secondModel = "other"
)

// startBackend runs the two backends, each one Pod behind a Service.
func startBackend(ctx context.Context) backend {
	GinkgoHelper()
	namespace := newNamespace(ctx)
	inUse.take() // no spec needs it
	run := func(name, model string) string {
		create(ctx, standInPod(namespace, name, 8000, "/health", "inference", "--models="+model), serviceOf(namespace, name, 8000))
		return fmt.Sprintf("http://%s.%s.svc:8000/v1", name, namespace)
	}
	started := backend{first: run("first", firstModel), second: run("second", secondModel)}
	Eventually(func() ([]corev1.Pod, error) { return podsOf(ctx, namespace) }).WithTimeout(podStarts).Should(And(HaveLen(2), HaveEach(beReady())))
	return started
}

// standInPod runs a role of the stand-in, at a port with a path that answers when it is ready.
func standInPod(namespace, name string, port int32, path string, args ...string) *corev1.Pod {
	yes, no, atOnce := true, false, int64(0)
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, Labels: map[string]string{"app": name}},
		Spec: corev1.PodSpec{
			TerminationGracePeriodSeconds: &atOnce, EnableServiceLinks: &no,
			SecurityContext: &corev1.PodSecurityContext{
				RunAsNonRoot: &yes, SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
			},
			Containers: []corev1.Container{{
				Name: args[0], Image: image.standIn, Args: args, Resources: small(),
				ReadinessProbe: &corev1.Probe{PeriodSeconds: 1, ProbeHandler: corev1.ProbeHandler{
					HTTPGet: &corev1.HTTPGetAction{Path: path, Port: intstr.FromInt32(port)},
				}},
				SecurityContext: &corev1.SecurityContext{
					AllowPrivilegeEscalation: &no, Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
				},
			}},
		},
	}
}

// serviceOf leads to a Pod of standInPod, at the same port.
func serviceOf(namespace, name string, port int32) *corev1.Service {
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec:       corev1.ServiceSpec{Selector: map[string]string{"app": name}, Ports: []corev1.ServicePort{{Port: port}}},
	}
}

// small are requests with which many servers fit two cores.
func small() corev1.ResourceRequirements {
	return corev1.ResourceRequirements{Requests: corev1.ResourceList{
		corev1.ResourceCPU: resource.MustParse("20m"), corev1.ResourceMemory: resource.MustParse("64Mi"),
	}}
}

// eager is a startup probe that runs early and often, as long as a spec waits.
func eager() v1alpha1.StartupProbe {
	one, five, often := int32(1), int32(5), int32(serverStarts.Seconds())
	return v1alpha1.StartupProbe{InitialDelaySeconds: &one, PeriodSeconds: &one, TimeoutSeconds: &five, FailureThreshold: &often}
}

// standIn is a server of test/infra/standin, with a behaviour as its package standin describes it.
func standIn(namespace, name, behaviour string) *llsdtest.Wrapper {
	return llsdtest.Make(name).Namespace(namespace).Image(image.standIn).Resources(small()).StartupProbe(eager()).
		Env("STAND_IN_BEHAVIOUR", behaviour)
}

// realServer is a server with the configuration of its image and the first backend.
func realServer(namespace, name, image string) *llsdtest.Wrapper {
	return llsdtest.Make(name).Namespace(namespace).Image(image).Resources(small()).StartupProbe(eager()).
		Env("VLLM_URL", inference.first)
}

func create(ctx context.Context, objects ...client.Object) {
	GinkgoHelper()
	harness.Create(ctx, kube, objects...)
}

// edit changes an object as a user would with kubectl edit.
func edit[T client.Object](ctx context.Context, object T, change func(T)) {
	GinkgoHelper()
	harness.Edit(ctx, kube, object, change)
}

// get reads an object that must be there.
func get[T client.Object](ctx context.Context, namespace, name string, into T) T {
	GinkgoHelper()
	Expect(kube.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, into)).To(Succeed())
	return into
}

// conditionOf polls one condition as "status reason: message"; it is "" while there is none for this generation.
func conditionOf(ctx context.Context, server *v1alpha1.LlamaStackDistribution, conditionType v1alpha1.ConditionType) func() (string, error) {
	return harness.ConditionOf(ctx, kube, server, conditionType)
}

// say matches a condition by its status and reason, and any number of texts in its message.
func say(status metav1.ConditionStatus, reason v1alpha1.Reason, texts ...string) gomegatypes.GomegaMatcher {
	return harness.Say(status, reason, texts...)
}

// statusOf polls the status.
func statusOf(ctx context.Context, server *v1alpha1.LlamaStackDistribution) func() (v1alpha1.LlamaStackDistributionStatus, error) {
	return harness.StatusOf(ctx, kube, server)
}

// revision is how often the server's Deployment has rolled out, as the cluster counts it.
func revision(ctx context.Context, server *v1alpha1.LlamaStackDistribution) string {
	GinkgoHelper()
	deployment := get(ctx, server.Namespace, server.Name, &appsv1.Deployment{})
	return deployment.Annotations["deployment.kubernetes.io/revision"]
}

// rollOut waits until a server's Deployment has rolled out as often as given, no other Pod than those of the newest template is left, and
// the server is Ready. Ready alone can still be what was reported before: where something else than the server is edited, its generation
// stays the same.
func rollOut(ctx context.Context, server *v1alpha1.LlamaStackDistribution, wanted string) {
	GinkgoHelper()
	Eventually(func(g Gomega) {
		deployment := &appsv1.Deployment{}
		g.Expect(kube.Get(ctx, client.ObjectKeyFromObject(server), deployment)).To(Succeed())
		g.Expect(deployment.Annotations).To(HaveKeyWithValue("deployment.kubernetes.io/revision", wanted))
		g.Expect(deployment.Status.ObservedGeneration).To(Equal(deployment.Generation))
		g.Expect(deployment.Status).To(And(HaveField("Replicas", *deployment.Spec.Replicas),
			HaveField("UpdatedReplicas", *deployment.Spec.Replicas), HaveField("AvailableReplicas", *deployment.Spec.Replicas)))
	}).WithTimeout(serverStarts).Should(Succeed())
	becomeReady(ctx, server)
}

// podsOf lists the Pods of a namespace that are not being deleted, without those that check a configuration.
func podsOf(ctx context.Context, namespace string) ([]corev1.Pod, error) {
	list := &corev1.PodList{}
	if err := kube.List(ctx, list, client.InNamespace(namespace)); err != nil {
		return nil, err
	}
	var pods []corev1.Pod
	for i := range list.Items {
		if list.Items[i].DeletionTimestamp == nil && list.Items[i].Labels["app.kubernetes.io/component"] != "config-check" {
			pods = append(pods, list.Items[i])
		}
	}
	return pods, nil
}

// beReady matches a Pod that is Ready.
func beReady() gomegatypes.GomegaMatcher {
	return HaveField("Status.Conditions", ContainElement(And(
		HaveField("Type", corev1.PodReady), HaveField("Status", corev1.ConditionTrue),
	)))
}
