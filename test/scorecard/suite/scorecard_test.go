//go:build scorecard

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

// Package suite_test runs scorecard on a real cluster, with Pods for all tests of the bundle: `make test-scorecard`
// provides cluster, images, operator and operator-sdk.
package suite_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/operator-framework/api/pkg/apis/scorecard/v1alpha3"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const (
	// serviceAccount is what access.yaml makes.
	serviceAccount = "scorecard"
	// patience is how long all tests of one run may take: servers of examples start one after the other.
	patience = "20m"
)

// What a run needs, seen from this package.
var (
	root       = filepath.Join("..", "..", "..")
	bundle     = filepath.Join(root, "bundle")
	configFile = filepath.Join(bundle, "tests", "scorecard", "config.yaml")
)

// The suite's world: one namespace, and the result of one run of all tests in it.
var (
	kube      client.Client
	namespace string
	tests     = configured()
	results   map[string]v1alpha3.TestStatus
)

func TestScorecard(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Scorecard")
}

// configured are the tests that the bundle's configuration lists.
func configured() []v1alpha3.TestConfiguration {
	text, err := os.ReadFile(configFile)
	if err != nil {
		panic(err)
	}
	var config v1alpha3.Configuration
	if err := yaml.UnmarshalStrict(text, &config); err != nil {
		panic(err)
	}
	var all []v1alpha3.TestConfiguration
	for _, stage := range config.Stages {
		all = append(all, stage.Tests...)
	}
	return all
}

var _ = BeforeSuite(func(ctx SpecContext) {
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	Expect(err).NotTo(HaveOccurred(), "make test-scorecard provides a cluster")
	scheme := runtime.NewScheme()
	Expect(clientgoscheme.AddToScheme(scheme)).To(Succeed())
	Expect(v1alpha1.AddToScheme(scheme)).To(Succeed())
	kube, err = client.New(config, client.Options{Scheme: scheme})
	Expect(err).NotTo(HaveOccurred())

	namespace = newNamespace(ctx)
	results = scorecard(ctx, bundle)
})

// newNamespace creates a namespace that only admits Pods of the standard "restricted", with the rights of access.yaml.
func newNamespace(ctx context.Context) string {
	GinkgoHelper()
	made := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		GenerateName: "scorecard-", Labels: map[string]string{"pod-security.kubernetes.io/enforce": "restricted"},
	}}
	Expect(kube.Create(ctx, made)).To(Succeed())
	DeferCleanup(func(ctx SpecContext) { Expect(kube.Delete(ctx, made)).To(Succeed()) })

	text, err := os.ReadFile(filepath.Join("..", "access.yaml"))
	Expect(err).NotTo(HaveOccurred())
	for document := range strings.SplitSeq(string(text), "\n---\n") {
		object := &unstructured.Unstructured{}
		Expect(yaml.Unmarshal([]byte(document), &object.Object)).To(Succeed())
		object.SetNamespace(made.Name)
		Expect(kube.Create(ctx, object)).To(Succeed())
	}
	return made.Name
}

// scorecard runs tests of a bundle, each in a Pod, and returns what each said, by its name.
func scorecard(ctx context.Context, folder string, args ...string) map[string]v1alpha3.TestStatus {
	GinkgoHelper()
	var output, messages bytes.Buffer
	command := exec.CommandContext(ctx, os.Getenv("OPERATOR_SDK"), append([]string{
		"scorecard", folder, "--output=json", "--namespace=" + namespace, "--service-account=" + serviceAccount,
		"--pod-security=restricted", "--wait-time=" + patience, "--untar-image=" + os.Getenv("UNTAR_IMG"),
	}, args...)...)
	command.Stdout, command.Stderr = &output, &messages
	_ = command.Run() // it fails when a test does

	var list v1alpha3.TestList
	Expect(json.Unmarshal(output.Bytes(), &list)).To(Succeed(), "operator-sdk said: %s%s", output.String(), messages.String())
	found := map[string]v1alpha3.TestStatus{}
	for _, test := range list.Items {
		found[test.Spec.Labels["test"]] = test.Status
	}
	return found
}

// beginning is the beginning of a log: some of operator-sdk's tests print whole schemas.
func beginning(log string) string { return log[:min(len(log), 1000)] }

var _ = Describe("Scorecard", func() {
	It("has the six default tests, and ours", func() {
		suites := map[string]int{}
		for _, test := range tests {
			suites[test.Labels["suite"]]++
		}
		Expect(suites).To(Equal(map[string]int{"basic": 1, "olm": 5, "llama-stack": 4, "llama-stack-cluster": 2}))
		Expect(results).To(HaveLen(len(tests)))
	})

	for _, test := range tests {
		It("passes "+test.Labels["test"], func() {
			Expect(results).To(HaveKey(test.Labels["test"]))
			status := results[test.Labels["test"]]
			Expect(status.Results).NotTo(BeEmpty())
			for _, result := range status.Results {
				GinkgoWriter.Printf("%s\nsuggestions: %q\n", beginning(result.Log), result.Suggestions)
				Expect(result.State).To(Equal(v1alpha3.PassState), "%s\n%s", strings.Join(result.Errors, "\n"), beginning(result.Log))
			}
		})
	}

	It("leaves nothing behind", func(ctx SpecContext) {
		for _, list := range []client.ObjectList{
			&v1alpha1.LlamaStackDistributionList{}, &corev1.PersistentVolumeClaimList{}, &corev1.PodList{},
		} {
			// Pods and PVCs take a moment to be deleted.
			Eventually(func() (int, error) {
				err := kube.List(ctx, list, client.InNamespace(namespace))
				items, _ := runtime.DefaultUnstructuredConverter.ToUnstructured(list)
				found, _, _ := unstructured.NestedSlice(items, "items")
				return len(found), err
			}).WithTimeout(2*time.Minute).WithPolling(time.Second).Should(BeZero(), "%T", list)
		}
	})

	It("fails for a broken bundle, in the same Pods", func(ctx SpecContext) {
		worse := filepath.Join(GinkgoT().TempDir(), "bundle")
		Expect(os.CopyFS(worse, os.DirFS(bundle))).To(Succeed())
		files, err := filepath.Glob(filepath.Join(worse, "manifests", "*.clusterserviceversion.yaml"))
		Expect(err).NotTo(HaveOccurred())
		Expect(files).To(HaveLen(1))
		text, err := os.ReadFile(files[0])
		Expect(err).NotTo(HaveOccurred())
		misspelt := regexp.MustCompile(`(?m)^( *path: suspend)$`).ReplaceAll(text, []byte("${1}ed"))
		Expect(misspelt).NotTo(Equal(text))
		Expect(os.WriteFile(files[0], misspelt, 0o644)).To(Succeed())

		status := scorecard(ctx, worse, "--selector=test=fields-have-descriptors-test")["fields-have-descriptors-test"]
		Expect(status.Results).To(HaveExactElements(HaveField("State", v1alpha3.FailState)))
		Expect(status.Results[0].Errors).To(ContainElements(
			ContainSubstring("spec.suspend has no descriptor"), ContainSubstring("spec.suspended describes no field")))
	})
})
