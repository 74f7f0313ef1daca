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
	"os"
	"strconv"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/internal/yamlbudget"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// oddRoot is a root that OpenSSL accepts and Go's parser does not.
func oddRoot(name string) string {
	GinkgoHelper()
	text, err := os.ReadFile("../../internal/cabundle/testdata/" + name + ".pem")
	Expect(err).NotTo(HaveOccurred())
	return string(text)
}

var _ = Describe("What users already have", func() {
	var namespace string
	BeforeEach(func(ctx context.Context) { namespace = newNamespace(ctx, false) })

	annotate := func(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, value string) {
		GinkgoHelper()
		edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.PodOverrides = &v1alpha1.PodOverrides{Annotations: map[string]v1alpha1.AnnotationValue{"edited": v1alpha1.AnnotationValue(value)}}
		})
		Eventually(func() string { return deploymentOf(ctx, instance).Spec.Template.Annotations["edited"] }).Should(Equal(value))
	}
	certificates := func(ctx context.Context, instance *v1alpha1.LlamaStackDistribution) func() int {
		return func() int {
			bundle := get(ctx, namespace, instance.Name+"-ca-bundle", &corev1.ConfigMap{})
			return strings.Count(bundle.Data[v1alpha1.DefaultCABundleKey], "BEGIN CERTIFICATE")
		}
	}

	It("runs as a dashboard created it: with a command, and a ConfigMap that has no config.yaml", func(ctx context.Context) {
		instance := llsdtest.Playground(namespace).Image("quay.io/a/b:1").Obj()
		create(ctx, instance)
		create(ctx, llsdtest.PlaygroundConfig(instance))
		becomeReady(ctx, instance)
		Expect(conditionOf(ctx, instance, v1alpha1.ConditionReady)()).NotTo(ContainSubstring("config.yaml"))

		template := deploymentOf(ctx, instance).Spec.Template
		Expect(template.Spec.Containers[0].Command).To(Equal(instance.Spec.Server.ContainerSpec.Command))
		Expect(template.Spec.Containers[0].VolumeMounts).To(ContainElement(And(HaveField("Name", "user-config"), HaveField("MountPath", "/etc/llama-stack/"))))
		Expect(template.Spec.Containers[0].StartupProbe.HTTPGet).NotTo(BeNil())
		mounted := template.Annotations["configmap.hash/user-config"]

		edit(ctx, configMap(namespace, "llama-stack-config", nil), func(c *corev1.ConfigMap) { c.Data["config.yaml"] = "see run.yaml\n" })
		Eventually(func() string {
			return deploymentOf(ctx, instance).Spec.Template.Annotations["configmap.hash/user-config"]
		}).ShouldNot(Equal(mounted))
		annotate(ctx, instance, "yes")
		becomeReady(ctx, instance)
	})

	It("is a configuration too large to be inspected: it is mounted unchanged, and reported", func(ctx context.Context) {
		large := "version: 2\n# " + strings.Repeat("x", yamlbudget.MaxBytes)
		create(ctx, configMap(namespace, "large", map[string]string{"config.yaml": large}))
		instance := llsdtest.Make("large").Namespace(namespace).UserConfig("large").Replicas(2).Obj()
		create(ctx, instance)
		becomeReady(ctx, instance)

		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(say(metav1.ConditionTrue, v1alpha1.ReasonReady, "262157 bytes", "mounted as it is"))
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionStateShared)).Should(say(metav1.ConditionUnknown, v1alpha1.ReasonStateUnknown, "does not inspect"))
		deployment := deploymentOf(ctx, instance)
		Expect(deployment.Spec.Template.Spec.Containers[0].StartupProbe.TCPSocket).NotTo(BeNil())
		for _, volume := range deployment.Spec.Template.Spec.Volumes {
			if volume.Name == "user-config" {
				Expect(get(ctx, namespace, volume.ConfigMap.Name, &corev1.ConfigMap{}).Data).To(HaveKeyWithValue("config.yaml", large))
			}
		}
	})

	DescribeTable("is one invalid root in the bundle of the namespace: it is reported and stops nothing,", func(ctx context.Context, name string) {
		instance := llsdtest.Make("trusting").Namespace(namespace).Obj()
		create(ctx, instance)
		becomeReady(ctx, instance)

		create(ctx, configMap(namespace, "odh-trusted-ca-bundle", map[string]string{"ca-bundle.crt": harness.NewCertificate("good") + oddRoot(name)}))
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(say(metav1.ConditionTrue, v1alpha1.ReasonReady, "PEM block 2", "(test)", "x509: "))
		Eventually(certificates(ctx, instance)).Should(Equal(1))
		annotate(ctx, instance, name)
	},
		Entry("with a negative serial number", "negative-serial"),
		Entry("with a curve that Go does not know", "brainpool"),
	)

	It("is an unusable bundle of the namespace: what was trusted before stays", func(ctx context.Context) {
		create(ctx, configMap(namespace, "odh-trusted-ca-bundle", map[string]string{"ca-bundle.crt": harness.NewCertificate("good")}))
		instance := llsdtest.Make("trusting").Namespace(namespace).Obj()
		create(ctx, instance)
		becomeReady(ctx, instance)
		before := deploymentOf(ctx, instance)

		var many strings.Builder
		for i := range 1001 {
			many.WriteString(harness.NewCertificate(strconv.Itoa(i)))
		}
		edit(ctx, configMap(namespace, "odh-trusted-ca-bundle", nil), func(c *corev1.ConfigMap) { c.Data["ca-bundle.crt"] = many.String() })
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(say(metav1.ConditionTrue, v1alpha1.ReasonReady, "too many certificates", "stay as they are"))
		Expect(deploymentOf(ctx, instance).Spec).To(Equal(before.Spec))
		Expect(certificates(ctx, instance)()).To(Equal(1))
		annotate(ctx, instance, "yes")
	})

	It("is a bundle with a byte order mark: every certificate of it is trusted", func(ctx context.Context) {
		create(ctx, configMap(namespace, "mine", map[string]string{"ca-bundle.crt": "\ufeff" + harness.NewCertificate("one") + harness.NewCertificate("two")}))
		instance := llsdtest.Make("marked").Namespace(namespace).CABundle("mine").Obj()
		create(ctx, instance)
		becomeReady(ctx, instance)
		Expect(certificates(ctx, instance)()).To(Equal(2))
	})

	It("is a name that the platform has an image for", func(ctx context.Context) {
		instance := llsdtest.Make("platform").Namespace(namespace).Distribution("rh-dev").Obj()
		create(ctx, instance)
		becomeReady(ctx, instance)
		Eventually(statusOf(ctx, instance)).Should(And(HaveField("Image", platformImage),
			HaveField("DistributionConfig.AvailableDistributions", HaveKeyWithValue("rh-dev", platformImage))))
	})

	It("has more variables than a Pod needs: it is reported before anything is created", func(ctx context.Context) {
		instance := llsdtest.Make("wordy").Namespace(namespace).Obj()
		for i := range 1001 {
			instance.Spec.Server.ContainerSpec.Env = append(instance.Spec.Server.ContainerSpec.Env, corev1.EnvVar{Name: fmt.Sprintf("V%d", i)})
		}
		create(ctx, instance)
		Eventually(conditionOf(ctx, instance, v1alpha1.ConditionReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonInvalidSpec, "1001 entries", "at most 1000", "envFrom"))
		Expect(exists(ctx, namespace, "wordy", &appsv1.Deployment{})()).To(BeFalse())
	})

	DescribeTable("does not block the others if its configuration expands to too much:", func(ctx context.Context, levels, width int, texts ...string) {
		var text strings.Builder
		text.WriteString("a0: &a0 x\n")
		for level := 1; level <= levels; level++ {
			fmt.Fprintf(&text, "a%d: &a%d [%s]\n", level, level, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d,", level-1), width), ","))
		}
		create(ctx, configMap(namespace, "bomb", map[string]string{"config.yaml": text.String()}))
		for i := range 8 { // as many as there are workers
			create(ctx, llsdtest.Make(fmt.Sprintf("bomb-%d", i)).Namespace(namespace).UserConfig("bomb").Obj())
		}
		good := llsdtest.Make("good").Namespace(newNamespace(ctx, false)).Obj()
		create(ctx, good)
		becomeReady(ctx, good)
		bomb := llsdtest.Make("bomb-7").Namespace(namespace).Obj()
		if len(texts) == 0 { // it is not inspected
			becomeReady(ctx, bomb)
			return
		}
		Eventually(conditionOf(ctx, bomb, v1alpha1.ConditionReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonUserConfigInvalid, texts...))
	},
		Entry("13.9 KB of aliases", 90, 30, "more than 50000 values"),
		Entry("578 KB of aliases", 4500, 24),
	)
})
