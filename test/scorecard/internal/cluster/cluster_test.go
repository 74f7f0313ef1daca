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

package cluster_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/test/scorecard/internal/bundle"
	"github.com/llamastack/llama-stack-k8s-operator/test/scorecard/internal/cluster"
	"github.com/llamastack/llama-stack-k8s-operator/test/scorecard/internal/report"
	operatorsv1alpha1 "github.com/operator-framework/api/pkg/operators/v1alpha1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// patient waits long enough for a result; hasty is for specs in which there is none. What the operator of a spec does before
// is done within its time on a busy machine, too.
var (
	patient = cluster.Patience{Ready: time.Minute, Objects: time.Minute, Cleanup: time.Minute, Poll: 20 * time.Millisecond}
	hasty   = cluster.Patience{Ready: 5 * time.Second, Objects: 5 * time.Second, Cleanup: time.Minute, Poll: 20 * time.Millisecond}
)

// examples is a bundle that has nothing but these examples: name and spec.server of each.
func examples(servers ...string) *bundle.Bundle {
	var list []string
	for i := 0; i < len(servers); i += 2 {
		list = append(list, `{"apiVersion":"llamastack.io/v1alpha1","kind":"LlamaStackDistribution",`+
			`"metadata":{"name":"`+servers[i]+`"},"spec":{"server":`+servers[i+1]+`}}`)
	}
	return &bundle.Bundle{CSV: &operatorsv1alpha1.ClusterServiceVersion{ObjectMeta: metav1.ObjectMeta{
		Annotations: map[string]string{"alm-examples": "[" + strings.Join(list, ",") + "]"},
	}}}
}

const starter = `{"distribution":{"name":"starter"}}`

// test is a test on the cluster.
type test func(*cluster.Tester, context.Context, *bundle.Bundle, *report.Report)

// losesCreations sends requests, and loses the answers to those that create.
type losesCreations struct{ next http.RoundTripper }

func (l losesCreations) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := l.next.RoundTrip(request)
	if err != nil || request.Method != http.MethodPost {
		return response, err
	}
	_ = response.Body.Close()
	return nil, io.ErrUnexpectedEOF
}

var _ = Describe("Tests on a cluster", func() {
	var namespace string

	BeforeEach(func() {
		namespace = newNamespace()
		giveAccess(namespace)
	})

	// run is a run of a test with the rights of access.yaml, as scorecard's Pod has them.
	run := func(ctx context.Context, run test, patience cluster.Patience, b *bundle.Bundle) ([]string, string) {
		GinkgoHelper()
		tester, err := cluster.New(asServiceAccount(namespace), namespace, patience)
		Expect(err).NotTo(HaveOccurred())
		r := report.New("any")
		run(tester, ctx, b, r)
		return r.Result().Errors, r.Result().Log
	}

	servers := func(ctx context.Context) []v1alpha1.LlamaStackDistribution {
		GinkgoHelper()
		list := &v1alpha1.LlamaStackDistributionList{}
		Expect(admin.List(ctx, list, client.InNamespace(namespace))).To(Succeed())
		return list.Items
	}

	Describe("examples-become-ready", func() {
		examplesTest := test((*cluster.Tester).Examples)

		It("passes when every server becomes Ready, one after the other", func(ctx SpecContext) {
			operator(namespace, says(metav1.ConditionFalse, "Progressing", "1 of 2"), says(metav1.ConditionTrue, "Ready", "serving"))
			errors, log := run(ctx, examplesTest, patient, examples("first", starter,
				"second", `{"distribution":{"image":"docker.io/llamastack/distribution-remote-vllm:0.2.12"}}`))
			Expect(errors).To(BeEmpty())
			Expect(log).To(Equal("first: Ready is True, Ready: serving\nsecond: Ready is True, Ready: serving\n"))
		})

		It("leaves nothing behind, and changes nothing of others", func(ctx SpecContext) {
			Expect(pvcs(namespace, "sample")).To(Succeed())
			operator(namespace, createsPVC, says(metav1.ConditionTrue, "Ready", "serving"))
			errors, _ := run(ctx, examplesTest, patient, examples("sample", starter))
			Expect(errors).To(BeEmpty())
			Expect(servers(ctx)).To(BeEmpty())

			list := &corev1.PersistentVolumeClaimList{}
			Expect(admin.List(ctx, list, client.InNamespace(namespace))).To(Succeed())
			Expect(list.Items).To(HaveLen(2)) // nothing here removes the finalizers of PVCs
			for _, pvc := range list.Items {
				Expect(pvc.DeletionTimestamp == nil).To(Equal(pvc.Name == "sample-pvc"), pvc.Name)
			}
		})

		It("treats a server of the same name as another's", func(ctx SpecContext) {
			mine := &v1alpha1.LlamaStackDistribution{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "sample"}}
			mine.Spec.Server.Distribution.Name = "starter"
			Expect(admin.Create(ctx, mine)).To(Succeed())
			operator(namespace, says(metav1.ConditionTrue, "Ready", "serving"))
			errors, _ := run(ctx, examplesTest, patient, examples("sample", starter))
			Expect(errors).To(BeEmpty())
			Expect(servers(ctx)).To(HaveExactElements(HaveField("Name", "sample")))
		})

		DescribeTable("fails for an example that", func(ctx SpecContext, server string, expected ...string) {
			operator(namespace, says(metav1.ConditionTrue, "Ready", "serving"))
			errors, _ := run(ctx, examplesTest, patient, examples("sample", server))
			Expect(errors).To(HaveLen(1))
			for _, text := range append(expected, "the example sample", "config/samples") {
				Expect(errors[0]).To(ContainSubstring(text))
			}
			Expect(servers(ctx)).To(BeEmpty())
		},
			Entry("has an unknown field", `{"distribution":{"name":"starter"},"storge":{}}`, `unknown field "spec.server.storge"`),
			Entry("breaks a rule", `{"distribution":{"name":"starter"},"containerSpec":{"port":70000}}`, "port must be from 1 to 65535"),
			Entry("has a value of another type", `{"distribution":{"name":"starter"},"workers":"many"}`, "workers"),
			Entry("names what is not public", `{"distribution":{"name":"ours"}}`, `the distribution "ours", which is not public: name one of`, "starter"),
			Entry("has an image that is not public", `{"distribution":{"image":"localhost/ours:1"}}`, `the distribution "localhost/ours:1", which is not public`),
		)

		It("says why a server is not Ready, and how long it waited", func(ctx SpecContext) {
			operator(namespace, says(metav1.ConditionFalse, "ImagePullBackOff", "the image cannot be pulled"))
			errors, _ := run(ctx, examplesTest, hasty, examples("sample", starter))
			Expect(errors).To(HaveExactElements(HavePrefix(
				"the example sample did not become Ready within 5s: Ready is False, ImagePullBackOff: the image cannot be pulled")))
		})

		DescribeTable("does not treat as Ready what", func(ctx SpecContext, deeds ...deed) {
			operator(namespace, deeds...)
			errors, _ := run(ctx, examplesTest, hasty, examples("sample", starter))
			Expect(errors).To(HaveExactElements(ContainSubstring("the operator has not reported a status; is it running?")))
		},
			Entry("has no condition"),
			Entry("has a condition about an earlier spec", deed(saysOfAnother)),
		)

		It("cleans up when it is stopped", func(ctx SpecContext) {
			ending, end := context.WithCancel(ctx)
			operator(namespace, func(context.Context, *v1alpha1.LlamaStackDistribution) error {
				end()
				return nil
			})
			errors, _ := run(ending, examplesTest, patient, examples("sample", starter))
			Expect(errors).NotTo(BeEmpty())
			Expect(servers(ctx)).To(BeEmpty())
		})

		It("cleans up when it is stopped before it knows that the server was created", func(ctx SpecContext) {
			config := asServiceAccount(namespace)
			config.Wrap(func(next http.RoundTripper) http.RoundTripper { return losesCreations{next} })
			tester, err := cluster.New(config, namespace, patient)
			Expect(err).NotTo(HaveOccurred())
			r := report.New("any")
			examplesTest(tester, ctx, examples("sample", starter), r)
			Expect(r.Result().Errors).To(HaveExactElements(ContainSubstring("unexpected EOF")))
			Expect(servers(ctx)).To(BeEmpty())
		})

		It("fails without an example", func(ctx SpecContext) {
			errors, _ := run(ctx, examplesTest, patient, examples())
			Expect(errors).To(HaveExactElements(ContainSubstring("has no example: list samples in config/samples/kustomization.yaml")))
		})
	})

	Describe("pods-are-restricted", func() {
		restrictedTest := test((*cluster.Tester).Restricted)

		It("passes when template and Pods pass", func(ctx SpecContext) {
			operator(namespace, makesDeployment(unchanged), makesPod(unchanged))
			errors, log := run(ctx, restrictedTest, patient, examples("sample", starter))
			Expect(errors).To(BeEmpty())
			Expect(log).To(Equal("sample: template and 1 Pods pass\n"))
			Expect(servers(ctx)).To(BeEmpty())
		})

		It("checks the template although no Pod of it is admitted", func(ctx SpecContext) {
			operator(namespace, makesDeployment(privileged))
			errors, _ := run(ctx, restrictedTest, patient, examples("sample", starter))
			Expect(errors).To(HaveExactElements(And(
				HavePrefix("the example sample: the Pods that the operator renders violate the standard restricted: "),
				ContainSubstring(`container "llama-stack" must not set securityContext.privileged=true`), ContainSubstring("internal/render"))))
		})

		It("checks the Pods of the template", func(ctx SpecContext) {
			operator(namespace, makesDeployment(unchanged), makesPod(privileged))
			errors, _ := run(ctx, restrictedTest, patient, examples("sample", starter))
			Expect(errors).To(HaveExactElements(And(
				HavePrefix("the example sample: its Pod violates the standard restricted, although the operator's template does not: "),
				ContainSubstring("securityContext.privileged=true"))))
		})

		DescribeTable("does not pass what it could not check:", func(ctx SpecContext, expected string, deeds ...deed) {
			operator(namespace, deeds...)
			errors, _ := run(ctx, restrictedTest, hasty, examples("sample", starter))
			Expect(errors).To(HaveExactElements(ContainSubstring(expected)))
		},
			Entry("no Deployment", "the operator created no Deployment within 5s; is it running?"),
			Entry("no Pod", "its Deployment has no Pod within 5s", makesDeployment(unchanged)),
		)
	})
})

var _ = Describe("A test without rights", func() {
	It("reports which it needs, and how to grant them", func(ctx SpecContext) {
		namespace := newNamespace()
		tester, err := cluster.New(asServiceAccount(namespace), namespace, patient)
		Expect(err).NotTo(HaveOccurred())
		r := report.New("any")
		tester.Examples(ctx, examples("sample", starter), r)
		Expect(r.Result().Errors).To(HaveExactElements(And(ContainSubstring("is forbidden"),
			ContainSubstring("kubectl apply --namespace "+namespace+" --filename test/scorecard/access.yaml"),
			ContainSubstring("--service-account scorecard"))))
	})
})

var _ = Describe("InCluster", func() {
	It("requires the namespace", func() {
		GinkgoT().Setenv("SCORECARD_NAMESPACE", "")
		_, err := cluster.InCluster(patient)
		Expect(err).To(MatchError(ContainSubstring("scorecard sets SCORECARD_NAMESPACE")))
	})

	It("requires a Pod", func() {
		GinkgoT().Setenv("SCORECARD_NAMESPACE", "any")
		GinkgoT().Setenv("KUBERNETES_SERVICE_HOST", "")
		_, err := cluster.InCluster(patient)
		Expect(err).To(MatchError(ContainSubstring("this test is run in a Pod, by operator-sdk scorecard")))
	})
})
