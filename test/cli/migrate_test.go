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
	"net/http"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// deploymentOf090 is a Deployment of a server as 0.9.0 makes it, as far as it matters here.
func deploymentOf090(server *v1alpha1.LlamaStackDistribution) *appsv1.Deployment {
	labels := map[string]string{v1alpha1.LabelApp: v1alpha1.AppName, v1alpha1.LabelInstance: server.Name}
	owner := *metav1.NewControllerRef(server, v1alpha1.GroupVersion.WithKind(v1alpha1.Kind))
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{
			Name: server.Name, Namespace: server.Namespace, OwnerReferences: []metav1.OwnerReference{owner},
			Labels: map[string]string{v1alpha1.LabelManagedBy: v1alpha1.ManagedBy},
		},
		Spec: appsv1.DeploymentSpec{Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: corev1.PodTemplateSpec{
			ObjectMeta: metav1.ObjectMeta{Labels: labels},
			Spec: corev1.PodSpec{Containers: []corev1.Container{{
				Name: v1alpha1.DefaultContainerName, Image: "registry.example/starter:latest", Env: []corev1.EnvVar{{Name: "HF_HOME", Value: "/.llama"}},
			}}},
		}},
	}
}

var _ = Describe("migrate", func() {
	It("shows what the takeover changes, and what 0.9.0 left, and only reads", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		// A paused server stays as 0.9.0 left it.
		server := llsdtest.Make("old").Namespace(namespace).Storage("1Gi").Annotation(v1alpha1.AnnotationPaused, "true").Obj()
		harness.Create(ctx, admin, server)
		harness.Create(ctx, admin, deploymentOf090(server))
		harness.Create(ctx, admin, &rbacv1.RoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: "old-rb", Namespace: namespace, Labels: map[string]string{v1alpha1.LabelManagedBy: v1alpha1.ManagedBy}},
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "system:openshift:scc:anyuid"},
			Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Name: "old-sa", Namespace: namespace}},
		}, &rbacv1.RoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: "mine", Namespace: namespace, Labels: map[string]string{v1alpha1.LabelManagedBy: v1alpha1.ManagedBy}},
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "view"},
		})

		found := run(ctx, nil, "migrate", "-n", namespace)

		Expect(found.Code).To(BeZero(), found.Err)
		Expect(found.Out).To(And(
			HavePrefix("old in namespace "+namespace+": the takeover restarts it once\n"),
			MatchRegexp(`  Image: \S+ \(before: registry.example/starter:latest\)`), MatchRegexp(`  Variables that are new: .*HOME`),
			ContainSubstring("  Service "+children.ServiceName("old")+" is created\n"), ContainSubstring("storage.retentionPolicy: Retain"),
			HaveSuffix("To clean up:\n  RoleBinding old-rb in namespace "+namespace+": it allows the SCC anyuid, which servers no longer need.\n"+
				"    kubectl delete rolebinding old-rb -n "+namespace+"\n")))
		Expect(found.Requests).To(HaveEach(HavePrefix(http.MethodGet + " ")))
	})

	It("has nothing to take over of a server that this operator made, and names what may not be read", func(ctx context.Context) {
		namespace, _ := readyServer(ctx)

		found := asEditor(ctx, namespace, "migrate")

		Expect(found.Code).To(BeZero(), found.Err)
		Expect(found.Out).To(And(HavePrefix("demo in namespace "+namespace+": nothing to take over\n"),
			ContainSubstring("Not shown: you cannot list rolebindings in namespace "+namespace)))
	})

	It("finds an operator and its ConfigMap in another namespace", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		deployedOperator(ctx, namespace, 1, corev1.EnvVar{Name: "OPERATOR_VERSION", Value: "0.9.0"})
		harness.Create(ctx, admin, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "llama-stack-operator-config", Namespace: namespace}})

		found := run(ctx, nil, "migrate", "-A")

		Expect(found.Code).To(BeZero(), found.Err)
		Expect(found.Out).To(And(
			ContainSubstring("kubectl scale deployment llama-stack-k8s-operator-controller-manager -n "+namespace+" --replicas=0\n"),
			ContainSubstring("kubectl get configmap llama-stack-operator-config -n "+namespace+" -o yaml\n")))
		Expect(strings.Count(found.Out, "ConfigMap llama-stack-operator-config in namespace")).To(Equal(1), "that of the operator is not left over")
	})

	It("leaves the operator alone where a platform or OLM installed it, and names what is not there", func(ctx context.Context) {
		platform, stopped, running, built := newNamespace(ctx), newNamespace(ctx), newNamespace(ctx), newNamespace(ctx)
		deployedOperator(ctx, platform, 1, corev1.EnvVar{Name: "OPERATOR_VERSION", Value: "1.0.0"})
		deployedOperator(ctx, stopped, 0, corev1.EnvVar{Name: "OPERATOR_VERSION", Value: "0.9.0"})
		deployedOperator(ctx, running, 1, corev1.EnvVar{Name: "OPERATOR_VERSION", Value: "0.9.0"})
		deployedOperator(ctx, built, 1, corev1.EnvVar{Name: "OPERATOR_VERSION", Value: "latest"})
		harness.Create(ctx, admin, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "llama-stack-operator-config", Namespace: platform}})

		found := run(ctx, nil, "migrate", "-A")

		const name = "llama-stack-k8s-operator-controller-manager"
		Expect(found.Out).To(And(
			Not(ContainSubstring("-n "+platform)), ContainSubstring("does not know of the one in "+platform+"; stop it"),
			ContainSubstring("kubectl scale deployment "+name+" -n "+running+" --replicas=0\n"),
			ContainSubstring("kubectl delete deployment "+name+" -n "+stopped+"\n"),
			ContainSubstring("kubectl get deployment "+name+" -n "+built+" -o yaml\n"),
			ContainSubstring("kubectl get configmap llama-stack-operator-config -n "+harness.OperatorNamespace+" -o yaml\n")))
	})
})

// deployedOperator is the Deployment of an operator as every release names it, until the spec ends.
func deployedOperator(ctx context.Context, namespace string, replicas int32, variable corev1.EnvVar) {
	GinkgoHelper()
	labels := render.OperatorPodLabels()
	operator := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "llama-stack-k8s-operator-controller-manager", Namespace: namespace, Labels: labels},
		Spec: appsv1.DeploymentSpec{Replicas: &replicas, Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: corev1.PodTemplateSpec{
			ObjectMeta: metav1.ObjectMeta{Labels: labels},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "manager", Image: "i", Env: []corev1.EnvVar{variable}}}},
		}},
	}
	harness.Create(ctx, admin, operator)
	DeferCleanup(func(ctx context.Context) { Expect(admin.Delete(ctx, operator)).To(Succeed()) })
}
