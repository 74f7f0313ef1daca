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

package node

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/test/infra/cluster/internal/config"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/cluster/internal/process"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

const (
	// readyPoll is how often a starting part is checked.
	readyPoll = 100 * time.Millisecond
	// askTimeout limits a single check.
	askTimeout = 2 * time.Second
	// logTail is how many lines of a log an error shows.
	logTail = 15
)

// What is wrong with a cluster that is not healthy.
var (
	// ErrEnded means that a daemon has ended.
	ErrEnded = errors.New("has ended")
	// ErrNotReady means that a part runs but does not answer as it should.
	ErrNotReady = errors.New("is not ready")

	errNothing = errors.New("nothing was started")
)

// part is something that has to be ready before the first Pod can run.
type part struct {
	daemon string
	ready  func(context.Context) error
}

// parts returns the API server and the kubelet first: the others need them.
func (m *Manager) parts() []part {
	parts := []part{
		{"kube-apiserver", m.apiReady},
		{"kubelet", m.nodeReady},
		{"kube-proxy", m.answers("kube-proxy", "10256")},
	}

	if m.First() {
		parts = append(parts, part{"kube-controller-manager", m.accountReady}, part{"coredns", m.dnsReady})
	}

	if m.NetworkPolicies {
		parts = append(parts, part{"kube-router", m.answers("kube-router", "20244")})
	}

	return parts
}

// Healthy returns nil when every daemon runs and every part is ready, on the other nodes, too.
func (m *Manager) Healthy(ctx context.Context) error {
	records, err := m.daemons().Records()
	if err != nil {
		return fmt.Errorf("failed to find the daemons: %w", err)
	}

	if len(records) == 0 {
		return fmt.Errorf("failed to find the cluster up: it %w: %w", ErrNotReady, errNothing)
	}

	if dead := process.Dead(records); len(dead) > 0 {
		return fmt.Errorf("failed to keep all programs running: %s %w; see %s", strings.Join(dead, ", "), ErrEnded, m.Logs())
	}

	for _, part := range m.parts() {
		if err := part.ready(ctx); err != nil {
			return err
		}
	}

	for _, other := range m.others() {
		if err := other.Healthy(ctx); err != nil {
			return fmt.Errorf("failed to find %s healthy: %w", other.NodeName(), err)
		}
	}

	return nil
}

// wait calls check until it succeeds. It fails at once when any daemon has ended, else after startLimit; the error then
// shows the end of the log of the daemon it waited for.
func (m *Manager) wait(ctx context.Context, daemon string, check func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()

	for {
		err := check(ctx)
		if err == nil {
			m.Sayf("  %s is ready", daemon)

			return nil
		}

		records, recordsErr := m.daemons().Records()
		if recordsErr != nil {
			return fmt.Errorf("failed to find the daemons: %w", recordsErr)
		}

		if dead := process.Dead(records); len(dead) > 0 {
			return fmt.Errorf("failed to keep all programs running: %s %w:\n%s", dead[0], ErrEnded, m.tail(dead[0]))
		}

		select {
		case <-ctx.Done():
			return fmt.Errorf("failed to get %s ready within %v: %w\n%s", daemon, startLimit, err, m.tail(daemon))
		case <-time.After(readyPoll):
		}
	}
}

// tail returns the end of a daemon's log.
func (m *Manager) tail(daemon string) string {
	path := filepath.Join(m.Logs(), daemon+".log")

	content, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}

	lines := strings.Split(strings.TrimSpace(string(content)), "\n")

	return fmt.Sprintf("--- the end of %s:\n%s", path, strings.Join(lines[max(0, len(lines)-logTail):], "\n"))
}

func (m *Manager) client() (kubernetes.Interface, error) {
	client, err := Client(m.Path("cluster.kubeconfig"))
	if err != nil {
		return nil, fmt.Errorf("failed to talk to the cluster: %w", err)
	}

	return client, nil
}

// Client makes a client from a kubeconfig file.
func Client(kubeconfig string) (kubernetes.Interface, error) {
	restConfig, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("failed to read the kubeconfig: %w", err)
	}

	client, err := kubernetes.NewForConfig(restConfig)
	if err != nil {
		return nil, fmt.Errorf("failed to make a client from %s: %w", kubeconfig, err)
	}

	return client, nil
}

func (m *Manager) apiReady(ctx context.Context) error {
	client, err := m.client()
	if err != nil {
		return err
	}

	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()

	if err := client.Discovery().RESTClient().Get().AbsPath("/readyz").Do(ctx).Error(); err != nil {
		return fmt.Errorf("failed to wait: the API server %w: %w", ErrNotReady, err)
	}

	return nil
}

func (m *Manager) nodeReady(ctx context.Context) error {
	client, err := m.client()
	if err != nil {
		return err
	}

	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()

	node, err := client.CoreV1().Nodes().Get(ctx, m.NodeName(), metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("failed to wait: the node %w: %w", ErrNotReady, err)
	}

	for _, condition := range node.Status.Conditions {
		if condition.Type == corev1.NodeReady && condition.Status == corev1.ConditionTrue {
			return m.untainted(node)
		}
	}

	return fmt.Errorf("failed to wait: the node %w", ErrNotReady)
}

// untainted waits for the controller that lets Pods onto a node after it has become ready.
func (m *Manager) untainted(node *corev1.Node) error {
	if index := slices.IndexFunc(node.Spec.Taints, func(taint corev1.Taint) bool {
		return taint.Key == corev1.TaintNodeNotReady
	}); index >= 0 {
		return fmt.Errorf("failed to wait: the node %w: it still has the taint %s", ErrNotReady, corev1.TaintNodeNotReady)
	}

	return nil
}

// accountReady waits for the default ServiceAccount, without which no Pod is accepted.
func (m *Manager) accountReady(ctx context.Context) error {
	client, err := m.client()
	if err != nil {
		return err
	}

	if _, err := client.CoreV1().ServiceAccounts(metav1.NamespaceDefault).Get(ctx, "default", metav1.GetOptions{}); err != nil {
		return fmt.Errorf("failed to wait: the default ServiceAccount %w: %w", ErrNotReady, err)
	}

	return nil
}

func (m *Manager) dnsReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()

	var dialer net.Dialer

	resolver := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return dialer.DialContext(ctx, network, net.JoinHostPort(m.IP().String(), "53"))
	}}

	addresses, err := resolver.LookupHost(ctx, "kubernetes.default.svc."+config.ClusterDomain+".")
	if err != nil {
		return fmt.Errorf("failed to wait: the cluster's DNS %w: %w", ErrNotReady, err)
	}

	if !slices.Equal(addresses, []string{config.ServiceIP}) {
		return fmt.Errorf("failed to wait: the cluster's DNS %w: it gives %v for the API server instead of %s", ErrNotReady, addresses, config.ServiceIP)
	}

	return nil
}

// answers reads the health of a daemon over HTTP at a port.
func (m *Manager) answers(daemon, port string) func(context.Context) error {
	return func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, askTimeout)
		defer cancel()

		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(m.IP().String(), port)+"/healthz", http.NoBody)
		if err != nil {
			return fmt.Errorf("failed to ask %s: %w", daemon, err)
		}

		client := http.Client{Transport: &http.Transport{}} // no proxy between host and node
		defer client.CloseIdleConnections()

		response, err := client.Do(request)
		if err != nil {
			return fmt.Errorf("failed to wait: %s %w: %w", daemon, ErrNotReady, err)
		}
		defer func() { _ = response.Body.Close() }()

		if response.StatusCode != http.StatusOK {
			return fmt.Errorf("failed to wait: %s %w: it answers %s", daemon, ErrNotReady, response.Status)
		}

		return nil
	}
}
