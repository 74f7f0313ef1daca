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

package ports_test

import (
	"testing"

	"github.com/llamastack/llama-stack-k8s-operator/internal/ports"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/intstr"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestPorts(t *testing.T) {
	t.Parallel()
	RegisterFailHandler(Fail)
	RunSpecs(t, "Ports")
}

// renderedWith is what a spec with a port is rendered to, as far as the port matters. Earlier releases gave it no name.
func renderedWith(name string, number int64) []*unstructured.Unstructured {
	port := map[string]any{"containerPort": number}
	if name != "" {
		port["name"] = name
	}
	object := func(kind string, spec map[string]any) *unstructured.Unstructured {
		return &unstructured.Unstructured{Object: map[string]any{"kind": kind, "spec": spec}}
	}
	return []*unstructured.Unstructured{
		object("Deployment", map[string]any{"template": map[string]any{"spec": map[string]any{"containers": []any{map[string]any{"ports": []any{port}}}}}}),
		object("Service", map[string]any{"ports": []any{map[string]any{"name": "http", "port": number, "targetPort": number}}}),
		object("NetworkPolicy", map[string]any{"ingress": []any{map[string]any{"ports": []any{map[string]any{"protocol": "TCP", "port": number}}}}}),
	}
}

// livePods is a Deployment whose Pods are all of its template, or not yet.
func livePods(name string, number int32, settled bool) *appsv1.Deployment {
	deployment := &appsv1.Deployment{Status: appsv1.DeploymentStatus{Replicas: 2, UpdatedReplicas: 1, AvailableReplicas: 2}}
	if settled {
		deployment.Status.UpdatedReplicas = 2
	}
	deployment.Spec.Template.Spec.Containers = []corev1.Container{{Ports: []corev1.ContainerPort{{Name: name, ContainerPort: number}}}}
	return deployment
}

// startingPods are those of a Deployment that has no others and serves nothing yet.
func startingPods(name string, number int32) *appsv1.Deployment {
	deployment := livePods(name, number, false)
	deployment.Status = appsv1.DeploymentStatus{Replicas: 2, UpdatedReplicas: 2}
	return deployment
}

// terminatingPods are those of a Deployment beside the last of its earlier template.
func terminatingPods(name string, number int32) *appsv1.Deployment {
	deployment := livePods(name, number, true)
	deployment.Status.TerminatingReplicas = new(int32(1))
	return deployment
}

// unseenPods are those of a Deployment whose status is about an earlier template.
func unseenPods(name string, number int32) *appsv1.Deployment {
	deployment := livePods(name, number, true)
	deployment.Generation = 2
	deployment.Status.ObservedGeneration = 1
	return deployment
}

func leadsTo(target intstr.IntOrString) *corev1.Service {
	return &corev1.Service{Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Name: "http", TargetPort: target}}}}
}

func admits(numbers ...int32) *networkingv1.NetworkPolicy {
	policy := &networkingv1.NetworkPolicy{Spec: networkingv1.NetworkPolicySpec{Ingress: []networkingv1.NetworkPolicyIngressRule{{}}}}
	for _, number := range numbers {
		port := intstr.FromInt32(number)
		policy.Spec.Ingress[0].Ports = append(policy.Spec.Ingress[0].Ports, networkingv1.NetworkPolicyPort{Port: &port})
	}
	return policy
}

var _ = Describe("Where a Service and a NetworkPolicy lead", func() {
	const name, none = "http", ""
	byName, number := intstr.FromString(name), intstr.FromInt32
	DescribeTable("follows from the Pods that serve",
		func(objects []*unstructured.Unstructured, live *appsv1.Deployment, service *corev1.Service, policy *networkingv1.NetworkPolicy, target any, admitted ...int64) {
			ports.LeadToPods(objects, ports.Live{Deployment: live, Service: service, NetworkPolicy: policy})

			led, _, err := unstructured.NestedSlice(objects[1].Object, "spec", "ports")
			Expect(err).NotTo(HaveOccurred())
			Expect(led).To(HaveExactElements(HaveKeyWithValue("targetPort", target)))
			rules, _, err := unstructured.NestedSlice(objects[2].Object, "spec", "ingress")
			Expect(err).NotTo(HaveOccurred())
			var wanted []any
			for _, port := range admitted {
				wanted = append(wanted, map[string]any{"protocol": "TCP", "port": port})
			}
			Expect(rules).To(HaveExactElements(HaveKeyWithValue("ports", wanted)))
		},
		Entry("a new server", renderedWith(name, 8321), nil, nil, nil, int64(8321), int64(8321)),
		Entry("one that starts", renderedWith(name, 8321), livePods(name, 8321, false), leadsTo(number(8321)), admits(8321), int64(8321), int64(8321)),
		Entry("one whose Service is not seen yet", renderedWith(name, 8321), startingPods(name, 8321), nil, nil, int64(8321), int64(8321)),
		Entry("one whose Service was deleted while no other Pods serve", renderedWith(name, 8321), livePods(name, 8321, true), nil, nil, int64(8321), int64(8321)),
		Entry("a new port", renderedWith(name, 9000), livePods(name, 8321, true), leadsTo(number(8321)), admits(8321), name, int64(9000), int64(8321)),
		Entry("a new port while it rolls", renderedWith(name, 9000), livePods(name, 9000, false), leadsTo(byName), admits(9000, 8321), name, int64(9000), int64(8321)),
		Entry("a new port that all Pods have", renderedWith(name, 9000), livePods(name, 9000, true), leadsTo(byName), admits(9000, 8321), int64(9000), int64(9000)),
		Entry("a third port while it rolls", renderedWith(name, 9001), livePods(name, 9000, false), leadsTo(byName), admits(9000, 8321),
			name, int64(9001), int64(8321), int64(9000)),
		Entry("a port that is taken back", renderedWith(name, 8321), livePods(name, 9000, false), leadsTo(byName), admits(9000, 8321), name, int64(8321), int64(9000)),
		Entry("a new port where the Service was deleted", renderedWith(name, 9000), livePods(name, 8321, true), nil, admits(8321), name, int64(9000), int64(8321)),
		Entry("a Service that was deleted while a new port rolls", renderedWith(name, 9000), livePods(name, 9000, false), nil, admits(9000, 8321),
			name, int64(9000), int64(8321)),
		Entry("the same while the old Pods are terminating", renderedWith(name, 9000), terminatingPods(name, 9000), nil, admits(9000, 8321),
			name, int64(9000), int64(8321)),
		Entry("the same while the Deployment's controller has not begun", renderedWith(name, 9000), unseenPods(name, 9000), nil, admits(9000, 8321),
			name, int64(9000), int64(8321)),
		Entry("a template without the name whose Service was deleted while it rolls", renderedWith(none, 9000), livePods(none, 9000, false), nil, admits(9000),
			int64(9000), int64(9000)),
		Entry("an upgrade from a release without the name", renderedWith(name, 8321), livePods(none, 8321, true), leadsTo(number(8321)), admits(8321), int64(8321), int64(8321)),
		Entry("the same while it rolls", renderedWith(name, 8321), livePods(name, 8321, false), leadsTo(number(8321)), admits(8321), int64(8321), int64(8321)),
		Entry("a new port together with that upgrade: old Pods serve until they are gone", renderedWith(name, 9000), livePods(none, 8321, true),
			leadsTo(number(8321)), admits(8321), int64(8321), int64(9000), int64(8321)),
		Entry("the same while it rolls", renderedWith(name, 9000), livePods(name, 9000, false), leadsTo(number(8321)), admits(9000, 8321),
			int64(8321), int64(9000), int64(8321)),
		Entry("the same when it has rolled", renderedWith(name, 9000), livePods(name, 9000, true), leadsTo(number(8321)), admits(9000, 8321), int64(9000), int64(9000)),
		Entry("a template of that release that is brought back", renderedWith(none, 8321), livePods(name, 9000, false), leadsTo(number(8321)), admits(9000, 8321),
			int64(8321), int64(8321), int64(9000)),
		Entry("a Service that somebody turned elsewhere", renderedWith(name, 8321), livePods(name, 8321, true), leadsTo(number(22)), admits(22), int64(8321), int64(8321)),
		Entry("one that somebody turned to another name", renderedWith(name, 8321), livePods(name, 8321, false), leadsTo(intstr.FromString("ssh")), admits(8321),
			name, int64(8321)),
	)

	It("admits a bounded number of ports", func() {
		objects := renderedWith(name, 9000)
		ports.LeadToPods(objects, ports.Live{
			Deployment: livePods(name, 1, false), Service: leadsTo(byName), NetworkPolicy: admits(2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12),
		})
		rules, _, err := unstructured.NestedSlice(objects[2].Object, "spec", "ingress")
		Expect(err).NotTo(HaveOccurred())
		Expect(rules[0]).To(HaveKeyWithValue("ports", HaveLen(8)))
	})
})
