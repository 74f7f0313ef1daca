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
	"context"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/gather"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/internal/operatorconfig"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// configured is an operator's configuration after each of these contents of its ConfigMap.
func configured(contents ...map[string]string) operatorconfig.Config {
	store := operatorconfig.NewStore()
	for _, content := range contents {
		store.Update(content)
	}
	return store.Current()
}

// overriding has a text as the image of distributions.
func overriding(text string) map[string]string {
	return map[string]string{operatorconfig.KeyImageOverrides: text}
}

// beside gathers for a server that has these children.
func beside(ctx context.Context, gatherer *gather.Gatherer, instance *llsdtest.Wrapper, config operatorconfig.Config, children ...client.Object) *gather.Found {
	GinkgoHelper()
	object := instance.Obj()
	f := &gather.Found{Children: gather.ChildrenOf(object, children...)}
	Expect(gatherer.Gather(ctx, object, config, f)).To(Succeed())
	return f
}

var _ = Describe("The image of a server", func() {
	const related, running = "registry.example/server:1.0", "registry.example/server:0.9"
	const malformed = "starter: [\n"
	runs := gather.DeploymentWith(running)

	DescribeTable("is", func(ctx context.Context, instance *llsdtest.Wrapper, config operatorconfig.Config, image, active string) {
		for _, children := range [][]client.Object{nil, {runs}} {
			f := beside(ctx, gathererOf(&configMaps{}), instance, config, children...)
			Expect(f.Problems).To(BeEmpty())
			Expect(f.Notices).To(BeEmpty())
			Expect(f.Input.Image).To(Equal(image))
			Expect(f.Resolved.Active).To(Equal(active))
		}
	},
		Entry("that of the operator's release", server().Distribution("starter"), configured(nil), related, "starter"),
		Entry("that of the operator's ConfigMap", server().Distribution("starter"), configured(overriding("starter: mirror.example/s:2")), "mirror.example/s:2", "starter"),
		Entry("one of a name that only the ConfigMap has", server().Distribution("ours"), configured(overriding("ours: mirror.example/o:2")), "mirror.example/o:2", "ours"),
		Entry("that of the release, where another name has a mistake", server().Distribution("starter"),
			configured(overriding("ours: 'UPPER CASE'")), related, "starter"),
		Entry("the last good one of the ConfigMap", server().Distribution("starter"),
			configured(overriding("starter: mirror.example/s:2"), overriding("starter: 'UPPER CASE'")), "mirror.example/s:2", "starter"),
		Entry("the last good one of a ConfigMap that cannot be read any more", server().Distribution("starter"),
			configured(overriding("starter: mirror.example/s:2"), overriding(malformed)), "mirror.example/s:2", "starter"),
		Entry("that of the spec, whatever the ConfigMap has", server().Image("i:1"), configured(overriding(malformed)), "i:1", "custom"),
		Entry("that of the spec, which has no name for a mistake", server().Image("i:1"), configured(overriding("'': 'UPPER CASE'")), "i:1", "custom"),
	)

	DescribeTable("is not known, so that what runs continues and nothing else starts,", func(
		ctx context.Context, config operatorconfig.Config, reason v1alpha1.Reason, says string,
	) {
		instance := server().Distribution("starter")
		f := beside(ctx, gathererOf(&configMaps{}), instance, config)
		Expect(f.Problems).To(ConsistOf(And(HaveField("Reason", reason), HaveField("Message", ContainSubstring(says)))))
		Expect(f.Input.Image).To(BeEmpty())
		Expect(f.Resolved.Active).To(Equal("starter"))

		f = beside(ctx, gathererOf(&configMaps{}), instance, config, runs)
		Expect(f.Problems).To(BeEmpty())
		Expect(f.Input.Image).To(Equal(running))
		Expect(f.Notices).To(ConsistOf(And(ContainSubstring(says), HaveSuffix("; the server keeps "+running))))
		Expect(f.Resolved.Active).To(Equal("starter"))
	},
		Entry("because the ConfigMap was malformed from the start", configured(overriding(malformed)),
			v1alpha1.ReasonOperatorConfigMalformed, "image-overrides in the operator's ConfigMap "+operatorconfig.Name+" is malformed"),
		Entry("because its name has a mistake there", configured(overriding("starter: 'UPPER CASE'")),
			v1alpha1.ReasonInvalidImageOverride, "has an image override for starter that cannot be used ("),
	)

	DescribeTable("is refused, though another runs,", func(ctx context.Context, instance *llsdtest.Wrapper, reason v1alpha1.Reason, says string) {
		f := beside(ctx, gathererOf(&configMaps{}), instance, configured(nil), runs)
		Expect(f.Problems).To(ConsistOf(And(HaveField("Reason", reason), HaveField("Message", ContainSubstring(says)))))
		Expect(f.Input.Image).To(BeEmpty())
		Expect(f.Requested).To(Equal(running), "the status reports it")
	},
		Entry("of a name that nobody knows, with those that are known", server().Distribution("nothing"), v1alpha1.ReasonUnknownDistribution, "starter"),
		Entry("of a name that is empty", server().Distribution(""), v1alpha1.ReasonInvalidDistribution, "spec.server.distribution: "),
	)

	It("has a notice where no node can pull it, or where it changes", func(ctx context.Context) {
		notices := func(image string) []string {
			return beside(ctx, gathererOf(&configMaps{}), server().Image(image), configured(nil)).Notices
		}
		Expect(notices("registry.example/Server:1")).To(ConsistOf(ContainSubstring("only the tag may have capitals; write registry.example/server:1")))
		Expect(notices("registry.example:5000/server")).To(ConsistOf(ContainSubstring("name a version or a digest")))
		Expect(notices("registry.example:5000/server:1")).To(BeEmpty())
	})

	It("is reported with all names that a spec can have", func(ctx context.Context) {
		f := beside(ctx, gathererOf(&configMaps{}), server().Image("i:1"), configured(overriding("ours: mirror.example/o:2")))
		Expect(f.Available).To(And(HaveKeyWithValue("starter", related), HaveKeyWithValue("ours", "mirror.example/o:2")))
	})

	It("is the running one of the server's container, and not of a sidecar's", func(ctx context.Context) {
		deployment := gather.DeploymentWith("sidecar:1")
		containers := &deployment.Spec.Template.Spec.Containers
		*containers = append(*containers, *(*containers)[0].DeepCopy())
		(*containers)[1].Name, (*containers)[1].Image = "main", running
		f := beside(ctx, gathererOf(&configMaps{}), server().ContainerName("main").Distribution("starter"), configured(overriding(malformed)), deployment)
		Expect(f.Input.Image).To(Equal(running))
	})
})
