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

package status_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("Versions", func() {
	It("are reported with the time at which they were first seen", func() {
		Expect(newFixture().compute().Version).To(Equal(v1alpha1.VersionInfo{OperatorVersion: "1.0.0", LlamaStackServerVersion: "0.7.3", LastUpdated: start()}))
	})

	It("keep their time while nothing changes", func() {
		got := newFixture().after(newFixture().compute()).compute()

		Expect(got.Version.LastUpdated).To(Equal(start()))
	})

	DescribeTable("get a new time when one of them changes",
		func(change func(*status.Input)) {
			f := newFixture().after(newFixture().compute()).with(change)

			Expect(f.compute().Version.LastUpdated).To(Equal(f.in.Now))
		},
		Entry("the operator's", func(in *status.Input) { in.OperatorVersion = "1.0.1" }),
		Entry("the server's", func(in *status.Input) { in.Server.Version = "0.7.4" }),
		Entry("the server's, to unknown", func(in *status.Input) { in.Image, in.Server = otherImage, status.Server{} }),
	)

	DescribeTable("of the server stay known while the image is the same",
		func(change func(*fixture) *fixture) {
			got := change(newFixture().after(newFixture().compute())).compute()

			Expect(got.Version.LlamaStackServerVersion).To(Equal("0.7.3"))
			Expect(got.DistributionConfig.Providers).To(HaveLen(1))
		},
		Entry("not reached", (*fixture).unreachable),
		Entry("not probed", (*fixture).unprobed),
		Entry("limited", func(f *fixture) *fixture { return f.limited(401) }),
		Entry("rolling", func(f *fixture) *fixture { return f.deployed(1, 1, 0).unprobed() }),
	)

	It("of the server are forgotten with the image", func() {
		got := newFixture().after(newFixture().compute()).unprobed().with(func(in *status.Input) { in.Image = otherImage }).compute()

		Expect(got.Image).To(Equal(otherImage))
		Expect(got.Version.LlamaStackServerVersion).To(BeEmpty())
		Expect(got.DistributionConfig.Providers).To(BeNil())
	})

	It("of the server stay during a stop, its providers do not", func() {
		got := newFixture().after(newFixture().compute()).wanting(0).unprobed().compute()

		Expect(got.Version.LlamaStackServerVersion).To(Equal("0.7.3"))
		Expect(got.DistributionConfig.Providers).To(BeNil())
	})
})

// size of a status as it is stored.
func size(of v1alpha1.LlamaStackDistributionStatus) int {
	GinkgoHelper()
	text, err := json.Marshal(of)
	Expect(err).NotTo(HaveOccurred())
	return len(text)
}

var _ = Describe("Providers", func() {
	It("are sorted by their identity", func() {
		got := newFixture().healthy(provider("b", "y", "OK"), provider("b", "x", "OK"), provider("a", "z", "OK")).compute()

		Expect(got.DistributionConfig.Providers).To(Equal([]v1alpha1.ProviderInfo{provider("a", "z", "OK"), provider("b", "x", "OK"), provider("b", "y", "OK")}))
	})

	It("never show their configuration", func() {
		secret := provider("inference", "vllm", "OK")
		secret.Config = &apiextensionsv1.JSON{Raw: []byte(`{"api_token":"secret"}`)}

		got := newFixture().healthy(secret).compute()

		Expect(got.DistributionConfig.Providers).To(HaveExactElements(HaveField("Config.Raw", BeEquivalentTo("{}"))))
	})

	It("lose the configuration that 0.9.0 copied, even while the server cannot be probed", func() {
		old := newFixture().compute()
		old.DistributionConfig.Providers[0].Config = &apiextensionsv1.JSON{Raw: []byte(`{"api_token":"secret"}`)}

		got := newFixture().after(old).unprobed().compute()

		Expect(got.DistributionConfig.Providers).To(HaveExactElements(HaveField("Config.Raw", BeEquivalentTo("{}"))))
	})

	It("are bounded in number", func() {
		got := newFixture().healthy(manyProviders(300)...).compute().DistributionConfig.Providers

		Expect(len(got)).To(And(BeNumerically("<=", 200), BeNumerically(">", 100)))
		Expect(got[0].ProviderID).To(Equal("p001"))
	})

	It("are bounded in text", func() {
		talker := provider("inference", "vllm", "OK")
		talker.Health.Message = strings.Repeat("ü", 1000)

		got := newFixture().healthy(talker).compute().DistributionConfig.Providers

		Expect(len(got[0].Health.Message)).To(BeNumerically("~", 256, 3))
		Expect(got[0].Health.Message).To(HaveSuffix("ü…"))
	})

	It("are left out for those that report an error, in their order", func() {
		providers := manyProviders(300)
		for i := range providers {
			providers[i].Health = v1alpha1.ProviderHealthStatus{Status: "OK", Message: strings.Repeat("x", 200)}
		}
		providers[1].Health = v1alpha1.ProviderHealthStatus{Status: "Error", Message: "no answer"}

		got := newFixture().healthy(providers...).compute().DistributionConfig.Providers

		Expect(got[0].ProviderID).To(Equal("p001"))
		Expect(len(got)).To(BeNumerically("<", 200))
		Expect(got[len(got)-1]).To(And(HaveField("ProviderID", "p299"), HaveField("Health.Message", "no answer")))
	})

	DescribeTable("and everything else that a server reports use at most 32 KiB of a status, whatever the server sends",
		func(char string) {
			words := strings.Repeat(char, 1000)
			providers := manyProviders(300)
			for i := range providers {
				p := &providers[i]
				p.API, p.ProviderID, p.ProviderType = words, p.ProviderID+words, words
				p.Health = v1alpha1.ProviderHealthStatus{Status: "Error", Message: words}
			}
			quiet := size(newFixture().compute())

			for _, health := range []string{"OK", words} {
				loud := newFixture().healthy(providers...).with(func(in *status.Input) {
					in.Server.Health, in.Server.Version, in.Server.Problem, in.PodReason = health, strings.Repeat("1", 128), words, words
					in.Server.Models = status.Models{Known: true, Total: 300}
					for range 300 {
						in.Server.Models.Items = append(in.Server.Models.Items, v1alpha1.ModelInfo{ID: words, Provider: words, Type: words})
					}
				}).compute()
				Expect(size(loud) - quiet).To(BeNumerically("<=", 32<<10))
			}
		},
		Entry("of letters", "x"), Entry("of characters of HTML", "<"), Entry("of line ends", "\u2028"), Entry("of quotes", `"`),
		Entry("of invalid text", "\xff"), Entry("of control characters", "\x01"), Entry("of large characters", "\U0001F999"),
	)

	It("keep the words of an error until the error is over", func() {
		saying := func(health, words string) *fixture {
			talker := provider("inference", "vllm", health)
			talker.Health.Message = words
			return newFixture().healthy(talker)
		}
		first := saying("Error", "connection refused on port 40001").compute()

		second := saying("Error", "connection refused on port 40002").after(first).compute()
		Expect(status.Changed(first, second)).To(BeFalse())

		third := saying("OK", "fine").after(second).compute()
		Expect(third.DistributionConfig.Providers[0].Health).To(Equal(v1alpha1.ProviderHealthStatus{Status: "OK", Message: "fine"}))
	})

	It("are shared by identity, not by id alone", func() {
		got := newFixture().healthy(provider("a", "x", "Error"), provider("b", "x", "OK")).compute()

		Expect(condition(got, v1alpha1.ConditionHealthCheck).Message).To(ContainSubstring("a/x: see"))
	})
})

var _ = DescribeTable("RouteURL",
	func(exposed bool, ingress *networkingv1.Ingress, want any) {
		f := newFixture().with(func(in *status.Input) { in.Ingress = ingress })
		f.spec(func(s *v1alpha1.LlamaStackDistributionSpec) { s.Network = &v1alpha1.NetworkSpec{ExposeRoute: exposed} })

		if want == nil {
			Expect(f.compute().RouteURL).To(BeNil())
			return
		}
		Expect(f.compute().RouteURL).To(HaveValue(Equal(want)))
	},
	Entry("not exposed", false, nil, nil),
	Entry("not exposed any more", false, route("rule.example.com"), nil),
	Entry("not there yet", true, nil, ""),
	Entry("no host", true, route(""), ""),
	Entry("the rule's host", true, route("rule.example.com"), "http://rule.example.com"),
	Entry("the load balancer's address", true, route("rule.example.com", networkingv1.IngressLoadBalancerIngress{IP: "192.0.2.1"}), "http://192.0.2.1"),
	Entry("the load balancer's address of the other family", true, route("", networkingv1.IngressLoadBalancerIngress{IP: "2001:db8::1"}), "http://[2001:db8::1]"),
	Entry("the load balancer's name", true, route("rule.example.com",
		networkingv1.IngressLoadBalancerIngress{IP: "192.0.2.1"}, networkingv1.IngressLoadBalancerIngress{Hostname: "lb.example.com"}), "http://lb.example.com"),
)

func route(host string, points ...networkingv1.IngressLoadBalancerIngress) *networkingv1.Ingress {
	return &networkingv1.Ingress{
		Spec:   networkingv1.IngressSpec{Rules: []networkingv1.IngressRule{{Host: host}}},
		Status: networkingv1.IngressStatus{LoadBalancer: networkingv1.IngressLoadBalancerStatus{Ingress: points}},
	}
}

var _ = DescribeTable("RouteURL of an Ingress that the CR describes",
	func(declared v1alpha1.IngressSpec, ingress *networkingv1.Ingress, want string) {
		f := newFixture().with(func(in *status.Input) { in.Ingress = ingress })
		f.spec(func(s *v1alpha1.LlamaStackDistributionSpec) { s.Network = &v1alpha1.NetworkSpec{Ingress: &declared} })

		Expect(f.compute().RouteURL).To(HaveValue(Equal(want)))
	},
	Entry("not there yet", v1alpha1.IngressSpec{Host: "a.b"}, nil, ""),
	Entry("its host, whatever the load balancer says", v1alpha1.IngressSpec{Host: "a.b"},
		route("a.b", networkingv1.IngressLoadBalancerIngress{Hostname: "lb.example.com"}), "http://a.b"),
	Entry("its host, over TLS", v1alpha1.IngressSpec{Host: "a.b", TLS: &v1alpha1.IngressTLS{}}, route("a.b"), "https://a.b"),
	Entry("a whole domain", v1alpha1.IngressSpec{Host: "*.a.b"}, route("*.a.b"), ""),
	Entry("a whole domain, behind a load balancer", v1alpha1.IngressSpec{Host: "*.a.b"},
		route("*.a.b", networkingv1.IngressLoadBalancerIngress{Hostname: "lb.example.com"}), "http://lb.example.com"),
	Entry("no host, behind a load balancer", v1alpha1.IngressSpec{}, route("", networkingv1.IngressLoadBalancerIngress{IP: "192.0.2.1"}), "http://192.0.2.1"),
)

var _ = Describe("RouteURL without a network in the spec", func() {
	It("is absent", func() { Expect(newFixture().compute().RouteURL).To(BeNil()) })
})

var _ = Describe("Transition times", func() {
	It("change with the status of a condition and with nothing else", func() {
		ready := newFixture().compute()

		rolling := newFixture().after(ready).deployed(1, 1, 0)
		first := rolling.compute()
		Expect(condition(first, v1alpha1.ConditionReady).LastTransitionTime).To(Equal(rolling.in.Now))
		Expect(condition(first, v1alpha1.ConditionServiceReady).LastTransitionTime).To(Equal(start()))

		failed := newFixture().after(first).stuck()
		failed.in.Now = metav1.NewTime(start().Add(time.Hour))
		second := failed.compute()
		Expect(condition(second, v1alpha1.ConditionReady)).To(be(metav1.ConditionFalse, v1alpha1.ReasonRolloutFailed))
		Expect(condition(second, v1alpha1.ConditionReady).LastTransitionTime).To(Equal(rolling.in.Now))
	})

	It("do not change with the generation", func() {
		before := newFixture().compute()

		got := newFixture().after(before).with(func(in *status.Input) { in.Instance.Generation = 7 }).compute()

		Expect(got.ObservedGeneration).To(BeEquivalentTo(7))
		for _, found := range got.Conditions {
			Expect(found.ObservedGeneration).To(BeEquivalentTo(7))
			Expect(found.LastTransitionTime).To(Equal(start()))
		}
	})
})

var _ = Describe("A status that 0.9.0 left", func() {
	recorded := func() []v1alpha1.LlamaStackDistribution {
		GinkgoHelper()
		content, err := os.ReadFile("testdata/0.9.0-llsd.json")
		Expect(err).NotTo(HaveOccurred())
		var list v1alpha1.LlamaStackDistributionList
		Expect(yaml.Unmarshal(content, &list)).To(Succeed())
		Expect(list.Items).To(HaveLen(9))
		return list.Items
	}
	takeover := func(old v1alpha1.LlamaStackDistribution) *fixture {
		f := newFixture().with(func(in *status.Input) { in.Instance = old.DeepCopy() }).wanting(2).deployed(2, 2, 2).unprobed()
		if old.Spec.Server.Storage != nil {
			f.pvc(corev1.ClaimBound)
		}
		return f
	}

	It("becomes one of this release, which settles", func() {
		for _, old := range recorded() {
			first := takeover(old).compute()

			Expect(condition(first, v1alpha1.ConditionReady)).To(be(metav1.ConditionTrue, v1alpha1.ReasonReady), old.Name)
			Expect(condition(first, v1alpha1.ConditionHealthCheck)).To(be(metav1.ConditionUnknown, v1alpha1.ReasonNotObserved),
				"0.9.0 reported passed or failed without a probe: "+old.Name)
			Expect(status.Changed(first, takeover(old).after(first).compute())).To(BeFalse(), old.Name)
		}
	})

	It("stays Ready during a problem of the cluster in the first reconcile", func() {
		for _, old := range recorded() {
			got := takeover(old).problem(status.Cluster, "", "timeout").compute()

			want := be(metav1.ConditionFalse, v1alpha1.ReasonReconcileError)
			if old.Status.Phase == v1alpha1.PhaseReady {
				want = be(metav1.ConditionTrue, v1alpha1.ReasonReady)
			}
			Expect(condition(got, v1alpha1.ConditionReady)).To(want, old.Name)
		}
	})

	It("keeps the transition times of what stays as it was", func() {
		for _, old := range recorded() {
			got := takeover(old).compute()

			for _, before := range old.Status.Conditions {
				if after := condition(got, v1alpha1.ConditionType(before.Type)); after.Status == before.Status {
					Expect(after.LastTransitionTime).To(Equal(before.LastTransitionTime), fmt.Sprintf("%s of %s", before.Type, old.Name))
				}
			}
		}
	})

	It("keeps a condition of somebody else's", func() {
		old := newFixture().compute()
		old.Conditions = append(old.Conditions, metav1.Condition{Type: "example.com/Audited", Status: metav1.ConditionTrue, Reason: "Audited"})

		Expect(newFixture().after(old).compute().Conditions).To(ContainElement(HaveField("Type", "example.com/Audited")))
	})
})
