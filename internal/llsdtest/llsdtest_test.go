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

package llsdtest_test

import (
	"encoding/json"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// specOf is what a person would see of the spec.
func specOf(w *llsdtest.Wrapper) string {
	GinkgoHelper()
	data, err := json.Marshal(w.Obj().Spec)
	Expect(err).NotTo(HaveOccurred())
	return string(data)
}

var _ = Describe("Make", func() {
	It("builds the smallest valid object", func() {
		got := llsdtest.Make("a").Obj()

		Expect(got.Name).To(Equal("a"))
		Expect(got.Namespace).To(Equal("default"))
		Expect(got.GroupVersionKind()).To(Equal(v1alpha1.GroupVersion.WithKind("LlamaStackDistribution")))
		Expect(specOf(llsdtest.Make("a"))).To(MatchJSON(
			`{"server":{"distribution":{"name":"starter"}}}`))
	})

	It("sets the metadata", func() {
		at := metav1.NewTime(time.Unix(1_700_000_000, 0))
		got := llsdtest.Make("a").Namespace("apps").UID("u").Generation(3).
			Label("k", "v").Annotation("n", "m").Deleted(at).
			Status(v1alpha1.LlamaStackDistributionStatus{Image: "i"}).Obj()

		Expect(got.Namespace).To(Equal("apps"))
		Expect(string(got.UID)).To(Equal("u"))
		Expect(got.Generation).To(Equal(int64(3)))
		Expect(got.Labels).To(Equal(map[string]string{"k": "v"}))
		Expect(got.Annotations).To(Equal(map[string]string{"n": "m"}))
		Expect(got.DeletionTimestamp).To(HaveValue(Equal(at)))
		Expect(got.Status.Image).To(Equal("i"))
	})

	It("hands out copies", func() {
		w := llsdtest.Make("a").Replicas(1)
		first := w.Obj()
		*first.Spec.Replicas = 7

		Expect(w.Obj().Spec.Replicas).To(HaveValue(Equal(int32(1))))
	})

	It("fills in the defaults of the API server, and keeps what is set", func() {
		Expect(specOf(llsdtest.Make("a").Defaulted())).To(MatchJSON(`{"replicas":1,"server":{
			"distribution":{"name":"starter"},"containerSpec":{"name":"llama-stack"}}}`))
		Expect(specOf(llsdtest.Make("a").Replicas(0).ContainerName("mine").Defaulted())).To(MatchJSON(`{"replicas":0,"server":{
			"distribution":{"name":"starter"},"containerSpec":{"name":"mine"}}}`))
	})

	DescribeTable("sets one field of the server", func(w *llsdtest.Wrapper, want string) {
		Expect(specOf(w)).To(MatchJSON(
			`{"server":{"distribution":{"name":"starter"},` + want + `}}`))
	},
		Entry("workers", llsdtest.Make("a").Workers(3), `"workers":3`),
		Entry("launch", llsdtest.Make("a").Launch(v1alpha1.LaunchImage), `"launch":"Image"`),
		Entry("user config", llsdtest.Make("a").UserConfig("c"), `"userConfig":{"configMapName":"c"}`),
		Entry("user config elsewhere", llsdtest.Make("a").UserConfigIn("n", "c"),
			`"userConfig":{"configMapName":"c","configMapNamespace":"n"}`),
		Entry("serving TLS", llsdtest.Make("a").ServingTLS("s"), `"tlsConfig":{"serving":{"secretName":"s"}}`),
		Entry("serving TLS that rolls", llsdtest.Make("a").ServingTLS("s").RollOnRenewal(), `"tlsConfig":{"serving":{"secretName":"s","onRenewal":"Roll"}}`),
		Entry("CA bundle and serving TLS", llsdtest.Make("a").ServingTLS("s").CABundle("c"),
			`"tlsConfig":{"caBundle":{"configMapName":"c"},"serving":{"secretName":"s"}}`),
		Entry("CA bundle", llsdtest.Make("a").CABundle("c"), `"tlsConfig":{"caBundle":{"configMapName":"c"}}`),
		Entry("CA bundle elsewhere, with keys", llsdtest.Make("a").CABundleIn("n", "c", "x", "y"),
			`"tlsConfig":{"caBundle":{"configMapName":"c","configMapNamespace":"n","configMapKeys":["x","y"]}}`),
		Entry("autoscaling", llsdtest.Make("a").Autoscaling(2, 4).TargetCPU(70).TargetMemory(60),
			`"autoscaling":{"minReplicas":2,"maxReplicas":4,"targetCPUUtilizationPercentage":70,"targetMemoryUtilizationPercentage":60}`),
		Entry("autoscaling without a lower bound", llsdtest.Make("a").Autoscaling(0, 4), `"autoscaling":{"maxReplicas":4}`),
		Entry("disruption budget, number", llsdtest.Make("a").MinAvailable("1"), `"podDisruptionBudget":{"minAvailable":1}`),
		Entry("disruption budget, percentage", llsdtest.Make("a").MaxUnavailable("50%"), `"podDisruptionBudget":{"maxUnavailable":"50%"}`),
		Entry("spread", llsdtest.Make("a").TopologySpread(corev1.TopologySpreadConstraint{MaxSkew: 1, TopologyKey: "k", WhenUnsatisfiable: "DoNotSchedule"}),
			`"topologySpreadConstraints":[{"maxSkew":1,"topologyKey":"k","whenUnsatisfiable":"DoNotSchedule"}]`),
		Entry("storage", llsdtest.Make("a").Storage("1Gi").MountPath("/data").Retention(v1alpha1.RetentionRetain),
			`"storage":{"size":"1Gi","mountPath":"/data","retentionPolicy":"Retain"}`),
		Entry("storage of the default size", llsdtest.Make("a").Storage("1Gi").Storage(""), `"storage":{}`),
		Entry("Pod", llsdtest.Make("a").ServiceAccount("s").GracePeriod(0).Volume(corev1.Volume{Name: "v"}, "/v").Volume(corev1.Volume{Name: "w"}, "").
			PodSecurityContext(&corev1.PodSecurityContext{RunAsUser: new(int64)}),
			`"podOverrides":{"serviceAccountName":"s","terminationGracePeriodSeconds":0,"volumes":[{"name":"v"},{"name":"w"}],
			 "volumeMounts":[{"name":"v","mountPath":"/v"}],"securityContext":{"runAsUser":0}}`),
	)

	DescribeTable("sets the container", func(w *llsdtest.Wrapper, want string) {
		Expect(specOf(w)).To(MatchJSON(`{"server":{"distribution":{"name":"starter"},"containerSpec":` + want + `}}`))
	},
		Entry("port", llsdtest.Make("a").Port(9000), `{"port":9000}`),
		Entry("env", llsdtest.Make("a").Env("A", "1").Env("B", "2"), `{"env":[{"name":"A","value":"1"},{"name":"B","value":"2"}]}`),
		Entry("command and args", llsdtest.Make("a").Command("x", "y").Args("z"), `{"command":["x","y"],"args":["z"]}`),
		Entry("resources", llsdtest.Make("a").Resources(corev1.ResourceRequirements{Requests: corev1.ResourceList{"cpu": resource.MustParse("1")}}),
			`{"resources":{"requests":{"cpu":"1"}}}`),
		Entry("security context", llsdtest.Make("a").SecurityContext(&corev1.SecurityContext{RunAsUser: new(int64)}),
			`{"securityContext":{"runAsUser":0}}`),
		Entry("startup probe", llsdtest.Make("a").StartupProbe(v1alpha1.StartupProbe{PeriodSeconds: new(int32)}),
			`{"startupProbe":{"periodSeconds":0}}`),
	)

	DescribeTable("sets what is beside the server", func(w *llsdtest.Wrapper, want string) {
		got := w.Obj().Spec
		got.Server = v1alpha1.ServerSpec{}
		data, err := json.Marshal(got)
		Expect(err).NotTo(HaveOccurred())
		Expect(data).To(MatchJSON(`{"server":{"distribution":{}},` + want + `}`))
	},
		Entry("replicas", llsdtest.Make("a").Replicas(0), `"replicas":0`),
		Entry("Ingress", llsdtest.Make("a").ExposeRoute(), `"network":{"exposeRoute":true}`),
		Entry("allowed clients", llsdtest.Make("a").AllowNamespaces("x").AllowNamespaces("*").AllowLabels("l"),
			`"network":{"allowedFrom":{"namespaces":["x","*"],"labels":["l"]}}`),
	)

	It("runs a distribution or an image", func() {
		Expect(llsdtest.Make("a").Image("i").Obj().Spec.Server.Distribution).To(Equal(v1alpha1.DistributionType{Image: "i"}))
		Expect(llsdtest.Make("a").Image("i").Distribution("d").Obj().Spec.Server.Distribution).To(Equal(v1alpha1.DistributionType{Name: "d"}))
	})

	It("lets a test change the rest", func() {
		got := llsdtest.Make("a").Edit(func(o *v1alpha1.LlamaStackDistribution) { o.Finalizers = []string{"f"} }).Obj()
		Expect(got.Finalizers).To(Equal([]string{"f"}))
	})
})
