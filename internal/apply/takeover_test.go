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

package apply_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/internal/apply"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// recorded reads one object as 0.9.0 left it.
func recorded(file, name string) *unstructured.Unstructured {
	GinkgoHelper()
	text, err := os.ReadFile(filepath.Join("testdata", "takeover", file))
	Expect(err).NotTo(HaveOccurred())
	list := &unstructured.UnstructuredList{}
	Expect(list.UnmarshalJSON(text)).To(Succeed())
	for i := range list.Items {
		if list.Items[i].GetName() == name {
			return &list.Items[i]
		}
	}
	Fail(name + " is not in " + file)
	return nil
}

// leave puts a recorded object on the cluster, as 0.9.0 would have left it for the world's owner.
func (w *world) leave(ctx context.Context, file, name string) *unstructured.Unstructured {
	GinkgoHelper()
	text, err := recorded(file, name).MarshalJSON()
	Expect(err).NotTo(HaveOccurred())
	obj := &unstructured.Unstructured{}
	w.owner.Name = name // A Deployment is called as its owner, even one that lost its owner reference.
	for _, owner := range recorded(file, name).GetOwnerReferences() {
		w.owner.Name = owner.Name
		text = []byte(strings.ReplaceAll(string(text), string(owner.UID), string(w.owner.UID)))
	}
	Expect(obj.UnmarshalJSON(text)).To(Succeed())
	obj.SetNamespace(w.namespace)
	obj.SetUID("")
	obj.SetResourceVersion("")
	unstructured.RemoveNestedField(obj.Object, "status")
	unstructured.RemoveNestedField(obj.Object, "spec", "clusterIP")
	unstructured.RemoveNestedField(obj.Object, "spec", "clusterIPs")
	entries, owners := obj.GetManagedFields(), obj.GetOwnerReferences()
	obj.SetManagedFields(nil)
	obj.SetOwnerReferences(nil)
	Expect(admin.Create(ctx, obj)).To(Succeed())
	// One after the other: what a write changes beside managedFields is counted as the writer's.
	merge(ctx, obj, "ownerReferences", owners)
	merge(ctx, obj, "managedFields", entries)
	w.catchUp(ctx, obj)
	return obj
}

func merge(ctx context.Context, obj *unstructured.Unstructured, key string, value any) {
	GinkgoHelper()
	text, err := json.Marshal(map[string]any{"metadata": map[string]any{key: value}})
	Expect(err).NotTo(HaveOccurred())
	Expect(admin.Patch(ctx, obj, client.RawPatch(types.MergePatchType, text))).To(Succeed())
}

// intentOf makes an intent of the live labels and fields.
func intentOf(live *unstructured.Unstructured) *unstructured.Unstructured {
	out := &unstructured.Unstructured{Object: map[string]any{}}
	out.SetGroupVersionKind(live.GroupVersionKind())
	out.SetNamespace(live.GetNamespace())
	out.SetName(live.GetName())
	out.SetLabels(live.GetLabels())
	for _, key := range []string{"spec", "data"} {
		if value, ok := live.DeepCopy().Object[key]; ok {
			out.Object[key] = value
		}
	}
	return out
}

// content is all of an object but its metadata and status.
func content(obj *unstructured.Unstructured) map[string]any {
	out := obj.DeepCopy().Object
	delete(out, "metadata")
	delete(out, "status")
	return out
}

// lean drops from a Deployment what only the API server fills in.
func lean(obj *unstructured.Unstructured) *unstructured.Unstructured {
	for _, key := range []string{"progressDeadlineSeconds", "revisionHistoryLimit", "strategy"} {
		unstructured.RemoveNestedField(obj.Object, "spec", key)
	}
	for _, key := range []string{"dnsPolicy", "restartPolicy", "schedulerName", "serviceAccount"} {
		unstructured.RemoveNestedField(obj.Object, "spec", "template", "spec", key)
	}
	for _, key := range []string{"imagePullPolicy", "terminationMessagePath", "terminationMessagePolicy"} {
		delete(container(obj), key)
	}
	return obj
}

var _ = Describe("What 0.9.0 left", func() {
	var w *world
	BeforeEach(func(ctx context.Context) { w = newWorld(ctx) })

	DescribeTable("is taken over by one read, one patch and one apply, and stays unchanged",
		func(ctx context.Context, file, name string) {
			live := w.leave(ctx, file, name)
			obj := intentOf(live)
			if live.GetKind() == "Deployment" {
				obj = lean(obj)
				if kind := field(live, "spec", "strategy", "type"); kind == "Recreate" {
					obj = with(obj, kind, "spec", "strategy", "type")
				}
			}
			before := content(w.get(ctx, obj))
			w.applyOne(ctx, obj, apply.ActionTakenOver)
			Expect(w.wire.take()).To(Equal([]string{read, patch, ssa}))
			after := w.get(ctx, obj)
			Expect(content(after)).To(Equal(before))
			Expect(managers(after)).To(Equal([]string{ours}))
			Expect(metav1.IsControlledBy(after, w.owner)).To(BeTrue())

			w.catchUp(ctx, obj)
			w.applyOne(ctx, obj, apply.ActionUnchanged)
			w.restart()
			w.applyOne(ctx, obj, apply.ActionUnchanged)
			Expect(w.wire.take()).To(BeEmpty())
		},
		Entry("minimal's Deployment", "deploy.json", "minimal"),
		Entry("ported's Deployment", "deploy.json", "ported"),
		Entry("stored's Deployment, which is recreated", "deploy.json", "stored"),
		Entry("configured's Deployment", "deploy.json", "configured"),
		Entry("trusted's Deployment", "deploy.json", "trusted"),
		Entry("exposed's Deployment", "deploy.json", "exposed"),
		Entry("edited's Deployment, which lost its owner", "deploy.json", "edited"),
		Entry("everything's Deployment", "deploy.json", "everything"),
		Entry("a Service", "svc.json", "everything-service"),
		Entry("a ServiceAccount", "sa.json", "ported-sa"),
		Entry("a NetworkPolicy", "networkpolicies.json", "everything-network-policy"),
		Entry("a PodDisruptionBudget", "pdb.json", "exposed-pdb"),
		Entry("a HorizontalPodAutoscaler", "hpa.json", "scaled-hpa"),
		Entry("an Ingress", "ingress.json", "exposed-ingress"),
		Entry("a ConfigMap", "configmaps.json", "trusted-ca-bundle"),
		Entry("a PVC", "pvc.json", "stored-pvc"),
	)

	It("loses env, volumes and annotations that the intent does not have", func(ctx context.Context) {
		live := w.leave(ctx, "deploy.json", "everything")
		obj := lean(intentOf(live))
		obj = with(obj, "Recreate", "spec", "strategy", "type")
		Expect(unstructured.SetNestedSlice(obj.Object, []any{map[string]any{"name": "lls-storage", "emptyDir": map[string]any{}}},
			"spec", "template", "spec", "volumes")).To(Succeed())
		obj = with(obj, nil, "spec", "template", "metadata", "annotations")
		container(obj)["volumeMounts"] = []any{map[string]any{"name": "lls-storage", "mountPath": "/.llama"}}
		container(obj)["env"] = []any{map[string]any{"name": "HF_HOME", "value": "/.llama"}}
		delete(container(obj), "command")
		w.applyOne(ctx, obj, apply.ActionTakenOver)
		after := w.get(ctx, obj)
		Expect(field(after, "spec", "template", "spec", "volumes")).To(ConsistOf(
			map[string]any{"name": "lls-storage", "emptyDir": map[string]any{}}))
		Expect(container(after)["env"]).To(HaveLen(1))
		Expect(container(after)["volumeMounts"]).To(HaveLen(1))
		Expect(container(after)).NotTo(HaveKey("command"))
		Expect(field(after, "spec", "template", "metadata", "annotations")).To(BeNil())
	})

	It("gets strategy Recreate beside the rolling update that 0.9.0 could not remove", func(ctx context.Context) {
		live := w.leave(ctx, "deploy.json", "configured")
		obj := with(lean(intentOf(live)), "Recreate", "spec", "strategy", "type")
		w.applyOne(ctx, obj, apply.ActionTakenOver)
		Expect(field(w.get(ctx, obj), "spec", "strategy")).To(Equal(map[string]any{"type": "Recreate"}))
	})

	It("gets strategy RollingUpdate when its storage goes", func(ctx context.Context) {
		live := w.leave(ctx, "deploy.json", "edited")
		w.applyOne(ctx, lean(intentOf(live)), apply.ActionTakenOver)
		after := w.get(ctx, live)
		Expect(field(after, "spec", "strategy", "type")).To(Equal("RollingUpdate"))
		Expect(metav1.IsControlledBy(after, w.owner)).To(BeTrue())
	})

	It("keeps the autoscaler's number of replicas", func(ctx context.Context) {
		live := w.leave(ctx, "deploy.json", "scaled")
		w.edit(ctx, live, `[{"op":"replace","path":"/spec/replicas","value":4}]`)
		w.edit(ctx, live, restoreReplicas(w.get(ctx, live)))
		obj := with(lean(intentOf(live)), nil, "spec", "replicas")
		w.applyOne(ctx, obj, apply.ActionTakenOver)
		Expect(w.wire.take()).To(Equal([]string{read, patch, ssa}))
		after := w.get(ctx, obj)
		Expect(field(after, "spec", "replicas")).To(BeEquivalentTo(4))
		Expect(managers(after)).To(ConsistOf(ours, apply.HandoverOwner+" Apply"))
	})

	It("keeps the class of an Ingress and the immutable fields of a PVC", func(ctx context.Context) {
		ingress := w.leave(ctx, "ingress.json", "exposed-ingress")
		w.setBy09(ctx, ingress, `"f:ingressClassName":{}`, `[{"op":"add","path":"/spec/ingressClassName","value":"nginx"}]`)
		obj := intentOf(ingress)
		w.applyOne(ctx, obj, apply.ActionTakenOver)
		Expect(field(w.get(ctx, obj), "spec", "ingressClassName")).To(Equal("nginx"))

		pvc := with(with(w.pvc(), "fast", "spec", "storageClassName"), "disk", "spec", "volumeName")
		pvc.SetOwnerReferences([]metav1.OwnerReference{*metav1.NewControllerRef(w.owner, ownerGVK)})
		Expect(admin.Create(ctx, pvc, client.FieldOwner("manager"))).To(Succeed())
		w.catchUp(ctx, pvc)
		w.applyOne(ctx, w.pvc(), apply.ActionTakenOver)
		Expect(field(w.get(ctx, pvc), "spec")).To(And(HaveKeyWithValue("storageClassName", "fast"), HaveKeyWithValue("volumeName", "disk")))
	})

	It("loses the owner reference of a PVC that is to be kept", func(ctx context.Context) {
		pvc := w.leave(ctx, "pvc.json", "stored-pvc")
		w.noOwner = func(*unstructured.Unstructured) bool { return true }
		w.applyOne(ctx, intentOf(pvc), apply.ActionTakenOver)
		Expect(w.wire.take()).To(Equal([]string{read, patch, ssa}))
		Expect(w.get(ctx, pvc).GetOwnerReferences()).To(BeEmpty())
	})

	It("is finished by the next process if the apply did not get through", func(ctx context.Context) {
		live := w.leave(ctx, "deploy.json", "ported")
		obj := lean(intentOf(live))
		w.wire.fail(ssa)
		Expect(w.fail(ctx, obj)).To(MatchError(ContainSubstring("failed to apply Deployment")))
		w.catchUp(ctx, obj)
		w.restart()
		w.applyOne(ctx, obj, apply.ActionUpdated)
		Expect(w.wire.take()).To(Equal([]string{ssa}))
		Expect(managers(w.get(ctx, obj))).To(Equal([]string{ours}))
	})

	It("does not need the managers of 0.9.0", func(ctx context.Context) {
		pvc := w.leave(ctx, "pvc.json", "stored-pvc")
		w.edit(ctx, pvc, `[{"op":"replace","path":"/metadata/managedFields","value":[{"manager":"manager","operation":"Update",
			"apiVersion":"v1","fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:volumeMode":{}}}}]}]`)
		w.applyOne(ctx, intentOf(pvc), apply.ActionTakenOver)
		Expect(managers(w.get(ctx, pvc))).To(ContainElement(ours))
		Expect(managers(w.get(ctx, pvc))).NotTo(ContainElement("manager Update"))
	})

	It("includes fields of another API version", func(ctx context.Context) {
		hpa := w.leave(ctx, "hpa.json", "scaled-hpa")
		entries, err := json.Marshal(w.get(ctx, hpa).GetManagedFields())
		Expect(err).NotTo(HaveOccurred())
		old := strings.ReplaceAll(string(entries), `"autoscaling/v2"`, `"autoscaling/v1"`)
		w.edit(ctx, hpa, `[{"op":"replace","path":"/metadata/managedFields","value":`+old+`}]`)
		w.applyOne(ctx, intentOf(hpa), apply.ActionTakenOver)
		Expect(managers(w.get(ctx, hpa))).To(Equal([]string{ours}))
	})

	It("is not touched when its managers cannot be read", func(ctx context.Context) {
		live := w.leave(ctx, "svc.json", "ported-service")
		w.wire.rewrite(`"f:metadata"`, `"k:metadata"`)
		Expect(w.fail(ctx, intentOf(live))).To(MatchError(ContainSubstring(`failed to read the fields of manager "ported"`)))
		w.wire.rewrite("", "")
		w.wire.fail(read)
		Expect(w.fail(ctx, intentOf(live))).To(MatchError(ContainSubstring("failed to read Service")))
		Expect(managers(w.get(ctx, live))).To(ConsistOf("ported Apply", "manager Update"))
	})

	It("is retried if it changed meanwhile", func(ctx context.Context) {
		live := w.leave(ctx, "svc.json", "ported-service")
		obj := intentOf(live)
		w.wire.before(patch, func() { touch(ctx, live) })
		err := w.fail(ctx, obj)
		Expect(err).To(MatchError(ContainSubstring("failed to patch Service")))
		Expect(kindOf(err)).To(Equal("cluster"))
		w.wire.before("", nil)
		w.catchUp(ctx, obj)
		w.applyOne(ctx, obj, apply.ActionTakenOver)
	})

	It("is retried if it was replaced or removed meanwhile", func(ctx context.Context) {
		live := w.leave(ctx, "svc.json", "ported-service")
		w.freeze(ctx, live)
		Expect(admin.Delete(ctx, live)).To(Succeed())
		Expect(w.fail(ctx, intentOf(live))).To(MatchError(ContainSubstring("the object changed meanwhile")))
		again := intentOf(live)
		unstructured.RemoveNestedField(again.Object, "spec", "clusterIP")
		unstructured.RemoveNestedField(again.Object, "spec", "clusterIPs")
		Expect(admin.Create(ctx, again)).To(Succeed())
		Expect(w.fail(ctx, intentOf(live))).To(MatchError(ContainSubstring("the object changed meanwhile")))
	})

	It("stays unchanged if somebody else controls it by now", func(ctx context.Context) {
		live := w.leave(ctx, "svc.json", "ported-service")
		w.freeze(ctx, live)
		w.edit(ctx, live, `[{"op":"replace","path":"/metadata/ownerReferences/0/uid","value":"other"},
			{"op":"replace","path":"/metadata/ownerReferences/0/name","value":"other"}]`)
		Expect(kindOf(w.fail(ctx, intentOf(live)))).To(Equal("conflict"))
	})

	It("of another owner's managers is no takeover", func(ctx context.Context) {
		live := w.leave(ctx, "svc.json", "ported-service")
		w.owner.Name = "renamed"
		entries := w.get(ctx, live).GetManagedFields()
		entries = entries[:1]
		text, err := json.Marshal(entries)
		Expect(err).NotTo(HaveOccurred())
		w.edit(ctx, live, `[{"op":"replace","path":"/metadata/managedFields","value":`+string(text)+`}]`)
		w.applyOne(ctx, intentOf(live), apply.ActionUpdated)
		Expect(managers(w.get(ctx, live))).To(ConsistOf(ours, "ported Apply"))
	})
})

// touch writes an annotation.
func touch(ctx context.Context, obj *unstructured.Unstructured) {
	GinkgoHelper()
	Expect(admin.Patch(ctx, obj.DeepCopy(), client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"annotations":{"x":"y"}}}`)))).To(Succeed())
}

// restoreReplicas gives the field back to 0.9.0's entry, from which an edit took it.
func restoreReplicas(live *unstructured.Unstructured) string {
	GinkgoHelper()
	entries := recorded("deploy.json", "scaled").GetManagedFields()
	text, err := json.Marshal(entries)
	Expect(err).NotTo(HaveOccurred())
	for _, owner := range recorded("deploy.json", "scaled").GetOwnerReferences() {
		text = []byte(strings.ReplaceAll(string(text), string(owner.UID), string(live.GetOwnerReferences()[0].UID)))
	}
	return `[{"op":"replace","path":"/metadata/managedFields","value":` + string(text) + `}]`
}

// setBy09 edits a live object and counts the new field of spec as set by 0.9.0.
func (w *world) setBy09(ctx context.Context, obj *unstructured.Unstructured, owned, edit string) {
	GinkgoHelper()
	entries := w.get(ctx, obj).GetManagedFields()
	w.edit(ctx, obj, edit)
	text, err := json.Marshal(entries)
	Expect(err).NotTo(HaveOccurred())
	edited := strings.Replace(string(text), `"f:spec":{`, `"f:spec":{`+owned+`,`, 1)
	Expect(edited).NotTo(Equal(string(text)))
	w.edit(ctx, obj, `[{"op":"replace","path":"/metadata/managedFields","value":`+edited+`}]`)
}
