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
	"context"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// Each worker imports the whole server, at the same time as the others and as everything else on the node. uvicorn
// gives a worker 5 s to answer, and then starts another one, again and again.
var _ = Describe("A real server with two workers", func() {
	DescribeTable("starts each of them once,", func(ctx SpecContext, image func() string) {
		namespace := newNamespace(ctx)
		config := &corev1.ConfigMap{ObjectMeta: objectMeta(namespace, "config"), Data: configWith("workers")}
		server := realServer(namespace, "workers", image()).UserConfig(config.Name).Workers(2).Resources(large()).Obj()

		create(ctx, config, server)
		becomeReady(ctx, server)
		serve(ctx, server, "workers/"+firstModel, openAIShape)

		// One serves while the other may still import the server.
		Eventually(startedWorkers).WithContext(ctx).WithArguments(server).WithTimeout(serverStarts).Should(Equal(2))
	},
		Entry("of OGX 1.3", NodeTimeout(3*serverStarts), func() string { return image.ogxBefore }),
		Entry("of the newest OGX", NodeTimeout(3*serverStarts), func() string { return image.ogx }),
	)
})

// large has limits, which equal the requests by default if workers are set.
func large() corev1.ResourceRequirements {
	resources := small()
	resources.Limits = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("2"), corev1.ResourceMemory: resource.MustParse("2Gi")}
	return resources
}

// startedWorkers counts the processes that the log of the server's one Pod has the start of.
func startedWorkers(ctx context.Context, server *v1alpha1.LlamaStackDistribution) int {
	GinkgoHelper()
	pods, err := podsOf(ctx, server.Namespace)
	Expect(err).NotTo(HaveOccurred())
	Expect(pods).To(HaveLen(1))
	Expect(pods[0].Status.ContainerStatuses).To(HaveEach(HaveField("RestartCount", BeZero())))
	log, err := clientset.CoreV1().Pods(server.Namespace).GetLogs(pods[0].Name, &corev1.PodLogOptions{}).DoRaw(ctx)
	Expect(err).NotTo(HaveOccurred())
	return strings.Count(string(log), "Started server process")
}
