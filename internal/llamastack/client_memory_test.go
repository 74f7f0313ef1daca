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

package llamastack_test

import (
	"runtime"
	"strings"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/internal/llamastack"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("Observe", func() {
	DescribeTable("uses little memory for a hostile answer", func(path, entry string) {
		entries := `{"data":[` + entry + strings.Repeat(","+entry, longestBody/len(","+entry)-10) + `]}`
		endpoint := serve(healthy().with(path, says(entries)))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		Expect(observe(endpoint).Problem).To(BeEmpty())
		runtime.ReadMemStats(&after)
		Expect(after.TotalAlloc-before.TotalAlloc).To(BeNumerically("<", 64*longestBody), "all that was allocated, in bytes, most of it one after the other")
	},
		Entry("about providers", "/v1/providers", "{}"),
		Entry("about models", "/v1/models", "{}"),
		Entry("about models with an id", "/v1/models", `{"id":"a"}`),
	)

	It("decodes few answers at once, however many servers it probes", func() {
		client := llamastack.NewClient(llamastack.ClientOptions{})
		Expect(llamastack.MostDecodings(client, 32, func() { <-time.After(time.Millisecond) })).To(BeNumerically("<=", 4))
	})
})
