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
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/cabundle"
	"github.com/llamastack/llama-stack-k8s-operator/internal/distribution"
	"github.com/llamastack/llama-stack-k8s-operator/internal/gather"
	"github.com/llamastack/llama-stack-k8s-operator/internal/inputs"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/internal/operatorconfig"
	"github.com/llamastack/llama-stack-k8s-operator/internal/secretwatch"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestGather(t *testing.T) {
	t.Parallel()
	RegisterFailHandler(Fail)
	RunSpecs(t, "Gather")
}

// configMaps are those of an API server, by "namespace/name", and their identities as a cache has them. err is what a read of a
// content fails with.
type configMaps struct {
	objects map[string]map[string]string
	err     error
}

func (c *configMaps) Get(_ context.Context, key client.ObjectKey, into client.Object, _ ...client.GetOption) error {
	data, ok := c.objects[key.String()]
	if !ok {
		return apierrors.NewNotFound(schema.GroupResource{Resource: "configmaps"}, key.Name)
	}
	into.SetNamespace(key.Namespace)
	into.SetName(key.Name)
	into.SetResourceVersion("1")
	into.SetUID(types.UID("uid-" + key.Name))
	if content, ok := into.(*corev1.ConfigMap); ok {
		content.Data = data
		return c.err
	}
	return nil
}

func (*configMaps) List(context.Context, client.ObjectList, ...client.ListOption) error { return nil }

// authority is a certificate, as PEM.
func authority() string {
	GinkgoHelper()
	_, key, err := ed25519.GenerateKey(nil)
	Expect(err).NotTo(HaveOccurred())
	template := &x509.Certificate{SerialNumber: big.NewInt(1), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(nil, template, template, key.Public(), key)
	Expect(err).NotTo(HaveOccurred())
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// secrets answer the same for each Secret, and know which were asked for last.
type secrets struct {
	state secretwatch.State
	wait  time.Duration
	asked []string
}

func (s *secrets) Follow(_ types.NamespacedName, names []string) (map[string]secretwatch.State, time.Duration) {
	s.asked = names
	states := map[string]secretwatch.State{}
	for _, name := range names {
		states[name] = s.state
	}
	return states, s.wait
}

// gathererOf reads these ConfigMaps.
func gathererOf(content *configMaps) *gather.Gatherer {
	GinkgoHelper()
	catalog, err := distribution.New(func(name string) string {
		return map[string]string{"RELATED_IMAGE_STARTER": "registry.example/server:1.0"}[name]
	})
	Expect(err).NotTo(HaveOccurred())
	return &gather.Gatherer{
		References: content, Contents: inputs.New(content, func(string) {}, cabundle.SystemRoots), Catalog: catalog,
		Serves: func(schema.GroupVersionKind) bool { return true }, RouteTimeouts: true, Namespace: "operators", Secrets: &secrets{},
	}
}

func defaults() operatorconfig.Config {
	store := operatorconfig.NewStore()
	store.Update(nil)
	return store.Current()
}

func found(ctx context.Context, gatherer *gather.Gatherer, instance *v1alpha1.LlamaStackDistribution, config operatorconfig.Config) *gather.Found {
	GinkgoHelper()
	f := &gather.Found{}
	f.Children = gather.ChildrenOf(instance)
	Expect(gatherer.Gather(ctx, instance, config, f)).To(Succeed())
	return f
}

func server() *llsdtest.Wrapper { return llsdtest.Make("a").Namespace("ns").UID("u") }

var _ = Describe("A gathering", func() {
	It("finds the image, the configuration and the certificates", func(ctx context.Context) {
		gatherer := gathererOf(&configMaps{objects: map[string]map[string]string{
			"ns/config": {v1alpha1.UserConfigKey: "version: '2'\n"}, "ns/ca": {v1alpha1.DefaultCABundleKey: authority()},
		}})
		f := found(ctx, gatherer, server().Distribution("starter").UserConfig("config").CABundle("ca").Obj(), defaults())
		Expect(f.Problems).To(BeEmpty())
		Expect(f.Input.Image).To(Equal("registry.example/server:1.0"))
		Expect(f.Input.UserConfig.CopyName).To(HavePrefix("a-config-"))
		Expect(f.Input.CABundle.Hash).NotTo(BeEmpty())
		Expect(f.Bundle.Sources).To(HaveLen(1))
	})

	DescribeTable("reports what the user must fix, and continues", func(ctx context.Context, instance *llsdtest.Wrapper, reason v1alpha1.Reason, says string) {
		f := found(ctx, gathererOf(&configMaps{}), instance.Obj(), defaults())
		Expect(f.Problems).To(ConsistOf(And(
			HaveField("Reason", reason), HaveField("Kind", status.User), HaveField("Message", ContainSubstring(says)))))
		Expect(f.Input.Name).NotTo(BeEmpty())
	},
		Entry("an unknown distribution", server().Distribution("nothing"), v1alpha1.ReasonUnknownDistribution, `"nothing"`),
		Entry("a configuration that is missing", server().Image("i:1").UserConfig("config"), v1alpha1.ReasonUserConfigNotFound, "ns/config"),
		Entry("a configuration in another namespace", server().Image("i:1").UserConfigIn("other", "config"), v1alpha1.ReasonUserConfigOtherNS, "other/config"),
		Entry("certificates that are missing", server().Image("i:1").CABundle("ca"), v1alpha1.ReasonCABundleNotFound, "ns/ca"),
		Entry("certificates in a namespace that is not listed", server().Image("i:1").CABundleIn("shared", "ca"), v1alpha1.ReasonCABundleOtherNS, "namespace shared"),
		Entry("a name that is too long", llsdtest.Make(strings.Repeat("a", 64)).Namespace("ns").Image("i:1"), v1alpha1.ReasonNameTooLong, "name"),
	)

	It("refuses certificates of a namespace that the operator does not watch, though it is listed", func(ctx context.Context) {
		gatherer, config := gathererOf(&configMaps{}), defaults()
		gatherer.Watched, config.CABundleNamespaces.Value = []string{"ns"}, []string{"shared"}
		f := found(ctx, gatherer, server().Image("i:1").CABundleIn("shared", "ca").Obj(), config)
		Expect(f.Problems).To(ConsistOf(HaveField("Message", ContainSubstring("does not watch namespace shared"))))
	})

	It("does not stop a server because of its namespace's own bundle", func(ctx context.Context) {
		gatherer := gathererOf(&configMaps{objects: map[string]map[string]string{"ns/odh-trusted-ca-bundle": {"ca-bundle.crt": "-----BEGIN CERTIFICATE-----\n"}}})
		f := found(ctx, gatherer, server().Image("i:1").Obj(), defaults())
		Expect(f.Problems).To(BeEmpty())
		Expect(f.Notices).To(ContainElement(ContainSubstring("are left out of the CA bundle")))
		Expect(f.Input.CABundle).To(BeNil())
	})

	It("returns an error if the API server does not return a content", func(ctx context.Context) {
		gatherer := gathererOf(&configMaps{objects: map[string]map[string]string{"ns/config": {}}, err: errors.New("no")})
		f := &gather.Found{}
		Expect(gatherer.Gather(ctx, server().Image("i:1").UserConfig("config").Obj(), defaults(), f)).To(MatchError(ContainSubstring("failed to read ConfigMap ns/config")))
		Expect(f.Input.Image).To(Equal("i:1"))
	})

	It("says that an image without a version can change, and that a port of the configuration is not used", func(ctx context.Context) {
		gatherer := gathererOf(&configMaps{objects: map[string]map[string]string{"ns/config": {v1alpha1.UserConfigKey: "version: '2'\nserver:\n  port: 9000\n"}}})
		f := found(ctx, gatherer, server().Image("registry.example/server:latest").UserConfig("config").Obj(), defaults())
		Expect(f.Notices).To(ContainElements(ContainSubstring("name a version or a digest"), ContainSubstring("server.port 9000")))
	})

	It("starts no server by name before the operator's configuration of images is known, and keeps one that runs", func(ctx context.Context) {
		config := defaults()
		config.ImageOverrides.Known = false
		instance := server().Distribution("starter").Obj()
		f := found(ctx, gathererOf(&configMaps{}), instance, config)
		Expect(f.Problems).To(ConsistOf(HaveField("Reason", v1alpha1.ReasonOperatorConfigMalformed)))

		running := gather.DeploymentWith("registry.example/server:0.9")
		f = &gather.Found{Children: gather.ChildrenOf(instance, running)}
		Expect(gathererOf(&configMaps{}).Gather(ctx, instance, config, f)).To(Succeed())
		Expect(f.Problems).To(BeEmpty())
		Expect(f.Input.Image).To(Equal("registry.example/server:0.9"))
	})
})

var _ = Describe("The Secret that a server rolls for", func() {
	rolls := func() *v1alpha1.LlamaStackDistribution {
		return server().Image("i:1").Edit(func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.TLSConfig = &v1alpha1.TLSConfig{Serving: &v1alpha1.ServingTLS{SecretName: "cert", OnRenewal: v1alpha1.RenewalRoll}}
		}).Obj()
	}
	follow := func(ctx context.Context, answer *secrets) *gather.Found {
		gatherer := gathererOf(&configMaps{})
		gatherer.Secrets = answer
		return found(ctx, gatherer, rolls(), defaults())
	}

	It("has its version in the Pods", func(ctx context.Context) {
		f := follow(ctx, &secrets{state: secretwatch.State{Version: "7"}})
		Expect(f.Input.Serving).To(And(HaveField("Rolls", true), HaveField("Version", "7")))
		Expect(f.Notices).To(BeEmpty())
	})

	It("is waited for", func(ctx context.Context) {
		Expect(follow(ctx, &secrets{wait: time.Second}).Awaits).To(Equal(time.Second))
	})

	It("is reported where the operator may not watch it, and where there are too many", func(ctx context.Context) {
		Expect(follow(ctx, &secrets{state: secretwatch.State{Denied: "admin"}}).Notices).To(ConsistOf(ContainSubstring("--user=admin")))
		Expect(follow(ctx, &secrets{state: secretwatch.State{Beyond: true}}).Notices).To(ConsistOf(ContainSubstring("at most")))
	})

	It("is no longer watched for a server that does not roll for it", func(ctx context.Context) {
		gatherer, answer := gathererOf(&configMaps{}), &secrets{asked: []string{"cert"}}
		gatherer.Secrets = answer
		found(ctx, gatherer, server().Image("i:1").Obj(), defaults())
		Expect(answer.asked).To(BeEmpty())
	})
})

var _ = Describe("A field of an HTTPRoute", func() {
	It("is reported if the cluster does not have it", func(ctx context.Context) {
		gatherer := gathererOf(&configMaps{})
		gatherer.RouteTimeouts = false
		instance := server().Image("i:1").Edit(func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Network = &v1alpha1.NetworkSpec{HTTPRoute: &v1alpha1.HTTPRouteSpec{Timeouts: &v1alpha1.HTTPRouteTimeouts{}}}
		}).Obj()
		f := found(ctx, gatherer, instance, defaults())
		Expect(f.Input.NoRouteTimeouts).To(BeTrue())
		Expect(f.Notices).To(ConsistOf(ContainSubstring("Gateway API 1.2")))
	})
})

var _ = Describe("A LlamaStackDistribution", func() {
	It("is found by every ConfigMap that it refers to, and by its namespace's bundle", func() {
		instance := llsdtest.Make("a").Namespace("ns").UserConfig("config").CABundleIn("shared", "ca").Obj()
		Expect(gather.ReferencedConfigMaps(instance)).To(ConsistOf("ns/config", "shared/ca", "ns/odh-trusted-ca-bundle"))
		Expect(gather.ReferencedConfigMaps(&corev1.Pod{})).To(BeEmpty())
	})

	It("has the identity of a ConfigMap read, and not its content", func() {
		Expect(gather.ConfigMapMetadata()).To(BeAssignableToTypeOf(&metav1.PartialObjectMetadata{}))
		Expect(gather.ConfigMapMetadata().Kind).To(Equal("ConfigMap"))
	})
})
