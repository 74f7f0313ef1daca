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
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var samplesFolder = filepath.Join("..", "..", "config", "samples")

// sampleFiles are those that config/samples lists.
func sampleFiles() []string {
	text, err := os.ReadFile(filepath.Join(samplesFolder, "kustomization.yaml"))
	if err != nil {
		panic(err) // the specs cannot be listed
	}
	var list struct{ Resources []string }
	if err := yaml.Unmarshal(text, &list); err != nil {
		panic(err)
	}
	return list.Resources
}

// sample is what a file holds: one server, and the ConfigMaps that go with it.
func sample(file string) (*v1alpha1.LlamaStackDistribution, []*corev1.ConfigMap) {
	GinkgoHelper()
	text, err := os.ReadFile(filepath.Join(samplesFolder, file))
	Expect(err).NotTo(HaveOccurred())
	var server *v1alpha1.LlamaStackDistribution
	var configMaps []*corev1.ConfigMap
	for documents := utilyaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), len(text)); ; {
		object := &unstructured.Unstructured{}
		err := documents.Decode(object)
		if errors.Is(err, io.EOF) {
			Expect(server).NotTo(BeNil(), "%s has no server", file)
			return server, configMaps
		}
		Expect(err).NotTo(HaveOccurred())
		switch object.GetKind() {
		case v1alpha1.Kind:
			server = &v1alpha1.LlamaStackDistribution{}
			Expect(runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(object.Object, server, true)).To(Succeed())
		case "ConfigMap":
			configMap := &corev1.ConfigMap{}
			Expect(runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, configMap)).To(Succeed())
			configMaps = append(configMaps, configMap)
		default:
			Fail(file + " has an unexpected object: " + object.GetKind())
		}
	}
}

// adapt changes a sample for the node, which has no public images, no GPUs and two cores: it gets the images of the
// suite, the backend of the suite, and small requests. A server with a configuration is a real one.
func adapt(server *v1alpha1.LlamaStackDistribution, namespace string) {
	server.Namespace = namespace
	spec := &server.Spec.Server
	spec.Distribution = v1alpha1.DistributionType{Image: image.standIn}
	if spec.UserConfig != nil {
		spec.Distribution.Image = image.llamaStack
	}
	spec.ContainerSpec.Resources = small()
	startup := eager()
	spec.ContainerSpec.StartupProbe = &startup
	spec.ContainerSpec.Env = slices.DeleteFunc(spec.ContainerSpec.Env, func(v corev1.EnvVar) bool { return v.Name == "VLLM_URL" })
	spec.ContainerSpec.Env = append(spec.ContainerSpec.Env, corev1.EnvVar{Name: "VLLM_URL", Value: inference.first})
}

// presupposed is what a sample needs from the user: Secrets, authorities, a StorageClass.
func presupposed(server *v1alpha1.LlamaStackDistribution) []client.Object {
	GinkgoHelper()
	var objects []client.Object
	secret := func(name string, data map[string]string) {
		objects = append(objects, &corev1.Secret{ObjectMeta: objectMeta(server.Namespace, name), StringData: data})
	}
	certificate, key := harness.NewKeyPair(harness.HostOf(server.Namespace, server.Name))
	spec := server.Spec.Server
	for _, variable := range spec.ContainerSpec.Env {
		if from := variable.ValueFrom; from != nil && from.SecretKeyRef != nil {
			secret(from.SecretKeyRef.Name, map[string]string{from.SecretKeyRef.Key: "secret"})
		}
	}
	if tls := spec.TLSConfig; tls != nil && tls.CABundle != nil {
		objects = append(objects, &corev1.ConfigMap{
			ObjectMeta: objectMeta(server.Namespace, tls.CABundle.ConfigMapName), Data: map[string]string{v1alpha1.DefaultCABundleKey: certificate},
		})
	}
	if tls := spec.TLSConfig; tls != nil && tls.Serving != nil {
		secret(tls.Serving.SecretName, map[string]string{corev1.TLSCertKey: certificate, corev1.TLSPrivateKeyKey: key})
	}
	return objects
}

// provideStorageClass makes the class that a sample names, of the node's own volumes.
func provideStorageClass(ctx context.Context, server *v1alpha1.LlamaStackDistribution) {
	GinkgoHelper()
	storage := server.Spec.Server.Storage
	if storage == nil || storage.StorageClassName == nil {
		return
	}
	class := &storagev1.StorageClass{}
	Expect(kube.Get(ctx, client.ObjectKey{Name: "standard"}, class)).To(Succeed())
	class = &storagev1.StorageClass{
		ObjectMeta: metav1.ObjectMeta{Name: *storage.StorageClassName}, Provisioner: class.Provisioner, VolumeBindingMode: class.VolumeBindingMode,
	}
	if err := kube.Create(ctx, class); !apierrors.IsAlreadyExists(err) {
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(func(ctx SpecContext) { Expect(client.IgnoreNotFound(kube.Delete(ctx, class))).To(Succeed()) })
	}
}

var _ = Describe("The sample", func() {
	var configMaps []*corev1.ConfigMap
	BeforeEach(func() {
		configMaps = nil
		for _, file := range sampleFiles() {
			_, own := sample(file)
			configMaps = append(configMaps, own...)
		}
	})

	for _, file := range sampleFiles() {
		if slices.Contains(declaredSamples(), file) {
			continue
		}
		It(file+" becomes Ready unchanged", func(ctx SpecContext) {
			server, _ := sample(file)
			adapt(server, newNamespace(ctx))
			for _, configMap := range configMaps { // some samples share one
				configMap.Namespace = server.Namespace
				create(ctx, configMap)
			}
			provideStorageClass(ctx, server)
			create(ctx, presupposed(server)...)
			create(ctx, server)
			becomeReady(ctx, server)
		}, NodeTimeout(2*serverStarts))
	}
})
