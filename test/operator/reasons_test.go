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
	"strconv"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("What a rollout waits for", func() {
	// rolling makes a server whose only Pod is not available.
	rolling := func(ctx context.Context, name, spec string) *v1alpha1.LlamaStackDistribution {
		GinkgoHelper()
		instance := llsdtest.Make(name).Namespace(newNamespace(ctx, true)).Obj()
		withSpec(instance, spec)
		create(ctx, instance)
		reportRollout(ctx, instance, appsv1.DeploymentStatus{Replicas: 1, UpdatedReplicas: 1})
		return instance
	}
	ready := func(ctx context.Context, instance *v1alpha1.LlamaStackDistribution) func() (string, error) {
		return conditionOf(ctx, instance, v1alpha1.ConditionReady)
	}
	starting := func(texts ...string) OmegaMatcher {
		return say(metav1.ConditionFalse, v1alpha1.ReasonProgressing, texts...)
	}
	postEvent := func(ctx context.Context, kind, namespace, name string, about types.UID, reason, message string) {
		GinkgoHelper()
		create(ctx, &corev1.Event{
			ObjectMeta:     metav1.ObjectMeta{Namespace: namespace, GenerateName: name + "-"},
			InvolvedObject: corev1.ObjectReference{Kind: kind, Namespace: namespace, Name: name, UID: about},
			Reason:         reason, Message: message, LastTimestamp: metav1.Now(),
		})
	}

	It("is reported when somebody paused the Deployment, with the command that resumes it", func(ctx context.Context) {
		instance := rolling(ctx, "a", "")
		rollOutNow(ctx, instance)
		becomeReady(ctx, instance)
		Eventually(func() error { // the edit is another generation, which nobody would have observed for a moment
			next := deploymentOf(ctx, instance)
			next.Status.ObservedGeneration = next.Generation + 1
			return admin.Status().Update(ctx, next)
		}).Should(Succeed())
		edit(ctx, deploymentOf(ctx, instance), func(d *appsv1.Deployment) { d.Spec.Paused = true })
		Consistently(ready(ctx, instance)).Should(say(metav1.ConditionTrue, v1alpha1.ReasonReady), "there is nothing to roll")

		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Server.ContainerSpec.Port = 9000 })
		reportRollout(ctx, instance, appsv1.DeploymentStatus{Replicas: 1, AvailableReplicas: 1})
		Eventually(ready(ctx, instance)).Should(starting("kubectl -n " + instance.Namespace + " rollout resume deployment/a"))
		Expect(deploymentOf(ctx, instance).Spec.Paused).To(BeTrue(), "it is somebody's decision")
	})

	It("is reported when Pods are evicted, in the kubelet's words and with the field, until one serves", func(ctx context.Context) {
		instance := rolling(ctx, "a", "")
		pod := waitingPod(ctx, instance, "ContainerCreating", "")
		pod.Status = corev1.PodStatus{Phase: corev1.PodFailed, Reason: "Evicted", Message: `Usage of EmptyDir volume "lls-storage" exceeds the limit "16Mi".`}
		Expect(admin.Status().Update(ctx, pod)).To(Succeed())
		Eventually(ready(ctx, instance)).Should(starting("Evicted", `exceeds the limit "16Mi"`, "spec.server.storage.ephemeral.size"))

		Eventually(time.Now).Should(BeTemporally(">", pod.CreationTimestamp.Add(time.Second)), "times have whole seconds")
		next := waitingPod(ctx, instance, "ContainerCreating", "")
		Consistently(ready(ctx, instance)).Should(starting("Evicted"), "a Pod that starts proves nothing")
		next.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
		Expect(admin.Status().Update(ctx, next)).To(Succeed())
		Eventually(ready(ctx, instance)).ShouldNot(ContainSubstring("Evicted"))
	})

	It("is what the newest ReplicaSet's Pods wait for, which an old Pod that is created again does not hide", func(ctx context.Context) {
		instance := rolling(ctx, "a", "")
		deployment := deploymentOf(ctx, instance)
		replicaSet := func(revision int64) {
			GinkgoHelper()
			template := *deployment.Spec.Template.DeepCopy()
			template.Labels[appsv1.DefaultDeploymentUniqueLabelKey] = "t" + strconv.FormatInt(revision, 10)
			set := &appsv1.ReplicaSet{
				ObjectMeta: metav1.ObjectMeta{
					Namespace: instance.Namespace, Name: "a-t" + strconv.FormatInt(revision, 10), Labels: template.Labels,
					Annotations:     map[string]string{"deployment.kubernetes.io/revision": strconv.FormatInt(revision, 10)},
					OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(deployment, appsv1.SchemeGroupVersion.WithKind("Deployment"))},
				},
				Spec: appsv1.ReplicaSetSpec{Selector: &metav1.LabelSelector{MatchLabels: template.Labels}, Template: template},
			}
			create(ctx, set)
		}
		podOf := func(template, reason, message string) *corev1.Pod {
			GinkgoHelper()
			pod := waitingPod(ctx, instance, reason, message)
			edit(ctx, pod, func(p *corev1.Pod) { p.Labels[appsv1.DefaultDeploymentUniqueLabelKey] = template })
			return pod
		}
		replicaSet(1)
		replicaSet(2)
		pod := podOf("t2", "CreateContainerConfigError", `secret "tokens" not found`)
		Eventually(ready(ctx, instance)).Should(starting(`secret "tokens" not found`))
		Eventually(time.Now).Should(BeTemporally(">", pod.CreationTimestamp.Add(time.Second)), "times have whole seconds")
		mark := audit.Mark()

		podOf("t1", "ContainerCreating", "")
		reads := func() []harness.Request { return harness.Reads(audit.In(instance.Namespace, mark)) }
		Eventually(reads).ShouldNot(BeEmpty())
		Consistently(ready(ctx, instance)).WithTimeout(3 * time.Second).Should(starting(`secret "tokens" not found`))
		Expect(reads()).To(HaveExactElements(HaveField("Resource", "replicasets")), "they are read once")
	})

	It("is reported by both servers when a Pod is given to another one", func(ctx context.Context) {
		instance := rolling(ctx, "a", "")
		pod := waitingPod(ctx, instance, "InvalidImageName", "")
		Eventually(ready(ctx, instance)).Should(starting("InvalidImageName"))
		edit(ctx, pod, func(p *corev1.Pod) { p.Labels[v1alpha1.LabelInstance] = "another" })
		Eventually(ready(ctx, instance)).ShouldNot(ContainSubstring("InvalidImageName"))
	})

	It("is reported within a minute: a probe that fails, a PVC that is not bound, a Pod that does not terminate", func(ctx context.Context) {
		probed := rolling(ctx, "probed", "")
		pod := waitingPod(ctx, probed, "ContainerCreating", "")
		pod.Status = corev1.PodStatus{Phase: corev1.PodRunning, ContainerStatuses: []corev1.ContainerStatus{{
			Name: pod.Spec.Containers[0].Name, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}},
		}}}
		Expect(admin.Status().Update(ctx, pod)).To(Succeed())
		postEvent(ctx, "Pod", pod.Namespace, pod.Name, pod.UID, "Unhealthy", "Startup probe failed: dial tcp 10.0.0.1:8321: connection refused")

		stored := rolling(ctx, "stored", "server: {storage: {size: 1Gi, storageClassName: fast}}")
		pvc := get(ctx, stored.Namespace, "stored-pvc", &corev1.PersistentVolumeClaim{})
		postEvent(ctx, "PersistentVolumeClaim", pvc.Namespace, pvc.Name, pvc.UID, "ProvisioningFailed", `storageclass.storage.k8s.io "fast" not found`)

		left := rolling(ctx, "left", "server: {storage: {size: 1Gi}}")
		leaving := waitingPod(ctx, left, "ContainerCreating", "")
		edit(ctx, leaving, func(p *corev1.Pod) { p.Finalizers = []string{"example.com/held"} })
		Expect(admin.Delete(ctx, leaving, client.GracePeriodSeconds(0))).To(Succeed())
		reportRollout(ctx, left, appsv1.DeploymentStatus{})
		DeferCleanup(func(ctx context.Context) { edit(ctx, leaving, func(p *corev1.Pod) { p.Finalizers = nil }) })

		Eventually(ready(ctx, probed)).WithTimeout(time.Minute).Should(starting("Unhealthy: Startup probe failed: dial tcp 10.0.0.1:8321: connection refused"))
		Eventually(ready(ctx, stored)).WithTimeout(time.Minute).Should(starting(`storageclass.storage.k8s.io "fast" not found`, "create that StorageClass"))
		Expect(conditionOf(ctx, stored, v1alpha1.ConditionStorageReady)()).To(say(metav1.ConditionFalse, v1alpha1.ReasonStoragePending, `"fast" not found`))
		Eventually(ready(ctx, left)).WithTimeout(time.Minute).Should(starting("Pod "+leaving.Name, "example.com/held", "no new Pod is created until it is deleted"))

		By("starting the new Pod beside it, as a cluster does once its containers have ended")
		reportRollout(ctx, left, appsv1.DeploymentStatus{Replicas: 1, UpdatedReplicas: 1, ReadyReplicas: 1, AvailableReplicas: 1})
		Eventually(conditionOf(ctx, left, v1alpha1.ConditionDeploymentReady)).Should(say(metav1.ConditionTrue, v1alpha1.ReasonDeploymentReady, "Pod "+leaving.Name, "example.com/held"))
	})

	It("is reported with the field if a LimitRange refuses the PVC", func(ctx context.Context) {
		namespace := newNamespace(ctx, true)
		create(ctx, &corev1.LimitRange{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "small"}, Spec: corev1.LimitRangeSpec{Limits: []corev1.LimitRangeItem{{
			Type: corev1.LimitTypePersistentVolumeClaim, Max: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")},
		}}}})
		instance := llsdtest.Make("a").Namespace(namespace).Storage("2Gi").Obj()
		create(ctx, instance)
		Eventually(ready(ctx, instance)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonRejected,
			"maximum storage usage per PersistentVolumeClaim is 1Gi", "set spec.server.storage.size within the LimitRange"))
	})
})

var _ = Describe("A server that is being deleted", func() {
	It("reports what is left of it, as long as somebody's finalizer keeps it", func(ctx context.Context) {
		namespace := newNamespace(ctx, false)
		create(ctx, configMap(namespace, "config", map[string]string{"config.yaml": "version: '2'\nserver: {tls_certfile: /a, tls_keyfile: /b}\n"}))
		instance := llsdtest.Make("a").Namespace(namespace).Storage("1Gi").UserConfig("config").Obj()
		instance.Finalizers = []string{"example.com/held"}
		create(ctx, instance)
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(say(metav1.ConditionTrue, v1alpha1.ReasonReady))
		before := get(ctx, namespace, "a", &v1alpha1.LlamaStackDistribution{}).Status
		Expect(before.ServiceURL).To(HavePrefix("https://"))
		Expect(admin.Delete(ctx, instance)).To(Succeed())
		DeferCleanup(func(ctx context.Context) {
			edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) { i.Finalizers = nil })
		})

		phase := func() (v1alpha1.DistributionPhase, error) {
			now, err := statusOf(ctx, instance)()
			return now.Phase, err
		}
		Eventually(phase).Should(Equal(v1alpha1.PhaseTerminating))
		now := get(ctx, namespace, "a", &v1alpha1.LlamaStackDistribution{}).Status
		Expect(now.ServiceURL).To(Equal(before.ServiceURL))
		Expect(now.Replicas).To(Equal(before.Replicas))
		Expect(now.DistributionConfig).To(Equal(before.DistributionConfig))
		Expect(now.Conditions).To(ContainElements(
			And(HaveField("Type", "DeploymentReady"), HaveField("Status", metav1.ConditionTrue)),
			And(HaveField("Type", "ServiceReady"), HaveField("Status", metav1.ConditionTrue)),
			And(HaveField("Type", "StorageReady"), HaveField("Status", metav1.ConditionTrue))))

		Expect(admin.Delete(ctx, get(ctx, namespace, "a-service", &corev1.Service{}))).To(Succeed())
		Eventually(func() ([]metav1.Condition, error) {
			now, err := statusOf(ctx, instance)()
			return now.Conditions, err
		}).Should(ContainElement(And(HaveField("Type", "ServiceReady"), HaveField("Status", metav1.ConditionFalse), HaveField("Message", "Service is deleted"))))
	})
})
