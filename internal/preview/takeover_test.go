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

package preview_test

import (
	"context"
	"encoding/json"
	"os"
	"slices"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/internal/preview"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/runtime"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// recorded is the Deployment that 0.9.0 left for a server.
func recorded(name string) *appsv1.Deployment {
	GinkgoHelper()
	content, err := os.ReadFile("../apply/testdata/takeover/deploy.json")
	Expect(err).NotTo(HaveOccurred())
	var list appsv1.DeploymentList
	Expect(json.Unmarshal(content, &list)).To(Succeed())
	at := slices.IndexFunc(list.Items, func(one appsv1.Deployment) bool { return one.Name == name })
	Expect(at).To(BeNumerically(">=", 0), name)
	return &list.Items[at]
}

// left is a server that 0.9.0 left.
func left(name string) *v1alpha1.LlamaStackDistribution {
	GinkgoHelper()
	all := llsdtest.FromOlder()
	at := slices.IndexFunc(all, func(one llsdtest.Older) bool { return one.Name == name })
	Expect(at).To(BeNumerically(">=", 0), name)
	server := &v1alpha1.LlamaStackDistribution{}
	Expect(runtime.DefaultUnstructuredConverter.FromUnstructured(all[at].Object("apps").Object, server)).To(Succeed())
	return server
}

func takeoverOf(ctx context.Context, from *cluster, server *v1alpha1.LlamaStackDistribution) preview.Takeover {
	GinkgoHelper()
	previewer, err := preview.New(from)
	Expect(err).NotTo(HaveOccurred())
	found, err := previewer.Takeover(ctx, server)
	Expect(err).NotTo(HaveOccurred())
	return found
}

var _ = Describe("The takeover of a server that 0.9.0 made", func() {
	It("changes how its Pods run", func(ctx context.Context) {
		found := takeoverOf(ctx, &cluster{deployment: recorded("minimal")}, left("minimal"))

		Expect(found.Done).To(BeFalse())
		Expect(found.Problems).To(BeEmpty())
		Expect(found.Changes).To(ContainElements(
			HavePrefix("Image: docker.io/llamastack/distribution-starter:"), "Security context: the Pod Security Standard restricted, user 1001 (before: as the image says)",
			"The token of the Kubernetes API is no longer mounted; see podOverrides.automountServiceAccountToken",
			"The variables of the Services in the namespace are no longer set", "Startup probe: 30 failures (before: 3)",
			HavePrefix("Variables that are new: HOME"), ContainSubstring("/.ogx"), "Service minimal-service is created"))
	})

	It("starts a server with a configuration in another way", func(ctx context.Context) {
		server := left("configured")
		server.Spec.Server.UserConfig.ConfigMapName = "config"

		found := takeoverOf(ctx, &cluster{deployment: recorded("configured"), config: "version: 2\n"}, server)

		Expect(found.Changes).To(ContainElement(
			"Command: the launcher, which starts the image's entrypoint or what its version needs (before: uvicorn, by a script of 0.9.0)"))
		Expect(found.Changes).NotTo(ContainElement(HavePrefix("Image: ")), "the spec has an image")
	})

	It("waits for what the author must fix", func(ctx context.Context) {
		server := left("configured")
		server.Spec.Server.UserConfig.ConfigMapName = "missing"

		found := takeoverOf(ctx, &cluster{deployment: recorded("configured")}, server)

		Expect(found.Problems).To(ConsistOf(HaveField("Reason", v1alpha1.ReasonUserConfigNotFound)))
		Expect(found.Changes).To(BeEmpty())
	})

	It("is done where this operator made the Deployment, or there is none", func(ctx context.Context) {
		deployment := recorded("minimal")
		deployment.Annotations = map[string]string{"llamastack.io/applied-hash": "h"}

		Expect(takeoverOf(ctx, &cluster{deployment: deployment}, left("minimal"))).To(Equal(preview.Takeover{Done: true}))
		Expect(takeoverOf(ctx, &cluster{}, left("minimal"))).To(Equal(preview.Takeover{Done: true}))
	})
})
