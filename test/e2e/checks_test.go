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
	"strings"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// verdictTime is how long a check takes at most, with the image on the node: it imports the server, beside all else that runs there.
const verdictTime = 2 * time.Minute

var _ = Describe("A real server with a PVC whose configuration is edited", Ordered, func() {
	var (
		server *v1alpha1.LlamaStackDistribution
		pod    types.UID
	)
	only := func(ctx context.Context) corev1.Pod {
		GinkgoHelper()
		pods, err := podsOf(ctx, server.Namespace)
		Expect(err).NotTo(HaveOccurred())
		Expect(pods).To(HaveLen(1))
		return pods[0]
	}
	config := func(text string) *apiextensionsv1.JSON { return &apiextensionsv1.JSON{Raw: []byte(text)} }
	const good = `{"base_url": "${env.VLLM_URL}", "refresh_models": false}`

	BeforeAll(func(ctx SpecContext) {
		namespace := newNamespace(ctx)
		server = declaring(realServer(namespace, "checked", image.ogx).Storage("1Gi"), "base_url")
		create(ctx, &corev1.Secret{ObjectMeta: objectMeta(namespace, "provider"), StringData: map[string]string{"token": "secret"}}, server)
		becomeReady(ctx, server)
		pod = only(ctx).UID
	}, NodeTimeout(2*serverStarts))

	DescribeTable("keeps its Pod", func(ctx SpecContext, change func(*v1alpha1.LlamaStackDistribution), reason v1alpha1.Reason, text string) {
		edit(ctx, server, change)
		Eventually(conditionOf(ctx, server, v1alpha1.ConditionConfigValid)).WithTimeout(verdictTime).Should(say(metav1.ConditionFalse, reason, text))
		Expect(only(ctx).UID).To(Equal(pod))
		Eventually(func() ([]batchv1.Job, error) {
			list := &batchv1.JobList{}
			err := kube.List(ctx, list, client.InNamespace(server.Namespace))
			return list.Items, err
		}).Should(BeEmpty())
	},
		Entry("after a typo in a key", func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.Config.Providers[0].Config = config(`{"base_ur": "${env.VLLM_URL}", "refresh_models": 7.5}`)
		}, v1alpha1.ReasonInvalid, "spec.server.config.providers[0].config", NodeTimeout(2*verdictTime)),
		Entry("after an unknown type", func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.Config.Providers[0].Config = config(good)
			i.Spec.Server.Config.Providers[0].Type = "remote::vlm"
		}, v1alpha1.ReasonInvalid, "spec.server.config.providers[0].type", NodeTimeout(2*verdictTime)),
		Entry("after a variable that nothing sets", func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.Config.Providers[0].Type = "remote::vllm"
			i.Spec.Server.Config.Providers[0].Config = config(`{"base_url": "${env.MISSING_URL}"}`)
		}, v1alpha1.ReasonInvalid, "MISSING_URL", NodeTimeout(2*verdictTime)),
		Entry("after a typo in the image", func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.Config.Providers[0].Config = config(good)
			i.Spec.Server.Distribution = v1alpha1.DistributionType{Image: "registry.invalid/mistyped:1"}
		}, v1alpha1.ReasonImageUnavailable, "ImagePullBackOff", NodeTimeout(2*verdictTime)),
	)

	It("rolls with the edit that repairs it", func(ctx SpecContext) {
		edit(ctx, server, func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.Distribution = v1alpha1.DistributionType{Image: image.ogx}
			i.Spec.Server.Config.Models = nil
		})
		Eventually(func() types.UID {
			pods, err := podsOf(ctx, server.Namespace)
			if err != nil || len(pods) != 1 {
				return pod
			}
			return pods[0].UID
		}).WithTimeout(verdictTime+podStarts).ShouldNot(Equal(pod), "a verdict, and the end of the old Pod")
		becomeReady(ctx, server)
		Expect(conditionOf(ctx, server, v1alpha1.ConditionConfigValid)()).To(HavePrefix("True "))
	}, NodeTimeout(2*serverStarts))
})

var _ = Describe("A real server whose own configuration is edited", func() {
	It("keeps its Pod while it is invalid", func(ctx SpecContext) {
		namespace := newNamespace(ctx)
		userConfig := &corev1.ConfigMap{ObjectMeta: objectMeta(namespace, "config"), Data: configWith("before")}
		server := realServer(namespace, "own", image.ogx).Storage("1Gi").UserConfig(userConfig.Name).Obj()
		create(ctx, userConfig, server)
		becomeReady(ctx, server)
		before := revision(ctx, server)
		edit(ctx, userConfig, func(c *corev1.ConfigMap) {
			c.Data[v1alpha1.UserConfigKey] = strings.ReplaceAll(minimalConfig, "remote::vllm", "remote::vlm")
		})
		Eventually(conditionOf(ctx, server, v1alpha1.ConditionConfigValid)).WithTimeout(verdictTime).Should(say(metav1.ConditionFalse, v1alpha1.ReasonInvalid, "remote::vlm"))
		Expect(revision(ctx, server)).To(Equal(before))
	}, NodeTimeout(2*serverStarts))
})
