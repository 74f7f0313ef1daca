//go:build olm

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

package olm_test

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// sample is one of config/samples, in a namespace.
func sample(namespace, file string) *v1alpha1.LlamaStackDistribution {
	GinkgoHelper()
	text, err := os.ReadFile(filepath.Join(root, "config", "samples", file))
	Expect(err).NotTo(HaveOccurred())
	server := &v1alpha1.LlamaStackDistribution{}
	Expect(yaml.UnmarshalStrict(text, server)).To(Succeed())
	server.Namespace = namespace
	return server
}

var _ = Describe("operator-sdk", Ordered, func() {
	var (
		namespace string
		before    []string
		kept      *v1alpha1.LlamaStackDistribution
	)

	BeforeAll(func(ctx SpecContext) {
		namespace = newNamespace(ctx)
		release100.pushBundle(ctx)
		create(ctx,
			&corev1.Namespace{ObjectMeta: objectMeta("", operatorNamespace)},
			&corev1.ConfigMap{ObjectMeta: objectMeta(namespace, "config"), Data: map[string]string{"config.yaml": "version: '2'\n"}},
		)
		DeferCleanup(func(ctx SpecContext) {
			uninstall(ctx)
			forget(ctx)
		})
		before = objectsOfCluster(ctx)
		// operator-sdk creates a Pod at once, which is refused until a controller has made this account.
		Eventually(func() error {
			return kube.Get(ctx, client.ObjectKey{Namespace: operatorNamespace, Name: "default"}, &corev1.ServiceAccount{})
		}).Should(Succeed())
	})

	It("runs the bundle", func(ctx SpecContext) {
		catalogs := secureRegistry() + "/operator-framework/opm:" + os.Getenv("OPM_VERSION")
		// The command of README.md, with this node's images.
		args := strings.Fields(harness.ReadmeCommand("operator-sdk run bundle"))[1:]
		Expect(args).To(ContainElements("--namespace", operatorNamespace, "--install-mode", "AllNamespaces"))
		Expect(args[2]).To(HavePrefix("quay.io/llamastack/llama-stack-k8s-operator-bundle:v"))
		args[2] = release100.bundleImage(secureRegistry())
		operatorSDK(ctx, append(args,
			"--index-image="+catalogs, "--decompression-image="+catalogs, "--security-context-config=restricted", "--timeout="+installs.String())...)

		kept = sample(namespace, "v1alpha1_llamastackdistribution.yaml")
		create(ctx, kept)
		becomeReady(ctx, kept)
		Expect(deployment(ctx, kept).Spec.Template.Spec.Containers[0].Image).To(Equal(firstServer))
	}, NodeTimeout(2*installs))

	It("cleans up everything except data and the users' objects", func(ctx SpecContext) {
		// One with a PVC that is deleted with it, and one with a ConfigMap of the user.
		other := server(namespace, "other").Image(firstServer).Retention(v1alpha1.RetentionDelete).
			UserConfig("config").Command("/stand-in").Obj()
		create(ctx, other)
		becomeReady(ctx, other)
		remember(ctx, kept)

		operatorSDK(ctx, "cleanup", packageName, "--namespace="+operatorNamespace, "--timeout="+installs.String())

		Expect(apierrors.IsNotFound(kube.Get(ctx, client.ObjectKey{Name: crdName}, &apiextensionsv1.CustomResourceDefinition{}))).To(BeTrue())
		Eventually(remaining(ctx, namespace)).WithTimeout(podStarts).Should(ConsistOf("ConfigMap/config", "PersistentVolumeClaim/"+kept.Name+"-pvc"))
		recall(ctx, kept)
	}, NodeTimeout(2*installs))

	It("leaves nothing of the operator except its settings and what OLM never removes", func(ctx SpecContext) {
		// The next installation uses the settings, which are the administrator's, and the lease.
		Eventually(remaining(ctx, operatorNamespace)).WithTimeout(podStarts).
			Should(ConsistOf("ConfigMap/llama-stack-operator-config", "Lease/54e06e98.llamastack.io"))
		Eventually(func() ([]string, error) { return objects(ctx, "", false) }).WithTimeout(podStarts).Should(HaveEach(Or(
			BeElementOf(before),
			Equal("Namespace/"+operatorNamespace),
			// That of the sample's PVC.
			HavePrefix("PersistentVolume/"),
			// OLM's record of the package, and the roles that a bundle has as files of their own.
			Equal("Operator/"+packageName+"."+operatorNamespace),
			BeElementOf("ClusterRole/"+packageName+"-llsd-editor-role", "ClusterRole/"+packageName+"-llsd-viewer-role",
				"ClusterRole/"+packageName+"-llsd-secret-watcher-role",
				"ClusterRole/"+packageName+"-metrics-reader"),
		)))
	}, NodeTimeout(installs))
})
