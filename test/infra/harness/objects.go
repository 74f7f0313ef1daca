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

package harness

import (
	"context"
	"fmt"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	gomegatypes "github.com/onsi/gomega/types"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// Create makes objects.
func Create(ctx context.Context, kube client.Client, objects ...client.Object) {
	GinkgoHelper()
	for _, object := range objects {
		Expect(kube.Create(ctx, object)).To(Succeed())
	}
}

// Get reads an object until it exists, and returns it.
func Get[T client.Object](ctx context.Context, kube client.Client, namespace, name string, into T) T {
	GinkgoHelper()
	Eventually(func() error { return kube.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, into) }).Should(Succeed())
	return into
}

// Edit changes an object as a user would with kubectl edit.
func Edit[T client.Object](ctx context.Context, kube client.Client, object T, change func(T)) {
	GinkgoHelper()
	Eventually(func() error {
		if err := kube.Get(ctx, client.ObjectKeyFromObject(object), object); err != nil {
			return err
		}
		before, _ := object.DeepCopyObject().(client.Object)
		change(object)
		return kube.Patch(ctx, object, client.MergeFrom(before))
	}).Should(Succeed())
}

// StatusOf polls the status of a LlamaStackDistribution.
func StatusOf(ctx context.Context, kube client.Client, server *v1alpha1.LlamaStackDistribution) func() (v1alpha1.LlamaStackDistributionStatus, error) {
	return func() (v1alpha1.LlamaStackDistributionStatus, error) {
		current := &v1alpha1.LlamaStackDistribution{}
		err := kube.Get(ctx, client.ObjectKeyFromObject(server), current)
		return current.Status, err
	}
}

// ConditionOf polls one condition as "status reason: message"; it is "" while there is none for this generation.
func ConditionOf(ctx context.Context, kube client.Client, server *v1alpha1.LlamaStackDistribution, which v1alpha1.ConditionType) func() (string, error) {
	return func() (string, error) {
		current := &v1alpha1.LlamaStackDistribution{}
		if err := kube.Get(ctx, client.ObjectKeyFromObject(server), current); err != nil {
			return "", err
		}
		condition := meta.FindStatusCondition(current.Status.Conditions, string(which))
		if condition == nil || condition.ObservedGeneration != current.Generation {
			return "", nil
		}
		return fmt.Sprintf("%s %s: %s", condition.Status, condition.Reason, condition.Message), nil
	}
}

// Say matches a condition of ConditionOf by its status and reason, and any number of texts in its message.
func Say(status metav1.ConditionStatus, reason v1alpha1.Reason, texts ...string) gomegatypes.GomegaMatcher {
	matchers := []gomegatypes.GomegaMatcher{HavePrefix("%s %s: ", status, reason)}
	for _, text := range texts {
		matchers = append(matchers, ContainSubstring(text))
	}
	return And(matchers...)
}

// BecomeReady waits until a LlamaStackDistribution is Ready for its current generation and its server was probed.
func BecomeReady(ctx context.Context, kube client.Client, server *v1alpha1.LlamaStackDistribution) {
	GinkgoHelper()
	Eventually(ConditionOf(ctx, kube, server, v1alpha1.ConditionReady)).Should(Say(metav1.ConditionTrue, v1alpha1.ReasonReady))
	Eventually(ConditionOf(ctx, kube, server, v1alpha1.ConditionHealthCheck)).Should(Say(metav1.ConditionTrue, v1alpha1.ReasonHealthCheckPassed))
}
