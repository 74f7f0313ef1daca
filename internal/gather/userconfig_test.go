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
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/cabundle"
	"github.com/llamastack/llama-stack-k8s-operator/internal/gather"
	"github.com/llamastack/llama-stack-k8s-operator/internal/inputs"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// withConfig reads one user configuration.
func withConfig(text string) *gather.Gatherer {
	GinkgoHelper()
	return gathererOf(&configMaps{objects: map[string]map[string]string{"ns/config": {v1alpha1.UserConfigKey: text}}})
}

func user() *llsdtest.Wrapper { return server().Image("i:1").UserConfig("config") }

var _ = Describe("The configuration of a user", func() {
	DescribeTable("is refused where", func(ctx context.Context, content map[string]string, reason v1alpha1.Reason, says string) {
		gatherer := gathererOf(&configMaps{objects: map[string]map[string]string{"ns/config": content}})
		f := beside(ctx, gatherer, user(), defaults())
		Expect(f.Problems).To(ConsistOf(And(HaveField("Reason", reason), HaveField("Kind", status.User), HaveField("Message", ContainSubstring(says)))))
		Expect(f.Input.UserConfig).To(BeNil())
	},
		Entry("its key is missing, with those that there are", map[string]string{"run.yaml": "a"}, v1alpha1.ReasonUserConfigKeyNotFound, "(it has run.yaml)"),
		Entry("there is nothing", map[string]string{}, v1alpha1.ReasonUserConfigKeyNotFound, "has no key config.yaml"),
		Entry("it is no YAML", map[string]string{"config.yaml": "a: ["}, v1alpha1.ReasonUserConfigInvalid, "cannot be read as the server's configuration"),
		Entry("it is a list", map[string]string{"config.yaml": "- a"}, v1alpha1.ReasonUserConfigInvalid, "cannot be read as the server's configuration"),
		Entry("its aliases stand for billions of values", map[string]string{"config.yaml": "a: &a [" + strings.Repeat("1,", 99) + "]\nb: &b [" + strings.Repeat("*a,", 99) +
			"]\nc: &c [" + strings.Repeat("*b,", 99) + "]\nd: &d [" + strings.Repeat("*c,", 99) + "]\n"}, v1alpha1.ReasonUserConfigInvalid, "cannot be read as the server's configuration"),
	)

	It("is mounted as it is where a command of the spec reads it, whatever it is", func(ctx context.Context) {
		f := beside(ctx, withConfig("a: ["), user().Command("serve"), defaults())
		Expect(f.Problems).To(BeEmpty())
		Expect(f.Input.UserConfig).NotTo(BeNil())
		Expect(f.State).To(Equal(status.State{Unread: true}))
	})

	It("is of another copy with other content, and of the same with the same", func(ctx context.Context) {
		name := func(text string) string {
			return beside(ctx, withConfig(text), user(), defaults()).Input.UserConfig.CopyName
		}
		Expect(name("version: '2'\n")).To(And(HavePrefix("a-config-"), Equal(name("version: '2'\n"))))
		Expect(name("version: '2'\n")).NotTo(Equal(name("version: '3'\n")))
	})

	It("shows where the server keeps state, and whether clients authenticate", func(ctx context.Context) {
		f := beside(ctx, withConfig("server:\n  auth:\n    provider_config: {type: custom}\nmetadata_store: {type: sqlite, db_path: /a.db}\n"), user(), defaults())
		Expect(f.Authenticated).To(BeTrue())
		Expect(f.State.Known).To(BeTrue())
		Expect(f.State.Local).To(ContainElement(ContainSubstring("metadata_store")))
		Expect(beside(ctx, withConfig("version: '2'\n"), user(), defaults()).Authenticated).To(BeFalse())
	})

	DescribeTable("has a port that is not used,", func(ctx context.Context, change func(*llsdtest.Wrapper), notices OmegaMatcher) {
		instance := user()
		change(instance)
		Expect(beside(ctx, withConfig("server:\n  port: 9000\n"), instance, defaults()).Notices).To(notices)
	},
		Entry("which is reported", func(*llsdtest.Wrapper) {}, ConsistOf(And(
			ContainSubstring("server.port 9000 of ConfigMap ns/config is not used, and the server listens on port 8321"), ContainSubstring("containerSpec.port")))),
		Entry("but not where it is the server's", func(w *llsdtest.Wrapper) { w.Port(9000) }, BeEmpty()),
		Entry("and not where the spec's port is a third one", func(w *llsdtest.Wrapper) { w.Port(9001) }, ConsistOf(ContainSubstring("listens on port 9001"))),
		Entry("but not where a command may read it", func(w *llsdtest.Wrapper) { w.Command("serve") }, BeEmpty()),
		Entry("but not where an argument names one", func(w *llsdtest.Wrapper) { w.Args("--verbose", "--port=9000") }, BeEmpty()),
		Entry("and where another argument is given", func(w *llsdtest.Wrapper) { w.Args("--verbose") }, HaveLen(1)),
	)

	It("shows its own certificate instead of the Secret's, which nothing rolls for then", func(ctx context.Context) {
		gatherer, answer := withConfig("server:\n  tls_certfile: /mine.crt\n  tls_keyfile: /mine.key\n"), &secrets{asked: []string{"cert"}}
		gatherer.Secrets = answer
		f := beside(ctx, gatherer, user().ServingTLS("cert").RollOnRenewal(), defaults())
		Expect(f.Input.Serving.Unused).To(BeTrue())
		Expect(f.Input.UserConfig.TLS).To(BeTrue())
		Expect(f.Notices).To(ConsistOf(ContainSubstring("which the server shows instead of Secret cert")))
		Expect(answer.asked).To(BeEmpty())
	})

	It("is not inspected where it is too large, which is reported", func(ctx context.Context) {
		large := "a: " + strings.Repeat("a", 1<<20)
		f := beside(ctx, withConfig(large), user().Workers(2), defaults())
		Expect(f.Problems).To(BeEmpty())
		Expect(f.State).To(Equal(status.State{Unread: true}))
		Expect(f.Input.UserConfig.TCPProbe).To(BeTrue())
		Expect(f.Notices).To(ConsistOf(And(ContainSubstring("it is mounted as it is"), ContainSubstring("server.workers is not put in"))))
		f = beside(ctx, withConfig(large), user().ServingTLS("cert"), defaults())
		Expect(f.Problems).To(ConsistOf(HaveField("Message", ContainSubstring("the certificate of spec.server.tlsConfig.serving cannot be put in"))))
	})

	It("is missing where it has just been deleted", func(ctx context.Context) {
		gatherer := gathererOf(&configMaps{})
		gatherer.References = &configMaps{objects: map[string]map[string]string{"ns/config": {}}}
		Expect(beside(ctx, gatherer, user(), defaults()).Problems).To(ConsistOf(HaveField("Reason", v1alpha1.ReasonUserConfigNotFound)))
	})

	It("is in the server's namespace where the spec names that", func(ctx context.Context) {
		f := beside(ctx, withConfig("version: '2'\n"), server().Image("i:1").UserConfigIn("ns", "config"), defaults())
		Expect(f.Problems).To(BeEmpty())
		Expect(f.Input.UserConfig).NotTo(BeNil())
	})

	It("is an error of the cluster where the cache fails", func(ctx context.Context) {
		gatherer := withConfig("")
		gatherer.References = noIdentities{}
		f := &gather.Found{}
		Expect(gatherer.Gather(ctx, user().Obj(), defaults(), f)).To(MatchError("failed to read ConfigMap ns/config from the cache: no cache"))
		Expect(f.Problems).To(BeEmpty())
	})

	It("is read once as long as it is the same", func(ctx context.Context) {
		reads, content := 0, &configMaps{objects: map[string]map[string]string{"ns/config": {v1alpha1.UserConfigKey: "version: '2'\n"}}}
		gatherer := gathererOf(content)
		gatherer.Contents = inputs.New(content, func(string) { reads++ }, cabundle.SystemRoots)
		first := beside(ctx, gatherer, user(), defaults())
		again := beside(ctx, gatherer, user(), defaults())
		Expect(again.Input).To(Equal(first.Input))
		Expect(reads).To(Equal(1))
		beside(ctx, gatherer, user().Workers(3), defaults())
		Expect(reads).To(Equal(2), "other workers are put in")
	})
})
