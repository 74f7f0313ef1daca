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

// Package operator_test runs the operator as it ships against a real API server: the production caches, the flags'
// defaults, and the RBAC of config/rbac under its ServiceAccount. What an API server alone does not do is done by
// stand-ins: one marks Deployments as rolled out and claims as bound, and one answers in the place of servers.
package operator_test

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/internal/controller"
	"github.com/llamastack/llama-stack-k8s-operator/internal/manager"
	"github.com/llamastack/llama-stack-k8s-operator/internal/metrics"
	"github.com/llamastack/llama-stack-k8s-operator/internal/operatorconfig"
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const (
	operatorNamespace = "llama-stack-k8s-operator-system"
	serviceAccount    = "system:serviceaccount:" + operatorNamespace + ":llama-stack-k8s-operator-controller-manager"
	operatorVersion   = "9.8.7-test"
	starterImage      = "registry.example/starter:related"
)

// onOpenShift runs every spec with the API groups of OpenShift present and with admission that checks who may set an
// owner reference that blocks a deletion.
var onOpenShift = flag.Bool("openshift", false, "run with the OpenShift API groups and OwnerReferencesPermissionEnforcement")

// The suite's own world: one API server, one operator, shared by specs that each have a namespace of their own.
var (
	environment *envtest.Environment
	admin       client.Client
	adminConfig *rest.Config
	audit       *auditLog
	servers     *fakeServers
	operator    *runningOperator
	registry    = prometheus.NewRegistry()
)

func TestOperator(t *testing.T) {
	RegisterFailHandler(Fail)
	SetDefaultEventuallyTimeout(20 * time.Second)
	SetDefaultEventuallyPollingInterval(50 * time.Millisecond)
	RunSpecs(t, "Operator against an API server")
}

var _ = BeforeSuite(func() {
	ctrl.SetLogger(GinkgoLogr)
	audit = newAuditLog(GinkgoT().TempDir())
	environment = &envtest.Environment{
		CRDDirectoryPaths:     []string{filepath.Join("..", "..", "config", "crd", "bases")},
		ErrorIfCRDPathMissing: true,
	}
	if *onOpenShift {
		environment.CRDDirectoryPaths = append(environment.CRDDirectoryPaths, filepath.Join("testdata", "openshift"))
	}
	arguments := environment.ControlPlane.GetAPIServer().Configure()
	arguments.Set("audit-policy-file", audit.policy).Set("audit-log-path", audit.path).Set("audit-log-mode", "blocking")
	if *onOpenShift {
		arguments.Append("enable-admission-plugins", "OwnerReferencesPermissionEnforcement")
	}
	var err error
	adminConfig, err = environment.Start()
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { Expect(environment.Stop()).To(Succeed()) })

	scheme, err := manager.NewScheme()
	Expect(err).NotTo(HaveOccurred())
	admin, err = client.New(adminConfig, client.Options{Scheme: scheme})
	Expect(err).NotTo(HaveOccurred())
	Expect(admin.Create(context.Background(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: operatorNamespace}})).To(Succeed())
	installRBAC()
	installStorageClass()

	servers = newFakeServers()
	DeferCleanup(servers.close)
	startKubelet()
	operator = startOperator()
	DeferCleanup(func() { operator.stop() })
	get(context.Background(), operatorNamespace, operatorconfig.Name, &corev1.ConfigMap{})
})

// What the operator was forbidden to do is a hole in its RBAC, whatever the spec that made it try.
var _ = AfterSuite(func() {
	if audit != nil {
		Expect(audit.forbidden()).To(BeEmpty(), "requests of the operator that its RBAC does not allow")
	}
})

// runningOperator is the operator's process, in this one.
type runningOperator struct {
	cancel context.CancelFunc
	done   sync.WaitGroup
}

// operatorConfigOf is how the operator reaches the API server: as its ServiceAccount, never as an administrator.
func operatorRESTConfig() (*rest.Config, error) {
	config := rest.CopyConfig(adminConfig)
	config.Impersonate = rest.ImpersonationConfig{
		UserName: serviceAccount,
		Groups:   []string{"system:serviceaccounts", "system:serviceaccounts:" + operatorNamespace, "system:authenticated"},
	}
	return config, nil
}

var operatorMetrics = sync.OnceValues(func() (*metrics.Metrics, error) { return metrics.Register(registry) })

// startOperator runs the operator until it is stopped, with everything as main does it but the addresses it serves on.
func startOperator() *runningOperator {
	counted, err := operatorMetrics()
	Expect(err).NotTo(HaveOccurred())
	ctx, cancel := context.WithCancel(context.Background())
	running := &runningOperator{cancel: cancel}
	controllers := controller.Options{Version: operatorVersion, Getenv: operatorEnvironment, Metrics: counted, Dial: servers.dial}
	options := manager.Options{
		RESTConfig: operatorRESTConfig, Namespace: operatorNamespace, OperatorConfigName: operatorconfig.Name,
		MetricsAddress: "0", HealthAddress: "0", LeaderElection: true,
		Setup: func(ctx context.Context, parts manager.Parts) error {
			return controller.Setup(ctx, controller.Parts{
				Manager: parts.Manager, References: parts.Caches.References, OperatorConfig: parts.Caches.OperatorConfig,
				Children: manager.ManagedObjects(), OpenShift: parts.OpenShift, Namespace: parts.Namespace,
			}, controllers)
		},
	}
	running.done.Go(func() {
		defer GinkgoRecover()
		Expect(manager.Run(ctx, options)).To(Succeed())
	})
	return running
}

func (o *runningOperator) stop() {
	o.cancel()
	o.done.Wait()
}

// whileDown does something while no operator runs. One runs afterwards, whatever happened.
func whileDown(do func()) {
	GinkgoHelper()
	operator.stop()
	defer func() { operator = startOperator() }()
	do()
}

func operatorEnvironment(name string) string {
	if name == "RELATED_IMAGE_STARTER" {
		return starterImage
	}
	return os.Getenv(name)
}
