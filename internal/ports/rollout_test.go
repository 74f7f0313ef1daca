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
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/llamastack/llama-stack-k8s-operator/internal/ports"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// pod is a Pod that serves: the port that it listens on, and the name that it has for it.
type pod struct {
	name   string
	number int32
}

// rollout is a server in a cluster while its port is changed.
type rollout struct {
	pods       []pod
	deployment *appsv1.Deployment
	service    *corev1.Service
	policy     *networkingv1.NetworkPolicy
}

// serving is a server whose Pods all have a port. The Service of an earlier release leads to the number.
func serving(first pod) *rollout {
	return &rollout{
		pods: []pod{first}, deployment: livePods(first.name, first.number, true), service: leadsTo(intstr.FromInt32(first.number)), policy: admits(first.number),
	}
}

// reconcile applies what is rendered for a port: the Deployment, and what points at its Pods.
func (r *rollout) reconcile(wanted int32) {
	GinkgoHelper()
	objects := renderedWith("http", int64(wanted))
	ports.LeadToPods(objects, ports.Live{Deployment: r.deployment, Service: r.service, NetworkPolicy: r.policy})
	next := pod{name: "http", number: wanted}
	if port := r.deployment.Spec.Template.Spec.Containers[0].Ports[0]; port.Name != next.name || port.ContainerPort != next.number {
		r.deployment = livePods(next.name, next.number, false)
	}
	if !slices.Contains(r.pods, next) {
		r.pods = append(r.pods, next)
	}
	r.service, r.policy = &corev1.Service{}, &networkingv1.NetworkPolicy{}
	Expect(runtime.DefaultUnstructuredConverter.FromUnstructured(objects[1].Object, r.service)).To(Succeed())
	Expect(runtime.DefaultUnstructuredConverter.FromUnstructured(objects[2].Object, r.policy)).To(Succeed())
}

// settle lets the Pods of earlier templates go.
func (r *rollout) settle() {
	port := r.deployment.Spec.Template.Spec.Containers[0].Ports[0]
	r.pods = []pod{{name: port.Name, number: port.ContainerPort}}
	r.deployment = livePods(port.Name, port.ContainerPort, true)
}

// admitted are the numbers that the NetworkPolicy lets through.
func (r *rollout) admitted() []int32 {
	var numbers []int32
	for _, port := range r.policy.Spec.Ingress[0].Ports {
		numbers = append(numbers, port.Port.IntVal)
	}
	return numbers
}

// answers says whether clients of the Service reach a Pod.
func (r *rollout) answers(one pod) bool {
	target := r.service.Spec.Ports[0].TargetPort
	led := target.IntVal == one.number
	if target.Type == intstr.String {
		led = target.StrVal == one.name
	}
	return led && slices.Contains(r.admitted(), one.number)
}

// unreached are the Pods that no client reaches.
func (r *rollout) unreached() []pod {
	return slices.DeleteFunc(slices.Clone(r.pods), r.answers)
}

var _ = Describe("While a port is changed", func() {
	It("old and new Pods answer, and the Service leads to a number again when the old ones are gone", func() {
		r := serving(pod{"http", 8321})
		for range 3 {
			r.reconcile(9000)
			Expect(r.unreached()).To(BeEmpty())
		}
		Expect(r.pods).To(HaveLen(2))
		r.settle()
		r.reconcile(9000)
		Expect(r.service.Spec.Ports[0].TargetPort).To(Equal(intstr.FromInt32(9000)))
		Expect(r.admitted()).To(Equal([]int32{9000}))
	})

	It("old and new Pods answer where the Service is deleted, until it leads to a number again", func() {
		r := serving(pod{"http", 8321})
		r.reconcile(9000)
		for range 3 {
			r.service = nil
			r.reconcile(9000)
			Expect(r.unreached()).To(BeEmpty())
			r.reconcile(9000)
			Expect(r.unreached()).To(BeEmpty())
		}
		r.settle()
		r.reconcile(9000)
		Expect(r.service.Spec.Ports[0].TargetPort).To(Equal(intstr.FromInt32(9000)))
		Expect(r.admitted()).To(Equal([]int32{9000}))
	})

	It("the old Pods of a release without the name answer until they are gone", func() {
		r := serving(pod{"", 8321})
		for range 3 {
			r.reconcile(9000)
			Expect(r.unreached()).To(Equal([]pod{{"http", 9000}}))
		}
		r.settle()
		r.reconcile(9000)
		Expect(r.unreached()).To(BeEmpty())
	})

	It("Pods that are terminating answer until they have ended", func() {
		r := serving(pod{"http", 8321})
		r.reconcile(9000)
		r.deployment = livePods("http", 9000, true)
		r.deployment.Status.TerminatingReplicas = new(int32(1))
		r.reconcile(9000)
		Expect(r.unreached()).To(BeEmpty())
		r.deployment.Status.TerminatingReplicas = new(int32)
		r.reconcile(9000)
		Expect(r.admitted()).To(Equal([]int32{9000}))
	})

	DescribeTable("again and again, Pods of all ports answer: part", func(part int) {
		random := rand.New(rand.NewPCG(2, uint64(part))) //nolint:gosec // the same edits each time
		for range 200 {
			r, wanted, history := serving(pod{"http", 8000}), int32(8000), "8000"
			edits := 0
			for range 20 {
				switch random.IntN(5) {
				case 0:
					if edits++; edits <= 6 {
						wanted = 8000 + random.Int32N(6)
						history += fmt.Sprintf(", edit %d", wanted)
					}
				case 1:
					r.settle()
					edits = 0
					history += ", settle"
				case 2:
					r.service = nil
					history += ", delete the Service"
				default:
					history += ", reconcile"
				}
				r.reconcile(wanted)
				Expect(r.unreached()).To(BeEmpty(), history)
				Expect(r.admitted()).To(HaveLen(len(slices.Compact(slices.Sorted(slices.Values(r.admitted()))))), "no port twice: %s", history)
				Expect(r.admitted()[0]).To(Equal(wanted), history)
			}
			r.settle()
			r.reconcile(wanted)
			Expect(r.service.Spec.Ports[0].TargetPort).To(Equal(intstr.FromInt32(wanted)), history)
			Expect(r.admitted()).To(Equal([]int32{wanted}), history)
		}
	},
		Entry("1", 1), Entry("2", 2), Entry("3", 3),
	)
})

var _ = Describe("Objects that are not as they are rendered or applied", func() {
	without := func(index int, field string) []*unstructured.Unstructured {
		objects := renderedWith("http", 9000)
		spec, _ := objects[index].Object["spec"].(map[string]any)
		delete(spec, field)
		return objects
	}
	DescribeTable("do not stop a reconcile:", func(objects []*unstructured.Unstructured, live ports.Live) {
		Expect(func() { ports.LeadToPods(objects, live) }).NotTo(Panic())
	},
		Entry("nothing", nil, ports.Live{}),
		Entry("no template", without(0, "template"), ports.Live{Deployment: livePods("http", 1, true)}),
		Entry("a Service without ports", without(1, "ports"), ports.Live{Deployment: livePods("http", 1, true)}),
		Entry("a Service without a spec", append(renderedWith("http", 1)[:1], &unstructured.Unstructured{Object: map[string]any{"kind": "Service"}}), ports.Live{}),
		Entry("a NetworkPolicy without rules", without(2, "ingress"), ports.Live{Deployment: livePods("http", 1, true)}),
		Entry("a Deployment that somebody emptied", renderedWith("http", 1), ports.Live{Deployment: &appsv1.Deployment{}}),
	)

	It("change nothing where there is no Deployment", func() {
		objects, before := renderedWith("http", 9000)[1:], renderedWith("http", 9000)[1:]
		ports.LeadToPods(objects, ports.Live{Deployment: livePods("http", 8321, true), Service: leadsTo(intstr.FromInt32(8321))})
		Expect(objects).To(Equal(before))
	})

	DescribeTable("lead new Pods to their number where the live Deployment shows no port:", func(live *appsv1.Deployment) {
		objects := renderedWith("http", 9000)
		ports.LeadToPods(objects, ports.Live{Deployment: live, Service: leadsTo(intstr.FromInt32(8321)), NetworkPolicy: admits(8321)})
		led, _, err := unstructured.NestedSlice(objects[1].Object, "spec", "ports")
		Expect(err).NotTo(HaveOccurred())
		Expect(led).To(HaveExactElements(HaveKeyWithValue("targetPort", int64(9000))))
	},
		Entry("no container", &appsv1.Deployment{}),
		Entry("a container without ports", &appsv1.Deployment{Spec: appsv1.DeploymentSpec{Template: corev1.PodTemplateSpec{
			Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "a"}}},
		}}}),
	)

	It("admit no port by name or without a number that somebody added", func() {
		byName, policy := intstr.FromString("ssh"), admits(8321)
		policy.Spec.Ingress[0].Ports = append(policy.Spec.Ingress[0].Ports, networkingv1.NetworkPolicyPort{Port: &byName}, networkingv1.NetworkPolicyPort{})
		objects := renderedWith("http", 9000)
		ports.LeadToPods(objects, ports.Live{Deployment: livePods("http", 8321, true), Service: leadsTo(intstr.FromInt32(8321)), NetworkPolicy: policy})
		rules, _, err := unstructured.NestedSlice(objects[2].Object, "spec", "ingress")
		Expect(err).NotTo(HaveOccurred())
		Expect(rules).To(HaveExactElements(HaveKeyWithValue("ports", ConsistOf(HaveKeyWithValue("port", int64(9000)), HaveKeyWithValue("port", int64(8321))))))
	})

	It("changes the server's port alone", func() {
		objects := renderedWith("http", 9000)
		spec, _ := objects[1].Object["spec"].(map[string]any)
		listed, _ := spec["ports"].([]any)
		spec["ports"] = append(listed, map[string]any{"name": "metrics", "targetPort": int64(1)})
		rules, _ := objects[2].Object["spec"].(map[string]any)
		ingress, _ := rules["ingress"].([]any)
		rules["ingress"] = append(ingress, map[string]any{"ports": []any{"kept"}})
		ports.LeadToPods(objects, ports.Live{Deployment: livePods("http", 8321, true), Service: leadsTo(intstr.FromInt32(8321))})
		Expect(spec["ports"]).To(HaveExactElements(HaveKeyWithValue("targetPort", "http"), HaveKeyWithValue("targetPort", int64(1))))
		Expect(rules["ingress"]).To(HaveExactElements(HaveKey("ports"), HaveKeyWithValue("ports", []any{"kept"})))
	})
})
