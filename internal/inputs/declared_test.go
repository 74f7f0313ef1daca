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

package inputs_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/apply"
	"github.com/llamastack/llama-stack-k8s-operator/internal/inputs"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/internal/serverconfig"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	"sigs.k8s.io/yaml"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// declaring is a server with this configuration.
func declaring(config string) *llsdtest.Wrapper {
	GinkgoHelper()
	declared := &v1alpha1.ServerConfig{}
	Expect(yaml.UnmarshalStrict([]byte(config), declared)).To(Succeed())
	return llsdtest.Make("a").Namespace("apps").UID("u").Generation(1).Edit(func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Server.Config = declared })
}

var _ = Describe("A declared configuration", func() {
	const (
		sqlite   = "{base: Empty, storage: {sqlite: {}}}"
		password = "{base: Empty, providers: [{api: inference, id: b, type: 'remote::vllm', secrets: [{field: api_token, secretKeyRef: {name: s, key: k}}]}]}"
	)
	find := func(ctx context.Context, server *llsdtest.Wrapper) inputs.Declared {
		GinkgoHelper()
		found, err := inputs.New(nil, nil, nil).Declared(ctx, server.Obj())
		Expect(err).NotTo(HaveOccurred())
		return found
	}

	It("is what is mounted, and the variables of its secrets", func(ctx context.Context) {
		server := declaring(password)
		found := find(ctx, server)
		mounted, err := inputs.DeclaredData(server.Obj())
		Expect(err).NotTo(HaveOccurred())
		Expect(found.Problem).To(BeNil())
		Expect(found.Hash).To(Equal(inputs.ContentHash(mounted)))
		Expect(found.Digest).To(Equal(apply.DigestOf(mounted)))
		Expect(found.Env).To(ConsistOf(HaveField("ValueFrom.SecretKeyRef.Name", "s")))
	})

	It("is read once for each generation", func(ctx context.Context) {
		contents := inputs.New(nil, nil, nil)
		first, err := contents.Declared(ctx, declaring(sqlite).Obj())
		Expect(err).NotTo(HaveOccurred())
		Expect(contents.Declared(ctx, declaring(password).Obj())).To(Equal(first), "the API server counts each edit")
		Expect(contents.Declared(ctx, declaring(password).UID("v").Obj())).NotTo(Equal(first), "of another server")

		second, err := contents.Declared(ctx, declaring(password).Generation(2).Obj())
		Expect(err).NotTo(HaveOccurred())
		Expect(second.Hash).NotTo(Equal(first.Hash))
		_, entries := contents.Remembered()
		Expect(entries).To(Equal(2))
	})

	DescribeTable("depends on what the spec says elsewhere", func(ctx context.Context, change func(*llsdtest.Wrapper) *llsdtest.Wrapper, differs bool) {
		same := Equal(find(ctx, declaring(sqlite)).Hash)
		if differs {
			same = Not(same)
		}
		Expect(find(ctx, change(declaring(sqlite))).Hash).To(same)
	},
		Entry("the port", func(w *llsdtest.Wrapper) *llsdtest.Wrapper { return w.Port(9000) }, true),
		Entry("the folder of its data", func(w *llsdtest.Wrapper) *llsdtest.Wrapper { return w.Storage("1Gi").MountPath("/data") }, true),
		Entry("the usual folder, written down", func(w *llsdtest.Wrapper) *llsdtest.Wrapper {
			return w.Storage("1Gi").MountPath(v1alpha1.DefaultMountPath)
		}, false),
		Entry("no folder", func(w *llsdtest.Wrapper) *llsdtest.Wrapper { return w.Storage("1Gi") }, false),
		Entry("the certificate of a Secret", func(w *llsdtest.Wrapper) *llsdtest.Wrapper { return w.ServingTLS("tls") }, true),
		Entry("the replicas", func(w *llsdtest.Wrapper) *llsdtest.Wrapper { return w.Replicas(2) }, false),
	)

	DescribeTable("shows", func(ctx context.Context, server *llsdtest.Wrapper, matches OmegaMatcher) {
		Expect(find(ctx, server)).To(And(HaveField("Problem", BeNil()), matches))
	},
		Entry("no token of Kubernetes", declaring(sqlite), HaveField("Token", false)),
		Entry("the token of Kubernetes", declaring("{base: Empty, patch: {a: /var/run/secrets/kubernetes.io/serviceaccount/token}}"), HaveField("Token", true)),
		Entry("a certificate of its own", declaring("{base: Empty, patch: {server: {tls_certfile: /c, tls_keyfile: /k}}}").ServingTLS("tls"),
			HaveField("OwnCertificate", true)),
		Entry("the certificate of the Secret", declaring(sqlite).ServingTLS("tls"), HaveField("OwnCertificate", false)),
		Entry("state on its volume", declaring(sqlite), HaveField("Local", Not(BeEmpty()))),
	)

	DescribeTable("that cannot be used is a problem of its author", func(ctx context.Context, config, says string) {
		server := declaring(config)
		found := find(ctx, server)
		Expect(found.Hash).To(BeEmpty())
		Expect(found.Problem).To(And(HaveField("Kind", status.User), HaveField("Reason", v1alpha1.ReasonInvalidSpec),
			HaveField("Message", And(HavePrefix("spec.server.config"), ContainSubstring(says)))))
		Expect(len(found.Problem.Message)).To(BeNumerically("<", 4096))

		mounted, err := inputs.DeclaredData(server.Obj())
		Expect(err).To(MatchError(HavePrefix("failed to use the declared configuration: spec.server.config")))
		Expect(mounted).To(BeNil())
	},
		Entry("with a field that is set twice",
			"{providers: [{api: a, id: b, config: {c: {d: 1}}, secrets: [{field: c.d, secretKeyRef: {name: s, key: k}}]}]}", "c.d"),
		Entry("with more than a ConfigMap can have", fmt.Sprintf("{base: Empty, patch: {a: %q}}", strings.Repeat("x", 300<<10)), "bytes"),
	)

	It("weighs what is remembered of it", func(ctx context.Context) {
		small, large := find(ctx, declaring(sqlite)), find(ctx, declaring(password))
		small.Env, large.Env = nil, nil
		base := small.Weight()
		small.Local = append(small.Local, serverconfig.Place{Store: strings.Repeat("l", 1000)})
		small.Forgotten = append(small.Forgotten, serverconfig.Place{ID: strings.Repeat("f", 1000)})
		small.Vectors = append(small.Vectors, serverconfig.Place{API: strings.Repeat("v", 1000)})
		small.Problem = &status.Problem{Message: strings.Repeat("m", 1000)}
		Expect(small.Weight() - base).To(Equal(4000))
		withEnv := find(ctx, declaring(password))
		Expect(withEnv.Weight()).To(BeNumerically(">", large.Weight()))
	})
})

var _ = Describe("What is remembered of a reference", func() {
	long := strings.Repeat("x", 1000)

	DescribeTable("weighs no less than its texts", func(small, large inputs.Finding, texts int) {
		Expect(small.Weight()).To(BeNumerically(">", 0))
		Expect(large.Weight() - small.Weight()).To(Equal(texts * len(long)))
	},
		Entry("a configuration", inputs.UserFinding{}, inputs.UserFinding{
			Notice: long, Problem: &status.Problem{Message: long}, Local: []serverconfig.Place{{Store: long, Type: long}},
			Forgotten: []serverconfig.Place{{API: long, ID: long}}, Vectors: []serverconfig.Place{{ID: long}}, Separate: []serverconfig.Place{{ID: long}},
		}, 8),
		Entry("certificates", inputs.CAFinding{}, inputs.CAFinding{Notice: long, Problem: &status.Problem{Message: long}}, 2),
	)

	It("is not taken for something of another kind or version", func() {
		contents := inputs.New(nil, nil, nil)
		about := inputs.Subject{Key: "key", Version: "1"}
		contents.Remember(about, inputs.Found("found"))
		got, ok := inputs.Recall[inputs.Found](contents, about)
		Expect(got).To(Equal(inputs.Found("found")))
		Expect(ok).To(BeTrue())
		_, ok = inputs.Recall[inputs.UserFinding](contents, about)
		Expect(ok).To(BeFalse())
		_, ok = inputs.Recall[inputs.Found](contents, inputs.Subject{Key: "key", Version: "2"})
		Expect(ok).To(BeFalse())
		_, ok = inputs.Recall[inputs.Found](contents, inputs.Subject{Key: "other", Version: "1"})
		Expect(ok).To(BeFalse())
	})

	It("is bounded, whoever makes how many references", func() {
		contents := inputs.New(nil, nil, nil)
		for i := range 20000 {
			contents.Remember(inputs.Subject{Key: fmt.Sprintf("key-%d", i), Version: "1"}, inputs.CAFinding{Notice: long})
		}
		weight, entries := contents.Remembered()
		Expect(weight).To(BeNumerically("<=", 16<<20))
		Expect(entries).To(BeNumerically(">", 1000))
	})

	It("is found by the next, when the time of the first is up", func(ctx context.Context) {
		contents := inputs.New(nil, nil, nil)
		brief, cancel := context.WithCancel(ctx)
		begun, asked := make(chan struct{}), make(chan struct{})
		go func() {
			defer GinkgoRecover()
			defer close(asked)
			_, err := inputs.Once(brief, contents, "key", "1", func(ctx context.Context) (inputs.Found, string, error) {
				close(begun)
				<-ctx.Done()
				return "", "", ctx.Err()
			})
			Expect(err).To(MatchError(context.Canceled))
		}()
		<-begun
		next := make(chan inputs.Found)
		go func() {
			defer GinkgoRecover()
			got, err := inputs.Once(ctx, contents, "key", "1", found("1"))
			Expect(err).NotTo(HaveOccurred())
			next <- got
		}()
		Consistently(next, "50ms").ShouldNot(Receive(), "it waits for the first")
		cancel()
		<-asked
		Eventually(next).Should(Receive(Equal(inputs.Found("of 1"))))
	})
})
