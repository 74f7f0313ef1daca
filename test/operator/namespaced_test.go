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
	"path/filepath"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/internal/operatorconfig"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// built are the objects of a folder of config/, as "kubectl apply -k" reads them.
func built(folder string) []*unstructured.Unstructured {
	GinkgoHelper()
	resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), filepath.Join(harness.Root(), "config", folder))
	Expect(err).NotTo(HaveOccurred())
	objects := make([]*unstructured.Unstructured, 0, resources.Size())
	for _, resource := range resources.Resources() {
		content, err := resource.Map()
		Expect(err).NotTo(HaveOccurred())
		objects = append(objects, &unstructured.Unstructured{Object: content})
	}
	return objects
}

// withoutClusterRights takes every right in the whole cluster from the operator until the spec ends, and gives it those in
// its own namespace that config/namespaced has.
func withoutClusterRights(ctx context.Context) {
	GinkgoHelper()
	list := &rbacv1.ClusterRoleBindingList{}
	Expect(admin.List(ctx, list)).To(Succeed())
	taken := 0
	for i := range list.Items {
		binding := &list.Items[i]
		if len(binding.Subjects) != 1 || binding.Subjects[0].Namespace != harness.OperatorNamespace {
			continue
		}
		taken++
		Expect(admin.Delete(ctx, binding)).To(Succeed())
		DeferCleanup(func(ctx context.Context) {
			create(ctx, &rbacv1.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: binding.Name, Labels: binding.Labels}, RoleRef: binding.RoleRef, Subjects: binding.Subjects})
		})
	}
	Expect(taken).To(BeNumerically(">", 0))
	for _, object := range built("namespaced/own") {
		create(ctx, object)
		DeferCleanup(func(ctx context.Context) { Expect(admin.Delete(ctx, object)).To(Succeed()) })
	}
}

// servedNamespace is a new namespace in which the operator has the rights of config/namespaced/grant.
func servedNamespace(ctx context.Context, hold bool) string {
	GinkgoHelper()
	namespace := newNamespace(ctx, hold)
	for _, object := range built("namespaced/grant") {
		object.SetNamespace(namespace)
		create(ctx, object)
	}
	return namespace
}

var _ = Describe("An operator of some namespaces", func() {
	It("needs no right in the whole cluster", func(ctx context.Context) {
		operator.Stop()
		DeferCleanup(func() { operator = startOperator() })
		withoutClusterRights(ctx)
		first, second, held, other := servedNamespace(ctx, false), servedNamespace(ctx, false), servedNamespace(ctx, true), newNamespace(ctx, false)
		Expect(admin.Delete(ctx, configMap(harness.OperatorNamespace, operatorconfig.Name, nil))).To(Succeed())
		mark := audit.Mark()
		limited := controlPlane.StartOperator(harness.OperatorOptions{
			Version: operatorVersion, Getenv: operatorEnvironment, Dial: servers.Dial, WatchNamespaces: []string{first, second, held},
		})
		DeferCleanup(func() { limited.Stop() })

		By("serving the LlamaStackDistributions of those, by all kinds of objects")
		elsewhere := llsdtest.Make("a").Namespace(other).Obj()
		here := llsdtest.Make("a").Namespace(first).Storage("1Gi").UserConfig("mine").Edit(func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Network = &v1alpha1.NetworkSpec{HTTPRoute: &v1alpha1.HTTPRouteSpec{ParentRefs: []v1alpha1.ParentRef{{Name: "gateway"}}}}
		}).Obj()
		there := llsdtest.Make("a").Namespace(second).ExposeRoute().Obj()
		create(ctx, elsewhere, configMap(first, "mine", map[string]string{"config.yaml": "version: 2\n"}), here, there)
		becomeReady(ctx, here)
		becomeReady(ctx, there)
		get(ctx, first, "a-httproute", untyped(children.Of(children.HTTPRoute).GroupVersionKind))
		get(ctx, harness.OperatorNamespace, operatorconfig.Name, &corev1.ConfigMap{})

		By("following what happens in each of them")
		for _, instance := range []*v1alpha1.LlamaStackDistribution{here, there} {
			Expect(admin.Delete(ctx, deploymentOf(ctx, instance))).To(Succeed())
			Eventually(func() error { return admin.Get(ctx, client.ObjectKeyFromObject(instance), &appsv1.Deployment{}) }).Should(Succeed())
			becomeReady(ctx, instance)
		}

		stuck := llsdtest.Make("a").Namespace(held).Obj()
		create(ctx, stuck)
		waitingPod(ctx, stuck, "ImagePullBackOff", "no such image")
		Eventually(conditionOf(ctx, stuck, v1alpha1.ConditionReady)).Should(ContainSubstring("ImagePullBackOff"))

		By("ignoring the others")
		waitForQuiet()
		Expect(apierrors.IsNotFound(admin.Get(ctx, client.ObjectKeyFromObject(elsewhere), &appsv1.Deployment{}))).To(BeTrue())
		Expect(audit.Read(mark, func(r harness.Request) bool { return r.Denied })).To(BeEmpty())
	})

	It("copies no certificates from namespaces that it does not watch", func(ctx context.Context) {
		operator.Stop()
		DeferCleanup(func() { operator = startOperator() })
		namespace, other := newNamespace(ctx, false), newNamespace(ctx, false)
		create(ctx, configMap(other, "ca", map[string]string{"ca-bundle.crt": harness.NewCertificate("ca")}))
		limited := controlPlane.StartOperator(harness.OperatorOptions{Dial: servers.Dial, WatchNamespaces: []string{namespace}})
		DeferCleanup(func() { limited.Stop() })
		configureOperator(ctx, map[string]string{"ca-bundle-namespaces": "- " + other + "\n"})
		instance := llsdtest.Make("a").Namespace(namespace).CABundleIn(other, "ca").Obj()
		create(ctx, instance)
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonCABundleOtherNS, "does not watch namespace "+other))
	})
})
