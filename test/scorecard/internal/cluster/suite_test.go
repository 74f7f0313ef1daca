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

package cluster_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/yaml"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestCluster(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Cluster")
}

// root of this module, seen from this package.
const root = "../.."

// What the suite shares: a real API server, and an administrator's connection to it.
var (
	config *rest.Config
	admin  client.Client
)

var _ = BeforeSuite(func() {
	server := &envtest.Environment{
		CRDDirectoryPaths: []string{filepath.Join(root, "..", "..", "config", "crd", "bases")}, ErrorIfCRDPathMissing: true,
		CRDInstallOptions: envtest.CRDInstallOptions{MaxTime: time.Minute}, // on a busy machine
	}
	var err error
	config, err = server.Start()
	Expect(err).NotTo(HaveOccurred(), "no API server; run with KUBEBUILDER_ASSETS=$(hack/controlplane.sh)")
	DeferCleanup(func() { Expect(server.Stop()).To(Succeed()) })

	scheme := runtime.NewScheme()
	Expect(clientgoscheme.AddToScheme(scheme)).To(Succeed())
	Expect(v1alpha1.AddToScheme(scheme)).To(Succeed())
	admin, err = client.New(config, client.Options{Scheme: scheme})
	Expect(err).NotTo(HaveOccurred())
})

// newNamespace makes a namespace of a spec's own. It is not removed: nothing empties namespaces here.
func newNamespace() string {
	GinkgoHelper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "scorecard-"}}
	Expect(admin.Create(GinkgoT().Context(), namespace)).To(Succeed())
	return namespace.Name
}

// giveAccess applies access.yaml, and returns when the API server does: its authorizer reads roles and bindings from caches, which
// are late on a busy machine.
func giveAccess(namespace string) {
	GinkgoHelper()
	for _, object := range manifest("access.yaml") {
		object.SetNamespace(namespace)
		Expect(admin.Create(GinkgoT().Context(), object)).To(Succeed())
	}
	account := asServiceAccount(namespace).Impersonate
	Eventually(func() (bool, error) {
		review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
			User: account.UserName, Groups: account.Groups, ResourceAttributes: &authorizationv1.ResourceAttributes{
				Namespace: namespace, Verb: "create", Group: v1alpha1.GroupVersion.Group, Resource: "llamastackdistributions",
			},
		}}
		err := admin.Create(GinkgoT().Context(), review)
		return review.Status.Allowed, err
	}).WithTimeout(time.Minute).Should(BeTrue())
}

// asServiceAccount is the connection to the API server as the ServiceAccount of access.yaml.
func asServiceAccount(namespace string) *rest.Config {
	impersonated := rest.CopyConfig(config)
	impersonated.Impersonate = rest.ImpersonationConfig{
		UserName: "system:serviceaccount:" + namespace + ":scorecard",
		Groups:   []string{"system:serviceaccounts", "system:authenticated"},
	}
	return impersonated
}

// manifest are the objects of a file of this module.
func manifest(file string) []*unstructured.Unstructured {
	GinkgoHelper()
	text, err := os.ReadFile(filepath.Join(root, file))
	Expect(err).NotTo(HaveOccurred())
	var objects []*unstructured.Unstructured
	for document := range strings.SplitSeq(string(text), "\n---\n") {
		object := &unstructured.Unstructured{}
		Expect(yaml.Unmarshal([]byte(document), &object.Object)).To(Succeed())
		objects = append(objects, object)
	}
	return objects
}
