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

package chart_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// On a node, test/e2e shows that servers run on. Here, an API server without controllers shows what becomes of the objects.
var _ = Describe("A release", func() {
	Context("over an installation by kustomize", Ordered, func() { stories(func() map[string]*unstructured.Unstructured { return build("default") }) })

	Context("over 0.9.0", Ordered, func() { stories(incumbent) })
})

// incumbent is what 0.9.0 has of the objects, with its definition of LlamaStackDistributions.
func incumbent() map[string]*unstructured.Unstructured {
	GinkgoHelper()
	const prefix = "/llama-stack-k8s-operator-"
	all, installed := build("default"), map[string]*unstructured.Unstructured{}
	for _, name := range []string{
		"Namespace" + strings.TrimSuffix(prefix, "-") + "-system", "Deployment" + prefix + "controller-manager", "ServiceAccount" + prefix + "controller-manager",
		"Service" + prefix + "controller-manager-metrics-service", "ClusterRole" + prefix + "manager-role", "ClusterRoleBinding" + prefix + "manager-rolebinding",
		"Role" + prefix + "leader-election-role", "RoleBinding" + prefix + "leader-election-rolebinding",
	} {
		Expect(all).To(HaveKey(name))
		installed[name] = all[name]
	}
	text, err := os.ReadFile(filepath.Join(root, "test", "crdify", "testdata", "0.9.0.yaml"))
	Expect(err).NotTo(HaveOccurred())
	maps.Copy(installed, objects(string(text)))
	return installed
}

// fields are those that the only version of a definition has below spec.
func fields(crd *unstructured.Unstructured) []string {
	GinkgoHelper()
	versions, _, err := unstructured.NestedSlice(crd.Object, "spec", "versions")
	Expect(err).NotTo(HaveOccurred())
	Expect(versions).To(HaveLen(1))
	found, _, err := unstructured.NestedMap(versions[0].(map[string]any), "schema", "openAPIV3Schema", "properties", "spec", "properties")
	Expect(err).NotTo(HaveOccurred())
	return slices.Sorted(maps.Keys(found))
}

// stories are about a release where something is installed already.
func stories(before func() map[string]*unstructured.Unstructured) {
	var (
		admin      client.Client
		kubeconfig string
		server     *unstructured.Unstructured
		crd        *unstructured.Unstructured
		uids       []types.UID
	)
	deployment := func() client.Object {
		d := &appsv1.Deployment{}
		d.Namespace, d.Name = namespace, "llama-stack-k8s-operator-controller-manager"
		return d
	}
	onCluster := func(verb string, args ...string) (string, error) {
		return helm(append([]string{verb, "--kubeconfig", kubeconfig, "--namespace", namespace}, args...)...)
	}
	current := func(ctx SpecContext) []types.UID {
		GinkgoHelper()
		for _, object := range []*unstructured.Unstructured{crd, server} {
			Expect(admin.Get(ctx, client.ObjectKeyFromObject(object), object)).To(Succeed())
			Expect(object.GetDeletionTimestamp()).To(BeNil())
		}
		return []types.UID{crd.GetUID(), server.GetUID()}
	}

	BeforeAll(func(ctx SpecContext) {
		environment := &envtest.Environment{}
		config, err := environment.Start()
		Expect(err).NotTo(HaveOccurred(), "no API server; run with KUBEBUILDER_ASSETS=$(hack/controlplane.sh)")
		DeferCleanup(func() { Expect(environment.Stop()).To(Succeed()) })
		admin, err = client.New(config, client.Options{})
		Expect(err).NotTo(HaveOccurred())
		user, err := environment.AddUser(envtest.User{Name: "admin", Groups: []string{"system:masters"}}, nil)
		Expect(err).NotTo(HaveOccurred())
		content, err := user.KubeConfig()
		Expect(err).NotTo(HaveOccurred())
		kubeconfig = filepath.Join(GinkgoT().TempDir(), "kubeconfig")
		Expect(os.WriteFile(kubeconfig, content, 0o600)).To(Succeed())

		installed := before()
		for _, name := range []string{"Namespace/" + namespace, crdName} {
			Expect(admin.Apply(ctx, client.ApplyConfigurationFromUnstructured(installed[name].DeepCopy()), client.FieldOwner("kubectl"))).To(Succeed())
		}
		for _, object := range installed {
			Expect(admin.Apply(ctx, client.ApplyConfigurationFromUnstructured(object.DeepCopy()), client.FieldOwner("kubectl"), client.ForceOwnership)).To(Succeed())
		}
		crd = installed[crdName]
		server = &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "llamastack.io/v1alpha1", "kind": "LlamaStackDistribution",
			"metadata": map[string]any{"name": "server", "namespace": "default"},
			"spec":     map[string]any{"server": map[string]any{"distribution": map[string]any{"name": "starter"}}},
		}}
		Eventually(func() error { return admin.Create(ctx, server) }).Should(Succeed())
		uids = current(ctx)
	})
	AfterEach(func(ctx SpecContext) { Expect(current(ctx)).To(Equal(uids), "the CRD and the server stay") })

	It("is refused, and the installation stays as it is", func(ctx SpecContext) {
		output, err := onCluster("install", release, chartFolder)
		Expect(err).To(HaveOccurred())
		Expect(output).To(ContainSubstring("invalid ownership metadata"))
		Expect(admin.Get(ctx, client.ObjectKeyFromObject(deployment()), deployment())).To(Succeed())
	})

	It("takes the installation over if it is asked to", func(ctx SpecContext) {
		output, err := onCluster("install", release, chartFolder, "--take-ownership", "--force-conflicts", "--set", "replicas=3")
		Expect(err).NotTo(HaveOccurred(), output)
		taken := deployment()
		Expect(admin.Get(ctx, client.ObjectKeyFromObject(taken), taken)).To(Succeed())
		Expect(taken.GetAnnotations()).To(HaveKeyWithValue("meta.helm.sh/release-name", release))
		Expect(taken.(*appsv1.Deployment).Spec.Replicas).To(HaveValue(BeEquivalentTo(3)))
		Expect(current(ctx)).To(Equal(uids))
		Expect(fields(crd)).To(Equal(fields(build("default")[crdName])), "the fields of servers are those of this release")
	})

	It("is upgraded and rolled back", func(ctx SpecContext) {
		output, err := onCluster("upgrade", release, chartFolder, "--set", "replicas=1", "--set", "crds.install=false", "--set", "config.rollouts.atOnce=3")
		Expect(err).NotTo(HaveOccurred(), output)
		Expect(current(ctx)).To(Equal(uids))
		output, err = onCluster("rollback", release, "1")
		Expect(err).NotTo(HaveOccurred(), output)
		back := deployment()
		Expect(admin.Get(ctx, client.ObjectKeyFromObject(back), back)).To(Succeed())
		Expect(back.(*appsv1.Deployment).Spec.Replicas).To(HaveValue(BeEquivalentTo(3)))
	})

	It("leaves the CRD, the servers and the ConfigMap when it is uninstalled, and is installed again", func(ctx SpecContext) {
		output, err := onCluster("uninstall", release)
		Expect(err).NotTo(HaveOccurred(), output)
		Expect(admin.Get(ctx, client.ObjectKeyFromObject(deployment()), deployment())).To(Satisfy(apierrors.IsNotFound))
		settings := &corev1.ConfigMap{}
		Expect(admin.Get(ctx, client.ObjectKey{Namespace: namespace, Name: "llama-stack-operator-config"}, settings)).To(Succeed())
		Expect(strings.TrimSpace(settings.Data["rollouts"])).To(Equal("atOnce: 3"))

		output, err = onCluster("install", release, chartFolder)
		Expect(err).NotTo(HaveOccurred(), output)
		Expect(admin.Get(ctx, client.ObjectKeyFromObject(deployment()), deployment())).To(Succeed())
	})
}
