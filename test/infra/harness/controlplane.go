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

package harness

import (
	"cmp"
	"context"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const (
	// OperatorNamespace is the namespace of the operator as it is shipped.
	OperatorNamespace = "llama-stack-k8s-operator-system"
	// ServiceAccount is the name of the operator's ServiceAccount.
	ServiceAccount = "system:serviceaccount:" + OperatorNamespace + ":llama-stack-k8s-operator-controller-manager"
	// rotation is the size of the audit log, in megabytes, at which the API server rotates it: never.
	rotation = "1000000"
)

// Options of a control plane.
type Options struct {
	// OpenShift adds the API groups of OpenShift, and admission that checks who may set an owner reference that blocks
	// a deletion.
	OpenShift bool
	// ServiceRange has the addresses of Services; default 10.0.0.0/16. The operator probes no server with a link-local
	// one.
	ServiceRange string
	// Routing adds what can expose a server beside an Ingress: HTTPRoutes and Routes.
	Routing bool
}

// ControlPlane is an etcd and a kube-apiserver with the operator's CRD, namespace, ServiceAccount, roles and admission
// policies, and with nothing of the operator's Deployment.
type ControlPlane struct {
	// Admin may do everything, and knows every type of Kubernetes and of the operator.
	Admin client.Client
	// Config is the administrator's connection to the API server.
	Config *rest.Config
	// Audit has the operator's requests.
	Audit *AuditLog
}

// StartControlPlane runs until the suite ends. KUBEBUILDER_ASSETS names the folder of the programs.
func StartControlPlane(options Options) *ControlPlane {
	GinkgoHelper()
	audit := newAuditLog(GinkgoT().TempDir())
	environment := &envtest.Environment{
		CRDDirectoryPaths:     []string{filepath.Join(Root(), "config", "crd", "bases")},
		ErrorIfCRDPathMissing: true,
		// Several start at once, on a machine that may be busy; after a shorter time, envtest starts another one.
		ControlPlaneStartTimeout: 2 * time.Minute,
		ControlPlaneStopTimeout:  time.Minute,
		CRDInstallOptions:        envtest.CRDInstallOptions{MaxTime: time.Minute},
	}
	arguments := environment.ControlPlane.GetAPIServer().Configure().
		Set("service-cluster-ip-range", cmp.Or(options.ServiceRange, "10.0.0.0/16")). // the usual one has 254 addresses
		Set("audit-policy-file", audit.policy).Set("audit-log-path", audit.path).
		Set("audit-log-mode", "blocking").Set("audit-log-maxsize", rotation)
	if options.OpenShift {
		environment.CRDDirectoryPaths = append(environment.CRDDirectoryPaths, OpenShiftCRDs())
		arguments.Append("enable-admission-plugins", "OwnerReferencesPermissionEnforcement")
	}
	if options.Routing {
		environment.CRDDirectoryPaths = append(environment.CRDDirectoryPaths, RoutingCRDs())
	}
	DeferCleanup(environment.Stop) // also stops what has started if the rest does not start
	config, err := environment.Start()
	Expect(err).NotTo(HaveOccurred())
	config.QPS = -1

	scheme := runtime.NewScheme()
	Expect(clientgoscheme.AddToScheme(scheme)).To(Succeed())
	Expect(v1alpha1.AddToScheme(scheme)).To(Succeed())
	admin, err := client.New(config, client.Options{Scheme: scheme})
	Expect(err).NotTo(HaveOccurred())
	c := &ControlPlane{Admin: admin, Config: config, Audit: audit}
	Create(context.Background(), admin, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: OperatorNamespace}})
	c.installRBAC()
	c.installStorageClass()
	return c
}

// installRBAC applies the roles, bindings and admission policies of make deploy, and nothing else of it.
func (c *ControlPlane) installRBAC() {
	GinkgoHelper()
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), filepath.Join(Root(), "config", "default"))
	Expect(err).NotTo(HaveOccurred())
	for _, resource := range built.Resources() {
		kind := resource.GetKind()
		if !strings.Contains(kind, "Role") && kind != "ServiceAccount" && !strings.HasPrefix(kind, "ValidatingAdmissionPolicy") {
			continue
		}
		content, err := resource.Map()
		Expect(err).NotTo(HaveOccurred())
		Create(context.Background(), c.Admin, &unstructured.Unstructured{Object: content})
	}
}

// installStorageClass creates a default class whose volumes can grow.
func (c *ControlPlane) installStorageClass() {
	GinkgoHelper()
	yes := true
	Create(context.Background(), c.Admin, &storagev1.StorageClass{
		ObjectMeta:  metav1.ObjectMeta{Name: "standard", Annotations: map[string]string{"storageclass.kubernetes.io/is-default-class": "true"}},
		Provisioner: "test.llamastack.io/none", AllowVolumeExpansion: &yes,
	})
}

// OperatorConfig is the operator's connection to the API server: as its ServiceAccount, never as an administrator.
func (c *ControlPlane) OperatorConfig() *rest.Config {
	config := rest.CopyConfig(c.Config)
	config.Impersonate = rest.ImpersonationConfig{UserName: ServiceAccount, Groups: ServiceAccountGroups()}
	return config
}

// ServiceAccountGroups are those that the API server puts the operator's ServiceAccount in.
func ServiceAccountGroups() []string {
	return []string{"system:serviceaccounts", "system:serviceaccounts:" + OperatorNamespace, "system:authenticated"}
}

// Root is the folder of the repository, as seen from the folder of the running test.
func Root() string {
	GinkgoHelper()
	folder, err := os.Getwd()
	Expect(err).NotTo(HaveOccurred())
	for ; ; folder = filepath.Dir(folder) {
		if _, err := os.Stat(filepath.Join(folder, "PROJECT")); err == nil {
			return folder
		}
		Expect(folder).NotTo(Equal(filepath.Dir(folder)), "the test does not run in the repository")
	}
}

// OpenShiftCRDs is the folder of the CustomResourceDefinitions that identify OpenShift.
func OpenShiftCRDs() string {
	GinkgoHelper()
	return filepath.Join(Root(), "test", "infra", "harness", "testdata", "openshift")
}

// RoutingCRDs is the folder of the CustomResourceDefinitions of HTTPRoutes and Routes.
func RoutingCRDs() string {
	GinkgoHelper()
	return filepath.Join(Root(), "test", "infra", "harness", "testdata", "routing")
}
