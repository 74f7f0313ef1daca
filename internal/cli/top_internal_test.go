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

package cli

import (
	"errors"
	"os"
	"path/filepath"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("The load of a server", func() {
	at := func(seconds int, s sample) sample {
		s.at = noon.Add(time.Duration(seconds) * time.Second)
		return s
	}

	It("is read from the metrics of a server", func() {
		text, err := os.ReadFile(filepath.Join("..", "..", "config", "monitoring", "testdata", "server.prom"))
		Expect(err).NotTo(HaveOccurred())
		found, err := sampleOf(text)
		Expect(err).NotTo(HaveOccurred())
		Expect(found.requests).To(BeNumerically(">", 5))
		Expect(found.errors).To(And(BeNumerically(">=", 1), BeNumerically("<", found.requests)))
		Expect(found.inferences).To(BeNumerically(">", 0))
		Expect(found.tokenRates).To(BeNumerically(">", 0))
		Expect(found.memory).To(BeNumerically(">", 1<<20))
		_, err = sampleOf([]byte("{ no metrics\n"))
		Expect(err).To(MatchError(ContainSubstring("failed to read the metrics of the server")))
	})

	DescribeTable("is the difference between two scrapes", func(first, second []sample, requests, failed, tokens string) {
		found := loadOf(first, second)
		Expect([]string{rate(found.Requests), rate(found.Errors), rate(found.Tokens)}).To(Equal([]string{requests, failed, tokens}))
	},
		Entry("of one Pod", []sample{at(0, sample{requests: 10, errors: 1, tokenRates: 50, inferences: 1})},
			[]sample{at(2, sample{requests: 30, errors: 2, tokenRates: 170, inferences: 4})}, "10.0", "0.5", "40.0"),
		Entry("of two Pods", []sample{at(0, sample{}), at(0, sample{requests: 1})}, []sample{at(1, sample{requests: 2}), at(1, sample{requests: 4})}, "5.0", "0.0", "-"),
		Entry("of a Pod that restarted", []sample{at(0, sample{requests: 100, errors: 50})}, []sample{at(1, sample{requests: 3, errors: 1})}, "3.0", "1.0", "-"),
		Entry("of a Pod that does not answer", []sample{at(0, sample{err: errors.New("no")})}, []sample{at(1, sample{requests: 3})}, "-", "-", "-"),
		Entry("of nobody", nil, nil, "-", "-", "-"),
	)

	It("has the error of a Pod beside the load of the others", func() {
		found := loadOf([]sample{at(0, sample{}), at(0, sample{err: errors.New("no")})}, []sample{at(1, sample{requests: 1, memory: 5}), at(1, sample{})})
		Expect(found.err).To(MatchError("no"))
		Expect(rate(found.Requests)).To(Equal("1.0"))
		Expect(found.memory).To(Equal(5.0))
	})
})
