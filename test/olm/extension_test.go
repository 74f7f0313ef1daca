//go:build olm

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

package olm_test

import (
	"context"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// becomeExtended waits until OLM has installed a release, and its operator is ready.
func becomeExtended(ctx context.Context, wanted release) {
	GinkgoHelper()
	Eventually(extension(ctx)).WithTimeout(installs).Should(And(
		HavePrefix(wanted.version+" "), ContainSubstring("Installed=Succeeded"), ContainSubstring("Progressing=Succeeded")))
	becomeDeployed(ctx, wanted)
}

// forgetV1 removes what the documentation's manifest creates, and what OLM installed with it.
func forgetV1(ctx context.Context) {
	GinkgoHelper()
	for _, object := range shippedExtension() {
		if object.GetKind() != "Namespace" {
			remove(ctx, object)
		}
	}
	forget(ctx)
}

// enforcement is where an extension says whether changes of definitions are checked.
var enforcement = []string{"spec", "install", "preflight", "crdUpgradeSafety", "enforcement"}

// give marks a definition as the extension's, as the documentation says. Without that OLM v1 does not change it.
func give(ctx context.Context, definition string) {
	GinkgoHelper()
	Eventually(func() error {
		object := &apiextensionsv1.CustomResourceDefinition{}
		if err := kube.Get(ctx, client.ObjectKey{Name: definition}, object); err != nil {
			return err
		}
		metav1.SetMetaDataLabel(&object.ObjectMeta, "app.kubernetes.io/managed-by", "Helm")
		metav1.SetMetaDataAnnotation(&object.ObjectMeta, "meta.helm.sh/release-name", packageName)
		metav1.SetMetaDataAnnotation(&object.ObjectMeta, "meta.helm.sh/release-namespace", operatorNamespace)
		return kube.Update(ctx, object)
	}).Should(Succeed())
}

// change sets a field of an object.
func change(ctx context.Context, object *unstructured.Unstructured, value any, path ...string) {
	GinkgoHelper()
	Eventually(func() error {
		if err := kube.Get(ctx, client.ObjectKeyFromObject(object), object); err != nil {
			return err
		}
		if err := unstructured.SetNestedField(object.Object, value, path...); err != nil {
			return err
		}
		return kube.Update(ctx, object)
	}).Should(Succeed())
}

// The specs are one sequence: each continues where the one before has ended.
var _ = Describe("A ClusterExtension", Label("v1"), Ordered, func() {
	var (
		namespace string
		// kept has a PVC that outlives it, and its own image; other has neither.
		kept, other *v1alpha1.LlamaStackDistribution
		first       catalog
		before      []string
	)

	BeforeAll(func(ctx SpecContext) {
		startV1(ctx)
		namespace = newNamespace(ctx)
		create(ctx, &corev1.ConfigMap{ObjectMeta: objectMeta(namespace, "config"), Data: map[string]string{"config.yaml": "version: '2'\n"}})
		kept = server(namespace, "kept").Image(firstServer).Obj()
		other = server(namespace, "other").Distribution("starter").Retention(v1alpha1.RetentionDelete).
			UserConfig("config").Command("/stand-in").Obj()
		first = catalog{tag: "v1-first", registry: secureRegistry(), releases: []release{release100}}
		DeferCleanup(func(ctx SpecContext) { forgetV1(ctx) })
		before = objectsOfCluster(ctx)
	}, NodeTimeout(installs))

	JustAfterEach(func(ctx SpecContext) {
		if CurrentSpecReport().Failed() {
			reportV1(ctx)
		}
	}, NodeTimeout(reportTimeout))

	It("does not change the definition of another installation until that is given to it", func(ctx SpecContext) {
		create(ctx, legacyCRD())
		Eventually(func() error {
			return kube.Create(ctx, legacy(namespace, "fine", `server: {distribution: {image: "`+firstServer+`"}, containerSpec: {port: 8321, `+smallRequests+`}}`))
		}).Should(Succeed())
		first.push(ctx)
		installV1(ctx, first.image())
		Eventually(extension(ctx)).WithTimeout(installs).Should(ContainSubstring("already exists"))

		// The definition's texts have changed since, which the check of upgrades refuses.
		change(ctx, v1Object("ClusterExtension", packageName), "None", enforcement...)
		give(ctx, crdName)
		becomeExtended(ctx, release100)
		fine := &v1alpha1.LlamaStackDistribution{ObjectMeta: objectMeta(namespace, "fine")}
		becomeReady(ctx, fine)
		remove(ctx, fine)
		change(ctx, v1Object("ClusterExtension", packageName), "Strict", enforcement...)
	}, NodeTimeout(2*installs))

	It("has installed the operator with the rights that the documentation lists", func(ctx SpecContext) {
		create(ctx, kept, other)
		settle(ctx, release100, kept, other)
		remember(ctx, kept)
	}, NodeTimeout(2*installs))

	It("undoes edits of the operator's Deployment", func(ctx SpecContext) {
		edited := get(ctx, operatorNamespace, operatorName, &appsv1.Deployment{})
		replicas := *edited.Spec.Replicas
		Expect(kube.Patch(ctx, edited, client.RawPatch(types.MergePatchType, []byte(`{"spec":{"replicas":0}}`)))).To(Succeed())
		Eventually(func() *int32 { return get(ctx, operatorNamespace, operatorName, &appsv1.Deployment{}).Spec.Replicas }).
			WithTimeout(installs).Should(HaveValue(Equal(replicas)))
		becomeExtended(ctx, release100)
	}, NodeTimeout(2*installs))

	It("upgrades by itself, and only rolls the distribution that has another image", func(ctx SpecContext) {
		running := processes(ctx, kept)
		second := catalog{tag: "v1-second", registry: secureRegistry(), releases: []release{release100, release110}}
		second.push(ctx)
		change(ctx, v1Object("ClusterCatalog", "llama-stack"), second.image(), "spec", "source", "image", "ref")
		becomeExtended(ctx, release110)
		settle(ctx, release110, kept, other)
		Expect(processes(ctx, other)).To(HaveExactElements(HaveField("Image", nextServer)))
		Expect(processes(ctx, kept)).To(Equal(running))
	}, NodeTimeout(2*installs))

	It("leaves servers and data when it is deleted, and takes them over without a restart when it is installed again", func(ctx SpecContext) {
		all := []*v1alpha1.LlamaStackDistribution{kept, other}
		running := map[string][]process{}
		for _, server := range all {
			running[server.Name] = processes(ctx, server)
		}
		remove(ctx, v1Object("ClusterExtension", packageName))
		Eventually(remaining(ctx, operatorNamespace)).WithTimeout(podStarts).
			Should(ConsistOf("ConfigMap/llama-stack-operator-config", "Lease/54e06e98.llamastack.io", "ServiceAccount/"+packageName+"-installer"))
		Expect(get(ctx, "", crdName, &apiextensionsv1.CustomResourceDefinition{}).DeletionTimestamp).To(BeNil())

		installV1(ctx, first.image())
		becomeExtended(ctx, release110)
		becomeReady(ctx, all...)
		for _, server := range all {
			Expect(processes(ctx, server)).To(Equal(running[server.Name]), server.Name)
		}
		recall(ctx, kept)
	}, NodeTimeout(2*installs))

	It("is deleted with the definition, except for retained data and the users' objects", func(ctx SpecContext) {
		// In this order: the extension creates the definition again.
		remove(ctx, v1Object("ClusterExtension", packageName))
		remove(ctx, &apiextensionsv1.CustomResourceDefinition{ObjectMeta: objectMeta("", crdName)})
		Eventually(remaining(ctx, namespace)).WithTimeout(podStarts).Should(ConsistOf("ConfigMap/config", "PersistentVolumeClaim/"+kept.Name+"-pvc"))
		recall(ctx, kept)
		Eventually(func() ([]string, error) { return objects(ctx, "", false) }).WithTimeout(podStarts).Should(HaveEach(Or(
			BeElementOf(before), Equal("Namespace/"+operatorNamespace), HavePrefix("PersistentVolume/"),
			BeElementOf("ClusterCatalog/llama-stack", "ClusterRole/"+packageName+"-installer", "ClusterRoleBinding/"+packageName+"-installer"),
		)))
	}, NodeTimeout(installs))
})
