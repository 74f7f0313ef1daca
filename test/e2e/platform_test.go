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
	"os"
	"path/filepath"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/platform"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/kustomize/api/resmap"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// installOverlay applies an overlay as the platform does, in its namespace, until the operator is available. Both go when the spec ends.
func installOverlay(ctx context.Context, overlay, namespace string) resmap.ResMap {
	GinkgoHelper()
	objects := platform.Build(filepath.Join("..", ".."), overlay, map[string]string{
		"RELATED_IMAGE_ODH_LLAMASTACK_OPERATOR": os.Getenv("IMG"),
		"RELATED_IMAGE_RH_DISTRIBUTION":         image.standIn,
		"OPERATOR_VERSION":                      overlay,
	})
	home := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		Name: namespace, Labels: map[string]string{"pod-security.kubernetes.io/enforce": "restricted"},
	}}
	create(ctx, home)
	inUse.add(namespace)
	DeferCleanup(func(ctx SpecContext) {
		platform.Remove(ctx, kube, objects)
		Eventually(podsThere).WithContext(ctx).WithArguments(namespace).WithTimeout(podStarts).Should(BeEmpty())
		Expect(kube.Delete(ctx, home)).To(Succeed())
	})
	platform.Apply(ctx, kube, objects)
	Eventually(operatorStatus).WithContext(ctx).WithArguments(namespace).WithTimeout(podStarts).Should(And(
		HaveField("Replicas", BeEquivalentTo(1)), HaveField("AvailableReplicas", BeEquivalentTo(1))))
	return objects
}

// viewerRole is the name of the role for viewers of an overlay, which nothing uses.
func viewerRole(objects resmap.ResMap) string {
	GinkgoHelper()
	for _, object := range objects.Resources() {
		if object.GetKind() == "ClusterRole" && strings.HasSuffix(object.GetName(), "llsd-viewer-role") {
			return object.GetName()
		}
	}
	Fail("the overlay has no role for viewers")
	return ""
}

// definitionID is the UID of the definition of LlamaStackDistributions.
func definitionID(ctx context.Context) types.UID {
	GinkgoHelper()
	definition := &metav1.PartialObjectMetadata{TypeMeta: metav1.TypeMeta{APIVersion: "apiextensions.k8s.io/v1", Kind: "CustomResourceDefinition"}}
	return get(ctx, "", "llamastackdistributions.llamastack.io", definition).UID
}

func podsThere(ctx context.Context, namespace string) ([]corev1.Pod, error) {
	list := &corev1.PodList{}
	err := kube.List(ctx, list, client.InNamespace(namespace))
	return list.Items, err
}

var _ = Describe("The platform", Serial, Ordered, func() {
	var (
		server *v1alpha1.LlamaStackDistribution
		pod    types.UID
	)

	BeforeAll(func(ctx SpecContext) {
		operatorIsUp(ctx)
		server = standIn(newNamespace(ctx), "server", `{}`).Obj()
		create(ctx, server)
		becomeReady(ctx, server)
		pod = onlyPod(ctx, server.Namespace).UID
		logs.collect(ctx)
		DeferCleanup(func(ctx SpecContext) {
			run(ctx, "hack/deploy.sh", "deploy")
			operatorIsUp(ctx)
			becomeReady(ctx, server)
			Expect(onlyPod(ctx, server.Namespace).UID).To(Equal(pod), "the server runs on")
		}, NodeTimeout(leaderTakesOver+2*podStarts))
		run(ctx, "hack/deploy.sh", "undeploy")
		Eventually(listOperatorPods).WithContext(ctx).WithTimeout(podStarts).Should(BeEmpty())
	}, NodeTimeout(3*podStarts))

	DescribeTable("installs the overlay of", func(ctx SpecContext, overlay, namespace string) {
		objects := installOverlay(ctx, overlay, namespace)
		Eventually(statusOf(ctx, server)).WithTimeout(leaderTakesOver).Should(HaveField("Version.OperatorVersion", overlay))
		becomeReady(ctx, server)

		By("leaving to the platform what was deleted of the operator, while it heals the server")
		metrics := &corev1.Service{ObjectMeta: objectMeta(namespace, operatorDeployment+"-metrics-service")}
		viewers := &rbacv1.ClusterRole{ObjectMeta: objectMeta("", viewerRole(objects))}
		deleted := []client.Object{metrics, viewers}
		for _, object := range deleted {
			Expect(kube.Delete(ctx, object)).To(Succeed())
		}
		service := &corev1.Service{ObjectMeta: objectMeta(server.Namespace, server.Name+"-service")}
		Expect(kube.Delete(ctx, service)).To(Succeed())
		Eventually(func() error { return kube.Get(ctx, client.ObjectKeyFromObject(service), &corev1.Service{}) }).
			ShouldNot(Satisfy(apierrors.IsNotFound))
		becomeReady(ctx, server)
		for _, object := range deleted {
			Expect(kube.Get(ctx, client.ObjectKeyFromObject(object), object)).To(Satisfy(apierrors.IsNotFound), object.GetName())
		}

		By("keeping the definition and the server when the Deployment is deleted")
		definition := definitionID(ctx)
		Expect(kube.Delete(ctx, &appsv1.Deployment{ObjectMeta: objectMeta(namespace, operatorDeployment)})).To(Succeed())
		Eventually(podsThere).WithContext(ctx).WithArguments(namespace).WithTimeout(podStarts).Should(BeEmpty())
		Expect(onlyPod(ctx, server.Namespace).UID).To(Equal(pod), "the server runs on")

		By("creating all of it when the platform applies again")
		platform.Apply(ctx, kube, objects)
		for _, object := range deleted {
			Expect(kube.Get(ctx, client.ObjectKeyFromObject(object), object)).To(Succeed())
		}
		Expect(definitionID(ctx)).To(Equal(definition))
		Eventually(operatorStatus).WithContext(ctx).WithArguments(namespace).WithTimeout(podStarts).
			Should(HaveField("AvailableReplicas", BeEquivalentTo(1)))

		By("keeping the number of replicas when the platform applies again")
		kubectl(ctx, "-n", namespace, "scale", "deployment", operatorDeployment, "--replicas=2")
		platform.Apply(ctx, kube, objects)
		Eventually(operatorStatus).WithContext(ctx).WithArguments(namespace).WithTimeout(podStarts).
			Should(HaveField("AvailableReplicas", BeEquivalentTo(2)))

		Expect(onlyPod(ctx, server.Namespace).UID).To(Equal(pod), "the server runs on")
		operators, err := podsOf(ctx, namespace)
		Expect(err).NotTo(HaveOccurred())
		for _, operator := range operators {
			Expect(readLog(ctx, operator, false)).NotTo(ContainElement(ContainSubstring("is forbidden: User")), "what its RBAC does not allow")
		}
	},
		Entry("Open Data Hub", NodeTimeout(leaderTakesOver+3*podStarts), "odh", "opendatahub"),
		Entry("OpenShift AI", NodeTimeout(leaderTakesOver+3*podStarts), "rhoai", "redhat-ods-applications"),
	)
})
