//go:build perf

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

package perf_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	"github.com/onsi/gomega/gexec"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/yaml"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// noServers are addresses that the operator does not connect to: there are no servers, and the time of a thousand
// failed connections would be in the figures.
const noServers = "169.254.0.0/16"

// heapReadings is how often the live heap is read: single readings differ by 300 KiB.
const heapReadings = 5

// process is the operator's process.
type process struct {
	binary, kubeconfig string
	// args and env are those of the shipped Deployment, and where to listen.
	args, env       []string
	metrics, health string
	// profiles is the address of the operator's profiles; "" for none.
	profiles string

	session *gexec.Session
	logs    *os.File
	logged  volume
}

// volume counts the lines and bytes of the log.
type volume struct{ lines, bytes atomic.Int64 }

// Write counts what is written.
func (v *volume) Write(text []byte) (int, error) {
	v.lines.Add(int64(bytes.Count(text, []byte("\n"))))
	v.bytes.Add(int64(len(text)))
	return len(text), nil
}

// buildOperator builds what `make build` builds.
func buildOperator() *process {
	GinkgoHelper()
	dir := GinkgoT().TempDir()
	p := &process{
		binary: filepath.Join(dir, "manager"), kubeconfig: filepath.Join(dir, "kubeconfig"),
		metrics: harness.FreeAddress(), health: harness.FreeAddress(),
	}
	build := exec.CommandContext(context.Background(), "go", "build", "-ldflags", "-s -w", "-o", p.binary, "../..")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	output, err := build.CombinedOutput()
	Expect(err).NotTo(HaveOccurred(), "%s", output)
	p.configure()
	Expect(clientcmd.WriteToFile(operatorKubeconfig(), p.kubeconfig)).To(Succeed())
	if path := os.Getenv("TEST_PERF_LOG"); path != "" {
		p.logs, err = os.Create(path)
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(p.logs.Close)
	}
	return p
}

// configure takes arguments and environment from the Deployment that is shipped.
func (p *process) configure() {
	GinkgoHelper()
	text, err := os.ReadFile(filepath.Join("..", "..", "config", "manager", "manager.yaml"))
	Expect(err).NotTo(HaveOccurred())
	deployment := &appsv1.Deployment{}
	Expect(yaml.Unmarshal(text, deployment)).To(Succeed())
	container := deployment.Spec.Template.Spec.Containers[0]
	p.args = slices.Concat(container.Args, []string{"--metrics-secure=false", "--metrics-bind-address=" + p.metrics, "--health-probe-bind-address=" + p.health})
	if os.Getenv(profileFolder) != "" {
		p.profiles = harness.FreeAddress()
		p.args = append(p.args, "--pprof-bind-address="+p.profiles)
	}
	for _, variable := range container.Env {
		if variable.ValueFrom == nil {
			p.env = append(p.env, variable.Name+"="+variable.Value)
		}
	}
	p.env = append(p.env, "OPERATOR_NAMESPACE="+harness.OperatorNamespace, "KUBECONFIG="+p.kubeconfig, "PATH="+os.Getenv("PATH"))
}

// operatorKubeconfig reaches the API server over the wire, as the operator's ServiceAccount.
func operatorKubeconfig() clientcmdapi.Config {
	const name = "perf"
	config := clientcmdapi.NewConfig()
	config.Clusters[name] = &clientcmdapi.Cluster{Server: "https://" + wire.Address(), CertificateAuthorityData: adminConfig.CAData}
	config.AuthInfos[name] = &clientcmdapi.AuthInfo{
		ClientCertificateData: adminConfig.CertData, ClientKeyData: adminConfig.KeyData,
		Impersonate:       harness.ServiceAccount,
		ImpersonateGroups: harness.ServiceAccountGroups(),
	}
	config.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: name}
	config.CurrentContext = name
	return *config
}

// start runs the operator and waits until it leads with warm caches.
func (p *process) start() {
	GinkgoHelper()
	command := exec.CommandContext(context.Background(), p.binary, p.args...)
	command.Env = p.env
	var (
		output io.Writer = GinkgoWriter
		err    error
	)
	if p.logs != nil {
		output = p.logs
	}
	output = io.MultiWriter(output, &p.logged)
	p.session, err = gexec.Start(command, output, output)
	Expect(err).NotTo(HaveOccurred())
	Eventually(p.leads).Should(Succeed())
}

// leads is nil when the operator is ready and holds the lease.
func (p *process) leads() error {
	if code := p.status("/readyz"); code != http.StatusOK {
		return fmt.Errorf("failed to find the operator ready: /readyz says %d", code)
	}
	leading, err := p.metric("leader_election_master_status")
	if err == nil && leading != 1 {
		return errors.New("failed to find the operator leading")
	}
	return err
}

// stop ends the operator as a kubelet does.
func (p *process) stop() {
	GinkgoHelper()
	if p.session != nil {
		p.session.Terminate().Wait(30 * time.Second)
		p.session = nil
	}
}

func (p *process) alive() error { return p.session.Command.Process.Signal(syscall.Signal(0)) }

// status is the code of a health endpoint's answer, 0 for none.
func (p *process) status(path string) int {
	response, err := fetch("http://" + p.health + path)
	if err != nil {
		return 0
	}
	defer func() { _ = response.Body.Close() }()
	return response.StatusCode
}

// fetch asks for plain text: compressing the answer would be memory that the operator does not need otherwise.
func fetch(url string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url, http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("failed to ask for %s: %w", url, err)
	}
	request.Header.Set("Accept-Encoding", "identity")
	return http.DefaultClient.Do(request)
}

// metric is the sum of a metric's series that have all the labels, each as key="value".
func (p *process) metric(name string, labels ...string) (float64, error) {
	page, err := p.page()
	if err != nil {
		return 0, err
	}
	sum := 0.0
	for line := range strings.Lines(page) {
		series, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if found, _, _ := strings.Cut(series, "{"); found != name || !containsAll(series, labels) {
			continue
		}
		number, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return 0, fmt.Errorf("failed to read metric %s: %w", name, err)
		}
		sum += number
	}
	return sum, nil
}

// page is all metrics in the text format.
func (p *process) page() (string, error) {
	response, err := fetch("http://" + p.metrics + "/metrics")
	if err != nil {
		return "", fmt.Errorf("failed to read the metrics: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	page, err := io.ReadAll(response.Body)
	if err != nil {
		return "", fmt.Errorf("failed to read the metrics: %w", err)
	}
	return string(page), nil
}

func containsAll(text string, parts []string) bool {
	for _, part := range parts {
		if !strings.Contains(text, part) {
			return false
		}
	}
	return true
}

// counter is metric, and fails if the operator does not answer.
func (p *process) counter(name string, labels ...string) float64 {
	GinkgoHelper()
	value, err := p.metric(name, labels...)
	Expect(err).NotTo(HaveOccurred())
	return value
}

// reconciles is how many reconciles of LlamaStackDistributions there have been in this process.
func (p *process) reconciles() float64 {
	GinkgoHelper()
	return p.counter("controller_runtime_reconcile_total", `controller="llamastackdistribution"`)
}

// liveHeap is the memory, in bytes, that the operator has in use: the least that several of its garbage collections found.
// What is made while a collection marks counts as in use until the next, and so do pools until the second; it is never
// less than what is in use. Reading metrics makes garbage, so that reading them often enough makes a collection happen.
func (p *process) liveHeap() float64 {
	GinkgoHelper()
	least := math.Inf(1)
	for range heapReadings {
		collections := func() float64 { return p.counter("go_gc_cycles_total_gc_cycles_total") }
		until := collections() + 2
		Eventually(collections).WithPolling(time.Millisecond).Should(BeNumerically(">=", until))
		least = min(least, p.counter("go_gc_heap_live_bytes"))
	}
	return least
}

// resident is the resident memory of the process as the kernel reports it, in bytes.
func (p *process) resident(field string) float64 {
	GinkgoHelper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.session.Command.Process.Pid))
	Expect(err).NotTo(HaveOccurred())
	for line := range strings.Lines(string(text)) {
		if name, value, _ := strings.Cut(line, ":"); name == field {
			kibibytes, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 64)
			Expect(err).NotTo(HaveOccurred())
			return kibibytes * 1024
		}
	}
	Fail("the kernel does not report " + field)
	return 0
}

const (
	kibi = 1 << 10
	mebi = 1 << 20
)
