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

// Package cli_test runs "kubectl llamastack" against a real API server, as a user with the rights of an editor of one
// namespace. The operator runs, too, so that what the program shows is what the operator wrote.
package cli_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/cli"
	"github.com/llamastack/llama-stack-k8s-operator/internal/operatorconfig"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const (
	operatorVersion = "9.8.7-test"
	image           = "registry.example/starter:test"
	// nobody is a user without any right.
	nobody = "nobody"
)

var (
	controlPlane *harness.ControlPlane
	admin        client.Client
	kubeconfig   string
	servers      *harness.Servers
	operator     *harness.Operator
)

// asProgram is the variable with which the binary of the tests is the program: a terminal needs a process of its own.
const asProgram = "KUBECTL_LLAMASTACK"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		os.Exit(cli.Main("test"))
	}
	os.Exit(m.Run())
}

func TestCLI(t *testing.T) {
	RegisterFailHandler(Fail)
	SetDefaultEventuallyTimeout(time.Minute)
	SetDefaultEventuallyPollingInterval(50 * time.Millisecond)
	RunSpecs(t, "kubectl llamastack against an API server")
}

var _ = BeforeSuite(func() {
	ctrl.SetLogger(GinkgoLogr)
	controlPlane = harness.StartControlPlane(harness.Options{})
	admin = controlPlane.Admin
	kubeconfig = writeKubeconfig(controlPlane.Config)
	servers = harness.StartServers()
	controlPlane.StartKubelet()
	startOperator()
	DeferCleanup(func() { operator.Stop() })
	harness.Get(context.Background(), admin, harness.OperatorNamespace, operatorconfig.Name, &corev1.ConfigMap{})
})

// startOperator starts the operator of all specs.
func startOperator() {
	GinkgoHelper()
	operator = controlPlane.StartOperator(harness.OperatorOptions{Version: operatorVersion, Dial: servers.Dial, Getenv: func(name string) string {
		if name == "RELATED_IMAGE_STARTER" {
			return image
		}
		return ""
	}})
}

// writeKubeconfig writes the administrator's connection where kubectl would read it.
func writeKubeconfig(config *rest.Config) string {
	GinkgoHelper()
	file := filepath.Join(GinkgoT().TempDir(), "kubeconfig")
	Expect(clientcmd.WriteToFile(clientcmdapi.Config{
		Clusters: map[string]*clientcmdapi.Cluster{"test": {Server: config.Host, CertificateAuthorityData: config.CAData}},
		AuthInfos: map[string]*clientcmdapi.AuthInfo{"admin": {
			ClientCertificateData: config.CertData, ClientKeyData: config.KeyData, Token: config.BearerToken,
		}},
		Contexts:       map[string]*clientcmdapi.Context{"test": {Cluster: "test", AuthInfo: "admin"}},
		CurrentContext: "test",
	}, file)).To(Succeed())
	return file
}

// newNamespace makes the namespace of one spec, with a user of the same name who has an editor's rights in it.
func newNamespace(ctx context.Context) string {
	GinkgoHelper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "cli-"}}
	Expect(admin.Create(ctx, namespace)).To(Succeed())
	DeferCleanup(func(ctx context.Context) { // what a spec leaves would be reconciled for the others
		Expect(admin.DeleteAllOf(ctx, &v1alpha1.LlamaStackDistribution{}, client.InNamespace(namespace.Name))).To(Succeed())
	})
	// No controller aggregates the roles view and edit here, so the user gets the parts of both.
	for _, role := range []string{"system:aggregate-to-view", "system:aggregate-to-edit", "llama-stack-k8s-operator-llsd-editor-role"} {
		bind(ctx, namespace.Name, role, namespace.Name)
	}
	return namespace.Name
}

// bind gives a user the rights of a role in a namespace, and returns when the API server applies them.
func bind(ctx context.Context, namespace, role, user string) {
	GinkgoHelper()
	Expect(admin.Get(ctx, client.ObjectKey{Name: role}, &rbacv1.ClusterRole{})).To(Succeed())
	harness.Create(ctx, admin, &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "test-", Namespace: namespace},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: user}},
	})
	controlPlane.WaitForRights()
}

// result is what one run of the program left.
type result struct {
	Out, Err string
	Code     int
	// Requests that it sent, as "verb path".
	Requests []string
	// Bytes that it received, decompressed.
	Bytes int64
	// Time that it took.
	Time time.Duration
}

// asEditor runs the program as the editor of a namespace.
func asEditor(ctx context.Context, namespace string, args ...string) result {
	GinkgoHelper()
	return run(ctx, nil, append([]string{"--as=" + namespace, "-n", namespace}, args...)...)
}

// run runs the program as the administrator. The requests pass through a function that can change them.
func run(ctx context.Context, change func(*http.Request), args ...string) result {
	GinkgoHelper()
	out, errOut := &bytes.Buffer{}, &bytes.Buffer{}
	found := runTo(ctx, change, out, errOut, args...)
	found.Out, found.Err = out.String(), errOut.String()
	return found
}

// runTo runs the program as run does, and writes what it prints while it runs.
func runTo(ctx context.Context, change func(*http.Request), out, errOut io.Writer, args ...string) result {
	recorder := &recorder{change: change}
	flags := genericclioptions.NewConfigFlags(true).WithWrapConfigFn(func(config *rest.Config) *rest.Config {
		config.Wrap(func(next http.RoundTripper) http.RoundTripper {
			recorder.next = next
			return recorder
		})
		return config
	})
	*flags.KubeConfig = kubeconfig
	since := time.Now()
	code := cli.Run(ctx, cli.Options{
		Streams: genericiooptions.IOStreams{In: os.Stdin, Out: out, ErrOut: errOut}, Version: "test", Flags: flags,
	}, args)
	return result{Code: code, Requests: recorder.requests, Bytes: recorder.bytes.Load(), Time: time.Since(since)}
}

// running is a run of the program that has not ended.
type running struct {
	Out, Err *lockedBuffer
	// ended receives the exit code.
	ended chan int
}

// start runs the program as run does, until it ends or the context does.
func start(ctx context.Context, change func(*http.Request), args ...string) *running {
	r := &running{Out: &lockedBuffer{}, Err: &lockedBuffer{}, ended: make(chan int, 1)}
	go func() { r.ended <- runTo(ctx, change, r.Out, r.Err, args...).Code }()
	return r
}

// failing lets requests that match fail while the switch is on: nothing listens where they are sent.
func failing(on *atomic.Bool) func(*http.Request) {
	return func(request *http.Request) {
		if on.Load() {
			request.URL.Host = "127.0.0.1:1"
		}
	}
}

// recorder counts requests.
type recorder struct {
	next   http.RoundTripper
	change func(*http.Request)

	mu       sync.Mutex
	requests []string
	bytes    atomic.Int64
}

// RoundTrip implements http.RoundTripper.
func (r *recorder) RoundTrip(request *http.Request) (*http.Response, error) {
	r.mu.Lock()
	r.requests = append(r.requests, request.Method+" "+request.URL.Path)
	r.mu.Unlock()
	if r.change != nil {
		request = request.Clone(request.Context())
		r.change(request)
	}
	response, err := r.next.RoundTrip(request)
	if err == nil && response.StatusCode != http.StatusSwitchingProtocols { // a connection that is upgraded is no body
		response.Body = &counted{response.Body, &r.bytes}
	}
	return response, err
}

// counted counts the bytes of an answer.
type counted struct {
	io.ReadCloser

	bytes *atomic.Int64
}

// Read implements io.Reader.
func (c *counted) Read(into []byte) (int, error) {
	n, err := c.ReadCloser.Read(into)
	c.bytes.Add(int64(n))
	return n, err
}
