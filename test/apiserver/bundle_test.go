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

package apiserver_test

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"

	operatorsv1alpha1 "github.com/operator-framework/api/pkg/operators/v1alpha1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/yaml"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// bundleManifests is the folder of what OLM installs.
var bundleManifests = filepath.Join("..", "..", "bundle", "manifests")

// examples are those of the bundle.
func examples() []*unstructured.Unstructured {
	GinkgoHelper()
	text, err := os.ReadFile(filepath.Join(bundleManifests, "llama-stack-k8s-operator.clusterserviceversion.yaml"))
	Expect(err).NotTo(HaveOccurred())
	var csv operatorsv1alpha1.ClusterServiceVersion
	Expect(yaml.Unmarshal(text, &csv)).To(Succeed())
	var all []*unstructured.Unstructured
	Expect(json.Unmarshal([]byte(csv.Annotations["alm-examples"]), &all)).To(Succeed())
	return all
}

var _ = Describe("The bundle", func() {
	It("has examples that the API server accepts, without unknown fields", func() {
		namespace := newNamespace()
		Expect(examples()).NotTo(BeEmpty())
		for _, example := range examples() {
			example.SetNamespace(namespace)
			Expect(admin.Create(GinkgoT().Context(), example, client.FieldValidation(metav1.FieldValidationStrict))).To(Succeed(), example.GetName())
		}
	})

	It("has a CRD that fits into kubectl's last-applied annotation", func() {
		user, err := server.AddUser(envtest.User{Name: "applier", Groups: []string{"system:masters"}}, nil)
		Expect(err).NotTo(HaveOccurred())
		kubectl, err := user.Kubectl()
		Expect(err).NotTo(HaveOccurred())

		_, stderr, err := kubectl.Run("apply", "-f", filepath.Join(bundleManifests, "llamastack.io_llamastackdistributions.yaml"))

		said, _ := io.ReadAll(stderr)
		Expect(err).NotTo(HaveOccurred(), string(said))
		applied := &apiextensionsv1.CustomResourceDefinition{}
		Expect(admin.Get(GinkgoT().Context(), client.ObjectKey{Name: "llamastackdistributions.llamastack.io"}, applied)).To(Succeed())
		Expect(applied.Annotations).To(HaveKey(corev1.LastAppliedConfigAnnotation))
	})
})
