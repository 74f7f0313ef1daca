//go:build e2e

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

package e2e_test

import (
	"regexp"

	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// The chart's own specs use the command for Helm, those with OLM the one for operator-sdk.
var _ = Describe("README", Serial, func() {
	It("installs the operator with its commands for kubectl", func(ctx SpecContext) {
		logs.collect(ctx)
		DeferCleanup(func(ctx SpecContext) {
			run(ctx, "hack/deploy.sh", "deploy")
			operatorIsUp(ctx)
		}, NodeTimeout(leaderTakesOver+2*podStarts))
		run(ctx, "hack/deploy.sh", "undeploy")
		Eventually(listOperatorPods).WithContext(ctx).WithTimeout(podStarts).Should(BeEmpty())

		apply := harness.ReadmeCommand("kubectl apply --server-side")
		published := regexp.MustCompile(`-f https://github\.com/llamastack/llama-stack-k8s-operator/releases/download/v[0-9.]+/install\.yaml`)
		Expect(apply).To(MatchRegexp(published.String()))
		// What a release makes this file from, with the image of this node.
		apply = published.ReplaceAllString(apply, "-f <(hack/deploy.sh render)")
		rollout := harness.ReadmeCommand("kubectl -n " + operatorNamespace + " rollout status")

		path := programs(GinkgoT().TempDir())
		run(ctx, "bash", "-euo", "pipefail", "-c", "PATH="+path+":$PATH\n"+apply+"\n"+rollout)
		operatorIsUp(ctx)
	}, NodeTimeout(leaderTakesOver+3*podStarts))
})
