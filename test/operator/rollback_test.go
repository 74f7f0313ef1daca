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
	"maps"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/apply"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/internal/manager"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// picture is the content of a namespace at one moment: the operator's objects by "Kind/name", and the instances.
type picture map[string]*unstructured.Unstructured

func takePicture(ctx context.Context, namespace string) picture {
	GinkgoHelper()
	taken := picture{}
	for _, object := range append(manager.ManagedObjects(), &v1alpha1.LlamaStackDistribution{}) {
		gvk, err := admin.GroupVersionKindFor(object)
		Expect(err).NotTo(HaveOccurred())
		list := &unstructured.UnstructuredList{}
		list.SetGroupVersionKind(gvk.GroupVersion().WithKind(gvk.Kind + "List"))
		Expect(admin.List(ctx, list, client.InNamespace(namespace))).To(Succeed())
		for i := range list.Items {
			taken[gvk.Kind+"/"+list.Items[i].GetName()] = &list.Items[i]
		}
	}
	return taken
}

// decided is what an operator decides of an object, but for the time at which it did.
func decided(object *unstructured.Unstructured) map[string]any {
	fields := maps.Clone(object.Object)
	delete(fields, "status")
	annotations := object.GetAnnotations()
	if _, timed := annotations[v1alpha1.AnnotationAppliedFor]; timed {
		delete(annotations, v1alpha1.AnnotationAppliedFor)
		delete(annotations, apply.HashAnnotation) // the time is in it
	}
	fields["metadata"] = map[string]any{
		"labels": object.GetLabels(), "annotations": annotations, "ownerReferences": object.GetOwnerReferences(),
	}
	return fields
}

// managersOf are the field managers of an object, except for its status.
func managersOf(object *unstructured.Unstructured) []string {
	var names []string
	for _, entry := range object.GetManagedFields() {
		if entry.Subresource == "" {
			names = append(names, entry.Manager)
		}
	}
	return names
}

// letGo is the command in docs/migrating.md: an apply under the operator's name that asks for the owner and nothing
// else.
func letGo(ctx context.Context, deployment *unstructured.Unstructured) error {
	rest := &unstructured.Unstructured{}
	rest.SetGroupVersionKind(deployment.GroupVersionKind())
	rest.SetNamespace(deployment.GetNamespace())
	rest.SetName(deployment.GetName())
	rest.SetOwnerReferences(deployment.GetOwnerReferences())
	return admin.Apply(ctx, client.ApplyConfigurationFromUnstructured(rest), client.FieldOwner(apply.FieldOwner))
}

var _ = Describe("A way back to 0.9.0, and forth again", Ordered, ContinueOnFailure, func() {
	var (
		left                              leftovers
		namespace                         string
		theirs                            incumbent
		ours, back, tidied, reported, now picture
		second                            []string
	)
	all := func(ctx context.Context) {
		GinkgoHelper()
		for key, child := range left.children {
			for _, owner := range left.instances {
				if managedBy(owner, child) {
					Expect(theirs.reconcile(ctx, owner, child)).To(Succeed(), key)
				}
			}
		}
	}
	BeforeAll(func(ctx context.Context) {
		namespace = newNamespace(ctx, true)
		whileDown(func() {
			configureOperator(ctx, recordedConfig())
			left = leave(ctx, namespace)
			edit(ctx, namespaceObject(namespace), func(n *corev1.Namespace) { delete(n.Annotations, harness.HoldAnnotation) })
			left.nudge(ctx)
		})
		for _, instance := range left.instances {
			takenOver(ctx, instance)
			becomeReady(ctx, instance)
		}
		edit(ctx, left.named("stored"), func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.Storage.RetentionPolicy = v1alpha1.RetentionRetain
			i.Spec.Server.PodOverrides = &v1alpha1.PodOverrides{PriorityClassName: "system-cluster-critical"}
		})
		becomeReady(ctx, left.named("stored"))
		waitForQuiet()
		ours = takePicture(ctx, namespace)
		whileDown(func() {
			DeferCleanup(func(ctx context.Context) { installCRD(ctx, currentCRD(), true) })
			installCRD(ctx, incumbentCRD(), false)
			theirs = newIncumbent()
			all(ctx)
			back = takePicture(ctx, namespace)
			all(ctx)
			for key, object := range takePicture(ctx, namespace) {
				if object.GetResourceVersion() != back[key].GetResourceVersion() && object.GetGeneration() != back[key].GetGeneration() {
					second = append(second, key)
				}
			}
			for _, instance := range left.instances {
				Expect(theirs.report(ctx, namespace, instance.Name)).To(Succeed(), instance.Name)
				again := unstructuredInstance(namespace, "again", nestedIn(back[v1alpha1.Kind+"/"+instance.Name], "spec"))
				Expect(admin.Create(ctx, again, client.DryRunAll, client.FieldValidation("Strict"))).To(Succeed(), instance.Name)
			}
			reported = takePicture(ctx, namespace)
			for _, instance := range left.instances {
				Expect(letGo(ctx, back["Deployment/"+instance.Name])).To(Succeed(), instance.Name)
			}
			all(ctx)
			tidied = takePicture(ctx, namespace)
			installCRD(ctx, currentCRD(), true)
		})
		edit(ctx, left.named("stored"), func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.Storage.RetentionPolicy = v1alpha1.RetentionRetain
			i.Spec.Server.PodOverrides = &v1alpha1.PodOverrides{PriorityClassName: "system-cluster-critical"}
		})
		for _, instance := range left.instances {
			takenOver(ctx, instance)
			becomeReady(ctx, instance)
		}
		waitForQuiet()
		now = takePicture(ctx, namespace)
	})

	It("keeps every object, in both directions", func() {
		Expect(ours).NotTo(BeEmpty())
		for key, before := range ours {
			for phase, after := range map[string]picture{"back": back, "tidied": tidied, "forth": now} {
				Expect(after).To(HaveKey(key), phase)
				Expect(after[key].GetUID()).To(Equal(before.GetUID()), phase+" "+key)
				Expect(after[key].GetDeletionTimestamp()).To(BeNil(), phase+" "+key)
			}
		}
	})

	It("keeps the PVCs and the selectors unchanged", func() {
		for key, before := range ours {
			for phase, after := range map[string]picture{"back": back, "tidied": tidied, "forth": now} {
				switch before.GetKind() {
				case "PersistentVolumeClaim":
					Expect(after[key].Object["spec"]).To(Equal(before.Object["spec"]), phase+" "+key)
				case "Deployment":
					Expect(nestedIn(after[key], "spec", "selector")).To(Equal(nestedIn(before, "spec", "selector")), phase+" "+key)
				}
			}
		}
		Expect(back["PersistentVolumeClaim/stored-pvc"].GetOwnerReferences()).To(BeEmpty(), "retained, and 0.9.0 uses it without owning it")
		Expect(back["PersistentVolumeClaim/everything-pvc"].GetOwnerReferences()).To(HaveLen(1))
	})

	It("restarts each server once more, and 0.9.0 finds nothing to change a second time", func() {
		for _, instance := range left.instances {
			key := "Deployment/" + instance.Name
			Expect(back[key].GetGeneration()).To(Equal(ours[key].GetGeneration()+1), key)
		}
		Expect(second).To(BeEmpty())
	})

	It("leaves every instance valid for the schema of 0.9.0", func() {
		for _, instance := range left.instances {
			Expect(reported).To(HaveKey(v1alpha1.Kind + "/" + instance.Name))
			Expect(reported[v1alpha1.Kind+"/"+instance.Name].Object["status"]).To(HaveKeyWithValue("phase", "Initializing"))
		}
		stored := back[v1alpha1.Kind+"/stored"].Object["spec"]
		Expect(stored).To(HaveKeyWithValue("server", HaveKeyWithValue("podOverrides", BeEmpty())), "0.9.0 does not know the priority")
		Expect(stored).To(HaveKeyWithValue("server", HaveKeyWithValue("storage", Not(HaveKey("retentionPolicy")))))
	})

	It("leaves on the Pods what 0.9.0 does not know, until the operator's field manager releases it", func() {
		pod := []string{"spec", "template", "spec"}
		for _, instance := range left.instances {
			key := "Deployment/" + instance.Name
			Expect(nestedIn(back[key], pod...)).To(HaveKeyWithValue("securityContext", HaveKeyWithValue("runAsNonRoot", true)), key)
			Expect(nestedIn(tidied[key], pod...)).To(HaveKeyWithValue("securityContext", Equal(map[string]any{"fsGroup": int64(1001)})), key)
			Expect(metav1.GetControllerOf(tidied[key])).To(HaveField("UID", instance.UID), "0.9.0 does not change what it does not own: "+key)
			Expect(tidied[key].Object["spec"]).To(HaveKeyWithValue("template", nestedIn(left.children[key], "spec", "template")), key)
		}
	})

	It("leaves no trace when the new operator runs again", func() {
		Expect(now).To(HaveLen(len(ours)))
		for key, before := range ours {
			Expect(decided(now[key])).To(Equal(decided(before)), key)
			Expect(managersOf(now[key])).To(ConsistOf(managersOf(before)), key)
		}
	})

	It("is followed by no request, also after a restart", func() {
		mark := audit.Mark()
		whileDown(func() {})
		Eventually(func() []harness.Request { return requestsSince(mark) }).ShouldNot(BeEmpty())
		waitForQuiet()
		Expect(harness.Writes(requestsSince(mark))).To(BeEmpty())
	})
})

// named is one of what was recorded.
func named(list []unstructured.Unstructured, name string) *unstructured.Unstructured {
	GinkgoHelper()
	for i := range list {
		if list[i].GetName() == name {
			return &list[i]
		}
	}
	Fail("nothing was recorded of " + name)
	return nil
}

// fromRecord reads a recorded object into its type.
func fromRecord(record *unstructured.Unstructured, into any) {
	GinkgoHelper()
	Expect(runtime.DefaultUnstructuredConverter.FromUnstructured(record.Object, into)).To(Succeed())
}

// named is one of the instances.
func (l leftovers) named(name string) *v1alpha1.LlamaStackDistribution {
	GinkgoHelper()
	for _, instance := range l.instances {
		if instance.Name == name {
			return instance
		}
	}
	Fail("0.9.0 left no " + name)
	return nil
}

// managedBy returns whose child an object is, also of those that 0.9.0 no longer manages.
func managedBy(owner *v1alpha1.LlamaStackDistribution, child *unstructured.Unstructured) bool {
	controller := metav1.GetControllerOf(child)
	return controller != nil && controller.UID == owner.UID || controller == nil && child.GetName() == owner.Name
}

var _ = Describe("What 0.9.0 writes over, or cannot", func() {
	// made is a server of the new operator's, and what 0.9.0 had for one of the same spec.
	made := func(ctx context.Context, name string, change func(*v1alpha1.LlamaStackDistribution)) (*v1alpha1.LlamaStackDistribution, *unstructured.Unstructured) {
		GinkgoHelper()
		namespace, recorded := newNamespace(ctx, false), &v1alpha1.LlamaStackDistribution{}
		fromRecord(named(records(ownRecords, "llsd.json"), name), recorded)
		instance := llsdtest.Make(name).Namespace(namespace).Edit(func(i *v1alpha1.LlamaStackDistribution) { i.Spec = recorded.Spec }).Edit(change).Obj()
		create(ctx, configMap(namespace, "user-config", map[string]string{"config.yaml": "version: 2\n"}), instance)
		becomeReady(ctx, instance)
		deployment := named(records(childRecords, "deploy.json"), name)
		deployment.SetNamespace(namespace)
		deployment.SetOwnerReferences(deploymentOf(ctx, instance).OwnerReferences)
		return instance, deployment
	}
	// tryBack has 0.9.0 fail, and succeed after the Deployment was deleted.
	tryBack := func(ctx context.Context, name string, change func(*v1alpha1.LlamaStackDistribution), message string) {
		GinkgoHelper()
		instance, record := made(ctx, name, change)
		whileDown(func() {
			theirs, before := newIncumbent(), deploymentOf(ctx, instance)
			Expect(theirs.reconcile(ctx, instance, record)).To(MatchError(ContainSubstring(message)))
			Expect(admin.Delete(ctx, before, client.PropagationPolicy(metav1.DeletePropagationBackground))).To(Succeed())
			Expect(theirs.reconcile(ctx, instance, record)).To(Succeed())
			Expect(theirs.reconcile(ctx, instance, record)).To(Succeed())
			Expect(deploymentOf(ctx, instance).UID).NotTo(Equal(before.UID))
		})
		becomeReady(ctx, instance)
	}

	It("fails if the probe is of another kind, until the Deployment is deleted", func(ctx context.Context) {
		tryBack(ctx, "configured", func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.ContainerSpec.StartupProbe = &v1alpha1.StartupProbe{TCPSocket: &v1alpha1.TCPSocketProbe{}}
		}, "may not specify more than 1 handler type")
	})

	It("fails if a server with storage has a rolling update, until the Deployment is deleted", func(ctx context.Context) {
		tryBack(ctx, "stored", func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.Storage.AccessModes = []v1alpha1.AccessMode{v1alpha1.AccessMode(corev1.ReadWriteMany)}
		}, "may not be specified when strategy `type` is 'Recreate'")
	})

	It("works for the whole server, and then the Deployment is adopted", func(ctx context.Context) {
		instance, record := made(ctx, "configured", func(*v1alpha1.LlamaStackDistribution) {})
		var before *appsv1.Deployment
		whileDown(func() {
			record.SetOwnerReferences(nil) // it loses them with everything that it does not know
			// It may have to try again: the stand-in for the cluster writes the status.
			Eventually(func() error {
				before = deploymentOf(ctx, instance)
				live := &unstructured.Unstructured{}
				live.SetResourceVersion(before.ResourceVersion)
				return admin.Update(ctx, incumbent{}.whole(record, live), client.FieldOwner(incumbentUpdates))
			}).Should(Succeed())
		})
		takenOver(ctx, instance)
		becomeReady(ctx, instance)
		after := deploymentOf(ctx, instance)
		Expect(after.UID).To(Equal(before.UID))
		Expect(after.OwnerReferences).To(Equal(before.OwnerReferences))
		Expect(after.Spec.Template).To(Equal(before.Spec.Template))
		Expect(after.ManagedFields).NotTo(ContainElement(HaveField("Manager", incumbentUpdates)))
	})
})
