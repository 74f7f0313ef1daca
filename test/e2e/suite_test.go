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

// Package e2e_test runs the operator as it is deployed, on a real node, with real servers: `make test-e2e` provides
// cluster, images and operator. Cases that a real server does not show are simulated by test/infra/standin.
package e2e_test

import (
	"cmp"
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/onsi/gomega/gexec"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// What the specs assume about the operator's deployment, repeated here instead of imported.
const (
	operatorNamespace  = "llama-stack-k8s-operator-system"
	operatorDeployment = "llama-stack-k8s-operator-controller-manager"
	operatorLabel      = "control-plane=controller-manager"
	leaseName          = "54e06e98.llamastack.io"
)

// Limits of time, on a busy machine with two cores.
const (
	// serverStarts is how long a real server takes to import its packages, open its databases and list its models.
	serverStarts = 4 * time.Minute
	// podStarts is how long a Pod of the stand-in takes to start, or to be gone.
	podStarts = 2 * time.Minute
	// soon is how long the operator and the controllers of the cluster take to act. Specs wait for so long by default.
	soon = 2 * time.Minute
	// observed is how long it takes until a server's answers are in its status: one of the first probes, if those before it were
	// before its Service had endpoints.
	observed = 2 * time.Minute
	// leaderTakesOver is how long a standby takes after a leader was killed: the lease expires first.
	leaderTakesOver = 90 * time.Second
	poll            = 250 * time.Millisecond
)

// images on the cluster, of servers and of their database.
type images struct {
	standIn, llamaStack, ogx, ogxBefore, database string
}

// What the real servers report.
const (
	llamaStackVersion = "0.7.3"
	ogxVersion        = "1.5.0"
	ogxBeforeVersion  = "1.3.1"
)

// The suite's world: one cluster with one operator, shared by specs that each have a namespace of their own.
var (
	restConfig *rest.Config
	kube       client.Client
	clientset  *kubernetes.Clientset
	image      images
	inference  backend
	logs       = operatorLogs{lines: map[string][]string{}}
)

func TestEndToEnd(t *testing.T) {
	path := kubeconfig()
	if path == "" {
		t.Fatal("set E2E_KUBECONFIG or KUBECONFIG to a cluster on which the operator is deployed; make test-e2e provides it")
	}
	var err error
	if restConfig, err = clientcmd.BuildConfigFromFlags("", path); err != nil {
		t.Fatalf("failed to read the kubeconfig %s: %v", path, err)
	}
	RegisterFailHandler(Fail)
	SetDefaultEventuallyTimeout(soon)
	SetDefaultEventuallyPollingInterval(poll)
	RunSpecs(t, "End to end")
}

func kubeconfig() string { return cmp.Or(os.Getenv("E2E_KUBECONFIG"), os.Getenv("KUBECONFIG")) }

var _ = BeforeSuite(func(ctx SpecContext) {
	image = images{
		standIn:    cmp.Or(os.Getenv("STAND_IN_IMG"), "localhost/llama-stack-stand-in:dev"),
		llamaStack: cmp.Or(os.Getenv("LLAMA_STACK_IMG"), "docker.io/llamastack/distribution-starter:"+llamaStackVersion),
		ogx:        cmp.Or(os.Getenv("OGX_IMG"), "docker.io/ogxai/distribution-starter:"+ogxVersion),
		ogxBefore:  cmp.Or(os.Getenv("OGX_BEFORE_IMG"), "docker.io/ogxai/distribution-starter:"+ogxBeforeVersion),
		database:   cmp.Or(os.Getenv("DATABASE_IMG"), "docker.io/pgvector/pgvector:pg17"),
	}
	scheme := runtime.NewScheme()
	Expect(clientgoscheme.AddToScheme(scheme)).To(Succeed())
	Expect(v1alpha1.AddToScheme(scheme)).To(Succeed())

	restConfig.QPS = -1 // polling from many specs is not to be slowed down
	var err error
	kube, err = client.New(restConfig, client.Options{Scheme: scheme})
	Expect(err).NotTo(HaveOccurred())
	clientset, err = kubernetes.NewForConfig(restConfig)
	Expect(err).NotTo(HaveOccurred())

	operatorIsUp(ctx)
	if strings.HasPrefix(GinkgoLabelFilter(), chaos[0]) { // chaos needs no real servers, and drains the node
		_, err = buildPlugin()
		Expect(err).NotTo(HaveOccurred())
	} else {
		inference = startBackend(ctx)
	}
})

// operatorIsUp waits until every replica of the operator is up, and none of an earlier Deployment or template is left: it would still be
// among the operator's Pods that a spec lists, and be gone when that spec does something with it.
func operatorIsUp(ctx context.Context) {
	GinkgoHelper()
	Eventually(operatorStatus).WithContext(ctx).WithArguments(operatorNamespace).WithTimeout(podStarts).Should(SatisfyAll(
		HaveField("AvailableReplicas", BeNumerically(">=", 2)),
		HaveField("UnavailableReplicas", BeZero()),
	), "deploy the operator first: make deploy")
	Eventually(listOperatorPods).WithContext(ctx).WithTimeout(podStarts).Should(HaveEach(HaveField("DeletionTimestamp", BeNil())))
}

// operatorStatus is the status of the operator's Deployment in a namespace; it is empty while that is of an older generation.
func operatorStatus(ctx context.Context, namespace string) (appsv1.DeploymentStatus, error) {
	deployment := &appsv1.Deployment{}
	err := kube.Get(ctx, client.ObjectKey{Namespace: namespace, Name: operatorDeployment}, deployment)
	if err != nil || deployment.Status.ObservedGeneration != deployment.Generation {
		return appsv1.DeploymentStatus{}, err
	}
	return deployment.Status, nil
}

// What the API server forbids the operator is missing from its RBAC, whatever spec caused the request.
var _ = AfterSuite(func(ctx SpecContext) {
	gexec.CleanupBuildArtifacts()
	if clientset == nil {
		return
	}
	logs.collect(ctx)
	if !logs.permissionsRevoked {
		Expect(logs.matching(`is forbidden: User`)).To(BeEmpty(), "requests of the operator that its RBAC does not allow")
	}
	Expect(logs.matching(`panic`)).To(BeEmpty(), "panics of the operator")
})
