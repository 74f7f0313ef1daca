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
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/component-helpers/auth/rbac/validation"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// installer are the rights that the documentation's manifest for OLM v1 gives to the ServiceAccount that installs.
func installer() []rbacv1.PolicyRule {
	GinkgoHelper()
	for text := range strings.SplitSeq(file("config", "olmv1", "clusterextension.yaml"), "\n---\n") {
		if parse[metav1.TypeMeta](text).Kind == "ClusterRole" {
			return parse[rbacv1.ClusterRole](text).Rules
		}
	}
	Fail("the manifest has no ClusterRole")
	return nil
}

// granted are the rights that somebody has by the bundle: the operator, and those that an administrator binds to its roles.
func granted() []rbacv1.PolicyRule {
	GinkgoHelper()
	all := rules()
	for _, object := range load().Objects {
		if object.GetKind() == "ClusterRole" {
			role := rbacv1.ClusterRole{}
			Expect(runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &role)).To(Succeed())
			all = append(all, role.Rules...)
		}
	}
	return all
}

// Only who has rights can grant them, and OLM v1 installs with the rights of the extension's ServiceAccount.
var _ = Describe("the rights to install with OLM v1", func() {
	It("cover what the bundle grants", func() {
		_, missing := validation.Covers(installer(), granted())
		Expect(missing).To(BeEmpty())
	})

	It("are those to write the bundle's kinds, and otherwise only what it grants", func() {
		written := []string{
			"clusterextensions/finalizers", "clusterrolebindings", "clusterroles", "customresourcedefinitions", "deployments",
			"poddisruptionbudgets", "serviceaccounts", "services",
		}
		_, beyond := validation.Covers(granted(), installer())
		for _, rule := range beyond {
			// What every ServiceAccount gets that OLM v1 makes for a bundle for all namespaces.
			if rule.Resources[0] != "namespaces" {
				Expect(written).To(ContainElement(rule.Resources[0]), rule.String())
			}
		}
	})
})
