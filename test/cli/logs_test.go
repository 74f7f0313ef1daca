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
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// logNode answers for the kubelet of a node: the API server forwards requests for logs to it.
type logNode struct {
	name string

	mu sync.Mutex
	// logs by "namespace/pod/container", and the queries of the requests.
	logs    map[string]string
	queries []string
	// ports answers requests to forward ports.
	ports http.Handler
}

// startLogNode registers the node until the spec ends.
func startLogNode(ctx context.Context) *logNode {
	GinkgoHelper()
	node := &logNode{logs: map[string]string{}}
	kubelet := httptest.NewTLSServer(node)
	DeferCleanup(kubelet.Close)
	_, port, err := net.SplitHostPort(kubelet.Listener.Addr().String())
	Expect(err).NotTo(HaveOccurred())
	number, err := strconv.ParseInt(port, 10, 32)
	Expect(err).NotTo(HaveOccurred())
	object := &corev1.Node{ObjectMeta: metav1.ObjectMeta{GenerateName: "logs-"}}
	harness.Create(ctx, admin, object)
	DeferCleanup(func(ctx context.Context) { Expect(admin.Delete(ctx, object)).To(Succeed()) })
	node.name = object.Name
	object.Status.Addresses = []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: "127.0.0.1"}}
	object.Status.DaemonEndpoints.KubeletEndpoint.Port = int32(number)
	Expect(admin.Status().Update(ctx, object)).To(Succeed())
	return node
}

// ServeHTTP answers /containerLogs/NAMESPACE/POD/CONTAINER.
func (n *logNode) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	if strings.HasPrefix(request.URL.Path, "/portForward/") && n.ports != nil {
		n.ports.ServeHTTP(w, request)
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	log, ok := n.logs[strings.TrimPrefix(request.URL.Path, "/containerLogs/")]
	if !ok {
		http.NotFound(w, request)
		return
	}
	n.queries = append(n.queries, request.URL.RawQuery)
	_, _ = w.Write([]byte(log))
}

// pod makes a Pod that has started on the node, with a log.
func (n *logNode) pod(ctx context.Context, pod *corev1.Pod, log string) {
	GinkgoHelper()
	n.write(pod, log)
	pod.Spec.NodeName = n.name
	harness.Create(ctx, admin, pod)
	n.begin(ctx, pod)
}

// write replaces the log of a Pod.
func (n *logNode) write(pod *corev1.Pod, log string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.logs[pod.Namespace+"/"+pod.Name+"/"+pod.Spec.Containers[0].Name] = log
}

// begin lets the container of a Pod start.
func (n *logNode) begin(ctx context.Context, pod *corev1.Pod) {
	GinkgoHelper()
	container := pod.Spec.Containers[0].Name
	pod.Status.Phase = corev1.PodRunning
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{{
		Name: container, ContainerID: "test://" + pod.Name, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}},
	}}
	Expect(admin.Status().Update(ctx, pod)).To(Succeed())
}

var _ = Describe("logs", func() {
	It("has the lines of all Pods and of the operator in the order of time", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		server := llsdtest.Make("demo").Namespace(namespace).Obj()
		harness.Create(ctx, admin, server)
		node := startLogNode(ctx)
		node.pod(ctx, podOf(server, "demo-a"), "2026-03-01T12:00:00.1Z starts\n2026-03-01T12:00:02Z \n2026-03-01T12:00:04Z serves\n")
		node.pod(ctx, podOf(server, "demo-b"), "2026-03-01T12:00:01Z starts\n2026-03-01T12:00:03Z serves\n")
		operator, other := podOf(server, "operator-"+namespace), podOf(server, "other-"+namespace)
		operator.Namespace, operator.Labels = harness.OperatorNamespace, render.OperatorPodLabels()
		other.Namespace, other.Labels = harness.OperatorNamespace, map[string]string{"control-plane": "controller-manager"}
		operator.Spec.Containers[0].Name, other.Spec.Containers[0].Name = "manager", "manager"
		node.pod(ctx, other, fmt.Sprintf("2026-03-01T12:00:00.2Z {\"namespace\":%q,\"name\":\"demo\"}\n", namespace))
		node.pod(ctx, operator, fmt.Sprintf("2026-03-01T12:00:00.2Z {\"namespace\":%q,\"name\":\"demo\",\"msg\":\"applied\"}\n"+
			"2026-03-01T12:00:00.3Z {\"namespace\":%q,\"name\":\"other\"}\n2026-03-01T12:00:00.4Z no JSON\n", namespace, namespace))

		found := run(ctx, nil, "logs", "demo", "-n", namespace, "--operator")

		Expect(found.Out).To(Equal("[demo-a] starts\n" +
			"[operator-" + namespace + "] {\"namespace\":\"" + namespace + "\",\"name\":\"demo\",\"msg\":\"applied\"}\n" +
			"[demo-b] starts\n[demo-a] \n[demo-b] serves\n[demo-a] serves\n"))
		Expect(found.Code).To(BeZero(), found.Err)
	})

	It("shows the logs of the Pods to an editor, and names the right to those of the operator", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		server := llsdtest.Make("demo").Namespace(namespace).Obj()
		harness.Create(ctx, admin, server)
		node := startLogNode(ctx)
		node.pod(ctx, podOf(server, "demo-a"), "2026-03-01T12:00:00Z starts\n")

		Eventually(func() result {
			return asEditor(ctx, namespace, "logs", "demo", "--operator", "--tail=5", "--since=1h", "--previous")
		}).Should(And(
			HaveField("Out", "[demo-a] starts\n"), HaveField("Code", 0),
			HaveField("Err", ContainSubstring("Not shown: you cannot list pods in namespace "+harness.OperatorNamespace+"; to allow it")),
		))
		Expect(node.queries).To(ContainElement(And(ContainSubstring("tailLines=5"), ContainSubstring("sinceSeconds=3600"), ContainSubstring("previous=true"))))
	})

	It("says why there is no log", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		server := llsdtest.Make("demo").Namespace(namespace).Edit(func(s *v1alpha1.LlamaStackDistribution) { s.Spec.Suspend = true }).Obj()
		harness.Create(ctx, admin, server)

		Eventually(func() string { return asEditor(ctx, namespace, "logs", "demo").Err }).Should(ContainSubstring("demo has no Pods; start it again when you need it"))
		harness.Create(ctx, admin, podOf(server, "demo-a"))
		Expect(asEditor(ctx, namespace, "logs", "demo").Err).To(ContainSubstring("Not shown: the log of llama-stack in Pod demo-a does not exist yet"))
		node := startLogNode(ctx)
		node.pod(ctx, podOf(server, "demo-b"), "")
		clear(node.logs)
		Expect(asEditor(ctx, namespace, "logs", "demo").Err).To(ContainSubstring("Not shown: failed to read the log of llama-stack in Pod demo-b"))
	})

	It("follows Pods that start later, each line once", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		server := llsdtest.Make("demo").Namespace(namespace).Obj()
		harness.Create(ctx, admin, server)
		node := startLogNode(ctx)
		node.pod(ctx, podOf(server, "demo-a"), "2026-03-01T12:00:00Z starts\n")
		following, stop := context.WithCancel(ctx)
		found := start(following, nil, "logs", "demo", "-n", namespace, "-f")

		Eventually(found.Out.String).Should(Equal("[demo-a] starts\n"))
		node.pod(ctx, podOf(server, "demo-b"), "2026-03-01T12:00:01Z starts\n")
		Eventually(found.Out.String).Should(Equal("[demo-a] starts\n[demo-b] starts\n"))

		stop()
		Eventually(found.ended).Should(Receive(BeZero()), "an interrupt is the normal end")
		Expect(found.Out.String()).To(Equal("[demo-a] starts\n[demo-b] starts\n"))
	})

	It("names the containers in the place of one that no Pod has, also to one who follows", func(ctx SpecContext) {
		namespace := newNamespace(ctx)
		server := llsdtest.Make("demo").Namespace(namespace).Obj()
		harness.Create(ctx, admin, server, podOf(server, "demo-a"))

		for _, args := range [][]string{{"logs", "demo", "-c", "other"}, {"logs", "demo", "-c", "other", "-f"}} {
			Expect(run(ctx, nil, append(args, "-n", namespace)...)).To(And(HaveField("Code", 1),
				HaveField("Err", ContainSubstring("no Pod of demo has a container other; name one of these: llama-stack\n"))))
		}
	}, NodeTimeout(5*time.Minute))

	It("says what it waits for, and follows a log when it can be read", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		server := llsdtest.Make("demo").Namespace(namespace).Obj()
		harness.Create(ctx, admin, server)
		node := startLogNode(ctx)
		following, stop := context.WithCancel(ctx)
		found := start(following, nil, "logs", "demo", "-n", namespace, "-f")

		Eventually(found.Err.String).Should(MatchRegexp(`^demo has no Pods; .*\. Waiting for Pods\.\n$`))
		pod := podOf(server, "demo-a")
		pod.Spec.NodeName = node.name
		harness.Create(ctx, admin, pod)
		Eventually(found.Err.String).Should(HaveSuffix("\nWaiting until llama-stack in Pod demo-a starts.\n"))
		node.begin(ctx, pod)
		Eventually(found.Err.String).Should(ContainSubstring("Not shown: failed to read the log of llama-stack in Pod demo-a: "))
		node.write(pod, "2026-03-01T12:00:00Z starts\n")
		Eventually(found.Out.String).Should(Equal("[demo-a] starts\n"))

		stop()
		Eventually(found.ended).Should(Receive(BeZero()))
		Expect(strings.Count(found.Err.String(), "\n")).To(Equal(3), "each once: %s", found.Err.String())
	})

	It("ends where the logs may not be read", func(ctx SpecContext) {
		namespace := newNamespace(ctx)
		server := llsdtest.Make("demo").Namespace(namespace).Obj()
		harness.Create(ctx, admin, server)
		startLogNode(ctx).pod(ctx, podOf(server, "demo-a"), "2026-03-01T12:00:00Z starts\n")
		as := func(request *http.Request) {
			if strings.HasSuffix(request.URL.Path, "/log") {
				request.Header.Set("Impersonate-User", nobody)
			}
		}

		Expect(run(ctx, as, "logs", "demo", "-f", "-n", namespace)).To(And(HaveField("Code", 1),
			HaveField("Err", ContainSubstring("error: you cannot get pods/log in namespace "+namespace+"; to allow it"))))
	}, NodeTimeout(5*time.Minute))

	It("continues after an outage of the API server", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		server := llsdtest.Make("demo").Namespace(namespace).Obj()
		harness.Create(ctx, admin, server)
		node, pod := startLogNode(ctx), podOf(server, "demo-a")
		node.pod(ctx, pod, "2026-03-01T12:00:00Z starts\n")
		following, stop := context.WithCancel(ctx)
		down := &atomic.Bool{}
		found := start(following, failing(down), "logs", "demo", "-n", namespace, "-f")

		Eventually(found.Out.String).Should(Equal("[demo-a] starts\n"))
		down.Store(true)
		Eventually(found.Err.String).Should(ContainSubstring("A request failed, and is sent again until it is answered: "))
		node.write(pod, "2026-03-01T12:00:00Z starts\n2026-03-01T12:00:01Z serves\n")
		down.Store(false)
		Eventually(found.Err.String).Should(HaveSuffix("The API server answers again.\n"))
		Eventually(found.Out.String).Should(Equal("[demo-a] starts\n[demo-a] serves\n"), "each line once")

		stop()
		Eventually(found.ended).Should(Receive(BeZero()))
	})

	It("has an object for each line as JSON", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		server := llsdtest.Make("demo").Namespace(namespace).Obj()
		harness.Create(ctx, admin, server)
		startLogNode(ctx).pod(ctx, podOf(server, "demo-a"), "2026-03-01T12:00:00Z starts\n2026-03-01T12:00:01Z \"now\"\n")

		Expect(run(ctx, nil, "logs", "demo", "-n", namespace, "-o", "json").Out).To(Equal(
			`{"time":"2026-03-01T12:00:00Z","pod":"demo-a","container":"llama-stack","line":"starts"}` + "\n" +
				`{"time":"2026-03-01T12:00:01Z","pod":"demo-a","container":"llama-stack","line":"\"now\""}` + "\n"))
		Expect(run(ctx, nil, "logs", "demo", "-o", "yaml")).To(And(HaveField("Code", 1), HaveField("Err", ContainSubstring("use json"))))
	})
})

// lockedBuffer is written while a spec reads it.
type lockedBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

// Write implements io.Writer.
func (b *lockedBuffer) Write(content []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(content)
}

// String is what was written.
func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}
