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
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/internal/operatorconfig"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const (
	policiesOn  = "enableNetworkPolicy:\n  enabled: true\n"
	policiesOff = "enableNetworkPolicy:\n  enabled: false\n"
	malformed   = "enableNetworkPolicy: [\n"
)

var _ = Describe("The operator's ConfigMap", func() {
	imageOf := func(ctx context.Context, instance *v1alpha1.LlamaStackDistribution) func() string {
		return func() string { return deploymentOf(ctx, instance).Spec.Template.Spec.Containers[0].Image }
	}
	policyOf := func(ctx context.Context, instance *v1alpha1.LlamaStackDistribution) func() bool {
		return exists(ctx, instance.Namespace, instance.Name+"-network-policy", &networkingv1.NetworkPolicy{})
	}

	It("is created with the defaults if there is none", func(ctx context.Context) {
		before := get(ctx, harness.OperatorNamespace, operatorconfig.Name, &corev1.ConfigMap{})
		Expect(admin.Delete(ctx, before)).To(Succeed())
		Eventually(func() bool {
			return get(ctx, harness.OperatorNamespace, operatorconfig.Name, &corev1.ConfigMap{}).UID != before.UID
		}).Should(BeTrue())
		made := get(ctx, harness.OperatorNamespace, operatorconfig.Name, &corev1.ConfigMap{})
		Expect(made.Data).To(Equal(map[string]string{"featureFlags": policiesOff}))
		Expect(made.Labels).To(HaveKeyWithValue(v1alpha1.LabelWatch, "true"))
	})

	It("changes the image of a name at once, only for servers that use the name", func(ctx context.Context) {
		followers, others := newNamespace(ctx, false), newNamespace(ctx, false)
		follower := llsdtest.Make("follower").Namespace(followers).Distribution("remote-vllm").Obj()
		other := llsdtest.Make("other").Namespace(others).Distribution("postgres-demo").Obj()
		fixed := llsdtest.Make("fixed").Namespace(others).Image("quay.io/a/b:c").Obj()
		create(ctx, follower, other, fixed)
		for _, instance := range []*v1alpha1.LlamaStackDistribution{follower, other, fixed} {
			becomeReady(ctx, instance)
		}
		waitForQuiet()
		mark := audit.Mark()

		configureOperator(ctx, map[string]string{"image-overrides": "remote-vllm: quay.io/mirror/vllm:1\nmine: quay.io/mine:1\n"})
		Eventually(imageOf(ctx, follower)).WithTimeout(soon).Should(Equal("quay.io/mirror/vllm:1"))
		becomeReady(ctx, follower)
		Eventually(statusOf(ctx, follower)).Should(HaveField("Image", "quay.io/mirror/vllm:1"))
		Eventually(func() map[string]string {
			return get(ctx, others, "other", &v1alpha1.LlamaStackDistribution{}).Status.DistributionConfig.AvailableDistributions
		}).Should(HaveKeyWithValue("mine", "quay.io/mine:1"))
		waitForQuiet()
		Expect(harness.Writes(audit.In(others, mark))).To(HaveEach(HaveField("Subresource", "status")), "the objects of others do not change")

		added := llsdtest.Make("added").Namespace(followers).Distribution("mine").Obj()
		create(ctx, added)
		Eventually(imageOf(ctx, added)).Should(Equal("quay.io/mine:1"))
	})

	It("turns network policies on and off", func(ctx context.Context) {
		instance := llsdtest.Make("guarded").Namespace(newNamespace(ctx, false)).Obj()
		create(ctx, instance)
		becomeReady(ctx, instance)
		Expect(policyOf(ctx, instance)()).To(BeFalse())
		configureOperator(ctx, map[string]string{"featureFlags": policiesOn})
		Eventually(policyOf(ctx, instance)).WithTimeout(soon).Should(BeTrue())
		configureOperator(ctx, map[string]string{"featureFlags": policiesOff})
		Eventually(policyOf(ctx, instance)).WithTimeout(soon).Should(BeFalse())
	})

	It("that is malformed leaves the last good value in force, key by key, and is reported", func(ctx context.Context) {
		instance := llsdtest.Make("guarded").Namespace(newNamespace(ctx, false)).Distribution("remote-vllm").Obj()
		create(ctx, instance)
		becomeReady(ctx, instance)
		configureOperator(ctx, map[string]string{"featureFlags": policiesOn})
		Eventually(policyOf(ctx, instance)).Should(BeTrue())

		configureOperator(ctx, map[string]string{"featureFlags": malformed, "image-overrides": "remote-vllm: quay.io/mirror/vllm:2\n"})
		Eventually(imageOf(ctx, instance)).Should(Equal("quay.io/mirror/vllm:2"), "the other keys are followed")
		Eventually(malformedKey("featureFlags")).Should(BeEquivalentTo(1))
		Expect(malformedKey("image-overrides")()).To(BeZero())
		Eventually(eventsOnConfig(ctx)).Should(ContainElement(HavePrefix("Warning OperatorConfigMalformed: featureFlags:")))
		Consistently(policyOf(ctx, instance)).WithTimeout(time.Second).Should(BeTrue())

		configureOperator(ctx, map[string]string{"featureFlags": policiesOn})
		Eventually(malformedKey("featureFlags")).Should(BeZero())
	})

	It("with an invalid image keeps the server's image and reports it", func(ctx context.Context) {
		namespace := newNamespace(ctx, false)
		instance := llsdtest.Make("kept").Namespace(namespace).Distribution("remote-vllm").Obj()
		create(ctx, instance)
		becomeReady(ctx, instance)
		before := imageOf(ctx, instance)()
		configureOperator(ctx, map[string]string{"image-overrides": "remote-vllm: 'not an image'\n"})
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(say(metav1.ConditionTrue, v1alpha1.ReasonReady, "remote-vllm", operatorconfig.Name, "keeps "+before))
		Expect(imageOf(ctx, instance)()).To(Equal(before))
		Eventually(malformedKey("image-overrides")).Should(BeEquivalentTo(1))

		fresh := llsdtest.Make("fresh").Namespace(namespace).Distribution("remote-vllm").Obj()
		create(ctx, fresh)
		Eventually(conditionOf(ctx, fresh, v1alpha1.ConditionReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonInvalidImageOverride, "remote-vllm", operatorconfig.Name))
		configureOperator(ctx, map[string]string{"image-overrides": ""})
		becomeReady(ctx, fresh)
	})

	It("that is malformed when the operator starts changes no images and policies", func(ctx context.Context) {
		namespace := newNamespace(ctx, false)
		instance := llsdtest.Make("running").Namespace(namespace).Distribution("remote-vllm").Obj()
		create(ctx, instance)
		configureOperator(ctx, map[string]string{"featureFlags": policiesOn, "image-overrides": "remote-vllm: quay.io/mirror/vllm:3\n"})
		Eventually(imageOf(ctx, instance)).Should(Equal("quay.io/mirror/vllm:3"))
		Eventually(policyOf(ctx, instance)).Should(BeTrue())
		becomeReady(ctx, instance)

		whileDown(func() {
			configureOperator(ctx, map[string]string{"featureFlags": malformed, "image-overrides": "- nothing\n"})
		})
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(say(
			metav1.ConditionTrue, v1alpha1.ReasonReady, "image-overrides", "malformed", "keeps quay.io/mirror/vllm:3"))
		Expect(imageOf(ctx, instance)()).To(Equal("quay.io/mirror/vllm:3"))
		Consistently(policyOf(ctx, instance)).WithTimeout(500 * time.Millisecond).Should(BeTrue())

		fresh := llsdtest.Make("fresh").Namespace(namespace).Distribution("remote-vllm").Obj()
		create(ctx, fresh)
		Eventually(conditionOf(ctx, fresh, v1alpha1.ConditionReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonOperatorConfigMalformed, operatorconfig.Name))
		configureOperator(ctx, map[string]string{"featureFlags": policiesOff, "image-overrides": ""})
		becomeReady(ctx, fresh)
		Eventually(policyOf(ctx, instance)).Should(BeFalse())
	})
})

// malformedKey is what the operator's metric says of a key of its ConfigMap.
func malformedKey(key string) func() float64 {
	return func() float64 {
		GinkgoHelper()
		return sum(registry, "llama_stack_operator_config_malformed", key)
	}
}

// eventsOnConfig polls the Events about the operator's ConfigMap as "type reason: note".
func eventsOnConfig(ctx context.Context) func() ([]string, error) {
	return func() ([]string, error) {
		list := &eventsv1.EventList{}
		if err := admin.List(ctx, list, client.InNamespace(harness.OperatorNamespace)); err != nil {
			return nil, err
		}
		var found []string
		for i := range list.Items {
			if list.Items[i].Regarding.Name == operatorconfig.Name {
				found = append(found, list.Items[i].Type+" "+list.Items[i].Reason+": "+list.Items[i].Note)
			}
		}
		return found, nil
	}
}
