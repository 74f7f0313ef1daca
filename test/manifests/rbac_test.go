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
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/kustomize/api/resmap"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// roleOf is what a Role and a ClusterRole have in common.
type roleOf = rbacv1.ClusterRole

// operatorRules are the rules of every role that is bound to the operator's ServiceAccount.
func operatorRules(objects resmap.ResMap) []rbacv1.PolicyRule {
	GinkgoHelper()
	var rules []rbacv1.PolicyRule
	for _, kind := range []string{"ClusterRoleBinding", "RoleBinding"} {
		for _, object := range ofKind(objects, kind) {
			binding := typed[rbacv1.ClusterRoleBinding](object)
			Expect(binding.Subjects).To(HaveExactElements(rbacv1.Subject{
				Kind: rbacv1.ServiceAccountKind, Name: prefix + "controller-manager", Namespace: namespace,
			}))
			rules = append(rules, named[roleOf](objects, binding.RoleRef.Kind, binding.RoleRef.Name).Rules...)
		}
	}
	return rules
}

// granted are the verbs that the rules grant on a resource.
func granted(rules []rbacv1.PolicyRule, group, resource string) []string {
	var verbs []string
	for _, rule := range rules {
		if slices.Contains(rule.APIGroups, group) && slices.Contains(rule.Resources, resource) {
			verbs = append(verbs, rule.Verbs...)
		}
	}
	return verbs
}

var _ = Describe("What the operator may do", func() {
	var rules []rbacv1.PolicyRule

	BeforeEach(func() {
		rules = operatorRules(build("default"))
		Expect(rules).NotTo(BeEmpty())
	})

	It("has no wildcard", func() {
		for _, rule := range rules {
			Expect(slices.Concat(rule.APIGroups, rule.Resources, rule.Verbs)).NotTo(ContainElement("*"))
			Expect(rule.NonResourceURLs).To(BeEmpty())
		}
	})

	DescribeTable("leaves alone",
		func(group, resource string, allowed ...string) {
			verbs := granted(rules, group, resource)
			for _, verb := range allowed {
				verbs = slices.DeleteFunc(verbs, func(v string) bool { return v == verb })
			}
			Expect(verbs).To(BeEmpty())
		},
		Entry("Secrets", "", "secrets"),
		Entry("commands in Pods", "", "pods/exec"),
		Entry("Pods, but for their state", "", "pods", "get", "list", "watch"),
		Entry("Nodes", "", "nodes"),
		Entry("Namespaces", "", "namespaces", "get", "list", "watch"),
		Entry("Roles", "rbac.authorization.k8s.io", "roles"),
		Entry("ClusterRoles", "rbac.authorization.k8s.io", "clusterroles", "get", "list", "watch"),
		Entry("RoleBindings, but for reading", "rbac.authorization.k8s.io", "rolebindings", "get", "list", "watch"),
		Entry("ClusterRoleBindings, but for reading", "rbac.authorization.k8s.io", "clusterrolebindings", "get", "list", "watch"),
		Entry("security context constraints", "security.openshift.io", "securitycontextconstraints"),
		Entry("webhooks", "admissionregistration.k8s.io", "validatingwebhookconfigurations"),
		Entry("CRDs, but for reading", "apiextensions.k8s.io", "customresourcedefinitions", "get", "list", "watch"),
		Entry("Gateways", "gateway.networking.k8s.io", "gateways"),
		Entry("API services, but for reading", "apiregistration.k8s.io", "apiservices", "get", "list", "watch"),
		Entry("the declarations, but for reading", "llamastack.io", "llamastackdistributions", "get", "list", "watch"),
	)

	It("may impersonate and escalate nothing", func() {
		for _, rule := range rules {
			Expect(rule.Verbs).NotTo(ContainElement(BeElementOf("impersonate", "escalate", "bind", "use")))
		}
	})

	It("may own children if owner references need permission", func() {
		Expect(granted(rules, "llamastack.io", "llamastackdistributions/finalizers")).To(ContainElement("update"))
	})

	It("watches Secrets with a role that nobody has, unless an administrator grants it, and reads none with it", func() {
		role := named[roleOf](build("default"), "ClusterRole", prefix+"llsd-secret-watcher-role")
		Expect(role.Labels).NotTo(HaveKey(HavePrefix("rbac.authorization.k8s.io/aggregate-to")))
		Expect(role.Rules).To(HaveExactElements(rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"secrets"}, Verbs: []string{"list", "watch"}}))
		Expect(rules).NotTo(ContainElement(role.Rules[0]))
	})

	It("may review who reads its metrics", func() {
		Expect(granted(rules, "authentication.k8s.io", "tokenreviews")).To(Equal([]string{"create"}))
		Expect(granted(rules, "authorization.k8s.io", "subjectaccessreviews")).To(Equal([]string{"create"}))
	})
})

var _ = Describe("What people may do", func() {
	const resource = "llamastackdistributions"

	It("edits servers with the cluster's roles edit and admin, and scales them", func() {
		role := named[roleOf](build("default"), "ClusterRole", prefix+"llsd-editor-role")
		Expect(role.Labels).To(And(
			HaveKeyWithValue("rbac.authorization.k8s.io/aggregate-to-edit", "true"),
			HaveKeyWithValue("rbac.authorization.k8s.io/aggregate-to-admin", "true"),
		))
		Expect(granted(role.Rules, "llamastack.io", resource)).To(ContainElements("create", "delete", "patch", "update"))
		Expect(granted(role.Rules, "llamastack.io", resource+"/scale")).To(ConsistOf("get", "patch", "update"))
		Expect(granted(role.Rules, "llamastack.io", resource+"/status")).To(ConsistOf("get"))
	})

	It("sees servers with the cluster's role view, and changes none", func() {
		role := named[roleOf](build("default"), "ClusterRole", prefix+"llsd-viewer-role")
		Expect(role.Labels).To(HaveKeyWithValue("rbac.authorization.k8s.io/aggregate-to-view", "true"))
		for _, rule := range role.Rules {
			Expect(rule.Verbs).To(HaveEach(BeElementOf("get", "list", "watch")))
		}
		Expect(granted(role.Rules, "llamastack.io", resource)).To(ConsistOf("get", "list", "watch"))
	})
})
