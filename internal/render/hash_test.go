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

package render_test

import (
	"encoding/json"
	"strings"
	"sync"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// edit is a change of one field.
type edit func(in *render.Input)

// bytesOf is what is rendered, as bytes in the order in which it came.
func bytesOf(in render.Input) string {
	GinkgoHelper()
	text, err := json.Marshal(rendered(in))
	Expect(err).NotTo(HaveOccurred())
	return string(text)
}

// base is an input in which every edit below means something.
func base() render.Input {
	GinkgoHelper()
	in := scenario("everything")
	in.Spec.Network.AllowedFrom.Namespaces = []string{"frontend"}
	in.Spec.Server.Autoscaling.MinReplicas = new(int32(2))
	return in
}

var _ = Describe("Hash", func() {
	DescribeTable("changes with every edit that changes the objects:", func(change edit) {
		before, after := base(), base()
		change(&after)

		Expect(bytesOf(after)).NotTo(Equal(bytesOf(before)), "the edit changes nothing; it does not belong here")
		Expect(after.Hash()).NotTo(Equal(before.Hash()))
	},
		Entry("name", edit(func(in *render.Input) { in.Name = "other" })),
		Entry("namespace", edit(func(in *render.Input) { in.Namespace = "other" })),
		Entry("image", edit(func(in *render.Input) { in.Image = "other:1" })),
		Entry("the configuration's copy", edit(func(in *render.Input) { in.UserConfig.CopyName = "other" })),
		Entry("the configuration's content", edit(func(in *render.Input) { in.UserConfig.Hash = "other" })),
		Entry("the configuration's TLS", edit(func(in *render.Input) { in.UserConfig.TLS = true })),
		Entry("a certificate", edit(func(in *render.Input) { in.Serving = &render.Serving{SecretName: "a"} })),
		Entry("a certificate that is not used", edit(func(in *render.Input) { in.Serving = &render.Serving{SecretName: "a", Unused: true} })),
		Entry("a certificate for which the Pods are replaced", edit(func(in *render.Input) {
			in.Serving = &render.Serving{SecretName: "a", Rolls: true, Version: "b"}
		})),
		Entry("how it can be probed", edit(func(in *render.Input) { in.UserConfig.TCPProbe = true })),
		Entry("a declared configuration", edit(func(in *render.Input) { in.Config = &render.Config{CopyName: "a", Hash: "b"} })),
		Entry("the declared configuration's TLS", edit(func(in *render.Input) { in.Config = &render.Config{CopyName: "a", TLS: true} })),
		Entry("the declared configuration's variables", edit(func(in *render.Input) {
			in.Config = &render.Config{CopyName: "a", Env: []corev1.EnvVar{{Name: "A", ValueFrom: &corev1.EnvVarSource{}}}}
		})),
		Entry("no configuration", edit(func(in *render.Input) { in.UserConfig = nil })),
		Entry("the bundle's content", edit(func(in *render.Input) { in.CABundle.Hash = "other" })),
		Entry("no bundle", edit(func(in *render.Input) { in.CABundle = nil })),
		Entry("no network policy", edit(func(in *render.Input) { in.NetworkPolicy = false })),
		Entry("the operator's namespace", edit(func(in *render.Input) { in.OperatorNamespace = "other" })),
		Entry("OpenShift", edit(func(in *render.Input) { in.OpenShift = true })),
		Entry("the live selector", edit(func(in *render.Input) { in.Selector = map[string]string{"app": "llama-stack"} })),
		Entry("the live PVC's size", edit(func(in *render.Input) { in.PVCSize = new(resource.MustParse("3Gi")) })),
		Entry("the size asked for before", edit(func(in *render.Input) { in.RequestedSize = new(resource.MustParse("3Gi")) })),
		Entry("replicas", edit(func(in *render.Input) { in.Spec.Replicas = new(int32(3)) })),
		Entry("workers", edit(func(in *render.Input) { in.Spec.Server.Workers = new(int32(3)) })),
		Entry("launch", edit(func(in *render.Input) { in.Spec.Server.Launch = v1alpha1.LaunchImage })),
		Entry("container name", edit(func(in *render.Input) { in.Spec.Server.ContainerSpec.Name = "other" })),
		Entry("port", edit(func(in *render.Input) { in.Spec.Server.ContainerSpec.Port = 9001 })),
		Entry("resources", edit(func(in *render.Input) {
			in.Spec.Server.ContainerSpec.Resources.Requests[corev1.ResourceMemory] = resource.MustParse("3Gi")
		})),
		Entry("env", edit(func(in *render.Input) { in.Spec.Server.ContainerSpec.Env[0].Value = "c" })),
		Entry("command", edit(func(in *render.Input) { in.Spec.Server.ContainerSpec.Command = []string{"run"} })),
		Entry("args", edit(func(in *render.Input) { in.Spec.Server.ContainerSpec.Args = []string{"--enable-ui"} })),
		Entry("the container's security context", edit(func(in *render.Input) {
			in.Spec.Server.ContainerSpec.SecurityContext = &corev1.SecurityContext{ReadOnlyRootFilesystem: new(true)}
		})),
		Entry("the startup probe", edit(func(in *render.Input) {
			in.Spec.Server.ContainerSpec.StartupProbe = &v1alpha1.StartupProbe{TimeoutSeconds: new(int32(1))}
		})),
		Entry("ServiceAccount", edit(func(in *render.Input) { in.Spec.Server.PodOverrides.ServiceAccountName = "" })),
		Entry("grace period", edit(func(in *render.Input) { in.Spec.Server.PodOverrides.TerminationGracePeriodSeconds = nil })),
		Entry("a volume", edit(func(in *render.Input) {
			in.Spec.Server.PodOverrides.Volumes[0].EmptyDir.Medium = corev1.StorageMediumMemory
		})),
		Entry("a mount", edit(func(in *render.Input) { in.Spec.Server.PodOverrides.VolumeMounts[0].MountPath = "/other" })),
		Entry("the Pod's security context", edit(func(in *render.Input) {
			in.Spec.Server.PodOverrides.SecurityContext = &corev1.PodSecurityContext{FSGroup: new(int64(5))}
		})),
		Entry("readiness", edit(func(in *render.Input) { in.Spec.Server.ContainerSpec.ReadinessProbe = &v1alpha1.Probe{} })),
		Entry("liveness", edit(func(in *render.Input) { in.Spec.Server.ContainerSpec.LivenessProbe = &v1alpha1.Probe{} })),
		Entry("what a probe does", edit(func(in *render.Input) {
			in.Spec.Server.ContainerSpec.StartupProbe = &v1alpha1.StartupProbe{TCPSocket: &v1alpha1.TCPSocketProbe{}}
		})),
		Entry("pull policy", edit(func(in *render.Input) { in.Spec.Server.ContainerSpec.ImagePullPolicy = corev1.PullAlways })),
		Entry("env from elsewhere", edit(func(in *render.Input) {
			in.Spec.Server.ContainerSpec.EnvFrom = []corev1.EnvFromSource{{Prefix: "A_", SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "a"}}}}
		})),
		Entry("lifecycle", edit(func(in *render.Input) {
			in.Spec.Server.ContainerSpec.Lifecycle = &v1alpha1.Lifecycle{PreStop: &v1alpha1.LifecycleHook{Sleep: &v1alpha1.SleepAction{Seconds: 5}}}
		})),
		Entry("Pod labels", edit(func(in *render.Input) { in.Spec.Server.PodOverrides.Labels = map[string]v1alpha1.LabelValue{"a": "b"} })),
		Entry("Pod annotations", edit(func(in *render.Input) {
			in.Spec.Server.PodOverrides.Annotations = map[string]v1alpha1.AnnotationValue{"a": "b"}
		})),
		Entry("node selector", edit(func(in *render.Input) {
			in.Spec.Server.PodOverrides.NodeSelector = map[string]v1alpha1.LabelValue{"a": "b"}
		})),
		Entry("tolerations", edit(func(in *render.Input) {
			in.Spec.Server.PodOverrides.Tolerations = []corev1.Toleration{{Operator: corev1.TolerationOpExists}}
		})),
		Entry("affinity", edit(func(in *render.Input) {
			in.Spec.Server.PodOverrides.Affinity = &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{}}
		})),
		Entry("pull secrets", edit(func(in *render.Input) {
			in.Spec.Server.PodOverrides.ImagePullSecrets = []v1alpha1.LocalReference{{Name: "a"}}
		})),
		Entry("priority class", edit(func(in *render.Input) { in.Spec.Server.PodOverrides.PriorityClassName = "a" })),
		Entry("runtime class", edit(func(in *render.Input) { in.Spec.Server.PodOverrides.RuntimeClassName = "a" })),
		Entry("init containers", edit(func(in *render.Input) {
			in.Spec.Server.PodOverrides.InitContainers = []v1alpha1.InitContainer{{Name: "a"}}
		})),
		Entry("resource claims", edit(func(in *render.Input) {
			in.Spec.Server.PodOverrides.ResourceClaims = []v1alpha1.PodResourceClaim{{Name: "a", ResourceClaimName: new("b")}}
		})),
		Entry("the budget", edit(func(in *render.Input) {
			in.Spec.Server.PodDisruptionBudget.MaxUnavailable = new(intstr.FromString("50%"))
		})),
		Entry("spread", edit(func(in *render.Input) {
			in.Spec.Server.TopologySpreadConstraints = []corev1.TopologySpreadConstraint{{MaxSkew: 1, TopologyKey: "zone", WhenUnsatisfiable: corev1.DoNotSchedule}}
		})),
		Entry("the autoscaler's lower bound", edit(func(in *render.Input) { in.Spec.Server.Autoscaling.MinReplicas = new(int32(3)) })),
		Entry("the autoscaler's upper bound", edit(func(in *render.Input) { in.Spec.Server.Autoscaling.MaxReplicas = 9 })),
		Entry("the autoscaler's CPU target", edit(func(in *render.Input) {
			in.Spec.Server.Autoscaling.TargetCPUUtilizationPercentage = new(int32(50))
		})),
		Entry("the autoscaler's memory target", edit(func(in *render.Input) {
			in.Spec.Server.Autoscaling.TargetMemoryUtilizationPercentage = new(int32(50))
		})),
		Entry("the autoscaler's metrics", edit(func(in *render.Input) {
			metric := v1alpha1.MetricTarget{Name: "a", AverageValue: resource.MustParse("1")}
			in.Spec.Server.Autoscaling.Metrics = []v1alpha1.AutoscalingMetric{{Pods: &metric}}
		})),
		Entry("the autoscaler's speed up", edit(func(in *render.Input) {
			in.Spec.Server.Autoscaling.ScaleUp = &v1alpha1.ScalingRules{SelectPolicy: "Min"}
		})),
		Entry("the autoscaler's speed down", edit(func(in *render.Input) {
			in.Spec.Server.Autoscaling.ScaleDown = &v1alpha1.ScalingRules{SelectPolicy: "Min"}
		})),
		Entry("suspension", edit(func(in *render.Input) { in.Spec.Suspend = true })),
		Entry("its end", edit(func(in *render.Input) { in.Resuming = true })),
		Entry("a restart", edit(func(in *render.Input) { in.RestartedAt = "now" })),
		Entry("rollout", edit(func(in *render.Input) { in.Spec.Server.Rollout = &v1alpha1.RolloutSpec{Strategy: "RollingUpdate"} })),
		Entry("no autoscaler", edit(func(in *render.Input) { in.Spec.Server.Autoscaling = nil })),
		Entry("PVC size", edit(func(in *render.Input) { in.Spec.Server.Storage.Size = new(resource.MustParse("2Gi")) })),
		Entry("mount path", edit(func(in *render.Input) { in.Spec.Server.Storage.MountPath = "/elsewhere" })),
		Entry("PVC class", edit(func(in *render.Input) { in.Spec.Server.Storage.StorageClassName = new("") })),
		Entry("PVC access modes", edit(func(in *render.Input) {
			in.Spec.Server.Storage.AccessModes = []v1alpha1.AccessMode{v1alpha1.AccessModeReadWriteMany}
		})),
		Entry("the live PVC's access modes", edit(func(in *render.Input) {
			in.PVCModes = []corev1.PersistentVolumeAccessMode{corev1.ReadWriteMany}
		})),
		Entry("an existing PVC", edit(func(in *render.Input) { in.Spec.Server.Storage.ExistingClaim = "data" })),
		Entry("a directory instead of a PVC", edit(func(in *render.Input) {
			in.Spec.Server.Storage = &v1alpha1.StorageSpec{Ephemeral: &v1alpha1.EphemeralStorage{}}
		})),
		Entry("no PVC", edit(func(in *render.Input) { in.Spec.Server.Storage = nil })),
		Entry("no Ingress", edit(func(in *render.Input) { in.Spec.Network.ExposeRoute = false })),
		Entry("an allowed namespace", edit(func(in *render.Input) { in.Spec.Network.AllowedFrom.Namespaces[0] = "backend" })),
		Entry("an allowed label", edit(func(in *render.Input) { in.Spec.Network.AllowedFrom.Labels = []string{"team"} })),
		Entry("the Ingress's host", edit(func(in *render.Input) {
			in.Spec.Network.Ingress = &v1alpha1.IngressSpec{Host: "a.b"}
		})),
		Entry("another peer", edit(func(in *render.Input) {
			in.Spec.Network.AllowedFrom = nil
			in.Spec.Network.Policy = &v1alpha1.PolicySpec{From: []v1alpha1.PolicyPeer{{CIDR: "10.0.0.0/8"}}}
		})),
		Entry("egress", edit(func(in *render.Input) {
			in.Spec.Network.Policy = &v1alpha1.PolicySpec{Egress: &v1alpha1.EgressSpec{}}
		})),
		Entry("no network", edit(func(in *render.Input) { in.Spec.Network = nil })),
	)

	DescribeTable("does not change with an edit that changes nothing:", func(change edit) {
		before, after := base(), base()
		change(&after)

		Expect(bytesOf(after)).To(Equal(bytesOf(before)))
		Expect(after.Hash()).To(Equal(before.Hash()))
	},
		Entry("another name for the same image", edit(func(in *render.Input) {
			in.Spec.Server.Distribution = v1alpha1.DistributionType{Image: in.Image}
		})),
		Entry("another ConfigMap of the same content", edit(func(in *render.Input) { in.Spec.Server.UserConfig.ConfigMapName = "other" })),
		Entry("the namespace of the ConfigMap, spelled out", edit(func(in *render.Input) { in.Spec.Server.UserConfig.ConfigMapNamespace = in.Namespace })),
		Entry("another source of the same bundle", edit(func(in *render.Input) { in.Spec.Server.TLSConfig.CABundle.ConfigMapKeys = []string{"a.crt"} })),
		Entry("a quantity, spelled otherwise", edit(func(in *render.Input) {
			in.Spec.Server.ContainerSpec.Resources.Requests[corev1.ResourceCPU] = resource.MustParse("1000m")
		})),
		Entry("a list that is empty instead of absent", edit(func(in *render.Input) { in.Spec.Server.ContainerSpec.Args = []string{} })),
		Entry("a selector that is empty instead of absent", edit(func(in *render.Input) { in.Selector = map[string]string{} })),
		Entry("a copy of everything", edit(func(in *render.Input) { in.Spec = *in.Spec.DeepCopy() })),
	)

	It("changes with the version of the Secret for which the Pods are replaced", func() {
		before, after := base(), base()
		before.Serving = &render.Serving{SecretName: "a", Rolls: true, Version: "b"}
		after.Serving = &render.Serving{SecretName: "a", Rolls: true, Version: "c"}

		Expect(bytesOf(after)).NotTo(Equal(bytesOf(before)))
		Expect(after.Hash()).NotTo(Equal(before.Hash()))
	})

	It("changes with the retention policy, which decides an owner reference", func() {
		after := base()
		after.Spec.Server.Storage.RetentionPolicy = v1alpha1.RetentionRetain

		Expect(after.Hash()).NotTo(Equal(base().Hash()))
	})

	It("leaves the input as it is", func() {
		in := base()

		in.Hash()

		Expect(in).To(Equal(base()))
	})

	It("differs between all scenarios", func() {
		seen := map[string]string{}
		for _, name := range scenarios() {
			hash := scenario(name).Hash()
			Expect(hash).To(HaveLen(64))
			Expect(seen).NotTo(HaveKey(hash), "%s has the hash of another scenario", name)
			seen[hash] = name
		}
	})

	It("exists for what cannot be rendered", func() {
		in := base()
		in.Spec.Server.PodDisruptionBudget.MaxUnavailable = &intstr.IntOrString{Type: 7}

		Expect(in.Hash()).To(HaveLen(64))
	})
})

var _ = Describe("Render", func() {
	DescribeTable("gives the same bytes for the same input", func(name string) {
		r := renderer()
		first, err := r.Render(scenario(name))
		Expect(err).NotTo(HaveOccurred())

		for range 5 {
			again, err := r.Render(scenario(name))
			Expect(err).NotTo(HaveOccurred())
			Expect(document(again)).To(Equal(document(first)))
		}
	}, entries())

	It("leaves the input as it is", func() {
		in := base()

		rendered(in)

		Expect(in).To(Equal(base()))
	})

	It("gives objects that share nothing with the next rendering", func() {
		r, in := renderer(), scenario("everything")
		first, err := r.Render(in)
		Expect(err).NotTo(HaveOccurred())
		want := string(document(first))

		for _, object := range first {
			object.SetLabels(map[string]string{"changed": "true"})
			delete(object.Object, "spec")
		}

		second, err := r.Render(in)
		Expect(err).NotTo(HaveOccurred())
		Expect(string(document(second))).To(Equal(want))
	})

	It("gives objects that can be copied, as caches and clients do", func() {
		for _, name := range scenarios() {
			for _, object := range rendered(scenario(name)) {
				Expect(object.DeepCopy()).To(Equal(object))
			}
		}
	})

	It("is safe for concurrent use", func() {
		r := renderer()
		var all sync.WaitGroup
		for _, name := range scenarios() {
			want := string(document(rendered(scenario(name))))
			all.Go(func() {
				defer GinkgoRecover()
				for range 5 {
					objects, err := r.Render(scenario(name))
					Expect(err).NotTo(HaveOccurred())
					Expect(string(document(objects))).To(Equal(want))
				}
			})
		}
		all.Wait()
	})

	It("is of its input only: another server of the name llama-stack has nothing of the base's placeholders", func() {
		in := scenario("everything")
		in.Name = "other"

		text := bytesOf(in)

		Expect(text).NotTo(ContainSubstring("distribution-starter:latest"))
		Expect(text).NotTo(ContainSubstring("llama-stack-pvc"))
		Expect(strings.Count(text, `"name":"llama-stack`)).To(BeZero(), text)
	})
})
