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

package operator_test

import (
	"context"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("A change of the port", func() {
	It("reaches old and new Pods until all have the new one, and writes a Service once at creation", func(ctx context.Context) {
		namespace := newNamespace(ctx, true)
		instance := llsdtest.Make("moving").Namespace(namespace).Distribution("starter").ExposeRoute().Edit(withPolicy).Obj()
		service := func() corev1.ServicePort {
			return get(ctx, namespace, "moving-service", &corev1.Service{}).Spec.Ports[0]
		}
		admitted := func() []int32 {
			var numbers []int32
			for _, port := range get(ctx, namespace, "moving-network-policy", &networkingv1.NetworkPolicy{}).Spec.Ingress[0].Ports {
				numbers = append(numbers, port.Port.IntVal)
			}
			return numbers
		}
		create(ctx, instance)
		rollOutNow(ctx, instance)
		becomeReady(ctx, instance)
		waitForQuiet()
		Expect(service()).To(And(HaveField("Port", int32(8321)), HaveField("TargetPort", intstr.FromInt32(8321))))
		Expect(get(ctx, namespace, "moving-service", &corev1.Service{}).ManagedFields).To(HaveLen(1))

		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Network.ExposeRoute = true
			i.Spec.Server.ContainerSpec.Port = 9000
		})
		Eventually(service).Should(And(HaveField("Name", "http"), HaveField("Port", int32(9000)), HaveField("TargetPort", intstr.FromString("http"))))
		Eventually(admitted).Should(Equal([]int32{9000, 8321}))
		Expect(deploymentOf(ctx, instance).Spec.Template.Spec.Containers[0].Ports).To(HaveExactElements(
			And(HaveField("Name", "http"), HaveField("ContainerPort", int32(9000)))))
		reportRollout(ctx, instance, appsv1.DeploymentStatus{Replicas: 2, UpdatedReplicas: 1, AvailableReplicas: 2, ReadyReplicas: 2})
		Consistently(service).WithTimeout(still).Should(HaveField("TargetPort", intstr.FromString("http")))

		rollOutNow(ctx, instance)
		becomeReady(ctx, instance)
		Expect(service()).To(And(HaveField("Port", int32(9000)), HaveField("TargetPort", intstr.FromInt32(9000))))
		Expect(admitted()).To(Equal([]int32{9000}))
		ingress := get(ctx, namespace, "moving-ingress", &networkingv1.Ingress{})
		Expect(ingress.Spec.Rules[0].HTTP.Paths[0].Backend.Service.Port).To(Equal(networkingv1.ServiceBackendPort{Name: "http"}))
		Expect(ingress.Generation).To(Equal(int64(1)))
	})
})
