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

package serverconfig_test

import (
	"flag"
	"os"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/internal/serverconfig"
	"sigs.k8s.io/yaml"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var update = flag.Bool("update", false, "write the golden files anew")

// withoutWorkers is what a configuration says to its server, apart from the number of workers.
func withoutWorkers(config string) map[string]any {
	GinkgoHelper()
	var content map[string]any
	Expect(yaml.Unmarshal([]byte(config), &content)).To(Succeed())
	server, ok := content["server"].(map[string]any)
	Expect(ok).To(BeTrue())
	delete(server, "workers")
	return content
}

var _ = Describe("A whole configuration", func() {
	DescribeTable("of each era", func(name string, want serverconfig.Facts) {
		data, err := os.ReadFile("testdata/" + name + ".yaml")
		Expect(err).NotTo(HaveOccurred())
		config := string(data)
		Expect(serverconfig.Inspect(config)).To(Equal(want))

		changed, err := serverconfig.WithWorkers(config, 3)
		Expect(err).NotTo(HaveOccurred())
		golden := "testdata/" + name + ".golden.yaml"
		if *update {
			Expect(os.WriteFile(golden, []byte(changed), 0o600)).To(Succeed())
		}
		expected, err := os.ReadFile(golden)
		Expect(err).NotTo(HaveOccurred())
		Expect(changed).To(Equal(string(expected)))

		By("saying the same to the server, the number of workers apart")
		Expect(withoutWorkers(changed)).To(Equal(withoutWorkers(config)))
		By("keeping every comment")
		for line := range strings.SplitSeq(config, "\n") {
			if _, comment, ok := strings.Cut(line, "# "); ok {
				Expect(changed).To(ContainSubstring("# " + comment))
			}
		}
		By("finding the same facts again, and changing nothing any more")
		want.Workers = new(int32(3))
		Expect(serverconfig.Inspect(changed)).To(Equal(want))
		Expect(serverconfig.WithWorkers(changed, 4)).To(Equal(changed))
	},
		Entry("0.2", "era-0.2", serverconfig.Facts{Port: new(int32(8321))}),
		Entry("0.3 to 0.7, with TLS and a policy that lets the health check through", "era-0.7", serverconfig.Facts{Port: new(int32(8321)), TLS: true, Authenticated: true}),
		Entry("1.2 and later, with TLS as the environment says and a policy that does not", "era-1.3",
			serverconfig.Facts{TLSUncertain: true, HealthDenied: true}),
	)
})
