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

package cli_test

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const (
	// fewServers and manyServers are in the namespaces that are compared. The second number has two pages.
	fewServers, manyServers = 3, 500
	clients                 = 10
)

// statusOfServer is as large as that of a server with 20 providers and 20 models.
func statusOfServer() v1alpha1.LlamaStackDistributionStatus {
	status := v1alpha1.LlamaStackDistributionStatus{Phase: v1alpha1.PhaseReady, Image: image, Models: &v1alpha1.ModelsStatus{}}
	for _, kind := range []v1alpha1.ConditionType{
		v1alpha1.ConditionReady, v1alpha1.ConditionAvailable, v1alpha1.ConditionHealthCheck, v1alpha1.ConditionDeploymentReady, v1alpha1.ConditionServiceReady,
	} {
		status.Conditions = append(status.Conditions, metav1.Condition{
			Type: string(kind), Status: metav1.ConditionTrue, Reason: "Ready", Message: strings.Repeat("as it should be ", 5), LastTransitionTime: metav1.Now(),
		})
	}
	for i := range 20 {
		status.DistributionConfig.Providers = append(status.DistributionConfig.Providers, v1alpha1.ProviderInfo{
			API: "inference", ProviderID: fmt.Sprintf("provider-%d", i), ProviderType: "remote::vllm", Health: v1alpha1.ProviderHealthStatus{Status: "OK"},
		})
		status.Models.Items = append(status.Models.Items, v1alpha1.ModelInfo{ID: fmt.Sprintf("provider/model-%d", i), Type: "llm"})
	}
	return status
}

// manyNamespace has a number of servers that no operator has seen.
func manyNamespace(ctx context.Context, count int) string {
	GinkgoHelper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "many-"}}
	harness.Create(ctx, admin, namespace)
	created := make(chan error)
	for first := range clients {
		go func() {
			for i := first; i < count; i += clients {
				server := llsdtest.Make(fmt.Sprintf("server-%03d", i)).Namespace(namespace.Name).UserConfig("config").Storage("1Gi").Obj()
				err := admin.Create(ctx, server)
				if err == nil {
					server.Status = statusOfServer()
					err = admin.Status().Update(ctx, server)
				}
				created <- err
			}
		}()
	}
	for range count {
		Expect(<-created).To(Succeed())
	}
	DeferCleanup(func(ctx context.Context) {
		Expect(admin.DeleteAllOf(ctx, &v1alpha1.LlamaStackDistribution{}, client.InNamespace(namespace.Name))).To(Succeed())
	})
	return namespace.Name
}

// sizeOf is the size of all servers of a namespace as the API server sends them.
func sizeOf(ctx context.Context, namespace string) int {
	GinkgoHelper()
	list := &v1alpha1.LlamaStackDistributionList{}
	Expect(admin.List(ctx, list, client.InNamespace(namespace))).To(Succeed())
	text, err := json.Marshal(list)
	Expect(err).NotTo(HaveOccurred())
	return len(text)
}

// No operator runs, so that these servers stay as they are, and cost the other specs nothing.
var _ = Describe("A command about 500 servers", Ordered, Serial, func() {
	var few, many string

	BeforeAll(func(ctx SpecContext) {
		operator.Stop()
		DeferCleanup(startOperator)
		few, many = manyNamespace(ctx, fewServers), manyNamespace(ctx, manyServers)
	})

	// Pages are how many more pages the lists of LlamaStackDistributions have that the command reads.
	DescribeTable("sends no request more than one about few servers, apart from further pages", func(ctx SpecContext, pages int, args ...string) {
		before, found := run(ctx, nil, append(args, "-n", few)...), run(ctx, nil, append(args, "-n", many)...)

		Expect(strings.Count(before.Out, "server-")).To(BeNumerically(">=", fewServers), before.Err)
		Expect(strings.Count(found.Out, "server-")).To(BeNumerically(">=", manyServers), found.Err)
		Expect(len(found.Requests)).To(BeNumerically("<=", len(before.Requests)+pages), "%v", found.Requests)
		AddReportEntry(fmt.Sprintf("%s with %d servers: %d requests, %d bytes, %s", args[0], manyServers, len(found.Requests), found.Bytes, found.Time.Round(time.Millisecond)))
	},
		Entry("status", 1, "status"), Entry("doctor", 1, "doctor"), Entry("top", 1, "top", "--interval=100ms"), Entry("migrate", 1, "migrate"),
		Entry("models", 1, "models"), Entry("providers", 1, "providers"),
	)

	It("reads two pages for the status, and nothing else", func(ctx SpecContext) {
		found := run(ctx, nil, "status", "-n", many)

		Expect(strings.Count(found.Out, "\nserver-")).To(Equal(manyServers))
		Expect(found.Requests).To(HaveLen(2), "pages of 250")
		Expect(found.Bytes).To(BeNumerically("<", 1.1*float64(sizeOf(ctx, many))), "the servers once")
	})

	It("writes a report with lists of all servers", func(ctx SpecContext) {
		folder := GinkgoT().TempDir()
		write := func(namespace string) result {
			return run(ctx, nil, "report", "-n", namespace, "--output-dir", filepath.Join(folder, namespace))
		}

		before, found := write(few), write(many)

		Expect(found.Code).To(BeZero(), found.Err)
		Expect(filepath.Glob(filepath.Join(folder, many, "namespaces", many, "*", "llamastackdistribution-*.yaml"))).To(HaveLen(manyServers))
		Expect(len(found.Requests)).To(BeNumerically("<=", len(before.Requests)+2), "two lists with one page more: %v", found.Requests)
		AddReportEntry(fmt.Sprintf("report of %d servers: %d requests, %d bytes, %s", manyServers, len(found.Requests), found.Bytes, found.Time.Round(time.Millisecond)))
	})
})
