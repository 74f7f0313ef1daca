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
	"testing"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/internal/preview"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestPreview(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "What the operator would make of a server")
}

// cluster has a ConfigMap and, perhaps, a Deployment.
type cluster struct {
	client.Reader

	config     string
	deployment *appsv1.Deployment
	failure    error
}

func (c *cluster) Get(_ context.Context, key client.ObjectKey, into client.Object, _ ...client.GetOption) error {
	if c.failure != nil {
		return c.failure
	}
	switch into := into.(type) {
	case *metav1.PartialObjectMetadata:
		if key.Name == "config" {
			into.Name, into.Namespace, into.UID, into.ResourceVersion = key.Name, key.Namespace, "u", "1"
			return nil
		}
	case *corev1.ConfigMap:
		if key.Name == "config" {
			into.Name, into.Namespace, into.ResourceVersion = key.Name, key.Namespace, "1"
			into.Data = map[string]string{v1alpha1.UserConfigKey: c.config}
			return nil
		}
	case *appsv1.Deployment:
		if c.deployment != nil {
			c.deployment.DeepCopyInto(into)
			return nil
		}
	}
	return apierrors.NewNotFound(schema.GroupResource{}, key.Name)
}

func previewOf(ctx context.Context, from client.Reader, server *v1alpha1.LlamaStackDistribution) preview.Preview {
	GinkgoHelper()
	previewer, err := preview.New(from)
	Expect(err).NotTo(HaveOccurred())
	found, err := previewer.Of(ctx, server)
	Expect(err).NotTo(HaveOccurred())
	return found
}

var _ = Describe("A preview", func() {
	It("has the objects and the configuration that the Pods mount", func(ctx context.Context) {
		server := llsdtest.Make("demo").Namespace("ns").UserConfig("config").Storage("1Gi").Edit(func(server *v1alpha1.LlamaStackDistribution) {
			server.Spec.Server.Config = &v1alpha1.ServerConfig{APIs: []string{"inference"}}
		}).Obj()

		found := previewOf(ctx, &cluster{config: "version: 2\n"}, server)

		Expect(found.Problems).To(BeEmpty())
		Expect(found.UserConfig).To(Equal("version: 2\n"))
		Expect(found.Declared).To(ContainSubstring(`"apis":["inference"]`))
		for _, kind := range []string{children.Deployment, children.Service, children.PersistentVolumeClaim} {
			Expect(children.Find(found.Objects, kind)).NotTo(BeNil(), kind)
		}
	})

	It("has no objects where the operator would apply none", func(ctx context.Context) {
		found := previewOf(ctx, &cluster{}, llsdtest.Make("demo").Namespace("ns").UserConfig("missing").Obj())

		Expect(found.Problems).To(ConsistOf(HaveField("Reason", v1alpha1.ReasonUserConfigNotFound)))
		Expect(found.Objects).To(BeEmpty())
	})

	It("takes names of distributions from what the operator wrote", func(ctx context.Context) {
		server := llsdtest.Make("demo").Namespace("ns").Distribution("own").Obj()
		server.Status.DistributionConfig.AvailableDistributions = map[string]string{"own": "registry.example/own:1"}
		Expect(previewOf(ctx, &cluster{}, server).Problems).To(BeEmpty())

		server.Spec.Server.Distribution.Name = "other"
		Expect(previewOf(ctx, &cluster{}, server).Problems).To(ConsistOf(HaveField("Reason", v1alpha1.ReasonUnknownDistribution)))
	})

	It("is for OpenShift where the Deployment is", func(ctx context.Context) {
		const annotation = "openshift.io/required-scc"
		server := llsdtest.Make("demo").Namespace("ns").UID("u").Obj()
		deployment := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{
			Name: "demo", Namespace: "ns", Labels: map[string]string{v1alpha1.LabelManagedBy: v1alpha1.ManagedBy},
		}}
		deployment.Spec.Template.Annotations = map[string]string{annotation: "restricted-v2"}

		rendered := children.Find(previewOf(ctx, &cluster{deployment: deployment}, server).Objects, children.Deployment)

		Expect(rendered.Object).To(HaveKeyWithValue("spec", HaveKeyWithValue("template", HaveKeyWithValue("metadata",
			HaveKeyWithValue("annotations", HaveKeyWithValue(annotation, "restricted-v2"))))))
	})

	It("without a cluster leaves open what only a cluster knows", func(ctx context.Context) {
		server := llsdtest.Make("demo").Namespace("ns").Distribution("own").UserConfig("config").CABundle("bundle").Obj()

		found := previewOf(ctx, nil, server)

		Expect(found.Problems).To(BeEmpty())
		Expect(found.Unknown).To(ConsistOf(HaveField("Reason", v1alpha1.ReasonUnknownDistribution),
			HaveField("Reason", v1alpha1.ReasonUserConfigNotFound), HaveField("Reason", v1alpha1.ReasonCABundleNotFound)))
	})

	It("finds what cannot be rendered", func(ctx context.Context) {
		server := llsdtest.Make("demo").Namespace("ns").ContainerName("configure").Edit(func(server *v1alpha1.LlamaStackDistribution) {
			server.Spec.Server.Config = &v1alpha1.ServerConfig{}
		}).Obj()

		Expect(previewOf(ctx, nil, server).Problems).To(ConsistOf(HaveField("Message", HavePrefix("spec.server.containerSpec.name: "))))
	})

	It("is none where the cluster does not answer", func(ctx context.Context) {
		previewer, err := preview.New(&cluster{failure: apierrors.NewForbidden(schema.GroupResource{Resource: "deployments"}, "demo", nil)})
		Expect(err).NotTo(HaveOccurred())

		_, err = previewer.Of(ctx, llsdtest.Make("demo").Namespace("ns").Obj())

		Expect(apierrors.IsForbidden(err)).To(BeTrue())
	})
})
