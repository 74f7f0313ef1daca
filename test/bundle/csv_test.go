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
	"encoding/base64"
	"encoding/xml"
	"strings"
	"time"

	operatorsv1alpha1 "github.com/operator-framework/api/pkg/operators/v1alpha1"
	corev1 "k8s.io/api/core/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// deployment is that of the operator.
func deployment() operatorsv1alpha1.StrategyDeploymentSpec {
	GinkgoHelper()
	all := load().CSV.Spec.InstallStrategy.StrategySpec.DeploymentSpecs
	Expect(all).To(HaveLen(1))
	return all[0]
}

// manager is the operator's container.
func manager() corev1.Container {
	GinkgoHelper()
	containers := deployment().Spec.Template.Spec.Containers
	Expect(containers).To(HaveLen(1))
	return containers[0]
}

var _ = Describe("the ClusterServiceVersion", func() {
	It("belongs to this version", func() {
		csv := load().CSV
		Expect(csv.Name).To(Equal(packageName + ".v" + version("VERSION")))
		Expect(csv.Spec.Version.String()).To(Equal(version("VERSION")))
		Expect(manager().Image).To(Or(HaveSuffix(":v"+version("VERSION")), ContainSubstring("@sha256:")))
		Expect(manager().Env).To(ContainElement(corev1.EnvVar{Name: "OPERATOR_VERSION", Value: version("VERSION")}))
	})

	It("has the date of its release", func() {
		Expect(annotation("createdAt")).To(Equal(version("RELEASED")))
		_, err := time.Parse(time.RFC3339, version("RELEASED"))
		Expect(err).NotTo(HaveOccurred())
	})

	It("has what the hubs require", func() {
		spec := load().CSV.Spec
		Expect(len(spec.DisplayName)).To(And(BeNumerically(">=", 3), BeNumerically("<=", 50)))
		Expect(len(spec.Provider.Name)).To(BeNumerically(">=", 3))
		Expect(spec.Provider.URL).To(HavePrefix("https://"))
		Expect(spec.Keywords).To(ContainElements("llm", "inference", "llama stack", "ogx", "openai"))
		Expect(spec.Maintainers).To(HaveEach(And(HaveField("Name", Not(BeEmpty())), HaveField("Email", ContainSubstring("@")))))
		Expect(spec.Maintainers).NotTo(BeEmpty())
		Expect(spec.Links).NotTo(BeEmpty())
		Expect(spec.Links).To(HaveEach(HaveField("URL", HavePrefix("https://"))))
		Expect(spec.Maturity).To(Equal("stable"))
		Expect(annotation("repository")).To(HavePrefix("https://"))
		Expect(len(annotation("support"))).To(BeNumerically(">=", 3))
		Expect(len(annotation("description"))).To(And(BeNumerically(">=", 10), BeNumerically("<=", 135)))
		Expect(strings.Split(annotation("categories"), ", ")).To(ConsistOf("AI/Machine Learning", "Developer Tools"))
		Expect(annotation("capabilities")).To(Equal("Seamless Upgrades"))
		Expect(annotation("containerImage")).To(Equal(manager().Image))
	})

	It("describes the application, the operator and what it needs, in this order", func() {
		var at []int
		for _, heading := range []string{"## Llama Stack\n", "## Features\n", "## Prerequisites\n", "## Support and license\n"} {
			at = append(at, strings.Index(load().CSV.Spec.Description, heading))
		}
		Expect(at[0]).To(BeZero())
		for section := 1; section < len(at); section++ {
			Expect(at[section]).To(BeNumerically(">", at[section-1]+200), "section %d", section)
		}
		Expect(load().CSV.Spec.Description).To(And(ContainSubstring("kind: LlamaStackDistribution"), ContainSubstring("docs/olm.md")))
	})

	It("says what it does with data, for which machines servers exist, and what a role is for that it has and does not use", func() {
		words := strings.Join(strings.Fields(load().CSV.Spec.Description), " ")
		Expect(words).To(And(ContainSubstring("OGX"), ContainSubstring("OpenAI API")))

		// The default of the API deletes it.
		Expect(words).NotTo(ContainSubstring("never deletes data"))
		Expect(words).To(And(ContainSubstring("its volume is deleted with it by default"), ContainSubstring("`storage.retentionPolicy: Retain`")))

		_, prerequisites, found := strings.Cut(words, "## Prerequisites")
		Expect(found).To(BeTrue())
		Expect(prerequisites).To(ContainSubstring("amd64 or arm64 for the published server images"))
		for label := range load().CSV.Labels {
			if machine, ok := strings.CutPrefix(label, "operatorframework.io/arch."); ok {
				Expect(prerequisites).To(ContainSubstring(machine), "the console offers the operator there")
			}
		}

		Expect(words).To(And(ContainSubstring("reads no Secrets"), ContainSubstring("a ClusterRole to watch Secrets that is bound to nobody")))
	})

	It("lets the console label the namespace for the cluster's Prometheus, which reads it only as text", func() {
		Expect(annotation("operatorframework.io/cluster-monitoring")).To(Equal("true"))
		Expect(file("config", "monitoring", "operator_monitor.yaml")).To(ContainSubstring("kind: ServiceMonitor"))
		Expect(load().CSV.Labels).NotTo(HaveKey("operatorframework.io/cluster-monitoring"))
	})

	It("has one icon, a square SVG image, that of config/manifests", func() {
		icons := load().CSV.Spec.Icon
		Expect(icons).To(HaveLen(1))
		Expect(icons[0].MediaType).To(Equal("image/svg+xml"))
		image, err := base64.StdEncoding.DecodeString(icons[0].Data)
		Expect(err).NotTo(HaveOccurred())
		Expect(string(image)).To(Equal(file("config", "manifests", "icon.svg")))
		var svg struct {
			XMLName xml.Name `xml:"http://www.w3.org/2000/svg svg"`
			Width   string   `xml:"width,attr"`
			Height  string   `xml:"height,attr"`
			ViewBox string   `xml:"viewBox,attr"`
		}
		Expect(xml.Unmarshal(image, &svg)).To(Succeed())
		Expect(svg.Width).To(Equal(svg.Height))
		Expect(svg.ViewBox).To(Equal("0 0 " + svg.Width + " " + svg.Height))
	})

	It("is for all namespaces only", func() {
		modes := map[operatorsv1alpha1.InstallModeType]bool{}
		for _, mode := range load().CSV.Spec.InstallModes {
			modes[mode.Type] = mode.Supported
		}
		Expect(modes).To(Equal(map[operatorsv1alpha1.InstallModeType]bool{
			"OwnNamespace": false, "SingleNamespace": false, "MultiNamespace": false, "AllNamespaces": true,
		}))
	})

	It("suggests the namespace of 0.9.0, with the labels that config/manager gives it", func() {
		template := parse[corev1.Namespace](annotation("operatorframework.io/suggested-namespace-template"))
		labels := parse[corev1.Namespace](file("config", "manager", "namespace.yaml")).Labels
		delete(labels, "control-plane")
		Expect(template.Name).To(Equal("llama-stack-k8s-operator-system"))
		Expect(template.Labels).To(Equal(labels))
		Expect(annotation("operatorframework.io/suggested-namespace")).To(Equal(template.Name))
	})

	It("is labelled with the platforms that the operator's Pods accept", func() {
		terms := deployment().Spec.Template.Spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms
		Expect(terms).To(HaveLen(1))
		labels := map[string]string{}
		for _, expression := range terms[0].MatchExpressions {
			for _, value := range expression.Values {
				labels["operatorframework.io/"+strings.TrimPrefix(expression.Key, "kubernetes.io/")+"."+value] = "supported"
			}
		}
		Expect(load().CSV.Labels).To(Equal(labels))
		Expect(labels).To(HaveLen(5))
		Expect(file("Makefile")).To(ContainSubstring("PLATFORMS ?= linux/amd64,linux/arm64,linux/ppc64le,linux/s390x\n"))
	})
})

var _ = Describe("the features that OpenShift lists", func() {
	It("are all answered", func() {
		for _, feature := range []string{
			"disconnected", "fips-compliant", "proxy-aware", "tls-profiles", "token-auth-aws", "token-auth-azure",
			"token-auth-gcp", "cnf", "cni", "csi",
		} {
			Expect(annotation(features+feature)).To(BeElementOf("true", "false"), feature)
		}
	})

	DescribeTable("are not supported:",
		func(feature string) { Expect(annotation(features + feature)).To(Equal("false")) },
		Entry("servers' images are not built with validated cryptography", "fips-compliant"),
		Entry("the operator's proxy is not set in servers", "proxy-aware"),
		Entry("the metrics endpoint does not follow the cluster's TLS profile", "tls-profiles"),
		Entry("the operator does not use AWS", "token-auth-aws"),
		Entry("the operator does not use Azure", "token-auth-azure"),
		Entry("the operator does not use Google Cloud", "token-auth-gcp"),
	)
})
