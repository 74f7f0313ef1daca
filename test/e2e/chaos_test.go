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

package e2e_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// Labels of the specs that break things: `make test-chaos` runs them, and `make test-e2e` the others.
var (
	chaos = Label("chaos")
	// onNode needs the node of `make cluster-up`, whose parts and network can be broken.
	onNode = Label("node")
)

const (
	// marker is a variable of a server's container that identifies an edit of a spec.
	marker = "CHAOS"
	// healed is the limit until a fault has no effect any more, on a busy machine. The table has the measured time.
	healed = 4 * time.Minute
	// specLimit is what a spec of chaos may take in all.
	specLimit = 10 * time.Minute
)

// recovery is a line of the table: how long after the fault, or after its end, an edit had reached the Deployment, and
// the server was Ready, or healthy in another way.
type recovery struct {
	fault          string
	applied, ready time.Duration
}

var recoveries []recovery

// The table is for docs/reliability.md.
var _ = ReportAfterSuite("recovery times", func(Report) {
	if len(recoveries) == 0 {
		return
	}
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 1, ' ', tabwriter.Debug)
	_, _ = fmt.Fprintln(table, "fault\t edit applied after\t healthy after")
	for _, r := range recoveries {
		_, _ = fmt.Fprintf(table, "%s\t %s\t %s\n", r.fault, seconds(r.applied), seconds(r.ready))
	}
	_ = table.Flush()
	fmt.Println("\nRecovery times:\n" + text.String())
})

func seconds(d time.Duration) string {
	if d == 0 {
		return "-"
	}
	return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
}

// record notes when a server was healthy again.
func record(fault string, since time.Time) {
	recoveries = append(recoveries, recovery{fault: fault, ready: time.Since(since)})
}

// mark edits a server so that it rolls out, and returns what recovered waits for.
func mark(ctx context.Context, server *v1alpha1.LlamaStackDistribution, text string) string {
	GinkgoHelper()
	edit(ctx, server, setEnv(marker, text))
	return text
}

// marked polls the mark that a server's Deployment has.
func marked(ctx context.Context, server *v1alpha1.LlamaStackDistribution) func() (string, error) {
	return func() (string, error) {
		deployment := &appsv1.Deployment{}
		if err := kube.Get(ctx, types.NamespacedName{Namespace: server.Namespace, Name: server.Name}, deployment); err != nil {
			return "", err
		}
		for _, variable := range deployment.Spec.Template.Spec.Containers[0].Env {
			if variable.Name == marker {
				return variable.Value, nil
			}
		}
		return "", nil
	}
}

// recovered waits until an edit that was made during a fault has arrived and the server is Ready with it, and notes
// how long after since that was.
func recovered(ctx context.Context, fault string, server *v1alpha1.LlamaStackDistribution, mark string, since time.Time) {
	GinkgoHelper()
	Eventually(marked(ctx, server)).WithTimeout(healed).Should(Equal(mark))
	applied := time.Since(since)
	Eventually(conditionOf(ctx, server, v1alpha1.ConditionReady)).WithTimeout(healed).Should(say("True", v1alpha1.ReasonReady))
	recoveries = append(recoveries, recovery{fault: fault, applied: applied, ready: time.Since(since)})
}

// processes are the operator's Pods and how often the container of each was restarted.
func processes(ctx context.Context) map[string]int32 {
	GinkgoHelper()
	found := map[string]int32{}
	for _, pod := range operatorPods(ctx) {
		restarts := int32(0)
		for _, container := range pod.Status.ContainerStatuses {
			restarts += container.RestartCount
		}
		found[string(pod.UID)] = restarts
	}
	return found
}

// clusterCommand runs the program of the one-node Kubernetes, which can break the node's parts and network.
func clusterCommand(ctx context.Context, args ...string) {
	GinkgoHelper()
	program := os.Getenv("CLUSTER_PROGRAM")
	Expect(program).NotTo(BeEmpty(), "set CLUSTER_PROGRAM to bin/cluster, as make test-chaos does")
	command := exec.CommandContext(ctx, program, args...)
	output, err := command.CombinedOutput()
	Expect(err).NotTo(HaveOccurred(), "%v: %s", args, output)
}

// isolate cuts Pods off from the API server, in both directions and without an error, and returns a function that ends
// this. The end of the spec ends it in any case.
func isolate(ctx context.Context, pods ...corev1.Pod) func(context.Context) {
	GinkgoHelper()
	var rules [][]string
	for _, pod := range pods {
		Expect(pod.Status.PodIP).NotTo(BeEmpty())
		rules = append(rules,
			[]string{"INPUT", "--source", pod.Status.PodIP, "--protocol", "tcp", "--dport", "6443", "--jump", "DROP"},
			[]string{"OUTPUT", "--destination", pod.Status.PodIP, "--protocol", "tcp", "--sport", "6443", "--jump", "DROP"})
	}
	heal := func(ctx context.Context) {
		for _, rule := range rules {
			clusterCommand(ctx, append([]string{"exec", "iptables", "--wait", "--table", "mangle", "--delete"}, rule...)...)
		}
		rules = nil
	}
	DeferCleanup(func(ctx SpecContext) { heal(ctx) })
	for _, rule := range rules {
		clusterCommand(ctx, append([]string{"exec", "iptables", "--wait", "--table", "mangle", "--insert"}, rule...)...)
	}
	return heal
}

// killProcess ends the operator's process in a Pod at once, as running out of memory would.
func killProcess(ctx context.Context, pod corev1.Pod) {
	GinkgoHelper()
	logs.collect(ctx)
	groups, err := filepath.Glob("/proc/[0-9]*/cgroup")
	Expect(err).NotTo(HaveOccurred())
	killed := 0
	for _, group := range groups {
		content, err := os.ReadFile(group)
		folder := filepath.Dir(group)
		if err != nil || !strings.Contains(string(content), string(pod.UID)) {
			continue
		}
		if program, err := os.ReadFile(filepath.Join(folder, "comm")); err != nil || strings.TrimSpace(string(program)) != "manager" {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(folder))
		Expect(err).NotTo(HaveOccurred())
		Expect(syscall.Kill(pid, syscall.SIGKILL)).To(Succeed())
		killed++
	}
	Expect(killed).To(Equal(1), "processes of Pod "+pod.Name)
}

// leaderPod is the Pod that holds the lease.
func leaderPod(ctx context.Context) corev1.Pod {
	GinkgoHelper()
	var found corev1.Pod
	Eventually(func(g Gomega) {
		name, err := leader(ctx)
		g.Expect(err).NotTo(HaveOccurred())
		pods, err := listOperatorPods(ctx)
		g.Expect(err).NotTo(HaveOccurred())
		for _, pod := range pods {
			if pod.Name == name {
				found = pod
			}
		}
		g.Expect(found.Name).To(Equal(name))
		g.Expect(name).NotTo(BeEmpty())
	}).WithTimeout(leaderTakesOver).Should(Succeed())
	return found
}
