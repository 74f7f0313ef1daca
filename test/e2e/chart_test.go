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
	"cmp"
	"context"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const (
	release = "llama-stack-operator"
	// releaseLabel is on the operator's Pods of the older chart only.
	releaseLabel = "example.com/release"
	// releases is how long Helm may take until the operator's Pods are ready.
	releases = "4m"
)

// helmFolder has what helm keeps between its runs, and the older chart.
var helmFolder string

// helm runs the program that HELM names, as a user would.
func helm(ctx context.Context, args ...string) string {
	GinkgoHelper()
	return run(ctx, cmp.Or(os.Getenv("HELM"), "helm"), append([]string{"--namespace", operatorNamespace}, args...)...)
}

// run starts a program in the folder of the repository.
func run(ctx context.Context, program string, args ...string) string {
	GinkgoHelper()
	started := exec.CommandContext(ctx, program, args...)
	started.Dir = filepath.Join("..", "..")
	started.Env = append(os.Environ(), "KUBECONFIG="+kubeconfig(), "HELM_CACHE_HOME="+helmFolder, "HELM_CONFIG_HOME="+helmFolder)
	output, err := started.CombinedOutput()
	Expect(err).NotTo(HaveOccurred(), "%s %v\n%s", program, args, output)
	return string(output)
}

// deployed are the values with which a release has the image and the options of the operator that is deployed.
func deployed() []string {
	repository, tag := os.Getenv("IMG"), ""
	if colon := strings.LastIndex(repository, ":"); colon > strings.LastIndex(repository, "/") {
		repository, tag = repository[:colon], repository[colon+1:]
	}
	return []string{
		"--set", "image.repository=" + repository, "--set-string", "image.tag=" + tag,
		"--set", "networkPolicy.enabled=" + cmp.Or(os.Getenv("NETWORK_POLICY"), "false"),
	}
}

// packageChart packs the chart with an older version, whose Pods have a label that the chart does not have.
func packageChart(ctx context.Context) string {
	GinkgoHelper()
	folder := helmFolder
	Expect(os.CopyFS(filepath.Join(folder, release), os.DirFS(filepath.Join("..", "..", "charts", release)))).To(Succeed())
	values := filepath.Join(folder, release, "values.yaml")
	content, err := os.ReadFile(values)
	Expect(err).NotTo(HaveOccurred())
	older := strings.Replace(string(content), "\npodLabels: {}\n", "\npodLabels: {"+releaseLabel+": older}\n", 1)
	Expect(older).NotTo(Equal(string(content)))
	Expect(os.WriteFile(values, []byte(older), 0o600)).To(Succeed())
	helm(ctx, "package", filepath.Join(folder, release), "--version", "0.99.0", "--destination", folder)
	return filepath.Join(folder, release+"-0.99.0.tgz")
}

// throughRegistry pushes a chart to the registry of the node, and returns what pulls it from there. A cluster of KUBECONFIG has no such
// registry.
func throughRegistry(ctx context.Context, archive string) []string {
	GinkgoHelper()
	if os.Getenv("CLUSTER_PROGRAM") == "" {
		return []string{archive}
	}
	server, err := url.Parse(restConfig.Host)
	Expect(err).NotTo(HaveOccurred())
	charts := "oci://" + net.JoinHostPort(server.Hostname(), "5000") + "/charts"
	helm(ctx, "push", archive, charts, "--plain-http")
	return []string{charts + "/" + release, "--version", "0.99.0", "--plain-http"}
}

var _ = Describe("The chart", Serial, Ordered, func() {
	var (
		server *v1alpha1.LlamaStackDistribution
		pod    types.UID
		older  string
	)

	// olderPods are the operator's Pods that the older chart made.
	olderPods := func(ctx context.Context) int {
		count := 0
		for _, candidate := range operatorPods(ctx) {
			if candidate.DeletionTimestamp == nil && candidate.Labels[releaseLabel] == "older" {
				count++
			}
		}
		return count
	}
	install := func(ctx context.Context, verb string, source []string, more ...string) {
		GinkgoHelper()
		args := append([]string{verb, release}, source...)
		helm(ctx, append(append(args, deployed()...), append(more, "--wait", "--timeout", releases)...)...)
	}

	BeforeAll(func(ctx SpecContext) {
		operatorIsUp(ctx)
		helmFolder = GinkgoT().TempDir()
		older = packageChart(ctx)
		server = standIn(newNamespace(ctx), "server", `{}`).Obj()
		create(ctx, server)
		becomeReady(ctx, server)
		pod = onlyPod(ctx, server.Namespace).UID
		DeferCleanup(func(ctx SpecContext) {
			helm(ctx, "uninstall", release, "--ignore-not-found")
			run(ctx, "hack/deploy.sh", "deploy")
			operatorIsUp(ctx)
		}, NodeTimeout(leaderTakesOver+2*podStarts))
	})
	AfterEach(func(ctx SpecContext) {
		Expect(onlyPod(ctx, server.Namespace).UID).To(Equal(pod), "the server runs on")
	})

	It("takes over an operator that kustomize installed", func(ctx SpecContext) {
		install(ctx, "install", throughRegistry(ctx, older), "--take-ownership", "--force-conflicts")
		Eventually(olderPods).WithContext(ctx).Should(Equal(2))
		becomeReady(ctx, server)
	}, NodeTimeout(leaderTakesOver+4*podStarts))

	It("upgrades an older chart", func(ctx SpecContext) {
		install(ctx, "upgrade", []string{filepath.Join("charts", release)})
		Eventually(olderPods).WithContext(ctx).Should(BeZero())
		becomeReady(ctx, server)
	}, NodeTimeout(leaderTakesOver+4*podStarts))

	It("rolls back to the older chart", func(ctx SpecContext) {
		helm(ctx, "rollback", release, "1", "--wait", "--timeout", releases)
		Eventually(olderPods).WithContext(ctx).Should(Equal(2))
		becomeReady(ctx, server)
	}, NodeTimeout(leaderTakesOver+4*podStarts))

	It("leaves the servers when it is uninstalled, and takes them up when it is installed again", func(ctx SpecContext) {
		By("uninstalling")
		helm(ctx, "uninstall", release)
		Eventually(listOperatorPods).WithContext(ctx).WithTimeout(podStarts).Should(BeEmpty())
		Expect(get(ctx, server.Namespace, server.Name, &v1alpha1.LlamaStackDistribution{}).DeletionTimestamp).To(BeNil())
		Expect(onlyPod(ctx, server.Namespace).UID).To(Equal(pod))

		By("deleting a child while no operator runs")
		service := &corev1.Service{ObjectMeta: objectMeta(server.Namespace, server.Name+"-service")}
		Expect(kube.Delete(ctx, service)).To(Succeed())

		By("installing again, with the command of README.md")
		const published = "oci://quay.io/llamastack/charts/" + release
		command := harness.ReadmeCommand("helm install")
		Expect(command).To(ContainSubstring(" " + published + " "))
		args := strings.Fields(strings.Replace(command, published, filepath.Join("charts", release), 1))
		helm(ctx, append(append(args[1:], deployed()...), "--wait", "--timeout", releases)...)
		Eventually(func() error { return kube.Get(ctx, client.ObjectKeyFromObject(service), &corev1.Service{}) }).
			WithTimeout(leaderTakesOver).ShouldNot(Satisfy(apierrors.IsNotFound))
		becomeReady(ctx, server)
	}, NodeTimeout(2*leaderTakesOver+4*podStarts))
})
