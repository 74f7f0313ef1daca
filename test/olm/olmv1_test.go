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
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/util/cert"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// systemNamespace is the namespace of OLM v1.
const systemNamespace = "olmv1-system"

const readable = 0o600

// v1Kind is a kind of OLM v1.
func v1Kind(kind string) schema.GroupVersionKind {
	return schema.GroupVersionKind{Group: "olm.operatorframework.io", Version: "v1", Kind: kind}
}

// v1Object is an empty object of OLM v1.
func v1Object(kind, name string) *unstructured.Unstructured {
	object := &unstructured.Unstructured{}
	object.SetGroupVersionKind(v1Kind(kind))
	object.SetName(name)
	return object
}

// startV1 runs OLM v1 beside the node, with an administrator's rights: it installs with the rights of the extension's
// ServiceAccount. It ends with the container.
func startV1(ctx context.Context) {
	GinkgoHelper()
	programs := os.Getenv("OPERATOR_CONTROLLER")
	Expect(programs).NotTo(BeEmpty(), "OPERATOR_CONTROLLER is unset; make test-olmv1 provides it")
	define(ctx, filepath.Join(programs, "crds"))
	ensure(ctx, &corev1.Namespace{ObjectMeta: objectMeta("", systemNamespace)})

	folder := GinkgoT().TempDir()
	authorities := filepath.Join(folder, "authorities")
	Expect(os.Mkdir(authorities, 0o700)).To(Succeed())
	registry, err := os.ReadFile(filepath.Join(os.Getenv("CLUSTER_STATE"), "pki", "ca.crt"))
	Expect(err).NotTo(HaveOccurred())
	Expect(os.WriteFile(filepath.Join(authorities, "registry.crt"), registry, readable)).To(Succeed())
	certificate, key, err := cert.GenerateSelfSignedCertKey("localhost", []net.IP{net.IPv4(127, 0, 0, 1)}, nil)
	Expect(err).NotTo(HaveOccurred())
	for path, content := range map[string][]byte{"authorities/catalogd.crt": certificate, "catalogd.crt": certificate, "catalogd.key": key} {
		Expect(os.WriteFile(filepath.Join(folder, path), content, readable)).To(Succeed())
	}

	catalogs := freeAddress(ctx)
	_, webhooks, err := net.SplitHostPort(freeAddress(ctx))
	Expect(err).NotTo(HaveOccurred())
	common := []string{
		"--system-namespace=" + systemNamespace, "--pull-cas-dir=" + authorities, "--health-probe-bind-address=127.0.0.1:0",
	}
	daemon(filepath.Join(programs, "catalogd"), append(common,
		"--cache-dir="+filepath.Join(folder, "catalogs"), "--catalogs-server-addr="+catalogs, "--external-address="+catalogs,
		"--tls-cert="+filepath.Join(folder, "catalogd.crt"), "--tls-key="+filepath.Join(folder, "catalogd.key"),
		"--metrics-bind-address=127.0.0.1:0", "--webhook-server-port="+webhooks)...)
	daemon(filepath.Join(programs, "operator-controller"), append(common,
		"--cache-path="+filepath.Join(folder, "extensions"), "--catalogd-cas-dir="+authorities)...)
}

// define creates the definitions in a folder, and waits until they are served.
func define(ctx context.Context, folder string) {
	GinkgoHelper()
	files, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	Expect(err).NotTo(HaveOccurred())
	Expect(files).NotTo(BeEmpty())
	for _, file := range files {
		text, err := os.ReadFile(file)
		Expect(err).NotTo(HaveOccurred())
		definition := &apiextensionsv1.CustomResourceDefinition{}
		Expect(yaml.Unmarshal(text, definition)).To(Succeed())
		ensure(ctx, definition)
		list := &unstructured.UnstructuredList{}
		list.SetGroupVersionKind(v1Kind(definition.Spec.Names.ListKind))
		Eventually(func() error { return kube.List(ctx, list) }).Should(Succeed())
	}
}

// freeAddress is an address of this machine that nothing listens on.
func freeAddress(ctx context.Context) string {
	GinkgoHelper()
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	Expect(err).NotTo(HaveOccurred())
	defer func() { Expect(listener.Close()).To(Succeed()) }()
	return listener.Addr().String()
}

// daemon runs a program until the container ends.
func daemon(program string, args ...string) {
	GinkgoHelper()
	log, err := os.Create(logOf(program))
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(log.Close)
	started := exec.Command(program, args...) //nolint:noctx // it outlives the node that starts it
	started.Stdout, started.Stderr = log, log
	Expect(started.Start()).To(Succeed())
	DeferCleanup(func() {
		Expect(started.Process.Signal(syscall.SIGTERM)).To(Succeed(), "%s has ended by itself", program)
		_ = started.Wait() // its exit code only says that it was stopped
	})
}

// logOf is the file that a program writes to, beside those of the node's.
func logOf(program string) string {
	return filepath.Join(os.Getenv("CLUSTER_STATE"), "logs", filepath.Base(program)+".log")
}

// reportV1 shows what OLM v1 reports about a failure.
func reportV1(ctx context.Context) {
	GinkgoHelper()
	GinkgoWriter.Println(command(ctx, nil, "bin/cluster", "kubectl", "get", "clustercatalogs,clusterextensions", "--output=yaml"))
	GinkgoWriter.Println(command(ctx, nil, "tail", "-n", "60", logOf("catalogd"), logOf("operator-controller")))
}

// shippedExtension reads the objects that the documentation gives to install with OLM v1.
func shippedExtension() []*unstructured.Unstructured {
	GinkgoHelper()
	text, err := os.ReadFile(filepath.Join(root, "config", "olmv1", "clusterextension.yaml"))
	Expect(err).NotTo(HaveOccurred())
	var all []*unstructured.Unstructured
	for document := range strings.SplitSeq(string(text), "\n---\n") {
		object := &unstructured.Unstructured{}
		Expect(yaml.Unmarshal([]byte(document), &object.Object)).To(Succeed())
		all = append(all, object)
	}
	return all
}

// installV1 creates these objects, with the catalog of the given image.
func installV1(ctx context.Context, image string) {
	GinkgoHelper()
	for _, object := range shippedExtension() {
		if object.GetKind() == "ClusterCatalog" {
			Expect(unstructured.SetNestedField(object.Object, image, "spec", "source", "image", "ref")).To(Succeed())
		}
		ensure(ctx, object)
	}
}

// extension polls what OLM reports about the installation: the version, and the conditions with their messages, such as
// "1.0.0 Installed=Succeeded: ...".
func extension(ctx context.Context) func() (string, error) {
	return func() (string, error) {
		object := v1Object("ClusterExtension", packageName)
		if err := kube.Get(ctx, client.ObjectKeyFromObject(object), object); err != nil {
			return "", err
		}
		var status struct {
			Install struct {
				Bundle struct {
					Version string `json:"version"`
				} `json:"bundle"`
			} `json:"install"`
			Conditions []metav1.Condition `json:"conditions"`
		}
		found, _, err := unstructured.NestedMap(object.Object, "status")
		if err != nil {
			return "", err
		}
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(found, &status); err != nil {
			return "", err
		}
		said := []string{status.Install.Bundle.Version}
		for _, condition := range status.Conditions {
			said = append(said, condition.Type+"="+condition.Reason+": "+condition.Message)
		}
		return strings.Join(said, " "), nil
	}
}
