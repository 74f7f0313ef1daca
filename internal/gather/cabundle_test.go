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
	"errors"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/apply"
	"github.com/llamastack/llama-stack-k8s-operator/internal/gather"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/internal/operatorconfig"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// noIdentities is a cache that fails.
type noIdentities struct{ client.Reader }

func (noIdentities) Get(context.Context, client.ObjectKey, client.Object, ...client.GetOption) error {
	return errors.New("no cache")
}

// listing is an operator's configuration that lists a namespace for certificates.
func listing(namespace string) operatorconfig.Config {
	return configured(map[string]string{operatorconfig.KeyCABundleNamespaces: "- " + namespace + "\n"})
}

var _ = Describe("The certificates that a server trusts", func() {
	const own = "ns/odh-trusted-ca-bundle"
	var one, two string
	BeforeEach(func() { one, two = authority(), authority() })

	// copied is the bundle of before; rolled is a Deployment whose Pods have it.
	copied := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "a-ca-bundle", Annotations: map[string]string{apply.DigestAnnotation: "before"}}}
	rolled := &appsv1.Deployment{Spec: appsv1.DeploymentSpec{Template: corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{"configmap.hash/ca-bundle": "of the Pods"}},
	}}}
	withRoots := func(instance *llsdtest.Wrapper) *llsdtest.Wrapper {
		return instance.Edit(func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Server.TLSConfig.CABundle.IncludeSystemRoots = true })
	}
	hashOf := func(ctx context.Context, content map[string]map[string]string, instance *llsdtest.Wrapper, config operatorconfig.Config) string {
		GinkgoHelper()
		f := beside(ctx, gathererOf(&configMaps{objects: content}), instance, config)
		Expect(f.Problems).To(BeEmpty())
		if f.Input.CABundle == nil {
			return ""
		}
		return f.Input.CABundle.Hash
	}

	DescribeTable("are", func(ctx context.Context, instance *llsdtest.Wrapper, content func() map[string]map[string]string, sources ...string) {
		f := beside(ctx, gathererOf(&configMaps{objects: content()}), instance.Image("i:1"), listing("shared"))
		Expect(f.Problems).To(BeEmpty())
		Expect(f.Notices).To(BeEmpty())
		var from []string
		for _, source := range f.Bundle.Sources {
			from = append(from, source.Key.String()+" "+strings.Join(source.Keys, "+"))
		}
		Expect(from).To(HaveExactElements(sources))
		Expect(f.Input.CABundle == nil).To(Equal(len(sources) == 0))
	},
		Entry("none", server(), func() map[string]map[string]string { return nil }),
		Entry("those of the default key", server().CABundle("ca"),
			func() map[string]map[string]string {
				return map[string]map[string]string{"ns/ca": {"ca-bundle.crt": one}}
			}, "ns/ca ca-bundle.crt"),
		Entry("those of several keys, in their order", server().CABundle("ca", "b", "a"),
			func() map[string]map[string]string {
				return map[string]map[string]string{"ns/ca": {"a": one, "b": two}}
			}, "ns/ca b+a"),
		Entry("those of a namespace that is listed", server().CABundleIn("shared", "ca"),
			func() map[string]map[string]string {
				return map[string]map[string]string{"shared/ca": {"ca-bundle.crt": one}}
			}, "shared/ca ca-bundle.crt"),
		Entry("those of the server's own namespace, which needs no list", server().CABundleIn("ns", "ca"),
			func() map[string]map[string]string {
				return map[string]map[string]string{"ns/ca": {"ca-bundle.crt": one}}
			}, "ns/ca ca-bundle.crt"),
		Entry("those of the namespace, unasked", server(),
			func() map[string]map[string]string {
				return map[string]map[string]string{own: {"x": one}, "shared/odh-trusted-ca-bundle": {"x": two}}
			}, own+" "),
		Entry("both", server().CABundleIn("shared", "ca"), func() map[string]map[string]string {
			return map[string]map[string]string{"shared/ca": {"ca-bundle.crt": one}, own: {"x": two}, "shared/odh-trusted-ca-bundle": {"x": two}}
		}, "shared/ca ca-bundle.crt", own+" "),
	)

	It("have another hash with other certificates, and the same with the same in another place", func(ctx context.Context) {
		named := map[string]map[string]string{"ns/ca": {"ca-bundle.crt": one}}
		first := hashOf(ctx, named, server().Image("i:1").CABundle("ca"), defaults())
		Expect(first).NotTo(BeEmpty())
		Expect(hashOf(ctx, map[string]map[string]string{"ns/other": {"x": one}}, server().Image("i:1").CABundle("other", "x"), defaults())).To(Equal(first))
		Expect(hashOf(ctx, map[string]map[string]string{"ns/ca": {"ca-bundle.crt": two}}, server().Image("i:1").CABundle("ca"), defaults())).NotTo(Equal(first))
		Expect(hashOf(ctx, map[string]map[string]string{"ns/ca": {"ca-bundle.crt": one}, own: {"x": two}}, server().Image("i:1").CABundle("ca"), defaults())).NotTo(Equal(first))
		Expect(hashOf(ctx, named, withRoots(server().Image("i:1").CABundle("ca")), defaults())).NotTo(Equal(first))
	})

	It("are none where the namespace's own ConfigMap is empty", func(ctx context.Context) {
		Expect(hashOf(ctx, map[string]map[string]string{own: {"ca-bundle.crt": "", "odh-ca-bundle.crt": "\n"}}, server().Image("i:1"), defaults())).To(BeEmpty())
	})

	DescribeTable("are refused where", func(ctx context.Context, instance *llsdtest.Wrapper, content map[string]string, reason v1alpha1.Reason, says string) {
		f := beside(ctx, gathererOf(&configMaps{objects: map[string]map[string]string{"ns/ca": content}}), instance.Image("i:1"), defaults(), copied)
		Expect(f.Problems).To(ConsistOf(And(HaveField("Reason", reason), HaveField("Kind", status.User), HaveField("Message", ContainSubstring(says)))))
		Expect(f.Input.CABundle).To(BeNil())
	},
		Entry("the key is missing, with those that there are", server().CABundle("ca"), map[string]string{"tls.crt": "x"},
			v1alpha1.ReasonCABundleKeyNotFound, "has no key ca-bundle.crt (it has tls.crt)"),
		Entry("one of the keys is missing", server().CABundle("ca", "tls.crt", "more"), map[string]string{"tls.crt": ""},
			v1alpha1.ReasonCABundleKeyNotFound, "has no key more"),
		Entry("there is no certificate", server().CABundle("ca"), map[string]string{"ca-bundle.crt": "hello"}, v1alpha1.ReasonCABundleInvalid, "the CA bundle cannot be used"),
		Entry("a certificate is cut off", server().CABundle("ca"), map[string]string{"ca-bundle.crt": "-----BEGIN CERTIFICATE-----\nMIIB\n"},
			v1alpha1.ReasonCABundleInvalid, "the CA bundle cannot be used"),
	)

	DescribeTable("stay as they were copied from a namespace that may not be read any more", func(
		ctx context.Context, instance *llsdtest.Wrapper, hash string, watched []string, config operatorconfig.Config, says string,
	) {
		gatherer := gathererOf(&configMaps{objects: map[string]map[string]string{"shared/ca": {"ca-bundle.crt": one}}})
		gatherer.Watched = watched
		f := beside(ctx, gatherer, instance.Image("i:1"), config, copied, rolled)
		Expect(f.Problems).To(BeEmpty())
		Expect(f.Bundle.Sources).To(BeEmpty(), "nothing of it is read")
		Expect(f.Input.CABundle).To(HaveField("Hash", hash))
		Expect(f.Notices).To(ContainElement(And(ContainSubstring(says), HaveSuffix("the certificates that were copied before stay as they are"))))
	},
		Entry("because it is not listed", server().CABundleIn("shared", "ca"), "before", nil, defaults(), "does not list namespace shared under ca-bundle-namespaces"),
		Entry("because another is listed", server().CABundleIn("shared", "ca"), "before", nil, listing("shared-2"), "does not list namespace shared under"),
		Entry("because the operator does not watch it", server().CABundleIn("shared", "ca"), "before", []string{"ns"}, listing("shared"), "does not watch namespace shared"),
		Entry("with the public ones, with the hash of the Pods", withRoots(server().CABundleIn("shared", "ca")), "of the Pods", nil, defaults(), "does not list namespace shared"),
	)

	DescribeTable("stay as they were where the namespace's own cannot be used at all", func(ctx context.Context, content string) {
		gatherer := gathererOf(&configMaps{objects: map[string]map[string]string{own: {"ca-bundle.crt": content}}})
		f := beside(ctx, gatherer, server().Image("i:1"), defaults(), copied)
		Expect(f.Problems).To(BeEmpty())
		Expect(f.Input.CABundle).To(HaveField("Hash", "before"))
		Expect(f.Bundle.Sources).To(BeEmpty())
		Expect(f.Notices).To(ConsistOf(HaveSuffix("; the certificates of before stay as they are")))

		f = beside(ctx, gatherer, server().Image("i:1"), defaults())
		Expect(f.Problems).To(BeEmpty())
		Expect(f.Input.CABundle).To(BeNil())
		Expect(f.Notices).To(ConsistOf(HaveSuffix("; until then the server trusts the authorities of its image")))
	},
		Entry("because they are too large", strings.Repeat("a", 11<<20)),
		Entry("because there is no certificate in them", "hello"),
		Entry("because the only certificate is cut off", "-----BEGIN CERTIFICATE-----\nMIIB\n"),
	)

	It("are an error of the cluster where a cache or the API server fails", func(ctx context.Context) {
		f := &gather.Found{}
		gatherer := gathererOf(&configMaps{objects: map[string]map[string]string{"ns/ca": {}}, err: errors.New("no")})
		Expect(gatherer.Gather(ctx, server().Image("i:1").CABundle("ca").Obj(), defaults(), f)).To(MatchError(HavePrefix("failed to read ConfigMap ns/ca")))
		gatherer.References = noIdentities{}
		Expect(gatherer.Gather(ctx, server().Image("i:1").Obj(), defaults(), &gather.Found{})).To(MatchError("failed to read ConfigMap " + own + " from the cache: no cache"))
	})

	It("are an error where they have just been deleted, and not a mistake of the author", func(ctx context.Context) {
		gatherer := gathererOf(&configMaps{})
		gatherer.References = &configMaps{objects: map[string]map[string]string{"ns/ca": {}}}
		f := &gather.Found{}
		Expect(gatherer.Gather(ctx, server().Image("i:1").CABundle("ca").Obj(), defaults(), f)).To(MatchError("failed to read ConfigMap ns/ca: it has just been deleted"))
		Expect(f.Problems).To(BeEmpty())
	})
})
