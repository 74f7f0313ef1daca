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

package bundle_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// What the loader of OLM v1 checks before it installs a bundle, and what OLM v0 can install.
var _ = Describe("the objects", func() {
	It("are of kinds that every OLM installs", func() {
		for _, object := range load().Objects {
			// No NetworkPolicy: the hub of OpenShift refuses bundles that have one. No webhooks, no custom resources.
			Expect(object.GetKind()).To(BeElementOf("ClusterServiceVersion", "CustomResourceDefinition", "ClusterRole",
				"Service", "PodDisruptionBudget"))
		}
	})

	It("are one ClusterServiceVersion and one CRD, which it owns", func() {
		bundle := load()
		Expect(bundle.V1beta1CRDs).To(BeEmpty())
		Expect(bundle.V1CRDs).To(HaveLen(1))
		Expect(owned().Name).To(Equal(bundle.V1CRDs[0].Name))
		Expect(owned().Kind).To(Equal(v1alpha1.Kind))
		Expect(bundle.V1CRDs[0].Spec.Versions).To(HaveLen(1))
		Expect(owned().Version).To(Equal(bundle.V1CRDs[0].Spec.Versions[0].Name))
		Expect(bundle.CSV.Spec.CustomResourceDefinitions.Required).To(BeEmpty())
	})

	It("have names that are unique and legal", func() {
		seen := map[string]bool{}
		for _, object := range load().Objects {
			key := object.GetKind() + "/" + object.GetName()
			Expect(seen).NotTo(HaveKey(key))
			seen[key] = true
			Expect(object.GetNamespace()).To(Or(BeEmpty(), Equal("placeholder")), key+": OLM chooses the namespace")
			Expect(validation.IsDNS1123Subdomain(object.GetName())).To(BeEmpty(), key)
		}
		Expect(validation.IsDNS1123Subdomain(deployment().Name)).To(BeEmpty())
		Expect(validation.IsValidLabelValue(load().CSV.Name)).To(BeEmpty())
	})

	It("need nothing else on the cluster: no webhooks, no API services, no other operators", func() {
		spec := load().CSV.Spec
		Expect(spec.WebhookDefinitions).To(BeEmpty())
		Expect(spec.APIServiceDefinitions.Owned).To(BeEmpty())
		Expect(spec.APIServiceDefinitions.Required).To(BeEmpty())
		Expect(spec.NativeAPIs).To(BeEmpty())
		Expect(load().Dependencies).To(BeEmpty())
		Expect(filepath.Join(root, "bundle", "metadata", "dependencies.yaml")).NotTo(BeAnExistingFile())
		Expect(load().CSV.Annotations).NotTo(HaveKey("olm.properties"))
		for _, rule := range rules() {
			Expect(rule.APIGroups).NotTo(ContainElement("operators.coreos.com"), "OLM v1 has no OperatorConditions")
		}
	})

	It("have the CRD of config/crd", func() {
		generated := parse[apiextensionsv1.CustomResourceDefinition](file("config", "crd", "bases", "llamastack.io_llamastackdistributions.yaml"))
		Expect(load().V1CRDs[0].Spec).To(Equal(generated.Spec))
	})

	It("have a CRD that stays, and the servers with it, when OLM v1 removes the rest", func() {
		Expect(load().V1CRDs[0].Annotations).To(HaveKeyWithValue("helm.sh/resource-policy", "keep"))
	})
})

var _ = Describe("the operator's Pods", func() {
	It("pass the restricted Pod Security Standard", func() {
		evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
		Expect(err).NotTo(HaveOccurred())
		template := deployment().Spec.Template
		result := policy.AggregateCheckResults(evaluator.EvaluatePod(
			api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}, &template.ObjectMeta, &template.Spec))
		Expect(result.Allowed).To(BeTrue(), result.ForbiddenDetail())
	})

	It("have probes, requests, a standby and anti-affinity", func() {
		Expect(manager().LivenessProbe).NotTo(BeNil())
		Expect(manager().ReadinessProbe).NotTo(BeNil())
		Expect(manager().Resources.Requests).To(And(HaveKey(corev1.ResourceCPU), HaveKey(corev1.ResourceMemory)))
		Expect(deployment().Spec.Replicas).To(HaveValue(BeEquivalentTo(2)))
		Expect(manager().Args).To(ContainElement("--leader-elect"))
		Expect(deployment().Spec.Template.Spec.TopologySpreadConstraints).NotTo(BeEmpty())
	})
})

// rules are all that the operator's ServiceAccount is granted.
func rules() []rbacv1.PolicyRule {
	GinkgoHelper()
	strategy := load().CSV.Spec.InstallStrategy.StrategySpec
	var all []rbacv1.PolicyRule
	for _, permissions := range slices.Concat(strategy.Permissions, strategy.ClusterPermissions) {
		Expect(permissions.ServiceAccountName).To(Equal(deployment().Spec.Template.Spec.ServiceAccountName))
		all = append(all, permissions.Rules...)
	}
	return all
}

var _ = Describe("the operator's rights", func() {
	It("are those of config/rbac", func() {
		role := parse[rbacv1.ClusterRole](file("config", "rbac", "role.yaml"))
		Expect(role.Rules).NotTo(BeEmpty())
		Expect(rules()).To(ContainElements(role.Rules))
	})

	It("have no wildcard, no Secrets and no escalation", func() {
		for _, rule := range rules() {
			Expect(slices.Concat(rule.APIGroups, rule.Resources, rule.Verbs, rule.NonResourceURLs)).NotTo(ContainElement("*"))
			Expect(rule.Resources).NotTo(ContainElement(HavePrefix("secrets")))
			Expect(rule.Verbs).NotTo(ContainElement(BeElementOf("impersonate", "escalate", "bind", "use")))
			if slices.Contains(rule.APIGroups, rbacv1.GroupName) {
				Expect(rule.Verbs).To(HaveEach(BeElementOf("get", "list", "watch")))
			}
		}
	})
})

// annotationsFile is what is read of metadata/annotations.yaml.
type annotationsFile struct {
	Annotations map[string]string
}

var _ = Describe("the metadata", func() {
	metadata := func() map[string]string {
		return parse[annotationsFile](file("bundle", "metadata", "annotations.yaml")).Annotations
	}

	It("names the package and the channels of a release", func() {
		const prefix = "operators.operatorframework.io.bundle."
		Expect(metadata()).To(HaveKeyWithValue(prefix+"package.v1", packageName))
		Expect(metadata()).To(HaveKeyWithValue(prefix+"channels.v1", version("CHANNELS")))
		major, _, _ := strings.Cut(version("VERSION"), ".")
		Expect(strings.Split(version("CHANNELS"), ",")).To(HaveEach(BeElementOf("candidate-v"+major, "fast-v"+major, "stable-v"+major)))
		Expect(metadata()).To(HaveKeyWithValue(prefix+"channel.default.v1", "stable-v"+major), "also in a bundle that is not stable yet")
		Expect(metadata()).To(HaveKeyWithValue(prefix+"mediatype.v1", "registry+v1"))
		Expect(metadata()).To(HaveKeyWithValue("operators.operatorframework.io.test.config.v1", "tests/scorecard/"))
	})

	It("has the same values in the image's labels", func() {
		labels := map[string]string{}
		for _, found := range regexp.MustCompile(`(?m)^LABEL ([^=]+)=(.*)$`).FindAllStringSubmatch(file("bundle.Dockerfile"), -1) {
			labels[found[1]] = strings.Trim(found[2], `"`)
		}
		Expect(labels).To(Equal(metadata()))
	})

	It("puts every folder into the image", func() {
		folders, err := os.ReadDir(filepath.Join(root, "bundle"))
		Expect(err).NotTo(HaveOccurred())
		Expect(folders).To(HaveLen(3))
		for _, folder := range folders {
			Expect(file("bundle.Dockerfile")).To(ContainSubstring("COPY bundle/" + folder.Name()))
		}
		Expect(file("bundle.Dockerfile")).To(HavePrefix("FROM scratch\n"))
	})

	It("requires the OpenShift that has the Kubernetes of the ClusterServiceVersion", func() {
		Expect(load().CSV.Spec.MinKubeVersion).To(Equal("1.31.0"))
		// Kubernetes 1.31 came with OpenShift 4.18. Without an upper end: the hubs know no newer version than 4.17.
		Expect(metadata()).To(HaveKeyWithValue("com.redhat.openshift.versions", "v4.18"))
	})
})
