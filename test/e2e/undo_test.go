//go:build e2e

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

package e2e_test

import (
	"context"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// behaveAs changes what the stand-in of a server does.
func behaveAs(ctx context.Context, server *v1alpha1.LlamaStackDistribution, behaviour string) {
	GinkgoHelper()
	edit(ctx, server, func(i *v1alpha1.LlamaStackDistribution) {
		for at := range i.Spec.Server.ContainerSpec.Env {
			if i.Spec.Server.ContainerSpec.Env[at].Name == "STAND_IN_BEHAVIOUR" {
				i.Spec.Server.ContainerSpec.Env[at].Value = behaviour
			}
		}
	})
}

var _ = Describe("A rollout that fails", func() {
	const (
		// deadline is the shortest that there can be.
		deadline = int32(30)
		sick     = `{"faults": {"/v1/health": {"code": 500}}}`
	)

	DescribeTable("is rolled back, and the fixed spec rolls out", func(ctx SpecContext, strategy appsv1.DeploymentStrategyType) {
		server := standIn(newNamespace(ctx), "server", `{}`).Edit(func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.Rollout = &v1alpha1.RolloutSpec{
				Strategy: string(strategy), Rollback: v1alpha1.RollbackAutomatic, ProgressDeadlineSeconds: new(deadline),
			}
		}).Obj()
		create(ctx, server)
		becomeReady(ctx, server)
		good := get(ctx, server.Namespace, server.Name, &appsv1.Deployment{}).Spec.Template

		behaveAs(ctx, server, sick)
		Eventually(conditionOf(ctx, server, v1alpha1.ConditionReady)).WithTimeout(2 * podStarts).
			Should(say(metav1.ConditionFalse, v1alpha1.ReasonRolledBack))
		Eventually(conditionOf(ctx, server, v1alpha1.ConditionDeploymentReady)).WithTimeout(podStarts).
			Should(say(metav1.ConditionTrue, v1alpha1.ReasonDeploymentReady))
		Eventually(conditionOf(ctx, server, v1alpha1.ConditionHealthCheck)).WithTimeout(observed).
			Should(say(metav1.ConditionTrue, v1alpha1.ReasonHealthCheckPassed))
		Expect(get(ctx, server.Namespace, server.Name, &appsv1.Deployment{}).Spec.Template).To(Equal(good))
		Expect(revision(ctx, server)).To(Equal("3"), "one for the creation, one for the edit, one for the rollback")
		Expect(conditionOf(ctx, server, v1alpha1.ConditionReady)()).To(say(metav1.ConditionFalse, v1alpha1.ReasonRolledBack))

		behaveAs(ctx, server, `{"version": "2.0.0"}`)
		becomeReady(ctx, server)
		Eventually(podsOf).WithContext(ctx).WithArguments(server.Namespace).WithTimeout(podStarts).Should(HaveExactElements(
			HaveField("Spec.Containers", HaveExactElements(HaveField("Env", ContainElement(
				corev1.EnvVar{Name: "STAND_IN_BEHAVIOUR", Value: `{"version": "2.0.0"}`}))))))
		Expect(revision(ctx, server)).To(Equal("4"))
	},
		Entry("while no old Pod serves", appsv1.RecreateDeploymentStrategyType, NodeTimeout(6*podStarts)),
		Entry("while an old Pod serves", appsv1.RollingUpdateDeploymentStrategyType, NodeTimeout(6*podStarts)),
	)
})
