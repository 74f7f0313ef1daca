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
	"github.com/llamastack/llama-stack-k8s-operator/internal/rollback"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const (
	goodImage   = "quay.io/server/good:1"
	badImage    = "quay.io/server/bad:1"
	betterImage = "quay.io/server/better:1"
)

func rollingBack(namespace string) *llsdtest.Wrapper {
	return llsdtest.Make("undone").Namespace(namespace).Image(goodImage).Edit(func(i *v1alpha1.LlamaStackDistribution) {
		i.Spec.Server.Rollout = &v1alpha1.RolloutSpec{Strategy: "Recreate", Rollback: v1alpha1.RollbackAutomatic}
	})
}

func setImage(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, image string) {
	GinkgoHelper()
	edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Server.Distribution.Image = image })
}

// haveImage matches a Deployment by its server's image.
func haveImage(image string) OmegaMatcher {
	return HaveField("Spec.Template.Spec.Containers", HaveExactElements(HaveField("Image", image)))
}

// giveUp is what the Deployment's controller reports about a rollout without a Pod that starts.
func giveUp(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, at time.Time) {
	GinkgoHelper()
	reportRollout(ctx, instance, appsv1.DeploymentStatus{
		Replicas: 2, UpdatedReplicas: 1,
		Conditions: []appsv1.DeploymentCondition{{
			Type: appsv1.DeploymentProgressing, Status: corev1.ConditionFalse, Reason: "ProgressDeadlineExceeded", LastTransitionTime: metav1.NewTime(at),
		}},
	})
}

// serveNow rolls out, until the server is Ready and its template is recorded as such, which is another generation of
// the Deployment.
func serveNow(ctx context.Context, instance *v1alpha1.LlamaStackDistribution) {
	GinkgoHelper()
	rollOutNow(ctx, instance)
	Eventually(func() rollback.Record { return rollback.Read(deploymentOf(ctx, instance)) }).Should(
		Satisfy(func(r rollback.Record) bool { return r.Ready != "" && r.Ready == r.Template }))
	rollOutNow(ctx, instance)
	becomeReady(ctx, instance)
}

var _ = Describe("A rollout that fails", func() {
	beRolledBack := say(metav1.ConditionFalse, v1alpha1.ReasonRolledBack, "ImagePullBackOff: no such image")

	It("is rolled back until the spec changes, also by an operator that has just started", func(ctx context.Context) {
		instance := rollingBack(newNamespace(ctx, true)).Replicas(2).Obj()
		create(ctx, instance)
		serveNow(ctx, instance)
		good := deploymentOf(ctx, instance).Spec.Template

		setImage(ctx, instance, badImage)
		Eventually(deploymentNow(ctx, instance)).Should(haveImage(badImage))
		pod := waitingPod(ctx, instance, "ImagePullBackOff", "no such image")
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonProgressing, "no such image"))
		giveUp(ctx, instance, time.Now())
		Eventually(deploymentNow(ctx, instance)).Should(HaveField("Spec.Template", Equal(good)))
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(beRolledBack)
		Expect(admin.Delete(ctx, pod)).To(Succeed())

		rollOutNow(ctx, instance)
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionDeploymentReady)).Should(say(metav1.ConditionTrue, v1alpha1.ReasonDeploymentReady))
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionHealthCheck)).Should(say(metav1.ConditionTrue, v1alpha1.ReasonHealthCheckPassed))
		Eventually(statusOf(ctx, instance)).Should(And(HaveField("Phase", v1alpha1.PhaseFailed), HaveField("Image", goodImage)))
		Eventually(func() ([]string, error) { return eventReasons(ctx, instance) }).Should(ContainElement("Warning RolledBack"))
		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Replicas = new(int32(3)) })
		Eventually(deploymentNow(ctx, instance)).Should(And(haveImage(goodImage), HaveField("Spec.Replicas", HaveValue(Equal(int32(3))))))
		rollOutNow(ctx, instance)
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(beRolledBack)
		waitForQuiet()

		var before float64
		var mark int64
		whileDown(func() { before, mark = reconcilesTotal(), audit.Mark() })
		Eventually(reconcilesTotal).Should(BeNumerically(">", before))
		waitForQuiet()
		Expect(harness.Writes(audit.In(instance.Namespace, mark))).To(BeEmpty())
		Expect(conditionOf(ctx, instance, v1alpha1.ConditionReady)()).To(beRolledBack)

		setImage(ctx, instance, betterImage)
		Eventually(deploymentNow(ctx, instance)).Should(haveImage(betterImage))
		serveNow(ctx, instance)
	})

	It("gets its configuration, its certificates and its port back", func(ctx context.Context) {
		namespace := newNamespace(ctx, true)
		create(ctx,
			configMap(namespace, "config", map[string]string{"config.yaml": "version: '2'\n"}),
			configMap(namespace, "ca", map[string]string{"ca-bundle.crt": harness.NewCertificate("ca")}))
		instance := rollingBack(namespace).UserConfig("config").CABundle("ca").Obj()
		create(ctx, instance)
		serveNow(ctx, instance)
		good := deploymentOf(ctx, instance).Spec.Template

		for attempt := range 3 { // each has a configuration of its own, of which two would be kept
			config := "version: '2'\nimage_name: " + string(rune('a'+attempt)) + "\n"
			edit(ctx, configMap(namespace, "config", nil), func(c *corev1.ConfigMap) { c.Data = map[string]string{"config.yaml": config} })
			edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) {
				i.Spec.Server.TLSConfig, i.Spec.Server.ContainerSpec.Port = nil, int32(9000+attempt)
			})
			Eventually(deploymentNow(ctx, instance)).Should(HaveField("Spec.Template.Spec.Containers", HaveExactElements(HaveField("Ports", HaveExactElements(
				HaveField("ContainerPort", int32(9000+attempt)))))))
			// The news of the two edits come in any order; one after the report would be another attempt.
			Eventually(copiedConfig(ctx, instance)).Should(Equal(config))
			giveUp(ctx, instance, time.Now().Add(time.Duration(attempt)*time.Minute))
			Eventually(deploymentNow(ctx, instance)).Should(HaveField("Spec.Template", Equal(good)))
			rollOutNow(ctx, instance)
			Eventually(conditionOf(ctx, instance, v1alpha1.ConditionDeploymentReady)).Should(say(metav1.ConditionTrue, v1alpha1.ReasonDeploymentReady))
		}
		for _, volume := range good.Spec.Volumes {
			if volume.ConfigMap != nil {
				Expect(exists(ctx, namespace, volume.ConfigMap.Name, &corev1.ConfigMap{})()).To(BeTrue(), volume.ConfigMap.Name)
			}
		}
		Expect(get(ctx, namespace, "undone-service", &corev1.Service{}).Spec.Ports).To(HaveExactElements(And(
			HaveField("Port", int32(9002)), HaveField("TargetPort", intstr.FromInt32(v1alpha1.DefaultPort)))))
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonRolledBack, "progress deadline"))

		setImage(ctx, instance, betterImage)
		Eventually(deploymentNow(ctx, instance)).Should(haveImage(betterImage))
		serveNow(ctx, instance)
		Eventually(exists(ctx, namespace, "undone-ca-bundle", &corev1.ConfigMap{})).Should(BeFalse(), "nothing needs it any more")
		Expect(get(ctx, namespace, "undone-service", &corev1.Service{}).Spec.Ports).To(HaveExactElements(HaveField("TargetPort", intstr.FromInt32(9002))))
	})

	It("is only reported if nothing was ready before, or rollback is not set", func(ctx context.Context) {
		first := rollingBack(newNamespace(ctx, true)).Image(badImage).Obj()
		create(ctx, first)
		giveUp(ctx, first, time.Now())
		Eventually(conditionOf(ctx, first, v1alpha1.ConditionReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonRolloutFailed))
		Expect(deploymentOf(ctx, first)).To(haveImage(badImage))

		edit(ctx, first, func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Server.Rollout.Rollback = "None" })
		Eventually(deploymentNow(ctx, first)).Should(HaveField("Annotations", Not(HaveKey(v1alpha1.AnnotationRollout))))
		setImage(ctx, first, goodImage)
		Eventually(deploymentNow(ctx, first)).Should(haveImage(goodImage))
		rollOutNow(ctx, first)
		becomeReady(ctx, first)
		setImage(ctx, first, badImage)
		Eventually(deploymentNow(ctx, first)).Should(haveImage(badImage))
		giveUp(ctx, first, time.Now())
		Eventually(conditionOf(ctx, first, v1alpha1.ConditionReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonRolloutFailed))
		Expect(deploymentOf(ctx, first)).To(haveImage(badImage))
	})
})

// eventReasons are the Events about a LlamaStackDistribution, as "type reason".
func eventReasons(ctx context.Context, instance *v1alpha1.LlamaStackDistribution) ([]string, error) {
	list := &eventsv1.EventList{}
	if err := admin.List(ctx, list, client.InNamespace(instance.Namespace)); err != nil {
		return nil, err
	}
	var found []string
	for i := range list.Items {
		if list.Items[i].Regarding.UID == instance.UID {
			found = append(found, list.Items[i].Type+" "+list.Items[i].Reason)
		}
	}
	return found, nil
}
