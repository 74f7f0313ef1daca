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

package manifests_test

import (
	"maps"

	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/platform"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// What the platform's operator writes into params.env.
const (
	platformOperator = "registry.example.com/odh/operator@sha256:" + "1111111111111111111111111111111111111111111111111111111111111111"
	platformServer   = "registry.example.com/odh/server@sha256:" + "2222222222222222222222222222222222222222222222222222222222222222"
)

var _ = DescribeTable("The overlay of", func(overlay, namespace string) {
	objects := platform.Build(root, overlay, map[string]string{
		"RELATED_IMAGE_ODH_LLAMASTACK_OPERATOR": platformOperator,
		"RELATED_IMAGE_RH_DISTRIBUTION":         platformServer,
		"OPERATOR_VERSION":                      "9.9.9",
	})

	By("having only kinds that the platform's operator creates again, in its namespace")
	Expect(names(objects)).To(ContainElement(crd))
	for _, object := range objects.Resources() {
		Expect(object.GetKind()).To(BeElementOf("CustomResourceDefinition", "ServiceAccount", "Role", "RoleBinding", "ClusterRole",
			"ClusterRoleBinding", "Service", "Deployment"), object.GetName())
		Expect(object.GetNamespace()).To(Or(BeEmpty(), Equal(namespace)), object.GetName())
	}

	By("taking the parameters")
	deployment := the[appsv1.Deployment](objects, "Deployment")
	container := deployment.Spec.Template.Spec.Containers[0]
	Expect(container.Name).To(Equal("manager"))
	Expect(container.Image).To(Equal(platformOperator))
	Expect(container.Env).To(ContainElements(
		corev1.EnvVar{Name: "OPERATOR_VERSION", Value: "9.9.9"},
		corev1.EnvVar{Name: "RELATED_IMAGE_RH_DISTRIBUTION", Value: platformServer}))
	Expect(deployment.Spec.Replicas).To(HaveValue(BeEquivalentTo(1)))

	By("having the selector of 0.9.0 there, which is immutable")
	selector := platform.CommonLabels()
	maps.Copy(selector, map[string]string{"app.kubernetes.io/name": "llama-stack-k8s-operator", "control-plane": "controller-manager"})
	Expect(deployment.Spec.Selector).To(Equal(&metav1.LabelSelector{MatchLabels: selector}))

	By("having Pods that the Service and the servers' NetworkPolicies select")
	pods := labels.Set(deployment.Spec.Template.Labels)
	Expect(labels.SelectorFromSet(deployment.Spec.Selector.MatchLabels).Matches(pods)).To(BeTrue())
	Expect(labels.SelectorFromSet(the[corev1.Service](objects, "Service").Spec.Selector).Matches(pods)).To(BeTrue())
	Expect(labels.SelectorFromSet(render.OperatorPodLabels()).Matches(pods)).To(BeTrue())
},
	Entry("Open Data Hub", "odh", "opendatahub"),
	Entry("OpenShift AI", "rhoai", "redhat-ods-applications"),
)

var _ = DescribeTable("The overlay as it is committed, of", func(overlay string) {
	deployment := the[appsv1.Deployment](platform.Build(root, overlay, nil), "Deployment")
	container := deployment.Spec.Template.Spec.Containers[0]

	Expect(container.Image).To(Equal("quay.io/llamastack/llama-stack-k8s-operator:v" + version("VERSION")))
	Expect(container.Env).To(ContainElement(corev1.EnvVar{Name: "OPERATOR_VERSION", Value: version("VERSION")}))
},
	Entry("Open Data Hub", "odh"),
	Entry("OpenShift AI", "rhoai"),
)

// metadata is config/component_metadata.yaml, which the platform reads.
type metadata struct {
	Releases []struct {
		Name    string `json:"name"`
		Version string `json:"version"`
		RepoURL string `json:"repoUrl"`
	} `json:"releases"`
}

var _ = It("The platform shows the release of the operator", func() {
	releases := decoded[metadata]("config", "component_metadata.yaml").Releases

	Expect(releases).To(HaveLen(1))
	Expect(releases[0].Name).NotTo(BeEmpty())
	Expect(releases[0].Version).To(Equal("v" + version("VERSION")))
	Expect(releases[0].RepoURL).To(HavePrefix("https://"))
})
