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
	"fmt"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// The annotations of the Pods with the contents that they use.
const (
	configMapsHash = "configmap.hash/references"
	secretsHash    = "secret.version/references"
)

// referring is a server whose Pods use the key "level" of the ConfigMap "settings", all of the ConfigMap "extra", which may be
// absent, and the Secret "mine".
func referring(namespace, name, onChange string) *v1alpha1.LlamaStackDistribution {
	return llsdtest.Make(name).Namespace(namespace).Edit(func(i *v1alpha1.LlamaStackDistribution) {
		withSpec(i, `
server:
  rollout: {onReferenceChange: `+onChange+`}
  containerSpec:
    env: [{name: LEVEL, valueFrom: {configMapKeyRef: {name: settings, key: level}}}]
    envFrom: [{configMapRef: {name: extra, optional: true}}]
  podOverrides: {volumes: [{name: secret, secret: {secretName: mine}}]}
`)
	}).Obj()
}

var _ = Describe("A server that rolls when what its Pods use changes", func() {
	var (
		namespace string
		settings  *corev1.ConfigMap
		secret    *corev1.Secret
		instance  *v1alpha1.LlamaStackDistribution
	)
	carries := func(ctx context.Context, annotation string) func() string {
		return func() string {
			GinkgoHelper()
			return deploymentOf(ctx, instance).Spec.Template.Annotations[annotation]
		}
	}
	begin := func(ctx context.Context, hold bool, onChange string) {
		GinkgoHelper()
		namespace = newNamespace(ctx, hold)
		settings = configMap(namespace, "settings", map[string]string{"level": "info", "other": "a"})
		secret = certificateOf("a", namespace)
		instance = referring(namespace, "rolling", onChange)
		create(ctx, settings, secret)
		allowWatching(ctx, namespace)
		create(ctx, instance)
		if onChange == "Roll" { // what is not known in time is put right by a rollout, which no spec is to count
			Eventually(carries(ctx, configMapsHash)).ShouldNot(BeEmpty())
			Eventually(carries(ctx, secretsHash)).ShouldNot(BeEmpty())
		}
	}
	stands := func(ctx context.Context, onChange string) {
		GinkgoHelper()
		begin(ctx, false, onChange)
		becomeReady(ctx, instance)
	}
	generation := func(ctx context.Context) func() int64 {
		return func() int64 { GinkgoHelper(); return deploymentOf(ctx, instance).Generation }
	}
	// stays expects no other rollout for a while.
	stays := func(ctx context.Context, at int64) {
		GinkgoHelper()
		Consistently(generation(ctx)).WithTimeout(time.Second).Should(Equal(at))
	}
	set := func(ctx context.Context, key, value string) {
		GinkgoHelper()
		edit(ctx, settings, func(c *corev1.ConfigMap) { c.Data[key] = value })
	}
	ready := func(ctx context.Context) func() (string, error) {
		return conditionOf(ctx, instance, v1alpha1.ConditionReady)
	}
	readsOfConfigMaps := func(mark int64) []harness.Request {
		GinkgoHelper()
		return audit.Read(mark, func(r harness.Request) bool {
			return r.Resource == "configmaps" && r.Namespace == namespace && r.Verb == "get"
		})
	}

	It("rolls once for a new value, reads the ConfigMap once, and nothing afterwards", func(ctx context.Context) {
		stands(ctx, "Roll")
		before, hash, mark := generation(ctx)(), carries(ctx, configMapsHash)(), audit.Mark()
		Expect(hash).NotTo(BeEmpty())

		set(ctx, "level", "debug")
		Eventually(carries(ctx, configMapsHash)).ShouldNot(Equal(hash))
		waitForQuiet()
		Eventually(ready(ctx)).Should(say(metav1.ConditionTrue, v1alpha1.ReasonReady))
		Expect(generation(ctx)()).To(Equal(before + 1))
		Expect(readsOfConfigMaps(mark)).To(HaveLen(1))

		waitForQuiet()
		mark = audit.Mark()
		reconciles := reconcilesTotal()
		annotate(ctx, instance, "llamastack.io/look-again", "now")
		Eventually(reconcilesTotal).Should(BeNumerically(">", reconciles))
		Expect(audit.In(namespace, mark)).To(BeEmpty())
	})

	It("does not roll for a key that its Pods do not use", func(ctx context.Context) {
		stands(ctx, "Roll")
		before, mark := generation(ctx)(), audit.Mark()
		set(ctx, "other", "b")
		Eventually(func() []harness.Request { return readsOfConfigMaps(mark) }).Should(HaveLen(1))
		stays(ctx, before)
	})

	It("does not roll, read or watch anything where it ignores changes", func(ctx context.Context) {
		mark := audit.Mark()
		stands(ctx, "Ignore")
		Expect(deploymentOf(ctx, instance).Annotations).NotTo(HaveKey(v1alpha1.AnnotationReferences))
		set(ctx, "level", "debug")
		renew(ctx, secret, "b")
		Consistently(carries(ctx, configMapsHash)).WithTimeout(time.Second).Should(BeEmpty())
		Expect(readsOfConfigMaps(mark)).To(BeEmpty())
		Expect(aboutSecrets(mark, namespace)).To(BeEmpty())
	})

	It("rolls for a ConfigMap that is created later, and not when it is deleted and created again as it was", func(ctx context.Context) {
		stands(ctx, "Roll")
		hash := carries(ctx, configMapsHash)()
		extra := configMap(namespace, "extra", map[string]string{"A": "b"})
		create(ctx, extra)
		Eventually(carries(ctx, configMapsHash)).ShouldNot(Equal(hash))

		before := generation(ctx)()
		Expect(admin.Delete(ctx, extra)).To(Succeed())
		stays(ctx, before)
		whileDown(func() {})
		waitForQuiet()
		mark := audit.Mark()
		create(ctx, configMap(namespace, "extra", map[string]string{"A": "b"}))
		Eventually(func() []harness.Request { return readsOfConfigMaps(mark) }).ShouldNot(BeEmpty())
		stays(ctx, before)
		edit(ctx, configMap(namespace, "extra", nil), func(c *corev1.ConfigMap) { c.Data = map[string]string{"A": "c"} })
		Eventually(generation(ctx)).Should(Equal(before + 1))
	})

	It("keeps its Pods without a key that they need to start", func(ctx context.Context) {
		stands(ctx, "Roll")
		before, mark := generation(ctx)(), audit.Mark()
		edit(ctx, settings, func(c *corev1.ConfigMap) { delete(c.Data, "level") })
		Eventually(func() []harness.Request { return readsOfConfigMaps(mark) }).Should(HaveLen(1))
		stays(ctx, before)
	})

	It("rolls for a Secret, without a read", func(ctx context.Context) {
		stands(ctx, "Roll")
		before, hash, mark := generation(ctx)(), carries(ctx, secretsHash)(), audit.Mark()
		Expect(hash).NotTo(BeEmpty())
		renew(ctx, secret, "b")
		Eventually(carries(ctx, secretsHash)).ShouldNot(Equal(hash))
		stays(ctx, before+1)
		Expect(aboutSecrets(mark, namespace)).To(BeEmpty(), "the watch reported it")
	})

	It("reports that it may not watch a Secret, follows the ConfigMaps all the same, and keeps what it has when it loses the right", func(ctx context.Context) {
		stands(ctx, "Roll")
		before := generation(ctx)()
		whileDown(func() { Expect(admin.Delete(ctx, watcherBinding(namespace))).To(Succeed()) })
		Eventually(ready(ctx)).Should(say(metav1.ConditionTrue, v1alpha1.ReasonReady, "may not watch Secret "+namespace+"/mine", "onReferenceChange", "kubectl -n "+namespace))
		stays(ctx, before)
		set(ctx, "level", "debug")
		Eventually(generation(ctx)).Should(Equal(before + 1))
	})

	It("does not roll when the operator restarts, and once for what that missed", func(ctx context.Context) {
		stands(ctx, "Roll")
		before := generation(ctx)()
		var mark int64
		whileDown(func() { mark = audit.Mark() })
		waitForQuiet()
		Expect(harness.Writes(audit.In(namespace, mark))).To(BeEmpty())
		whileDown(func() {
			set(ctx, "level", "debug")
			renew(ctx, secret, "b")
		})
		Eventually(generation(ctx)).Should(Equal(before + 1))
		stays(ctx, before+1)
	})

	It("rolls once more, and no more often, for any number of changes during a rollout, which are not read", func(ctx context.Context) {
		begin(ctx, true, "Roll")
		rollOutNow(ctx, instance)
		becomeReady(ctx, instance)
		before := generation(ctx)()
		set(ctx, "level", "1")
		Eventually(generation(ctx)).Should(Equal(before + 1))

		mark, reconciles := audit.Mark(), reconcilesTotal()
		for i := range 5 {
			set(ctx, "level", fmt.Sprintf("again-%d", i))
		}
		Eventually(reconcilesTotal).Should(BeNumerically(">", reconciles))
		stays(ctx, before+1)
		Expect(readsOfConfigMaps(mark)).To(BeEmpty())

		rollOutNow(ctx, instance)
		Eventually(generation(ctx)).Should(Equal(before + 2))
		stays(ctx, before+2)
		Expect(readsOfConfigMaps(mark)).To(HaveLen(1))
	})

	It("takes a change at once that comes with an edit of the spec, whatever is under way", func(ctx context.Context) {
		begin(ctx, true, "Roll")
		rollOutNow(ctx, instance)
		becomeReady(ctx, instance)
		hash := carries(ctx, configMapsHash)()
		set(ctx, "level", "bad")
		Eventually(carries(ctx, configMapsHash)).ShouldNot(Equal(hash))
		hash = carries(ctx, configMapsHash)()

		set(ctx, "level", "repaired")
		Consistently(carries(ctx, configMapsHash)).WithTimeout(time.Second).Should(Equal(hash))
		annotate(ctx, instance, v1alpha1.AnnotationRestartedAt, "now")
		Eventually(carries(ctx, configMapsHash)).ShouldNot(Equal(hash))
	})

	It("has its last ready template after a rollback, until the contents change again", func(ctx context.Context) {
		namespace = newNamespace(ctx, true)
		settings = configMap(namespace, "settings", map[string]string{"level": "info"})
		instance = referring(namespace, "back", "Roll")
		instance.Spec.Server.Rollout.Rollback = v1alpha1.RollbackAutomatic
		create(ctx, settings, instance)
		Eventually(carries(ctx, configMapsHash)).ShouldNot(BeEmpty())
		rollOutNow(ctx, instance)
		Eventually(deploymentNow(ctx, instance)).Should(HaveField("Annotations", HaveKey(v1alpha1.AnnotationReadyTemplate)))
		rollOutNow(ctx, instance)
		good := carries(ctx, configMapsHash)()
		set(ctx, "level", "broken")
		Eventually(carries(ctx, configMapsHash)).ShouldNot(Equal(good))
		reportRollout(ctx, instance, appsv1.DeploymentStatus{Replicas: 2, UpdatedReplicas: 1, AvailableReplicas: 1, Conditions: []appsv1.DeploymentCondition{{
			Type: appsv1.DeploymentProgressing, Status: corev1.ConditionFalse, Reason: "ProgressDeadlineExceeded", LastTransitionTime: metav1.Now(),
		}}})
		Eventually(carries(ctx, configMapsHash)).Should(Equal(good))
		rollOutNow(ctx, instance)
		Eventually(ready(ctx)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonRolledBack))
		Consistently(carries(ctx, configMapsHash)).WithTimeout(2 * time.Second).Should(Equal(good))

		set(ctx, "level", "repaired")
		Eventually(carries(ctx, configMapsHash)).ShouldNot(Equal(good))
	})

	It("waits while the operator is paused for it", func(ctx context.Context) {
		stands(ctx, "Roll")
		before := generation(ctx)()
		whilePaused(ctx, instance, func() {
			set(ctx, "level", "debug")
			Consistently(generation(ctx)).WithTimeout(time.Second).Should(Equal(before))
		})
		Eventually(generation(ctx)).Should(Equal(before + 1))
	})

	It("shares the read of a ConfigMap with the other servers", func(ctx context.Context) {
		begin(ctx, false, "Roll")
		all := []*v1alpha1.LlamaStackDistribution{instance}
		for i := range 9 {
			all = append(all, referring(namespace, fmt.Sprintf("other-%d", i), "Roll"))
			create(ctx, all[i+1])
		}
		for _, server := range all {
			becomeReady(ctx, server)
		}
		mark, hash := audit.Mark(), carries(ctx, configMapsHash)()
		set(ctx, "level", "debug")
		for _, instance = range all {
			Eventually(carries(ctx, configMapsHash)).ShouldNot(Equal(hash))
		}
		Expect(readsOfConfigMaps(mark)).To(HaveLen(1))
	})

	It("no longer watches and carries anything when it is set to ignore changes", func(ctx context.Context) {
		stands(ctx, "Roll")
		mark := audit.Mark()
		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Server.Rollout.OnReferenceChange = "Ignore" })
		Eventually(carries(ctx, configMapsHash)).Should(BeEmpty())
		Expect(carries(ctx, secretsHash)()).To(BeEmpty())
		Expect(deploymentOf(ctx, instance).Annotations).NotTo(HaveKey(v1alpha1.AnnotationReferences))
		Eventually(func() []harness.Request { return aboutSecrets(mark, namespace) }).Should(ConsistOf(And(HaveField("Verb", "watch"), HaveField("Begins", false))))
	})
})
