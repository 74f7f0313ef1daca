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
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// The objects that 0.9.0 left: the children are recorded beside the engine that takes them over.
const (
	ownRecords   = "testdata/takeover"
	childRecords = "../../internal/apply/testdata/takeover"
)

// leftovers are what a cluster holds when 0.9.0 has been running.
type leftovers struct {
	instances []*v1alpha1.LlamaStackDistribution
	// children as they were before the takeover, by "Kind/name".
	children map[string]*unstructured.Unstructured
}

var _ = Describe("A cluster that 0.9.0 left", Ordered, ContinueOnFailure, func() {
	var (
		left      leftovers
		namespace string
		binding   *rbacv1.RoleBinding
		seen      []harness.Request
	)
	BeforeAll(func(ctx context.Context) {
		namespace = newNamespace(ctx, true)
		var mark int64
		whileDown(func() {
			configureOperator(ctx, recordedConfig())
			left = leave(ctx, namespace)
			binding = leaveBinding(ctx, left.instances[0])
			mark = audit.Mark()
		})
		// While none of the new Pods comes up, two servers of the namespace are replaced and the others wait.
		Eventually(left.replaced(ctx)).Should(HaveLen(2))
		Consistently(left.replaced(ctx)).WithTimeout(time.Second).Should(HaveLen(2))
		waiting := left.instances[slices.IndexFunc(left.instances, func(i *v1alpha1.LlamaStackDistribution) bool {
			return !slices.Contains(left.replaced(ctx)(), i.Name)
		})]
		Eventually(conditionOf(ctx, waiting, v1alpha1.ConditionReady)).Should(
			ContainSubstring("until fewer than 5 servers are being rolled by the operator, and fewer than 2 in namespace"))
		edit(ctx, namespaceObject(namespace), func(n *corev1.Namespace) { delete(n.Annotations, harness.HoldAnnotation) })
		left.nudge(ctx)
		for _, instance := range left.instances {
			takenOver(ctx, instance)
			becomeReady(ctx, instance)
		}
		waitForQuiet()
		seen = requestsSince(mark)
	})
	now := func(ctx context.Context, before *unstructured.Unstructured) *unstructured.Unstructured {
		GinkgoHelper()
		after := &unstructured.Unstructured{}
		after.SetGroupVersionKind(before.GroupVersionKind())
		return get(ctx, namespace, before.GetName(), after)
	}

	It("is taken over by the new operator with every object kept", func(ctx context.Context) {
		Expect(left.instances).To(HaveLen(9))
		for name, before := range left.children {
			after := now(ctx, before)
			Expect(after.GetUID()).To(Equal(before.GetUID()), name)
			Expect(after.GetDeletionTimestamp()).To(BeNil(), name)
			Expect(metav1.GetControllerOf(after)).To(HaveField("Kind", v1alpha1.Kind), name)
			Expect(after.GetLabels()).To(HaveKey(v1alpha1.LabelInstance), name)
		}
		Expect(seen).NotTo(ContainElement(HaveField("Verb", "delete")))
	})

	It("has each server replaced once", func(ctx context.Context) {
		for _, instance := range left.instances {
			before := left.children["Deployment/"+instance.Name]
			Expect(now(ctx, before).GetGeneration()).To(Equal(before.GetGeneration()+1), instance.Name)
			selector, _, err := unstructured.NestedMap(before.Object, "spec", "selector")
			Expect(err).NotTo(HaveOccurred())
			Expect(now(ctx, before).Object["spec"]).To(HaveKeyWithValue("selector", selector), instance.Name)
		}
	})

	It("loses the field managers of 0.9.0", func(ctx context.Context) {
		for name, before := range left.children {
			for _, entry := range now(ctx, before).GetManagedFields() {
				Expect(entry.Manager).NotTo(Equal("manager"), name)
				for _, instance := range left.instances {
					Expect(entry.Manager).NotTo(Equal(instance.Name), name)
				}
			}
		}
	})

	It("loses fields that are no longer wanted", func(ctx context.Context) {
		for _, instance := range left.instances {
			template := deploymentOf(ctx, instance).Spec.Template
			config := instance.Spec.Server.UserConfig
			Expect(slices.Contains(volumeNames(template.Spec.Volumes), "user-config")).To(Equal(config != nil), instance.Name)
			variables := map[string]string{}
			for _, variable := range template.Spec.Containers[0].Env {
				variables[variable.Name] = variable.Value
			}
			if config == nil {
				Expect(variables).NotTo(HaveKey("LLAMA_STACK_CONFIG"), instance.Name)
				Expect(template.Annotations).NotTo(HaveKey("configmap.hash/user-config"), instance.Name)
			} else {
				Expect(template.Annotations["configmap.hash/user-config"]).To(HaveLen(64), "a hash of the content: "+instance.Name)
			}
			Expect(template.Spec.SecurityContext.RunAsNonRoot).To(HaveValue(BeTrue()), instance.Name)
		}
	})

	It("keeps what the spec says, in particular the PVCs", func(ctx context.Context) {
		for name, before := range left.children {
			if before.GetKind() == "PersistentVolumeClaim" {
				Expect(now(ctx, before).Object["spec"]).To(Equal(before.Object["spec"]), name)
			}
		}
		everything := get(ctx, namespace, "everything", &v1alpha1.LlamaStackDistribution{})
		deployment := deploymentOf(ctx, everything)
		Expect(deployment.Spec.Template.Spec.ServiceAccountName).To(Equal("mine"))
		Expect(volumeNames(deployment.Spec.Template.Spec.Volumes)).To(ContainElement("extra"))
		Expect(get(ctx, namespace, "everything-service", &corev1.Service{}).Spec.Ports[0].Port).To(BeEquivalentTo(9000))
		scaled := get(ctx, namespace, "scaled", &v1alpha1.LlamaStackDistribution{})
		Expect(deploymentOf(ctx, scaled).Spec.Replicas).To(HaveValue(BeEquivalentTo(1)), "the autoscaler's number")
	})

	It("needs one reconcile of writes, all of them accepted, and then none, also after a restart", func() {
		perObject := map[string]int{}
		for _, r := range harness.Writes(seen) {
			Expect(r.Code).To(Or(BeNumerically("<", 400), BeEquivalentTo(409)), "%v", r) // 409: the stand-in was faster, and it was tried again
			if r.Subresource == "" && r.Code < 400 {
				perObject[r.Resource+"/"+r.Name]++
			}
		}
		Expect(perObject).To(HaveEach(BeNumerically("<=", 2)), "one for the field managers, one for the fields")
		mark := audit.Mark()
		Consistently(func() []harness.Request { return requestsSince(mark) }).WithTimeout(time.Second).Should(BeEmpty())
		whileDown(func() {})
		Eventually(func() []harness.Request { return requestsSince(mark) }).ShouldNot(BeEmpty())
		waitForQuiet()
		Expect(harness.Writes(requestsSince(mark))).To(BeEmpty())
	})

	It("keeps its RoleBinding, which is reported on OpenShift", func(ctx context.Context) {
		Expect(get(ctx, namespace, binding.Name, &rbacv1.RoleBinding{}).ResourceVersion).To(Equal(binding.ResourceVersion))
		if *onOpenShift {
			Eventually(eventsOf(ctx, left.instances[0])).Should(ContainElement(And(
				HavePrefix("Warning LegacyBinding"), ContainSubstring("kubectl delete rolebinding "+binding.Name+" -n "+namespace))))
		}
	})
})

// replaced polls the names of the servers whose Pods the operator has had replaced.
func (l leftovers) replaced(ctx context.Context) func() []string {
	return func() []string {
		GinkgoHelper()
		var names []string
		for _, instance := range l.instances {
			if deploymentOf(ctx, instance).Generation != l.children["Deployment/"+instance.Name].GetGeneration() {
				names = append(names, instance.Name)
			}
		}
		return names
	}
}

// takenOver waits until the server has had its turn.
func takenOver(ctx context.Context, instance *v1alpha1.LlamaStackDistribution) {
	GinkgoHelper()
	Eventually(func() map[string]string { return deploymentOf(ctx, instance).Annotations }).WithTimeout(time.Minute).
		Should(HaveKey("llamastack.io/applied-hash"), instance.Name)
}

// nudge shows the Deployments to the stand-in again, which only sees the end of a hold when something changes.
func (l leftovers) nudge(ctx context.Context) {
	GinkgoHelper()
	for _, instance := range l.instances {
		edit(ctx, deploymentOf(ctx, instance), func(d *appsv1.Deployment) {
			metav1.SetMetaDataLabel(&d.ObjectMeta, "nudged", "true")
		})
	}
}

func volumeNames(volumes []corev1.Volume) []string {
	var names []string
	for i := range volumes {
		names = append(names, volumes[i].Name)
	}
	return names
}

// records reads one recorded list.
func records(folder, file string) []unstructured.Unstructured {
	GinkgoHelper()
	text, err := os.ReadFile(filepath.Join(folder, file))
	Expect(err).NotTo(HaveOccurred())
	list := &unstructured.UnstructuredList{}
	Expect(list.UnmarshalJSON(text)).To(Succeed())
	return list.Items
}

func recordedConfig() map[string]string {
	GinkgoHelper()
	data, _, err := unstructured.NestedStringMap(records(ownRecords, "operator-configmaps.json")[0].Object, "data")
	Expect(err).NotTo(HaveOccurred())
	return data
}

// leave puts everything that was recorded into a namespace, as 0.9.0 would have left it there.
func leave(ctx context.Context, namespace string) leftovers {
	GinkgoHelper()
	left := leftovers{children: map[string]*unstructured.Unstructured{}}
	uids := map[types.UID]types.UID{}
	for _, record := range records(ownRecords, "llsd.json") {
		made := leaveOne(ctx, namespace, record, nil)
		uids[record.GetUID()] = made.GetUID()
		instance := &v1alpha1.LlamaStackDistribution{}
		Expect(runtime.DefaultUnstructuredConverter.FromUnstructured(made.Object, instance)).To(Succeed())
		left.instances = append(left.instances, instance)
	}
	files, err := filepath.Glob(filepath.Join(childRecords, "*.json"))
	Expect(err).NotTo(HaveOccurred())
	for _, file := range files {
		for _, record := range records(childRecords, filepath.Base(file)) {
			made := leaveOne(ctx, namespace, record, uids)
			if made.GetLabels()[v1alpha1.LabelManagedBy] != "" {
				left.children[made.GetKind()+"/"+made.GetName()] = made
			}
		}
	}
	return left
}

// leaveOne creates one object, and restores its status, owners and managers, one after the other: what a write changes
// beside managedFields is counted as the writer's.
func leaveOne(ctx context.Context, namespace string, record unstructured.Unstructured, uids map[types.UID]types.UID) *unstructured.Unstructured {
	GinkgoHelper()
	text, err := json.Marshal(record.Object)
	Expect(err).NotTo(HaveOccurred())
	for before, after := range uids {
		text = bytes.ReplaceAll(text, []byte(before), []byte(after))
	}
	made := &unstructured.Unstructured{}
	Expect(made.UnmarshalJSON([]byte(strings.ReplaceAll(string(text), `"namespace":"apps"`, `"namespace":"`+namespace+`"`)))).To(Succeed())
	status, owners, managers := made.Object["status"], made.GetOwnerReferences(), made.GetManagedFields()
	for _, key := range []string{"uid", "resourceVersion", "creationTimestamp", "generation", "ownerReferences", "managedFields"} {
		unstructured.RemoveNestedField(made.Object, "metadata", key)
	}
	for _, key := range []string{"clusterIP", "clusterIPs"} {
		unstructured.RemoveNestedField(made.Object, "spec", key)
	}
	delete(made.Object, "status")
	create(ctx, made)
	if status != nil && made.GetKind() != "Service" {
		made.Object["status"] = status
		if made.GetKind() == "Deployment" { // it has rolled out as it is
			Expect(unstructured.SetNestedField(made.Object, made.GetGeneration(), "status", "observedGeneration")).To(Succeed())
		}
		Expect(admin.Status().Update(ctx, made)).To(Succeed())
	}
	restore(ctx, made, "ownerReferences", owners)
	if len(uids) > 0 {
		restore(ctx, made, "managedFields", managers)
	}
	return made
}

func restore(ctx context.Context, object client.Object, key string, value any) {
	GinkgoHelper()
	text, err := json.Marshal(map[string]any{"metadata": map[string]any{key: value}})
	Expect(err).NotTo(HaveOccurred())
	Expect(admin.Patch(ctx, object, client.RawPatch(types.MergePatchType, text))).To(Succeed())
}

// leaveBinding creates the binding that let a server of 0.9.0 run under the SCC anyuid.
func leaveBinding(ctx context.Context, owner *v1alpha1.LlamaStackDistribution) *rbacv1.RoleBinding {
	GinkgoHelper()
	binding := &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: owner.Namespace, Name: owner.Name + "-rb", Labels: map[string]string{v1alpha1.LabelManagedBy: v1alpha1.ManagedBy},
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(owner, v1alpha1.GroupVersion.WithKind(v1alpha1.Kind))},
		},
		RoleRef:  rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "system:openshift:scc:anyuid"},
		Subjects: []rbacv1.Subject{{Kind: "ServiceAccount", Namespace: owner.Namespace, Name: owner.Name + "-sa"}},
	}
	create(ctx, binding)
	return binding
}
