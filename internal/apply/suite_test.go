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

package apply_test

import (
	"context"
	"testing"

	"github.com/llamastack/llama-stack-k8s-operator/internal/apply"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const (
	managedKey   = "app.kubernetes.io/managed-by"
	managedValue = "llama-stack-operator"
)

// What all specs share: one API server, one cache with the options of production, and a client that nobody counts.
var (
	config *rest.Config
	mapper meta.RESTMapper
	cached cache.Cache
	admin  client.Client
)

func TestApply(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Apply")
}

var _ = BeforeSuite(func() {
	environment := &envtest.Environment{
		CRDDirectoryPaths: []string{"../../test/infra/harness/testdata/routing"}, ErrorIfCRDPathMissing: true,
		CRDInstallOptions: envtest.CRDInstallOptions{MaxTime: wait}, // on a busy machine
	}
	var err error
	config, err = environment.Start()
	Expect(err).NotTo(HaveOccurred(), "KUBEBUILDER_ASSETS must name the folder that hack/controlplane.sh prints")
	DeferCleanup(environment.Stop)
	config.QPS, config.Burst = -1, -1

	httpClient, err := rest.HTTPClientFor(config)
	Expect(err).NotTo(HaveOccurred())
	mapper, err = apiutil.NewDynamicRESTMapper(config, httpClient)
	Expect(err).NotTo(HaveOccurred())
	admin, err = client.New(config, client.Options{Scheme: scheme.Scheme, Mapper: mapper})
	Expect(err).NotTo(HaveOccurred())

	cached, err = cache.New(config, cache.Options{
		Scheme: scheme.Scheme, Mapper: mapper, DefaultTransform: apply.CacheTransform,
		DefaultLabelSelector: labels.SelectorFromSet(labels.Set{managedKey: managedValue}),
	})
	Expect(err).NotTo(HaveOccurred())
	ctx, cancel := context.WithCancel(context.Background())
	DeferCleanup(cancel)
	go func() {
		defer GinkgoRecover()
		Expect(cached.Start(ctx)).To(Succeed())
	}()
	Expect(cached.WaitForCacheSync(ctx)).To(BeTrue())
})
