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
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// environment is the values of an input's environment variables that have one.
func environment(in render.Input) map[string]string {
	GinkgoHelper()
	values := map[string]string{}
	for _, variable := range container(in).Env {
		values[variable.Name] = variable.Value
	}
	return values
}

// names of the variables, in their order.
func names(env []corev1.EnvVar) []string {
	result := make([]string, 0, len(env))
	for _, variable := range env {
		result = append(result, variable.Name)
	}
	return result
}

// The operator's variables of every server, in their order.
var always = []string{"HF_HOME", "HOME", "LLS_WORKERS", "LLS_PORT", "LLAMA_STACK_PORT", "OGX_PORT"}

var _ = Describe("The environment", func() {
	It("has the data folder and the port for servers of every era", func() {
		in := scenario("ported")

		Expect(environment(in)).To(Equal(map[string]string{
			"HF_HOME":          "/.llama",
			"HOME":             "/",
			"LLS_WORKERS":      "1",
			"LLS_PORT":         "9000",
			"LLAMA_STACK_PORT": "9000",
			"OGX_PORT":         "9000",
			"VLLM_URL":         "http://vllm:8000/v1",
		}))
		Expect(names(container(in).Env)).To(Equal(append(always[:6:6], "VLLM_URL")))
	})

	It("has the workers under both names only where they are set", func() {
		Expect(environment(scenario("workers"))).To(And(HaveKeyWithValue("LLS_WORKERS", "4"), HaveKeyWithValue("OGX_WORKERS", "4")))
		Expect(environment(scenario("minimal"))).NotTo(HaveKey("OGX_WORKERS"))
	})

	It("has HF_HOME at the mountPath", func() {
		Expect(environment(scenario("storage-mountpath"))).To(HaveKeyWithValue("HF_HOME", "/home/lls/.lls"))
	})

	It("names the CA bundle to everything that opens a connection, where there is one", func() {
		variables := []string{"SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "AWS_CA_BUNDLE", "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"}
		with, without := environment(scenario("cabundle")), environment(scenario("minimal"))

		for _, name := range variables {
			Expect(with).To(HaveKeyWithValue(name, "/etc/ssl/certs/ca-bundle/ca-bundle.crt"))
			Expect(without).NotTo(HaveKey(name))
		}
	})

	DescribeTable("names the configuration", func(name string, want ...string) {
		values := environment(scenario(name))

		for _, variable := range []string{"LLAMA_STACK_CONFIG", "OGX_CONFIG", "RUN_CONFIG_PATH"} {
			if len(want) > 0 && variable == want[0] {
				want = want[1:]
				Expect(values).To(HaveKeyWithValue(variable, "/etc/llama-stack/config.yaml"))
				continue
			}
			Expect(values).NotTo(HaveKey(variable))
		}
		Expect(want).To(BeEmpty())
	},
		Entry("not without one: the image starts as it does", "minimal"),
		Entry("not with arguments alone", "args"),
		Entry("in every way with one", "userconfig", "LLAMA_STACK_CONFIG", "OGX_CONFIG", "RUN_CONFIG_PATH"),
		Entry("for the image's own entrypoint", "userconfig-launch-image", "LLAMA_STACK_CONFIG", "OGX_CONFIG", "RUN_CONFIG_PATH"),
		Entry("for a command of the user", "userconfig-command", "LLAMA_STACK_CONFIG", "OGX_CONFIG", "RUN_CONFIG_PATH"),
		Entry("to a command as 0.9.0 did", "command", "LLAMA_STACK_CONFIG"),
		Entry("that is mounted by hand as 0.9.0 did", "own-config", "LLAMA_STACK_CONFIG"),
	)

	It("names a configuration that is mounted by hand as a single file", func() {
		in := scenario("own-config")
		in.Spec.Server.PodOverrides.VolumeMounts[0].MountPath = "/etc/llama-stack/config.yaml"
		in.Spec.Server.PodOverrides.VolumeMounts[0].SubPath = "config.yaml"

		Expect(environment(in)).To(HaveKey("LLAMA_STACK_CONFIG"))
	})

	DescribeTable("gives way to the user's, without a name twice:", func(own []corev1.EnvVar, want []corev1.EnvVar) {
		in := changed(func(in *render.Input) { in.Spec.Server.ContainerSpec.Env = own })

		env := container(in).Env

		seen := map[string]bool{}
		for _, variable := range env {
			Expect(seen).NotTo(HaveKey(variable.Name))
			seen[variable.Name] = true
		}
		var theirs []corev1.EnvVar
		for _, variable := range env {
			for _, expected := range want {
				if expected.Name == variable.Name {
					theirs = append(theirs, variable)
				}
			}
		}
		Expect(theirs).To(Equal(want))
	},
		Entry("a new one at the end", []corev1.EnvVar{{Name: "A", Value: "1"}}, []corev1.EnvVar{{Name: "OGX_PORT", Value: "8321"}, {Name: "A", Value: "1"}}),
		Entry("a known one in its place",
			[]corev1.EnvVar{{Name: "A", Value: "1"}, {Name: "HOME", Value: "/root"}}, []corev1.EnvVar{{Name: "HOME", Value: "/root"}, {Name: "A", Value: "1"}}),
		Entry("an empty value", []corev1.EnvVar{{Name: "HF_HOME"}}, []corev1.EnvVar{{Name: "HF_HOME"}}),
		Entry("a known one that refers to another comes after it",
			[]corev1.EnvVar{{Name: "A", Value: "/a"}, {Name: "HF_HOME", Value: "$(A)/hf"}},
			[]corev1.EnvVar{{Name: "A", Value: "/a"}, {Name: "HF_HOME", Value: "$(A)/hf"}}),
		Entry("one that refers to the operator's",
			[]corev1.EnvVar{{Name: "URL", Value: "http://localhost:$(LLS_PORT)"}},
			[]corev1.EnvVar{{Name: "LLS_PORT", Value: "8321"}, {Name: "URL", Value: "http://localhost:$(LLS_PORT)"}}),
		Entry("the last one of a name",
			[]corev1.EnvVar{{Name: "A", Value: "1"}, {Name: "B", Value: "2"}, {Name: "A", Value: "3"}},
			[]corev1.EnvVar{{Name: "A", Value: "3"}, {Name: "B", Value: "2"}}),
		Entry("a value from a Secret replaces a plain one",
			[]corev1.EnvVar{{Name: "HOME", ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: "metadata.name"}}}},
			[]corev1.EnvVar{{Name: "HOME", ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: "metadata.name"}}}}),
	)
})

// resources writes resources down: cpu and memory requests, cpu and memory limits; "" for none.
func resources(cpu, memory, cpuLimit, memoryLimit string) corev1.ResourceRequirements {
	return corev1.ResourceRequirements{
		Requests: quantities(cpu, memory),
		Limits:   quantities(cpuLimit, memoryLimit),
	}
}

func quantities(cpu, memory string) corev1.ResourceList {
	var list corev1.ResourceList
	for name, text := range map[corev1.ResourceName]string{corev1.ResourceCPU: cpu, corev1.ResourceMemory: memory} {
		if text == "" {
			continue
		}
		if list == nil {
			list = corev1.ResourceList{}
		}
		list[name] = resource.MustParse(text)
	}
	return list
}

var _ = Describe("Resources", func() {
	DescribeTable("are completed", func(workers int32, given, want corev1.ResourceRequirements) {
		in := changed(func(in *render.Input) {
			in.Spec.Server.ContainerSpec.Resources = given
			if workers > 0 {
				in.Spec.Server.Workers = &workers
			}
		})

		got := container(in).Resources

		Expect(got.Requests).To(HaveLen(len(want.Requests)))
		Expect(got.Limits).To(HaveLen(len(want.Limits)))
		for name, quantity := range want.Requests {
			Expect(got.Requests[name]).To(Satisfy(func(q resource.Quantity) bool { return q.Cmp(quantity) == 0 }), "request of %s", name)
		}
		for name, quantity := range want.Limits {
			Expect(got.Limits[name]).To(Satisfy(func(q resource.Quantity) bool { return q.Cmp(quantity) == 0 }), "limit of %s", name)
		}
	},
		Entry("nothing given: a core and 1Gi, no limits", int32(0), resources("", "", "", ""), resources("1", "1Gi", "", "")),
		Entry("all given", int32(0), resources("2", "4Gi", "3", "5Gi"), resources("2", "4Gi", "3", "5Gi")),
		Entry("zero counts as missing", int32(0), resources("0", "0", "0", "0"), resources("1", "1Gi", "", "")),
		Entry("limits above the default requests", int32(0), resources("", "", "2", "4Gi"), resources("1", "1Gi", "2", "4Gi")),
		Entry("limits below the default requests", int32(0), resources("", "", "500m", "512Mi"), resources("500m", "512Mi", "500m", "512Mi")),
		Entry("one worker", int32(1), resources("", "", "", ""), resources("1", "1Gi", "1", "1Gi")),
		Entry("four workers: a core and 1Gi each", int32(4), resources("", "", "", ""), resources("4", "4Gi", "4", "4Gi")),
		Entry("workers, and requests", int32(4), resources("2", "3Gi", "", ""), resources("2", "3Gi", "2", "3Gi")),
		Entry("workers, and limits", int32(4), resources("", "", "8", "8Gi"), resources("4", "1Gi", "8", "8Gi")),
		Entry("workers, and limits below the default requests", int32(4), resources("", "", "2", "512Mi"), resources("2", "512Mi", "2", "512Mi")),
		Entry("workers, and all given", int32(4), resources("1", "2Gi", "3", "4Gi"), resources("1", "2Gi", "3", "4Gi")),
		Entry("workers, and zero limits", int32(2), resources("", "", "0", "0"), resources("2", "2Gi", "2", "2Gi")),
	)

	It("of other kinds are left alone", func() {
		got := container(scenario("resources")).Resources

		Expect(got.Limits).To(HaveKeyWithValue(corev1.ResourceName("nvidia.com/gpu"), resource.MustParse("1")))
		Expect(got.Requests).NotTo(HaveKey(corev1.ResourceName("nvidia.com/gpu")))
	})
})

var _ = Describe("The startup probe", func() {
	It("asks for the server's health for five minutes by default", func() {
		probe := container(scenario("ported")).StartupProbe

		Expect(probe.HTTPGet.Path).To(Equal("/v1/health"))
		Expect(probe.HTTPGet.Port.IntVal).To(BeEquivalentTo(9000))
		Expect(probe.HTTPGet.Scheme).To(Equal(corev1.URISchemeHTTP))
		Expect([]int32{probe.InitialDelaySeconds, probe.TimeoutSeconds, probe.PeriodSeconds, probe.FailureThreshold}).To(Equal([]int32{15, 30, 10, 30}))
	})

	It("is the only one", func() {
		Expect(container(scenario("everything")).LivenessProbe).To(BeNil())
		Expect(container(scenario("everything")).ReadinessProbe).To(BeNil())
	})

	It("speaks TLS where the server does", func() {
		Expect(container(scenario("tls-config")).StartupProbe.HTTPGet.Scheme).To(Equal(corev1.URISchemeHTTPS))
	})

	It("only connects where the kubelet may not ask", func() {
		probe := container(scenario("mtls")).StartupProbe

		Expect(probe.HTTPGet).To(BeNil())
		Expect(probe.TCPSocket.Port.IntVal).To(BeEquivalentTo(8321))
		Expect(probe.FailureThreshold).To(BeEquivalentTo(12))
	})

	DescribeTable("takes the user's numbers one by one", func(own v1alpha1.StartupProbe, want []int32) {
		in := changed(func(in *render.Input) { in.Spec.Server.ContainerSpec.StartupProbe = &own })

		probe := container(in).StartupProbe

		Expect([]int32{probe.InitialDelaySeconds, probe.TimeoutSeconds, probe.PeriodSeconds, probe.FailureThreshold}).To(Equal(want))
	},
		Entry("none", v1alpha1.StartupProbe{}, []int32{15, 30, 10, 30}),
		Entry("no delay", v1alpha1.StartupProbe{InitialDelaySeconds: new(int32(0))}, []int32{0, 30, 10, 30}),
		Entry("timeout", v1alpha1.StartupProbe{TimeoutSeconds: new(int32(1))}, []int32{15, 1, 10, 30}),
		Entry("period", v1alpha1.StartupProbe{PeriodSeconds: new(int32(5))}, []int32{15, 30, 5, 30}),
		Entry("failures", v1alpha1.StartupProbe{FailureThreshold: new(int32(3))}, []int32{15, 30, 10, 3}),
	)

	DescribeTable("has its budget within the Deployment's deadline", func(probe *v1alpha1.StartupProbe, want *int32) {
		in := changed(func(in *render.Input) { in.Spec.Server.ContainerSpec.StartupProbe = probe })

		Expect(object[appsv1.Deployment](rendered(in), "Deployment").Spec.ProgressDeadlineSeconds).To(Equal(want))
	},
		Entry("of the API's default", nil, nil),
		Entry("of less than the default", &v1alpha1.StartupProbe{FailureThreshold: new(int32(3))}, nil),
		Entry("of a little more than the default", &v1alpha1.StartupProbe{InitialDelaySeconds: new(int32(16))}, new(int32(601))),
		Entry("of an hour", &v1alpha1.StartupProbe{FailureThreshold: new(int32(360))}, new(int32(3900))),
	)
})

var _ = Describe("The container", func() {
	It("has the image, the name and the command of the user", func() {
		in := scenario("command")

		Expect(container(in).Image).To(Equal(in.Image))
		Expect(container(in).Name).To(Equal("llama-stack"))
		Expect(container(in).Command).To(Equal([]string{"llama", "stack", "run"}))
		Expect(container(in).Args).To(Equal([]string{"starter", "--port", "8321"}))
		Expect(container(scenario("everything")).Name).To(Equal("server"))
	})

	It("leaves to the image and the cluster what the CR does not say", func() {
		c := container(scenario("minimal"))

		Expect(c.Command).To(BeEmpty())
		Expect(c.Args).To(BeEmpty())
		Expect(c.ImagePullPolicy).To(BeEmpty())
		Expect(podTemplate(scenario("minimal")).Spec.TerminationGracePeriodSeconds).To(BeNil())
	})

	It("honours a grace period of zero, and another ServiceAccount", func() {
		spec := podTemplate(scenario("podoverrides")).Spec

		Expect(*spec.TerminationGracePeriodSeconds).To(BeZero())
		Expect(spec.ServiceAccountName).To(Equal("mine"))
		Expect(kinds(rendered(scenario("podoverrides")))).To(ContainElement("ServiceAccount"))
	})
})
