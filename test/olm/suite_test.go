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

// Package olm_test installs the operator on a cluster as its users do, with the Operator Lifecycle Manager, from
// catalogs that the specs publish: make test-olm provides the node, OLM, the images and the tools.
package olm_test

import (
	"os"
	"testing"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	operatorsv1 "github.com/operator-framework/api/pkg/operators/v1"
	operatorsv1alpha1 "github.com/operator-framework/api/pkg/operators/v1alpha1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/discovery"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// What the specs assume, repeated here instead of imported.
const (
	packageName       = "llama-stack-k8s-operator"
	operatorNamespace = "llama-stack-k8s-operator-system"
	operatorName      = "llama-stack-k8s-operator-controller-manager"
	channel           = "stable-v1"
	crdName           = "llamastackdistributions.llamastack.io"
	// catalogNamespace is where catalogs for all namespaces are.
	catalogNamespace = "olm"
)

// Limits of time, on a busy machine with two cores.
const (
	// soon is how long the operator, or OLM, takes to act. Specs wait four times as long by default, because a machine may be busy.
	soon = 30 * time.Second
	// podStarts is how long a Pod of the stand-in takes to start, and the operator to probe it.
	podStarts = 2 * time.Minute
	// installs is how long OLM takes from a change of a catalog or a Subscription until the operator is ready.
	installs = 5 * time.Minute
	poll     = 250 * time.Millisecond
)

// The suite's world: one node with OLM. The operator is installed and removed, so specs do not run in parallel.
var (
	restConfig *rest.Config
	kube       client.Client
	apis       discovery.DiscoveryInterface
)

func TestOLM(t *testing.T) {
	path := os.Getenv("KUBECONFIG")
	if path == "" {
		t.Fatal("set KUBECONFIG to a node of test/infra/cluster with OLM; make test-olm provides it")
	}
	var err error
	if restConfig, err = clientcmd.BuildConfigFromFlags("", path); err != nil {
		t.Fatalf("failed to read the kubeconfig %s: %v", path, err)
	}
	RegisterFailHandler(Fail)
	ctrl.SetLogger(GinkgoLogr)
	SetDefaultEventuallyTimeout(4 * soon)
	SetDefaultEventuallyPollingInterval(poll)
	RunSpecs(t, "Through OLM")
}

var _ = BeforeSuite(func(ctx SpecContext) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		clientgoscheme.AddToScheme, v1alpha1.AddToScheme, operatorsv1.AddToScheme, operatorsv1alpha1.AddToScheme, apiextensionsv1.AddToScheme,
	} {
		Expect(add(scheme)).To(Succeed())
	}
	restConfig.QPS = -1 // polling is not to be slowed down
	var err error
	kube, err = client.New(restConfig, client.Options{Scheme: scheme})
	Expect(err).NotTo(HaveOccurred())
	apis, err = discovery.NewDiscoveryClientForConfig(restConfig)
	Expect(err).NotTo(HaveOccurred())

	// An interrupted run may have left all of it.
	uninstall(ctx)
	forget(ctx)
})
