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

package gather_test

import (
	"github.com/llamastack/llama-stack-k8s-operator/internal/gather"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("The Secrets that servers roll for", func() {
	const operator = "system:serviceaccount:operators:operator"

	DescribeTable("are allowed by a command that names the operator as the API server does", func(user, who string) {
		Expect(gather.Allowing("ns", user)).To(Equal("kubectl -n ns create rolebinding llama-stack-k8s-operator-llsd-secret-watcher-role " +
			"--clusterrole=llama-stack-k8s-operator-llsd-secret-watcher-role " + who))
	},
		Entry("as a ServiceAccount", operator, "--serviceaccount=operators:operator"),
		Entry("as somebody", "admin", "--user=admin"),
		Entry("not at all", "?", "--serviceaccount=home:llama-stack-k8s-operator-controller-manager"),
	)
})
