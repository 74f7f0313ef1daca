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
	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// mounts are the volumes of an input's container by the path that they are mounted at.
func mounts(in render.Input) map[string]string {
	GinkgoHelper()
	found := map[string]string{}
	for _, mount := range container(in).VolumeMounts {
		found[mount.MountPath] = mount.Name
	}
	return found
}

// volume is a volume of an input's Pods.
func volume(in render.Input, name string) corev1.Volume {
	GinkgoHelper()
	for _, v := range podTemplate(in).Spec.Volumes {
		if v.Name == name {
			return v
		}
	}
	Fail("there is no volume " + name)
	return corev1.Volume{}
}

// withVolumes is a scenario with a volume and a mount of the user.
func withVolumes(name, volume, at string) render.Input {
	GinkgoHelper()
	in := scenario(name)
	in.Spec.Server.PodOverrides = &v1alpha1.PodOverrides{
		Volumes:      []corev1.Volume{{Name: volume, VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}},
		VolumeMounts: []corev1.VolumeMount{{Name: volume, MountPath: at}},
	}
	return in
}

var _ = Describe("The data", func() {
	DescribeTable("is at the paths of servers of every era and of the user, once each", func(mountPath string, want ...string) {
		in := changed(func(in *render.Input) { in.Spec.Server.Storage = &v1alpha1.StorageSpec{MountPath: mountPath} })

		paths := make([]string, 0, len(want))
		for _, mount := range container(in).VolumeMounts {
			if mount.Name == "lls-tmp" {
				continue
			}
			Expect(mount.Name).To(Equal("lls-storage"))
			paths = append(paths, mount.MountPath)
		}
		Expect(paths).To(Equal(want))
	},
		Entry("the default", "", "/.llama", "/.ogx"),
		Entry("the default, spelled out", "/.llama", "/.llama", "/.ogx"),
		Entry("with a slash", "/.llama/", "/.llama/", "/.ogx"),
		Entry("the later era's", "/.ogx", "/.ogx", "/.llama"),
		Entry("another", "/data", "/data", "/.llama", "/.ogx"),
		Entry("within another", "/.llama/models", "/.llama/models", "/.llama", "/.ogx"),
	)

	It("is the PVC's, or goes with the Pod", func() {
		Expect(volume(scenario("storage"), "lls-storage").PersistentVolumeClaim.ClaimName).To(Equal("example-pvc"))
		Expect(volume(scenario("minimal"), "lls-storage").EmptyDir).NotTo(BeNil())
		Expect(volume(scenario("minimal"), "lls-storage").PersistentVolumeClaim).To(BeNil())
	})
})

var _ = Describe("Configuration and certificates", func() {
	It("are mounted from the operator's copies", func() {
		in := scenario("everything")

		Expect(mounts(in)).To(And(HaveKeyWithValue("/etc/llama-stack/", "user-config"), HaveKeyWithValue("/etc/ssl/certs/ca-bundle", "ca-bundle")))
		Expect(volume(in, "user-config").ConfigMap.Name).To(Equal(in.UserConfig.CopyName))
		Expect(volume(in, "user-config").ConfigMap.Items).To(BeEmpty(), "all keys")
		Expect(volume(in, "ca-bundle").ConfigMap.Name).To(Equal("example-ca-bundle"))
		Expect(volume(in, "ca-bundle").ConfigMap.Items).To(Equal([]corev1.KeyToPath{{Key: "ca-bundle.crt", Path: "ca-bundle.crt"}}))
		for _, mount := range container(in).VolumeMounts {
			Expect(mount.ReadOnly).To(Equal(mount.Name == "user-config" || mount.Name == "ca-bundle"), mount.Name)
		}
	})

	It("mark the Pods with their content, and nothing else does", func() {
		Expect(podTemplate(scenario("everything")).Annotations).To(Equal(map[string]string{
			"configmap.hash/user-config": "9f86d081884c7d65",
			"configmap.hash/ca-bundle":   "60303ae22b998861",
		}))
		Expect(podTemplate(scenario("minimal")).Annotations).To(BeEmpty())
	})

	It("the configuration is copied whole, and immutable", func() {
		in := scenario("userconfig")

		copied, err := render.UserConfigCopy(in, map[string]string{"config.yaml": "version: 2\n"}, map[string][]byte{"blob": {0, 255}})

		Expect(err).NotTo(HaveOccurred())
		typed := object[corev1.ConfigMap](listOf(copied), "ConfigMap")
		Expect(typed.Name).To(Equal(in.UserConfig.CopyName))
		Expect(typed.Namespace).To(Equal("apps"))
		Expect(*typed.Immutable).To(BeTrue())
		Expect(typed.Data).To(Equal(map[string]string{"config.yaml": "version: 2\n"}))
		Expect(typed.BinaryData).To(Equal(map[string][]byte{"blob": {0, 255}}))
		Expect(typed.Labels).To(Equal(labelsOf("user-config")))
		Expect(typed.Labels).To(HaveKeyWithValue(render.LabelComponent, render.ComponentUserConfig))
		Expect(copied.DeepCopy()).To(Equal(copied))
	})

	It("the copy has no field for what there is none of", func() {
		copied, err := render.UserConfigCopy(scenario("userconfig"), map[string]string{"config.yaml": ""}, nil)

		Expect(err).NotTo(HaveOccurred())
		Expect(copied.Object).To(HaveKey("data"))
		Expect(copied.Object).NotTo(HaveKey("binaryData"))
	})

	It("the bundle has the name, the key and the labels of 0.9.0", func() {
		bundle, err := render.CABundleConfigMap(scenario("cabundle"), "-----BEGIN CERTIFICATE-----")

		Expect(err).NotTo(HaveOccurred())
		typed := object[corev1.ConfigMap](listOf(bundle), "ConfigMap")
		Expect(typed.Name).To(Equal("example-ca-bundle"))
		Expect(typed.Name).To(Equal(children.CABundleName("example")))
		Expect(typed.Data).To(Equal(map[string]string{"ca-bundle.crt": "-----BEGIN CERTIFICATE-----"}))
		Expect(typed.Immutable).To(BeNil())
		Expect(typed.Labels).To(Equal(labelsOf("ca-bundle")))
	})

	It("cannot be made for a server that has none", func() {
		_, err := render.UserConfigCopy(scenario("minimal"), nil, nil)
		Expect(err).To(MatchError(HavePrefix("failed to")))

		_, err = render.CABundleConfigMap(scenario("minimal"), "")
		Expect(err).To(MatchError(HavePrefix("failed to")))
	})
})

// labelsOf are the labels of a ConfigMap of the operator.
func labelsOf(component string) map[string]string {
	return map[string]string{
		"app.kubernetes.io/managed-by": "llama-stack-operator",
		"app.kubernetes.io/part-of":    "llama-stack",
		"app.kubernetes.io/instance":   "example",
		"app.kubernetes.io/component":  component,
		"llamastack.io/watch":          "true",
	}
}

var _ = Describe("Volumes of the user", func() {
	DescribeTable("replace a mount at the same path, however it is spelled,", func(at string, gone string) {
		in := withVolumes("everything", "mine", at)

		Expect(mounts(in)).To(HaveKeyWithValue(at, "mine"))
		if gone != at {
			Expect(mounts(in)).NotTo(HaveKey(gone))
		}
	},
		Entry("of the data", "/data", "/data"),
		Entry("of the data of one era", "/.ogx/", "/.ogx"),
		Entry("of the configuration", "/etc/llama-stack", "/etc/llama-stack/"),
		Entry("of the bundle", "/etc/ssl/certs/../certs/ca-bundle", "/etc/ssl/certs/ca-bundle"),
		Entry("of temporary files", "/tmp/", "/tmp"),
	)

	It("leave all other mounts", func() {
		Expect(mounts(withVolumes("everything", "mine", "/.llama"))).To(Equal(map[string]string{
			"/data":                    "lls-storage",
			"/.ogx":                    "lls-storage",
			"/.llama":                  "mine",
			"/tmp":                     "lls-tmp",
			"/etc/llama-stack/":        "user-config",
			"/etc/ssl/certs/ca-bundle": "ca-bundle",
		}))
	})

	It("can mount the operator's volumes elsewhere, too", func() {
		Expect(mounts(scenario("podoverrides"))).To(And(HaveKeyWithValue("/home/lls", "lls-storage"), HaveKeyWithValue("/.llama", "lls-storage")))
	})

	DescribeTable("cannot have the name of one that the operator has for this server:", func(name, scenarioName string) {
		_, err := renderer().Render(withVolumes(scenarioName, name, "/mine"))

		var invalid *render.SpecError
		Expect(err).To(BeAssignableToTypeOf(invalid))
		Expect(err).To(MatchError(And(
			ContainSubstring("spec.server.podOverrides.volumes[0].name"), ContainSubstring(name), ContainSubstring("give the volume another name"))))
	},
		Entry("the data", "lls-storage", "minimal"),
		Entry("the configuration", "user-config", "userconfig"),
		Entry("the bundle", "ca-bundle", "cabundle"),
		Entry("temporary files", "lls-tmp", "minimal"),
	)

	DescribeTable("can have the name of one that it does not have:", func(name string) {
		Expect(mounts(withVolumes("minimal", name, "/mine"))).To(HaveKeyWithValue("/mine", name))
	},
		Entry("the configuration", "user-config"),
		Entry("the bundle", "ca-bundle"),
	)
})

var _ = Describe("Security", func() {
	It("is restricted by default, as the published images' user", func() {
		in := scenario("minimal")

		Expect(podTemplate(in).Spec.SecurityContext).To(Equal(&corev1.PodSecurityContext{
			RunAsUser:      new(int64(1001)),
			FSGroup:        new(int64(1001)),
			RunAsNonRoot:   new(true),
			SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},

			FSGroupChangePolicy: new(corev1.FSGroupChangeOnRootMismatch),
		}))
		Expect(container(in).SecurityContext).To(Equal(&corev1.SecurityContext{
			AllowPrivilegeEscalation: new(false),
			Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
		}))
	})

	It("has no ids on OpenShift, and names the constraints that everybody has", func() {
		template := podTemplate(scenario("openshift"))

		Expect(template.Spec.SecurityContext).To(Equal(&corev1.PodSecurityContext{
			RunAsNonRoot:   new(true),
			SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},

			FSGroupChangePolicy: new(corev1.FSGroupChangeOnRootMismatch),
		}))
		Expect(template.Spec.Containers[0].SecurityContext.RunAsUser).To(BeNil())
		Expect(template.Annotations).To(Equal(map[string]string{"openshift.io/required-scc": "restricted-v2"}))
	})

	It("names no constraints elsewhere", func() {
		Expect(podTemplate(scenario("minimal")).Annotations).NotTo(HaveKey("openshift.io/required-scc"))
	})

	DescribeTable("names no constraints where the CR has a say:", func(change func(in *render.Input)) {
		in := scenario("openshift")
		in.Spec.Server.PodOverrides = &v1alpha1.PodOverrides{}
		change(&in)

		Expect(podTemplate(in).Annotations).NotTo(HaveKey("openshift.io/required-scc"))
	},
		Entry("a ServiceAccount", func(in *render.Input) { in.Spec.Server.PodOverrides.ServiceAccountName = "mine" }),
		Entry("a Pod's context", func(in *render.Input) {
			in.Spec.Server.PodOverrides.SecurityContext = &corev1.PodSecurityContext{FSGroup: new(int64(5))}
		}),
		Entry("a container's context", func(in *render.Input) {
			in.Spec.Server.ContainerSpec.SecurityContext = &corev1.SecurityContext{Privileged: new(true)}
		}),
	)

	DescribeTable("leaves the profile to the constraints of a chosen user on OpenShift:", func(pod *corev1.PodSecurityContext, own *corev1.SecurityContext, want bool) {
		in := scenario("openshift")
		in.Spec.Server.PodOverrides = &v1alpha1.PodOverrides{SecurityContext: pod}
		in.Spec.Server.ContainerSpec.SecurityContext = own

		Expect(podTemplate(in).Spec.SecurityContext.SeccompProfile != nil).To(Equal(want))
	},
		Entry("no user", nil, nil, true),
		Entry("a group", &corev1.PodSecurityContext{FSGroup: new(int64(5))}, nil, true),
		Entry("the Pod's", &corev1.PodSecurityContext{RunAsUser: new(int64(5))}, nil, false),
		Entry("the container's", nil, &corev1.SecurityContext{RunAsUser: new(int64(5))}, false),
		Entry("privileges", nil, &corev1.SecurityContext{Privileged: new(true)}, false),
	)

	It("keeps the profile of the user", func() {
		in := scenario("openshift")
		in.Spec.Server.PodOverrides = &v1alpha1.PodOverrides{SecurityContext: &corev1.PodSecurityContext{
			RunAsUser: new(int64(0)), SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeUnconfined},
		}}

		Expect(podTemplate(in).Spec.SecurityContext.SeccompProfile.Type).To(Equal(corev1.SeccompProfileTypeUnconfined))
	})

	DescribeTable("takes runAsUser 0 as enough to be root:", func(pod *corev1.PodSecurityContext, own *corev1.SecurityContext, want *bool) {
		in := changed(func(in *render.Input) {
			in.Spec.Server.PodOverrides = &v1alpha1.PodOverrides{SecurityContext: pod}
			in.Spec.Server.ContainerSpec.SecurityContext = own
		})

		Expect(podTemplate(in).Spec.SecurityContext.RunAsNonRoot).To(Equal(want))
	},
		Entry("not said", nil, nil, new(true)),
		Entry("another user", &corev1.PodSecurityContext{RunAsUser: new(int64(5))}, nil, new(true)),
		Entry("of the Pod", &corev1.PodSecurityContext{RunAsUser: new(int64(0))}, nil, nil),
		Entry("of the container", nil, &corev1.SecurityContext{RunAsUser: new(int64(0))}, nil),
		Entry("of the Pod, but not of the container", &corev1.PodSecurityContext{RunAsUser: new(int64(0))}, &corev1.SecurityContext{RunAsUser: new(int64(5))}, new(true)),
		Entry("with a word of the user's own", &corev1.PodSecurityContext{RunAsUser: new(int64(0)), RunAsNonRoot: new(false)}, nil, new(false)),
	)

	It("takes the Pod's fields one by one", func() {
		context := podTemplate(scenario("securitycontext")).Spec.SecurityContext

		Expect(*context.FSGroup).To(BeEquivalentTo(2000))
		Expect(*context.FSGroupChangePolicy).To(Equal(corev1.FSGroupChangeOnRootMismatch))
		Expect(context.SupplementalGroups).To(Equal([]int64{3000}))
		Expect(*context.RunAsUser).To(BeEquivalentTo(1001))
		Expect(context.SeccompProfile.Type).To(Equal(corev1.SeccompProfileTypeRuntimeDefault))
	})

	It("takes the container's fields one by one, within capabilities, too", func() {
		context := container(scenario("securitycontext")).SecurityContext

		Expect(*context.ReadOnlyRootFilesystem).To(BeTrue())
		Expect(*context.AllowPrivilegeEscalation).To(BeFalse())
		Expect(context.Capabilities).To(Equal(&corev1.Capabilities{Add: []corev1.Capability{"NET_BIND_SERVICE"}, Drop: []corev1.Capability{"ALL"}}))
	})

	DescribeTable("does not deny what the user's context implies, which the API server refuses:", func(own corev1.SecurityContext, want *bool) {
		in := changed(func(in *render.Input) { in.Spec.Server.ContainerSpec.SecurityContext = &own })

		Expect(container(in).SecurityContext.AllowPrivilegeEscalation).To(Equal(want))
	},
		Entry("privileges", corev1.SecurityContext{Privileged: new(true)}, nil),
		Entry("CAP_SYS_ADMIN", corev1.SecurityContext{Capabilities: &corev1.Capabilities{Add: []corev1.Capability{"CAP_SYS_ADMIN"}}}, nil),
		Entry("no privileges", corev1.SecurityContext{Privileged: new(false)}, new(false)),
		Entry("another capability", corev1.SecurityContext{Capabilities: &corev1.Capabilities{Add: []corev1.Capability{"NET_BIND_SERVICE"}}}, new(false)),
		Entry("what the user says", corev1.SecurityContext{AllowPrivilegeEscalation: new(true)}, new(true)),
	)

	DescribeTable("lets the server listen on a port that takes root by default", func(port int32, want []corev1.Sysctl) {
		in := changed(func(in *render.Input) { in.Spec.Server.ContainerSpec.Port = port })

		Expect(podTemplate(in).Spec.SecurityContext.Sysctls).To(Equal(want))
	},
		Entry("443", int32(443), []corev1.Sysctl{{Name: "net.ipv4.ip_unprivileged_port_start", Value: "0"}}),
		Entry("1023", int32(1023), []corev1.Sysctl{{Name: "net.ipv4.ip_unprivileged_port_start", Value: "0"}}),
		Entry("1024 does not", int32(1024), nil),
	)
})

// peersOf are the peers of an input's NetworkPolicy, each as the text of its selector.
func peersOf(in render.Input) []string {
	GinkgoHelper()
	in.NetworkPolicy = true
	policy := object[networkingv1.NetworkPolicy](rendered(in), "NetworkPolicy")
	Expect(policy.Spec.PolicyTypes).To(Equal([]networkingv1.PolicyType{networkingv1.PolicyTypeIngress}))
	Expect(policy.Spec.Ingress).To(HaveLen(1))
	peers := make([]string, 0, len(policy.Spec.Ingress[0].From))
	for _, peer := range policy.Spec.Ingress[0].From {
		Expect(peer.IPBlock).To(BeNil())
		switch {
		case peer.PodSelector != nil && peer.NamespaceSelector == nil && peer.PodSelector.Size() == 0:
			peers = append(peers, "same namespace")
		case len(peer.NamespaceSelector.MatchLabels) > 0:
			for key, value := range peer.NamespaceSelector.MatchLabels {
				peers = append(peers, key+"="+value)
			}
		case len(peer.NamespaceSelector.MatchExpressions) > 0:
			Expect(peer.NamespaceSelector.MatchExpressions[0].Values).To(BeEmpty())
			peers = append(peers, string(peer.NamespaceSelector.MatchExpressions[0].Operator)+" "+peer.NamespaceSelector.MatchExpressions[0].Key)
		default:
			peers = append(peers, "everybody")
		}
	}
	return peers
}

var _ = Describe("The NetworkPolicy", func() {
	const operator = "kubernetes.io/metadata.name=llama-stack-k8s-operator-system"
	const routers = "network.openshift.io/policy-group=ingress"

	DescribeTable("lets in", func(network *v1alpha1.NetworkSpec, want ...string) {
		in := changed(func(in *render.Input) { in.Spec.Network = network })

		Expect(peersOf(in)).To(Equal(want))
	},
		Entry("the own namespace and the operator", nil, "same namespace", operator),
		Entry("routers, too, where there is a network", &v1alpha1.NetworkSpec{}, "same namespace", operator, routers),
		Entry("routers for an Ingress", &v1alpha1.NetworkSpec{ExposeRoute: true}, "same namespace", operator, routers),
		Entry("nobody more with an empty list", &v1alpha1.NetworkSpec{AllowedFrom: &v1alpha1.AllowedFromSpec{}}, "same namespace", operator, routers),
		Entry("namespaces", &v1alpha1.NetworkSpec{AllowedFrom: &v1alpha1.AllowedFromSpec{Namespaces: []string{"b", "a"}}},
			"same namespace", operator, "kubernetes.io/metadata.name=b", "kubernetes.io/metadata.name=a", routers),
		Entry("labels", &v1alpha1.NetworkSpec{AllowedFrom: &v1alpha1.AllowedFromSpec{Labels: []string{"team/a", "b"}}},
			"same namespace", operator, "Exists team/a", "Exists b", routers),
		Entry("everybody", &v1alpha1.NetworkSpec{AllowedFrom: &v1alpha1.AllowedFromSpec{Namespaces: []string{"a", "*"}, Labels: []string{"b"}}}, "everybody"),
	)

	It("is there only where it is asked for", func() {
		Expect(kinds(rendered(scenario("networkpolicy")))).To(ContainElement("NetworkPolicy"))
		Expect(kinds(rendered(scenario("minimal")))).NotTo(ContainElement("NetworkPolicy"))
	})
})

var _ = Describe("The Ingress", func() {
	It("leads to the Service, on every host, by the cluster's default class", func() {
		ingress := object[networkingv1.Ingress](rendered(scenario("ingress")), "Ingress")

		Expect(ingress.Spec.IngressClassName).To(BeNil())
		Expect(ingress.Spec.TLS).To(BeEmpty())
		Expect(ingress.Spec.Rules).To(HaveLen(1))
		Expect(ingress.Spec.Rules[0].Host).To(BeEmpty())
		Expect(ingress.Spec.Rules[0].HTTP.Paths).To(HaveLen(1))
		Expect(ingress.Spec.Rules[0].HTTP.Paths[0].Path).To(Equal("/"))
		Expect(*ingress.Spec.Rules[0].HTTP.Paths[0].PathType).To(Equal(networkingv1.PathTypePrefix))
	})

	It("is there only where it is asked for", func() {
		Expect(kinds(rendered(scenario("minimal")))).NotTo(ContainElement("Ingress"))
		Expect(kinds(rendered(scenario("networkpolicy-network")))).NotTo(ContainElement("Ingress"))
	})
})
