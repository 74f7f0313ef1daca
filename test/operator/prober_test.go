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
	"net/netip"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("The operator's questions to a server", func() {
	service := func(ctx context.Context, instance *v1alpha1.LlamaStackDistribution) *corev1.Service {
		GinkgoHelper()
		return get(ctx, instance.Namespace, instance.Name+"-service", &corev1.Service{})
	}

	It("go to the cluster IP of its Service", func(ctx context.Context) {
		instance := llsdtest.Make("a").Namespace(newNamespace(ctx, false)).Obj()
		create(ctx, instance)
		becomeReady(ctx, instance)
		Expect(servers.Address(instance.Namespace, "a")).To(Equal(netip.MustParseAddr(service(ctx, instance).Spec.ClusterIP)))
	})

	DescribeTable("do not go to a Service with other endpoints, which can exist while the operator is paused", func(ctx context.Context, turn func(*corev1.Service), says string) {
		instance := llsdtest.Make("a").Namespace(newNamespace(ctx, false)).Obj()
		create(ctx, instance)
		becomeReady(ctx, instance)
		annotate(ctx, instance, v1alpha1.AnnotationPaused, "true")
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionPaused)).Should(say(metav1.ConditionTrue, v1alpha1.ReasonPaused, v1alpha1.AnnotationPaused))

		turned := service(ctx, instance)
		replacement := turned.DeepCopy()
		replacement.UID, replacement.ResourceVersion = "", ""
		replacement.Spec.ClusterIP, replacement.Spec.ClusterIPs, replacement.Spec.IPFamilies, replacement.Spec.IPFamilyPolicy = "", nil, nil, nil
		turn(replacement)
		Expect(admin.Delete(ctx, turned)).To(Succeed())
		create(ctx, replacement)
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionHealthCheck)).Should(say(metav1.ConditionUnknown, v1alpha1.ReasonNotObserved, says))

		asked := servers.Connections(instance.Namespace, "a")
		edit(ctx, get(ctx, instance.Namespace, "a", &appsv1.Deployment{}), func(d *appsv1.Deployment) { // a new server is probed at once
			d.Spec.Template.Labels["new"] = "yes"
		})
		waitForQuiet()
		Expect(servers.Connections(instance.Namespace, "a")).To(Equal(asked))

		// In the other order, the operator could repair the replacement and probe that first.
		Expect(admin.Delete(ctx, replacement)).To(Succeed())
		annotate(ctx, instance, v1alpha1.AnnotationPaused, "")
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionHealthCheck)).Should(say(metav1.ConditionTrue, v1alpha1.ReasonHealthCheckPassed, ""))
		Expect(servers.Address(instance.Namespace, "a")).To(Equal(netip.MustParseAddr(service(ctx, instance).Spec.ClusterIP)))
	},
		Entry("by name", func(s *corev1.Service) {
			s.Spec.Type, s.Spec.ExternalName, s.Spec.Selector = corev1.ServiceTypeExternalName, "b-service.other.svc.cluster.local", nil
		}, "ExternalName"),
		Entry("without an address", func(s *corev1.Service) { s.Spec.ClusterIP = corev1.ClusterIPNone }, "no cluster IP"),
		Entry("to Pods of another selector", func(s *corev1.Service) { s.Spec.Selector = map[string]string{"app": "other"} }, "selects other Pods"),
		Entry("to endpoints of the author's own", func(s *corev1.Service) { s.Spec.Selector = nil }, "selects other Pods"),
		Entry("to every node", func(s *corev1.Service) { s.Spec.Type = corev1.ServiceTypeNodePort }, "NodePort"),
	)
})
