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
	"os"
	"path/filepath"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	operatorsv1alpha1 "github.com/operator-framework/api/pkg/operators/v1alpha1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// nextRelease is what the base manifests of the next release add to every Deployment; see run.sh.
const nextRelease = "example.com/next-release"

// smallRequests let several servers fit the node; by default each asks for a whole core.
const smallRequests = `resources: {requests: {cpu: 20m, memory: 64Mi}}`

// legacyCRD is the definition of 0.9.0.
func legacyCRD() *apiextensionsv1.CustomResourceDefinition {
	GinkgoHelper()
	text, err := os.ReadFile(filepath.Join(root, "test", "crdify", "testdata", "0.9.0.yaml"))
	Expect(err).NotTo(HaveOccurred())
	definition := &apiextensionsv1.CustomResourceDefinition{}
	Expect(yaml.Unmarshal(text, definition)).To(Succeed())
	Expect(definition.Name).To(Equal(crdName))
	return definition
}

// legacy is a server of 0.9.0, whose definition refused little.
func legacy(namespace, name, spec string) *unstructured.Unstructured {
	GinkgoHelper()
	declared := &unstructured.Unstructured{}
	Expect(yaml.Unmarshal([]byte(spec), &declared.Object)).To(Succeed())
	declared.Object = map[string]any{"spec": declared.Object}
	declared.SetAPIVersion(v1alpha1.GroupVersion.String())
	declared.SetKind("LlamaStackDistribution")
	declared.SetNamespace(namespace)
	declared.SetName(name)
	return declared
}

// declare gives a server a configuration that it declares.
func declare(server *v1alpha1.LlamaStackDistribution) {
	server.Spec.Server.Config = &v1alpha1.ServerConfig{
		Base: v1alpha1.ConfigBaseEmpty, APIs: []string{"inference"},
		Providers: []v1alpha1.ConfigProvider{{API: "inference", ID: "vllm", Type: "remote::vllm"}},
	}
}

// The specs are one sequence: each continues where the one before has ended.
var _ = Describe("A Subscription", Ordered, func() {
	var (
		namespace string
		// byImage sets its image; byName and byOtherName leave that to the operator.
		byImage, byName, byOtherName *v1alpha1.LlamaStackDistribution
		all                          []*v1alpha1.LlamaStackDistribution
	)

	BeforeAll(func(ctx SpecContext) {
		namespace = newNamespace(ctx)
		byImage = server(namespace, "by-image").Image(firstServer).Obj()
		byName = server(namespace, "by-name").Distribution("starter").Obj()
		byOtherName = server(namespace, "by-other-name").Distribution("remote-vllm").Obj()
		all = []*v1alpha1.LlamaStackDistribution{byImage, byName, byOtherName}
		DeferCleanup(func(ctx SpecContext) {
			uninstall(ctx)
			forget(ctx)
		})
	})

	It("installs over what 0.9.0 left, broken servers included", func(ctx SpecContext) {
		create(ctx, legacyCRD())
		Eventually(func() error {
			return kube.Create(ctx, legacy(namespace, "fine", `server: {distribution: {image: "`+firstServer+`"}, containerSpec: {port: 8321, `+smallRequests+`}}`))
		}).Should(Succeed())
		for name, spec := range map[string]string{
			"unknown-name":   `server: {distribution: {name: no-such-distribution}}`,
			"nothing-to-run": `server: {distribution: {}}`,
			"no-port":        `server: {distribution: {name: starter}, containerSpec: {port: -1}}`,
			"fewer-than-0":   `{replicas: -1, server: {distribution: {name: starter}}}`,
			"no-config":      `server: {distribution: {name: starter}, userConfig: {configMapName: missing}}`,
			"odd-mount":      `server: {distribution: {name: starter}, containerSpec: {` + smallRequests + `}, storage: {mountPath: data}}`,
			"odd-namespace":  `{server: {distribution: {name: starter}, containerSpec: {` + smallRequests + `}}, network: {allowedFrom: {namespaces: ["Not A Namespace"]}}}`,
		} {
			create(ctx, legacy(namespace, name, spec))
		}

		publish(ctx, catalog{tag: "first", releases: []release{release100}})
		install(ctx, operatorsv1alpha1.ApprovalAutomatic, nil)
		becomeInstalled(ctx, release100)
		Eventually(plan(ctx, release100)).Should(HaveField("Status.Phase", operatorsv1alpha1.InstallPlanPhaseComplete))

		fine := &v1alpha1.LlamaStackDistribution{ObjectMeta: objectMeta(namespace, "fine")}
		becomeReady(ctx, fine)
		servers := &v1alpha1.LlamaStackDistributionList{}
		Expect(kube.List(ctx, servers, client.InNamespace(namespace))).To(Succeed())
		for i := range servers.Items {
			remove(ctx, &servers.Items[i])
		}
	}, NodeTimeout(2*installs))

	It("runs servers by image and by the name of a distribution", func(ctx SpecContext) {
		for _, server := range all {
			create(ctx, server)
		}
		settle(ctx, release100, all...)
		remember(ctx, all...)
		for _, server := range all {
			Expect(processes(ctx, server)).To(HaveExactElements(HaveField("Image", firstServer)))
		}
		undeclared := get(ctx, namespace, byImage.Name, &v1alpha1.LlamaStackDistribution{})
		declare(undeclared)
		Expect(kube.Update(ctx, undeclared, client.FieldValidation(metav1.FieldValidationStrict))).
			To(MatchError(ContainSubstring(`unknown field "spec.server.config"`)), "a later release has it")
	}, NodeTimeout(2*installs))

	It("leaves servers and data when it is deleted, and takes them over without a restart when it is installed again", func(ctx SpecContext) {
		before := map[string][]process{}
		for _, server := range all {
			before[server.Name] = processes(ctx, server)
		}
		uninstall(ctx)

		unchanged := func() {
			GinkgoHelper()
			for _, server := range all {
				Expect(processes(ctx, server)).To(Equal(before[server.Name]), server.Name)
			}
			recall(ctx, all...)
		}
		unchanged()

		install(ctx, operatorsv1alpha1.ApprovalAutomatic, nil)
		becomeInstalled(ctx, release100)
		// The operator works if it heals.
		service := get(ctx, namespace, "by-image-service", &corev1.Service{})
		Expect(kube.Delete(ctx, service.DeepCopy())).To(Succeed())
		Eventually(func() (types.UID, error) {
			healed := &corev1.Service{}
			err := kube.Get(ctx, client.ObjectKeyFromObject(service), healed)
			return healed.UID, client.IgnoreNotFound(err)
		}).WithTimeout(podStarts).ShouldNot(BeElementOf(service.UID, types.UID("")))
		becomeReady(ctx, all...)
		unchanged()
	}, NodeTimeout(2*installs))

	It("upgrades by itself, and only rolls the distribution that has another image", func(ctx SpecContext) {
		before := map[string][]process{}
		for _, server := range all {
			before[server.Name] = processes(ctx, server)
			Expect(deployment(ctx, server).Annotations).NotTo(HaveKey(nextRelease))
		}

		publish(ctx, catalog{
			tag: "second", releases: []release{release100, release110},
			deprecated: map[string]string{release110.version: "Upgrade to 1.2.0.", channel: "Version 1 ends in June."},
		})
		becomeInstalled(ctx, release110)

		settle(ctx, release110, all...)
		for _, server := range all {
			Eventually(func() map[string]string { return deployment(ctx, server).Annotations }).Should(HaveKey(nextRelease), server.Name)
			Expect(deployment(ctx, server).Spec.MinReadySeconds).To(BeEquivalentTo(1))
		}
		Expect(processes(ctx, byName)).To(HaveExactElements(HaveField("Image", nextServer)))
		Expect(processes(ctx, byImage)).To(Equal(before[byImage.Name]))
		Expect(processes(ctx, byOtherName)).To(Equal(before[byOtherName.Name]))
		recall(ctx, all...)
	}, NodeTimeout(2*installs))

	It("reports that the installed release and the channel are deprecated, and how the catalog presents the operator", func(ctx SpecContext) {
		Eventually(reported(ctx, operatorsv1alpha1.SubscriptionBundleDeprecated)).Should(HaveSuffix("Upgrade to 1.2.0."))
		Eventually(reported(ctx, operatorsv1alpha1.SubscriptionChannelDeprecated)).Should(HaveSuffix("Version 1 ends in June."))
		Expect(reported(ctx, operatorsv1alpha1.SubscriptionPackageDeprecated)()).To(BeEmpty())

		Eventually(presented(ctx)).Should(And(HaveLen(1), HaveKeyWithValue(release110.csv(),
			HavePrefix("Llama Stack Operator, ## Llama Stack"))))
		Expect(os.ReadFile(filepath.Join(root, "config", "manifests", "icon.svg"))).To(BeEquivalentTo(icon(ctx)))
	}, NodeTimeout(installs))

	It("waits for approval, and upgrades from a withdrawn release to the next", func(ctx SpecContext) {
		edit(ctx, func(spec *operatorsv1alpha1.SubscriptionSpec) {
			spec.InstallPlanApproval = operatorsv1alpha1.ApprovalManual
		})
		publish(ctx, catalog{
			tag: "third", releases: []release{release100, release110, release120}, withdrawn: []release{release110},
			deprecated: map[string]string{release110.version: "Upgrade to 1.2.0."},
		})
		Eventually(plan(ctx, release120)).WithTimeout(installs).Should(HaveField("Status.Phase", operatorsv1alpha1.InstallPlanPhaseRequiresApproval))
		Eventually(installed(ctx)).Should(Equal(release110.csv()))

		approve(ctx, release120)
		becomeInstalled(ctx, release120)
		Eventually(reported(ctx, operatorsv1alpha1.SubscriptionDeprecated)).Should(BeEmpty())
		settle(ctx, release120, all...)
		recall(ctx, all...)
	}, NodeTimeout(2*installs))

	It("upgrades from the release before the withdrawn one past it", func(ctx SpecContext) {
		uninstall(ctx)
		install(ctx, operatorsv1alpha1.ApprovalManual, &release100)
		for _, wanted := range []release{release100, release120} {
			approve(ctx, wanted)
			becomeInstalled(ctx, wanted)
			settle(ctx, wanted, all...)
		}
		plans := &operatorsv1alpha1.InstallPlanList{}
		Expect(kube.List(ctx, plans, client.InNamespace(operatorNamespace))).To(Succeed())
		for i := range plans.Items {
			Expect(strings.Join(plans.Items[i].Spec.ClusterServiceVersionNames, " ")).NotTo(ContainSubstring(release110.csv()))
		}
		recall(ctx, all...)
	}, NodeTimeout(3*installs))

	It("checks and runs what a server declares with a field that is newer than it, and changes no other", func(ctx SpecContext) {
		old := []*v1alpha1.LlamaStackDistribution{byName, byOtherName}
		before := map[string][]process{}
		for _, server := range all {
			before[server.Name] = processes(ctx, server)
		}

		Eventually(func() error {
			current := get(ctx, namespace, byImage.Name, &v1alpha1.LlamaStackDistribution{})
			declare(current)
			return kube.Update(ctx, current, client.FieldValidation(metav1.FieldValidationStrict))
		}).Should(Succeed())
		Eventually(conditionOf(ctx, byImage, v1alpha1.ConditionConfigValid)).WithTimeout(podStarts).Should(HavePrefix("True Valid: "))
		Eventually(func() []process { return processes(ctx, byImage) }).WithTimeout(podStarts).
			Should(And(HaveLen(1), Not(Equal(before[byImage.Name]))))
		settle(ctx, release120, byImage)
		Expect(deployment(ctx, byImage).Spec.Template.Spec.InitContainers).To(HaveExactElements(HaveField("Name", "configure")))

		for _, server := range old {
			Expect(processes(ctx, server)).To(Equal(before[server.Name]), server.Name)
			Expect(deployment(ctx, server).Spec.Template.Spec.InitContainers).To(BeEmpty(), server.Name)
			current := get(ctx, namespace, server.Name, &v1alpha1.LlamaStackDistribution{})
			Expect(current.Spec).To(Equal(server.Spec), server.Name)
			Expect(current.Generation).To(Equal(server.Generation), server.Name)
		}
		recall(ctx, all...)
	}, NodeTimeout(2*installs))
})
