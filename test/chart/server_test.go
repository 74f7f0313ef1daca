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
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// start starts an API server for the suite, at its first use.
var start = sync.OnceValues(func() (client.Client, error) {
	folders := []string{filepath.Join(root, "config", "crd", "bases")}
	monitoring, err := prometheusOperator()
	if err != nil {
		return nil, err
	}
	for _, kind := range []string{"servicemonitors", "podmonitors", "prometheusrules"} {
		folders = append(folders, filepath.Join(monitoring, "example", "prometheus-operator-crd", "monitoring.coreos.com_"+kind+".yaml"))
	}
	server := &envtest.Environment{
		CRDDirectoryPaths: folders, ErrorIfCRDPathMissing: true,
		CRDInstallOptions: envtest.CRDInstallOptions{MaxTime: time.Minute}, // on a busy machine
	}
	config, err := server.Start()
	if err != nil {
		return nil, err
	}
	stop = server.Stop
	return client.New(config, client.Options{})
})

var stop = func() error { return nil }

// prometheusOperator is the folder with the sources of the Prometheus operator, which has its CRDs.
func prometheusOperator() (string, error) {
	const module = "github.com/prometheus-operator/prometheus-operator"
	var output []byte
	for _, args := range [][]string{{"mod", "download", module}, {"list", "-m", "-f", "{{.Dir}}", module}} {
		command := exec.CommandContext(context.Background(), "go", args...)
		command.Dir = filepath.Join(root, "tools", "prometheus-operator")
		command.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=")
		var err error
		if output, err = command.CombinedOutput(); err != nil {
			return "", fmt.Errorf("failed to provide the CRDs of the Prometheus operator: %w: %s", err, output)
		}
	}
	return strings.TrimSpace(string(output)), nil
}

var _ = AfterSuite(func() { Expect(stop()).To(Succeed()) })

// accept creates objects on the API server, which checks them strictly and keeps none of them.
func accept(ctx context.Context, all map[string]*unstructured.Unstructured) {
	GinkgoHelper()
	admin, err := start()
	Expect(err).NotTo(HaveOccurred(), "no API server; run with KUBEBUILDER_ASSETS=$(hack/controlplane.sh)")
	for name, object := range all {
		if name == crdName { // it is installed
			continue
		}
		if other := object.GetNamespace(); other != "" {
			created := admin.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: other}})
			Expect(client.IgnoreAlreadyExists(created)).To(Succeed())
		}
		Expect(dryRun(ctx, admin, object)).To(Succeed(), name)
	}
}

func dryRun(ctx context.Context, admin client.Client, object *unstructured.Unstructured) error {
	return admin.Create(ctx, object.DeepCopy(), client.DryRunAll, client.FieldValidation(metav1.FieldValidationStrict))
}

var _ = Describe("The check of the API server", func() {
	It("finds a field that does not exist", func(ctx SpecContext) {
		for name, object := range objects(rendered(everything)) {
			if strings.HasPrefix(name, "CustomResourceDefinition/") || strings.HasPrefix(name, "ConfigMap/") {
				continue
			}
			object.Object["spek"] = map[string]any{}
			admin, err := start()
			Expect(err).NotTo(HaveOccurred())
			Expect(client.IgnoreAlreadyExists(admin.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}))).To(Succeed())
			Expect(dryRun(ctx, admin, object)).To(MatchError(ContainSubstring("spek")), name)
		}
	})
})
