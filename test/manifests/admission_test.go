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
	"github.com/google/cel-go/cel"
	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apiversion "k8s.io/apimachinery/pkg/util/version"
	plugincel "k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/cel/environment"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// firstServed is the first minor version of Kubernetes that the operator is for: minKubeVersion of the bundle.
const firstServed = 31

// expression is one of a policy, as the API server compiles it.
type expression struct{ name, text string }

func (e expression) GetName() string        { return e.name }
func (e expression) GetExpression() string  { return e.text }
func (expression) ReturnTypes() []*cel.Type { return []*cel.Type{cel.AnyType} }

var _ = Describe("The admission policies", func() {
	It("are understood by the first Kubernetes that the operator is for", func() {
		policies := ofKind(build("default"), "ValidatingAdmissionPolicy")
		Expect(policies).To(HaveLen(2))
		for _, object := range policies {
			policy := typed[admissionregistrationv1.ValidatingAdmissionPolicy](object)
			compiler, err := plugincel.NewCompositedCompiler(environment.MustBaseEnvSet(apiversion.MajorMinor(1, firstServed)))
			Expect(err).NotTo(HaveOccurred())
			options := plugincel.OptionalVariableDeclarations{HasAuthorizer: true}
			for _, variable := range policy.Spec.Variables {
				result := compiler.CompileAndStoreVariable(expression{variable.Name, variable.Expression}, options, environment.NewExpressions)
				Expect(result.Error).NotTo(HaveOccurred(), "%s: %s", policy.Name, variable.Name)
			}
			for _, condition := range policy.Spec.MatchConditions {
				Expect(compiler.CompileCELExpression(expression{text: condition.Expression}, options, environment.NewExpressions).Error).NotTo(HaveOccurred(), condition.Name)
			}
			for _, validation := range policy.Spec.Validations {
				Expect(compiler.CompileCELExpression(expression{text: validation.Expression}, options, environment.NewExpressions).Error).NotTo(HaveOccurred(), validation.Message)
			}
		}
	})

	It("are bound and enforced, and have the same names for an operator that OLM installed", func() {
		for _, folder := range []string{"default", "olm-admission"} {
			bound := map[string]bool{}
			for _, object := range ofKind(build(folder), "ValidatingAdmissionPolicyBinding") {
				binding := typed[admissionregistrationv1.ValidatingAdmissionPolicyBinding](object)
				Expect(binding.Spec.ValidationActions).To(Equal([]admissionregistrationv1.ValidationAction{admissionregistrationv1.Deny}))
				bound[binding.Spec.PolicyName] = true
			}
			Expect(bound).To(Equal(map[string]bool{prefix + "authors": true, prefix + "operator": true}), folder)
			for name := range bound {
				named[admissionregistrationv1.ValidatingAdmissionPolicy](build(folder), "ValidatingAdmissionPolicy", name)
			}
		}
	})

	It("are about every kind that the operator may write, and know it by its ServiceAccount", func() {
		policy := named[admissionregistrationv1.ValidatingAdmissionPolicy](build("default"), "ValidatingAdmissionPolicy", prefix+"operator")
		Expect(policy.Spec.MatchConditions).To(HaveExactElements(HaveField("Expression", ContainSubstring("'system:serviceaccount:"+namespace+":"+prefix+"controller-manager'"))))
		held := map[string]bool{}
		for _, rule := range policy.Spec.MatchConstraints.ResourceRules {
			Expect(rule.Operations).To(ConsistOf(admissionregistrationv1.Create, admissionregistrationv1.Update, admissionregistrationv1.Delete))
			for _, resource := range rule.Resources {
				held[rule.APIGroups[0]+"/"+resource] = true
			}
		}
		writes := map[string]bool{}
		for key, verbs := range verbsOf(named[roleOf](build("default"), "ClusterRole", prefix+"manager-role").Rules) {
			for _, verb := range verbs {
				switch verb {
				case "create", "patch", "update", "delete":
					writes[key] = true
				}
			}
		}
		for _, other := range []string{ // what is not an object of a server
			"llamastack.io/llamastackdistributions/status", "llamastack.io/llamastackdistributions/finalizers", "events.k8s.io/events",
			"route.openshift.io/routes/custom-host",
		} {
			Expect(writes).To(HaveKey(other))
			delete(writes, other)
		}
		Expect(held).To(Equal(writes))
	})

	It("are no part of the bundle, which cannot contain them", func() {
		Expect(ofKind(build("manifests"), "ValidatingAdmissionPolicy")).To(BeEmpty())
		Expect(ofKind(build("manifests"), "ValidatingAdmissionPolicyBinding")).To(BeEmpty())
	})
})

var _ = Describe("config/namespaced", func() {
	It("gives the operator no cluster-wide right", func() {
		objects := build("namespaced")
		Expect(ofKind(objects, "ClusterRoleBinding")).To(BeEmpty())
		Expect(names(objects)).NotTo(ContainElements("ClusterRole/"+prefix+"manager-role", "ClusterRole/"+prefix+"proxy-role"))
		for _, object := range ofKind(objects, "RoleBinding") {
			Expect(object.GetNamespace()).To(Equal(namespace))
		}
		deployment := the[appsv1.Deployment](objects, "Deployment")
		container := deployment.Spec.Template.Spec.Containers[0]
		Expect(container.Args).To(ContainElements("--leader-elect", "--watch-namespaces=$(WATCH_NAMESPACES)", "--metrics-bind-address=0"))
		Expect(container.Env).To(ContainElements(HaveField("Name", "WATCH_NAMESPACES"), HaveField("Name", "OPERATOR_NAMESPACE")))
	})

	It("grants in a namespace what the ClusterRole grants in all, to the same ServiceAccount", func() {
		objects := build("namespaced/grant")
		Expect(names(objects)).To(ConsistOf("Role/"+prefix+"manager-role", "RoleBinding/"+prefix+"manager-rolebinding"))
		Expect(operatorRules(objects)).To(Equal(named[roleOf](build("default"), "ClusterRole", prefix+"manager-role").Rules))
	})
})

var _ = Describe("config/network-policy", func() {
	It("is about the operator's Pods, and opens the ports that they have", func() {
		policy := the[networkingv1.NetworkPolicy](build("network-policy"), "NetworkPolicy")
		deployment := the[appsv1.Deployment](build("default"), "Deployment")
		Expect(policy.Namespace).To(Equal(deployment.Namespace))
		Expect(policy.Spec.PodSelector).To(Equal(*deployment.Spec.Selector))
		Expect(policy.Spec.PolicyTypes).To(ConsistOf(networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress))
		var opened []int32
		for _, rule := range policy.Spec.Ingress {
			for _, port := range rule.Ports {
				opened = append(opened, port.Port.IntVal)
			}
		}
		var served []int32
		for _, port := range deployment.Spec.Template.Spec.Containers[0].Ports {
			served = append(served, port.ContainerPort)
		}
		Expect(opened).To(ConsistOf(served))
		servers := HaveField("PodSelector.MatchLabels", Equal(map[string]string{v1alpha1.LabelApp: v1alpha1.AppName}))
		Expect(policy.Spec.Egress).To(ContainElement(HaveField("To", HaveExactElements(servers))))
	})
})
