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
	"encoding/pem"
	"iter"
	"slices"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	corev1 "k8s.io/api/core/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// certificatesIn counts.
func certificatesIn(bundle string) int { return strings.Count(bundle, "BEGIN CERTIFICATE") }

// releaseWith makes the public authorities those of another release.
func releaseWith(certificates ...string) {
	GinkgoHelper()
	var roots [][]byte
	for _, certificate := range certificates {
		block, _ := pem.Decode([]byte(certificate))
		Expect(block).NotTo(BeNil())
		roots = append(roots, block.Bytes)
	}
	operatorRoots = func() iter.Seq[[]byte] { return slices.Values(roots) }
	DeferCleanup(func() { whileDown(func() { operatorRoots = nil }) })
}

var _ = Describe("Public authorities in a CA bundle", func() {
	It("change to those of a new release without a rollout, when the Pods start the next time", func(ctx context.Context) {
		namespace := newNamespace(ctx, false)
		own := harness.NewCertificate("own")
		create(ctx, configMap(namespace, "ca", map[string]string{"ca-bundle.crt": own}))
		instance := llsdtest.Make("public").Namespace(namespace).CABundle("ca").Edit(func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.TLSConfig.CABundle.IncludeSystemRoots = true
		}).Obj()
		create(ctx, instance)
		becomeReady(ctx, instance)
		bundle := func() string {
			return get(ctx, namespace, "public-ca-bundle", &corev1.ConfigMap{}).Data["ca-bundle.crt"]
		}
		Expect(certificatesIn(bundle())).To(BeNumerically(">", 100))
		Expect(bundle()).To(ContainSubstring(strings.TrimSpace(own)))
		rolled := deploymentOf(ctx, instance).Generation

		By("a release that knows one authority, and the user's as a second")
		public := harness.NewCertificate("public")
		whileDown(func() { releaseWith(public, own) })
		Eventually(bundle).Should(And(WithTransform(certificatesIn, Equal(2)), ContainSubstring(strings.TrimSpace(public))))
		waitForQuiet()
		becomeReady(ctx, instance)
		Expect(deploymentOf(ctx, instance).Generation).To(Equal(rolled))

		By("an edit of the user's own")
		edit(ctx, configMap(namespace, "ca", nil), func(c *corev1.ConfigMap) { c.Data["ca-bundle.crt"] = harness.NewCertificate("next") })
		Eventually(bundle).Should(WithTransform(certificatesIn, Equal(3)))
		Eventually(func() int64 { return deploymentOf(ctx, instance).Generation }).Should(BeNumerically(">", rolled))

		By("leaving them out again")
		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Server.TLSConfig.CABundle.IncludeSystemRoots = false })
		Eventually(bundle).Should(WithTransform(certificatesIn, Equal(1)))
		becomeReady(ctx, instance)
	})

	It("stay in a bundle that may no longer be copied, whose Pods continue", func(ctx context.Context) {
		shared, namespace := newNamespace(ctx, false), newNamespace(ctx, false)
		create(ctx, configMap(shared, "ca", map[string]string{"ca-bundle.crt": harness.NewCertificate("shared")}))
		configureOperator(ctx, map[string]string{"ca-bundle-namespaces": "- " + shared + "\n"})
		instance := llsdtest.Make("kept").Namespace(namespace).CABundle("ca").Edit(func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.TLSConfig.CABundle.ConfigMapNamespace, i.Spec.Server.TLSConfig.CABundle.IncludeSystemRoots = shared, true
		}).Obj()
		create(ctx, instance)
		becomeReady(ctx, instance)
		runs := deploymentOf(ctx, instance).Spec

		configureOperator(ctx, map[string]string{"ca-bundle-namespaces": ""})
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(ContainSubstring("stay as they are"))
		waitForQuiet()
		Expect(deploymentOf(ctx, instance).Spec).To(Equal(runs))
	})
})
