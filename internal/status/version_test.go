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
	"os"
	"regexp"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// reporting sets the version that the server reports.
func (f *fixture) reporting(version string) *fixture {
	return f.with(func(in *status.Input) { in.Server.Version = version })
}

// tested are the versions of servers that the configurations are tested with.
func tested() []string {
	GinkgoHelper()
	text, err := os.ReadFile("../../hack/make/configure.mk")
	Expect(err).NotTo(HaveOccurred())
	found := regexp.MustCompile(`(?m)^CONFIGURE_VERSIONS \?= (.+)$`).FindStringSubmatch(string(text))
	Expect(found).To(HaveLen(2))
	return strings.Fields(found[1])
}

var _ = Describe("VersionSupported", func() {
	DescribeTable("compares the version of the server with those of the release", func(version string, value metav1.ConditionStatus, reason v1alpha1.Reason, says string) {
		got := condition(newFixture().reporting(version).compute(), v1alpha1.ConditionVersionSupported)

		Expect(got).To(be(value, reason))
		Expect(got.Message).To(ContainSubstring(says))
	},
		Entry("the oldest", "0.2.12", metav1.ConditionTrue, v1alpha1.ReasonVersionSupported, "supports the version"),
		Entry("one before it", "0.2.11", metav1.ConditionFalse, v1alpha1.ReasonVersionTooOld, "has version 0.2.11, and this release of the operator supports 0.2.12 to 1.5"),
		Entry("one of a build of the oldest", "0.2.12+rhai0", metav1.ConditionTrue, v1alpha1.ReasonVersionSupported, "supports"),
		Entry("one in between that is not tested", "0.9.1", metav1.ConditionTrue, v1alpha1.ReasonVersionSupported, "supports"),
		Entry("the newest", "1.5.0", metav1.ConditionTrue, v1alpha1.ReasonVersionSupported, "supports"),
		Entry("a patch release of the newest, of later than this release", "1.5.17", metav1.ConditionTrue, v1alpha1.ReasonVersionSupported, "supports"),
		Entry("the next minor version", "1.6.0", metav1.ConditionFalse, v1alpha1.ReasonVersionTooNew, "Upgrade the operator, or use an older image"),
		Entry("a candidate for it", "1.6.0rc1", metav1.ConditionFalse, v1alpha1.ReasonVersionTooNew, "has version 1.6.0rc1"),
		Entry("the next major version", "2.0", metav1.ConditionFalse, v1alpha1.ReasonVersionTooNew, "has version 2.0"),
		Entry("one without a minor version", "3", metav1.ConditionUnknown, v1alpha1.ReasonVersionUnknown, "cannot compare the version of the server: 3"),
		Entry("one with an epoch", "1!1.5.0", metav1.ConditionUnknown, v1alpha1.ReasonVersionUnknown, "cannot compare"),
		Entry("one that no number holds", "99999999999999999999.1", metav1.ConditionUnknown, v1alpha1.ReasonVersionUnknown, "cannot compare"),
		Entry("one with a v", "v1.5.0", metav1.ConditionTrue, v1alpha1.ReasonVersionSupported, "supports"),
		Entry("a post release without a patch version", "1.5.post1", metav1.ConditionTrue, v1alpha1.ReasonVersionSupported, "supports"),
		Entry("none", "", metav1.ConditionUnknown, v1alpha1.ReasonVersionUnknown, "does not report its version"),
	)

	DescribeTable("is absent while nothing is known about the version", func(f *fixture) {
		Expect(f.compute().Conditions).NotTo(ContainElement(HaveField("Type", string(v1alpha1.ConditionVersionSupported))))
	},
		Entry("before the first probe", newFixture().unprobed()),
		Entry("without an answer", newFixture().unreachable()),
		Entry("of a server that never ran", newFixture().wanting(0).deployed(0, 0, 0).unprobed()),
	)

	It("stays with the version while the server does not answer, and goes with it when the image changes", func() {
		before := newFixture().reporting("1.6.0").compute()

		Expect(condition(newFixture().unreachable().after(before).compute(), v1alpha1.ConditionVersionSupported)).
			To(be(metav1.ConditionFalse, v1alpha1.ReasonVersionTooNew))
		other := newFixture().unprobed().after(before).with(func(in *status.Input) { in.Image = otherImage })
		Expect(other.compute().Conditions).NotTo(ContainElement(HaveField("Type", string(v1alpha1.ConditionVersionSupported))))
	})

	It("stays unknown after a restart of the operator, until the server answers", func() {
		before := newFixture().limited(401).compute()

		Expect(condition(before, v1alpha1.ConditionVersionSupported)).To(be(metav1.ConditionUnknown, v1alpha1.ReasonVersionUnknown))
		Expect(condition(newFixture().unprobed().after(before).compute(), v1alpha1.ConditionVersionSupported)).
			To(Equal(condition(before, v1alpha1.ConditionVersionSupported)))
	})

	DescribeTable("does not count for Ready", func(version string) {
		with, without := newFixture().reporting(version).compute(), newFixture().compute()

		Expect(condition(with, v1alpha1.ConditionReady)).To(Equal(condition(without, v1alpha1.ConditionReady)))
		Expect(with.Phase).To(Equal(v1alpha1.PhaseReady))
	},
		Entry("too old", "0.1.0"), Entry("too new", "2.0.0"), Entry("unknown", "3"),
	)

	It("is an Event when the version is not supported", func() {
		transitions := status.Transitions(newFixture().compute(), newFixture().reporting("1.6.0").compute())

		Expect(transitions).To(ContainElement(And(
			HaveField("Type", v1alpha1.ConditionVersionSupported), HaveField("To", "False"), HaveField("Event", true))))
		back := status.Transitions(newFixture().reporting("1.6.0").compute(), newFixture().compute())
		Expect(back).To(ContainElement(And(HaveField("Type", v1alpha1.ConditionVersionSupported), HaveField("Event", false))))
	})

	It("is True for every version that the configurations are tested with, and every distribution", func() {
		versions := tested()
		text, err := os.ReadFile("../distribution/distributions.json")
		Expect(err).NotTo(HaveOccurred())
		images := map[string]string{}
		Expect(json.Unmarshal(text, &images)).To(Succeed())
		for _, image := range images {
			versions = append(versions, image[strings.LastIndex(image, ":")+1:])
		}
		Expect(len(versions)).To(BeNumerically(">", 8))

		for _, version := range versions {
			Expect(condition(newFixture().reporting(version).compute(), v1alpha1.ConditionVersionSupported)).
				To(be(metav1.ConditionTrue, v1alpha1.ReasonVersionSupported), version)
		}
	})

	It("ends with the first and the last version that is tested", func() {
		versions := tested()
		newest := versions[len(versions)-1]
		message := condition(newFixture().reporting("99.0.0").compute(), v1alpha1.ConditionVersionSupported).Message

		Expect(message).To(ContainSubstring("supports %s to %s:", versions[0], newest[:strings.LastIndex(newest, ".")]))
	})
})
