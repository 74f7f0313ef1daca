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

package manager_test

import (
	"context"

	"github.com/llamastack/llama-stack-k8s-operator/internal/manager"
	"k8s.io/client-go/rest"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("The certificate of the metrics", func() {
	run := func(options manager.Options) error {
		options.MetricsAddress, options.HealthAddress = "127.0.0.1:0", "0"
		options.RESTConfig = func() (*rest.Config, error) { return &rest.Config{Host: "127.0.0.1:1"}, nil }
		return manager.Run(context.Background(), options)
	}

	It("must exist if it is configured: nobody would know why another one is used", func() {
		Expect(run(manager.Options{MetricsSecure: true, MetricsCertDir: GinkgoT().TempDir()})).To(MatchError(ContainSubstring("failed to read the certificate of the metrics")))
	})

	It("is for metrics over TLS", func() {
		Expect(run(manager.Options{MetricsCertDir: GinkgoT().TempDir()})).To(MatchError(ContainSubstring("leave out --metrics-secure=false")))
	})
})
