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
	"maps"
	"slices"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// drifts are edits of somebody else's, one of every kind of child: the child's suffix, and a JSON merge patch.
func drifts() map[string]string {
	return map[string]string{
		"":                `{"spec":{"strategy":{"type":"RollingUpdate"}}}`,
		"-service":        `{"spec":{"selector":{"app":"other"}}}`,
		"-sa":             `{"metadata":{"labels":{"app.kubernetes.io/part-of":"other"}}}`,
		"-pvc":            `{"metadata":{"labels":{"app.kubernetes.io/part-of":"other"}}}`,
		"-pdb":            `{"spec":{"maxUnavailable":7}}`,
		"-hpa":            `{"spec":{"maxReplicas":77}}`,
		"-network-policy": `{"spec":{"ingress":[]}}`,
		"-ingress":        `{"spec":{"rules":[{"host":"evil.example"}]}}`,
		"-ca-bundle":      `{"data":{"ca-bundle.crt":"gone"}}`,
	}
}

var _ = Describe("An edit of somebody else's", Ordered, ContinueOnFailure, func() {
	var instance *v1alpha1.LlamaStackDistribution
	BeforeAll(func(ctx context.Context) {
		networkPolicies(ctx)
		instance = full(ctx, newNamespace(ctx, false), "edited")
		create(ctx, instance)
		becomeReady(ctx, instance)
	})

	// healed fails unless the child soon is as it was before a patch.
	healed := func(ctx context.Context, suffix, patch string) {
		GinkgoHelper()
		kind := childrenOf("edited")["edited"+suffix]
		before := stable(get(ctx, instance.Namespace, "edited"+suffix, kind))
		Expect(admin.Patch(ctx, kind, client.RawPatch(types.MergePatchType, []byte(patch)))).To(Succeed())
		Expect(stable(kind)).NotTo(Equal(before), "the edit changed something")
		Eventually(func() any { return stable(get(ctx, instance.Namespace, "edited"+suffix, kind)) }).WithTimeout(soon).Should(Equal(before))
	}
	for _, suffix := range slices.Sorted(maps.Keys(drifts())) {
		patch := drifts()[suffix]
		It(fmt.Sprintf("of the fields of <name>%s is healed", suffix), func(ctx context.Context) {
			healed(ctx, suffix, patch)
		})
		It(fmt.Sprintf("of the labels of <name>%s is healed, even of the one that selects the caches", suffix), func(ctx context.Context) {
			healed(ctx, suffix, `{"metadata":{"labels":null}}`)
		})
		It(fmt.Sprintf("of the owner of <name>%s is healed", suffix), func(ctx context.Context) {
			healed(ctx, suffix, `{"metadata":{"ownerReferences":null}}`)
		})
	}

	for _, suffix := range slices.Sorted(maps.Keys(drifts())) {
		It(fmt.Sprintf("that gives <name>%s to another owner is reported, and healed when it is given back", suffix), func(ctx context.Context) {
			child := get(ctx, instance.Namespace, "edited"+suffix, childrenOf("edited")["edited"+suffix])
			before := stable(child)
			waitForQuiet() // or an event of something else would cause the reconcile
			giveAway(ctx, child)
			Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(
				say(metav1.ConditionFalse, v1alpha1.ReasonResourceConflict, child.GetName(), "ConfigMap/"+thief))
			edit(ctx, child, func(c client.Object) { c.SetOwnerReferences(nil) })
			Eventually(func() any { return stable(get(ctx, instance.Namespace, child.GetName(), child)) }).WithTimeout(soon).Should(Equal(before))
			becomeReady(ctx, instance)
		})
	}

	It("that gives a child to another owner, which is deleted with it, is healed", func(ctx context.Context) {
		child := get(ctx, instance.Namespace, "edited-service", &corev1.Service{})
		before := child.UID
		giveAway(ctx, child)
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonResourceConflict))
		waitForQuiet()
		Expect(admin.Delete(ctx, child)).To(Succeed()) // as the garbage collector does
		Eventually(func() types.UID { return get(ctx, child.Namespace, child.Name, child).UID }).WithTimeout(soon).ShouldNot(Equal(before))
		becomeReady(ctx, instance)
	})

	It("of the labels of all children at once is healed without a change of the status", func(ctx context.Context) {
		for range 3 {
			before, kinds := map[string]any{}, map[string]client.Object{}
			for suffix := range drifts() {
				kinds[suffix] = get(ctx, instance.Namespace, "edited"+suffix, childrenOf("edited")["edited"+suffix])
				before[suffix] = stable(kinds[suffix])
			}
			mark := audit.Mark()
			for _, kind := range kinds {
				Expect(admin.Patch(ctx, kind, client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"labels":null}}`)))).To(Succeed())
			}
			for suffix, kind := range kinds {
				Eventually(func() any { return stable(get(ctx, instance.Namespace, "edited"+suffix, kind)) }).Should(Equal(before[suffix]))
			}
			waitForQuiet()
			Expect(harness.Writes(requestsSince(mark))).NotTo(ContainElement(HaveField("Subresource", "status")))
			Expect(conditionOf(ctx, instance, v1alpha1.ConditionReady)()).To(say(metav1.ConditionTrue, v1alpha1.ReasonReady))
		}
	})

	It("that removes a copy of the configuration, or its labels, is healed", func(ctx context.Context) {
		list := &corev1.ConfigMapList{}
		Expect(admin.List(ctx, list, client.InNamespace(instance.Namespace), client.MatchingLabels{"app.kubernetes.io/component": "user-config"})).To(Succeed())
		Expect(list.Items).To(HaveLen(1))
		copied := &list.Items[0]
		before := stable(copied)
		Expect(admin.Patch(ctx, copied, client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"labels":null}}`)))).To(Succeed())
		Eventually(func() any { return stable(get(ctx, copied.Namespace, copied.Name, copied)) }).WithTimeout(soon).Should(Equal(before))
		Expect(admin.Delete(ctx, copied)).To(Succeed())
		Eventually(func() any { return stable(get(ctx, copied.Namespace, copied.Name, copied)) }).WithTimeout(soon).Should(Equal(before))
	})

	It("that deletes a child right after its creation is healed", func(ctx context.Context) {
		early := llsdtest.Make("early").Namespace(instance.Namespace).Storage("1Gi").Obj()
		create(ctx, early)
		for _, suffix := range []string{"-sa", "-service", ""} {
			child := get(ctx, early.Namespace, "early"+suffix, childrenOf("early")["early"+suffix])
			before := child.GetUID()
			Expect(admin.Delete(ctx, child, client.PropagationPolicy(metav1.DeletePropagationBackground))).To(Succeed())
			Eventually(func() types.UID { return get(ctx, early.Namespace, "early"+suffix, child).GetUID() }).ShouldNot(Equal(before))
		}
		becomeReady(ctx, early)
	})

	It("that adds fields stays", func(ctx context.Context) {
		deployment := deploymentOf(ctx, instance)
		edit(ctx, deployment, func(d *appsv1.Deployment) {
			d.Spec.Template.Spec.Containers = append(d.Spec.Template.Spec.Containers, corev1.Container{Name: "sidecar", Image: "sidecar"})
			d.Spec.Template.Spec.Containers[0].Env = append(d.Spec.Template.Spec.Containers[0].Env, corev1.EnvVar{Name: "INJECTED", Value: "yes"})
			d.Spec.Template.Labels["injected"] = "yes"
		})
		generation := deployment.Generation
		waitForQuiet()
		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Server.ContainerSpec.Args = []string{"--x"} })
		Eventually(func() []string { return deploymentOf(ctx, instance).Spec.Template.Spec.Containers[0].Args }).Should(Equal([]string{"--x"}))
		after := deploymentOf(ctx, instance)
		Expect(after.Generation).To(Equal(generation+1), "nothing was removed in between")
		Expect(after.Spec.Template.Labels).To(HaveKey("injected"))
		Expect(after.Spec.Template.Spec.Containers).To(HaveLen(2))
		Expect(after.Spec.Template.Spec.Containers[0].Env).To(ContainElement(HaveField("Name", "INJECTED")))
	})
})

// thief is a ConfigMap of each namespace that becomes the owner of children.
const thief = "thief"

// giveAway makes the thief the owner of a child.
func giveAway(ctx context.Context, child client.Object) {
	GinkgoHelper()
	owner := configMap(child.GetNamespace(), thief, nil)
	Expect(client.IgnoreAlreadyExists(admin.Create(ctx, owner))).To(Succeed())
	get(ctx, child.GetNamespace(), thief, owner)
	edit(ctx, child, func(c client.Object) {
		c.SetOwnerReferences([]metav1.OwnerReference{*metav1.NewControllerRef(owner, corev1.SchemeGroupVersion.WithKind("ConfigMap"))})
	})
}

// stable is what of an object does not change with every write.
func stable(object client.Object) any {
	GinkgoHelper()
	fields, err := unstructuredOf(object)
	Expect(err).NotTo(HaveOccurred())
	delete(fields, "status")
	metadata, _ := fields["metadata"].(map[string]any)
	for key := range metadata {
		if !sets.New("labels", "annotations", "ownerReferences", "name", "namespace").Has(key) {
			delete(metadata, key)
		}
	}
	return fields
}
