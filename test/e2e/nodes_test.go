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
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// twoNodes labels specs that need a second node. They add one to the node of `make cluster-up`, and remove it afterwards, so
// that all other specs have one node. `make test-e2e`, and so CI, runs them; with KUBECONFIG, where nodes cannot be added and
// killed, test/e2e/run.sh leaves them out and says so.
var twoNodes = Label("nodes")

var errNoPod = errors.New("no Pod is Ready")

const (
	firstNode  = "node"
	secondNode = "node-2"
	// sharedClass is a StorageClass whose volumes both nodes see. Its volumes need not be detached from the node before.
	sharedClass = "shared"
	// drainTimeout is that of kubectl.
	drainTimeout = "--timeout=2m"
	// lostAfter is when the node controller gives up a node, 50 s after its last report, and some.
	lostAfter = 2 * time.Minute
)

// addNode makes the second node, with the images that the specs need, and removes it at the end.
func addNode(ctx context.Context) {
	GinkgoHelper()
	Expect(nodeNames(ctx)).To(Equal([]string{firstNode}), "the other specs are for one node: bin/cluster down "+secondNode)
	archives := filepath.SplitList(os.Getenv("CLUSTER_ARCHIVES"))
	Expect(archives).NotTo(BeEmpty(), "set CLUSTER_ARCHIVES to those of the operator and the stand-in, as make test-e2e does")

	DeferCleanup(func(ctx SpecContext) { clusterCommand(ctx, "down", secondNode) })
	clusterCommand(ctx, "up", "--nodes=2")
	clusterCommand(ctx, append([]string{"load"}, archives...)...)
	DeferCleanup(func(ctx SpecContext) {
		kubectl(ctx, "drain", secondNode, "--ignore-daemonsets", "--delete-emptydir-data", "--force", drainTimeout)
	})
}

func nodeNames(ctx context.Context) []string {
	GinkgoHelper()
	nodes := &corev1.NodeList{}
	Expect(kube.List(ctx, nodes)).To(Succeed())
	names, err := namesOf(nodes)
	Expect(err).NotTo(HaveOccurred())
	return names
}

// drain empties the second node as an administrator does. It takes Pods again at the end of the spec.
func drain(ctx context.Context) {
	GinkgoHelper()
	DeferCleanup(func(ctx SpecContext) { kubectl(ctx, "uncordon", secondNode) })
	kubectl(ctx, "drain", secondNode, "--ignore-daemonsets", "--delete-emptydir-data", drainTimeout)
}

// keepOffFirstNode lets new Pods wait for the first node until the result is called, at the end of the spec at the latest.
func keepOffFirstNode(ctx context.Context) func() {
	GinkgoHelper()
	kubectl(ctx, "cordon", firstNode)
	DeferCleanup(func(ctx SpecContext) { kubectl(ctx, "uncordon", firstNode) })
	return func() {
		GinkgoHelper()
		kubectl(ctx, "uncordon", firstNode)
	}
}

// createOnSecondNode waits until a server is Ready on the second node, although nothing in its spec demands this node.
func createOnSecondNode(ctx context.Context, server *v1alpha1.LlamaStackDistribution) {
	GinkgoHelper()
	admit := keepOffFirstNode(ctx)
	create(ctx, server)
	becomeReady(ctx, server)
	admit()
	Expect(placesOf(ctx, server)).To(ConsistOf(secondNode))
}

// placesOf are the nodes of a server's Pods that do not terminate.
func placesOf(ctx context.Context, server *v1alpha1.LlamaStackDistribution) []string {
	GinkgoHelper()
	pods, err := podsOf(ctx, server.Namespace)
	Expect(err).NotTo(HaveOccurred())
	var places []string
	for _, pod := range pods {
		places = append(places, pod.Spec.NodeName)
	}
	return places
}

// keeping is a server with a volume that both nodes see.
func keeping(namespace string) *llsdtest.Wrapper {
	return standIn(namespace, "server", `{}`).Storage("1Gi").
		Edit(func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Server.Storage.StorageClassName = new(sharedClass) })
}

// keep stores a file on a server and returns what checks that it is there.
func keep(ctx context.Context, server *v1alpha1.LlamaStackDistribution) func(context.Context) {
	GinkgoHelper()
	const content = "remember the milk"
	var id string
	Eventually(func() error {
		var err error
		id, err = upload(ctx, server, "notes.txt", content)
		return err
	}).Should(Succeed())
	return func(ctx context.Context) {
		GinkgoHelper()
		Eventually(func() (string, error) { return download(ctx, server, id) }).Should(Equal(content))
	}
}

var _ = Describe("A server on one of two nodes", twoNodes, Ordered, Serial, func() {
	BeforeAll(func(ctx SpecContext) { addNode(ctx) })

	It("moves with its volume when the node is drained", func(ctx SpecContext) {
		server := keeping(newNamespace(ctx)).Obj()
		createOnSecondNode(ctx, server)
		checkData := keep(ctx, server)

		admit := keepOffFirstNode(ctx) // however long the drain takes, the status without a Pod is to be seen after it
		drain(ctx)
		Eventually(conditionOf(ctx, server, v1alpha1.ConditionReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonProgressing, "0 available"))
		Eventually(conditionOf(ctx, server, v1alpha1.ConditionAvailable)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonUnavailable))
		Expect(conditionOf(ctx, server, v1alpha1.ConditionStorageReady)()).To(say(metav1.ConditionTrue, v1alpha1.ReasonStorageReady))

		admit()
		becomeReady(ctx, server)
		Expect(placesOf(ctx, server)).To(ConsistOf(firstNode))
		checkData(ctx)
		Expect(revision(ctx, server)).To(Equal("1"), "a move is no rollout")
	}, NodeTimeout(4*podStarts))

	It("answers without a break while the node of one of its Pods is drained, and keeps the others", func(ctx SpecContext) {
		server := standIn(newNamespace(ctx), "server", `{}`).Replicas(2).Edit(func(i *v1alpha1.LlamaStackDistribution) {
			// As long as requests may still be sent to a Pod that terminates: until controllers have taken it out of the Service.
			i.Spec.Server.ContainerSpec.Lifecycle = &v1alpha1.Lifecycle{PreStop: &v1alpha1.LifecycleHook{Sleep: &v1alpha1.SleepAction{Seconds: 8}}}
		}).Obj()
		create(ctx, server)
		becomeReady(ctx, server)
		Expect(placesOf(ctx, server)).To(ConsistOf(firstNode, secondNode))
		answer(ctx, server)

		failures := askAllTheTime(ctx, server)
		admit := keepOffFirstNode(ctx) // so that the other Pod is the only one until the spec has tried to evict it
		drain(ctx)
		Eventually(conditionOf(ctx, server, v1alpha1.ConditionReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonProgressing, "1 available"))
		Expect(conditionOf(ctx, server, v1alpha1.ConditionAvailable)()).To(say(metav1.ConditionTrue, v1alpha1.ReasonAvailable))

		By("refusing the eviction of the other Pod, until the first has been replaced")
		Expect(evict(ctx, server)).To(MatchError(apierrors.IsTooManyRequests, "refused by the disruption budget"))
		admit()
		becomeReady(ctx, server)
		Expect(placesOf(ctx, server)).To(ConsistOf(firstNode, firstNode))
		Expect(failures()).To(BeEmpty())
		Eventually(evict).WithContext(ctx).WithArguments(server).Should(Succeed())
	}, NodeTimeout(4*podStarts))

	It("starts on the other node when its node dies", func(ctx SpecContext) {
		server := keeping(newNamespace(ctx)).Edit(func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.PodOverrides = &v1alpha1.PodOverrides{Tolerations: leaveAfter(20)}
		}).Obj()
		createOnSecondNode(ctx, server)
		checkData := keep(ctx, server)

		clusterCommand(ctx, "kill", secondNode)
		DeferCleanup(func(ctx SpecContext) { clusterCommand(ctx, "start", secondNode) })
		Eventually(conditionOf(ctx, server, v1alpha1.ConditionReady)).WithTimeout(lostAfter).
			Should(say(metav1.ConditionFalse, v1alpha1.ReasonProgressing, "NodeNotReady", secondNode))

		becomeReady(ctx, server)
		Expect(placesOf(ctx, server)).To(ConsistOf(firstNode))
		checkData(ctx)
	}, NodeTimeout(lostAfter+4*podStarts))
})

// leaveAfter tolerates a node that is lost for some seconds, instead of 5 minutes.
func leaveAfter(seconds int64) []corev1.Toleration {
	var tolerations []corev1.Toleration
	for _, key := range []string{corev1.TaintNodeUnreachable, corev1.TaintNodeNotReady} {
		tolerations = append(tolerations, corev1.Toleration{
			Key: key, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute, TolerationSeconds: &seconds,
		})
	}
	return tolerations
}

// evict asks whether a Pod of a server that is Ready may be evicted, without doing it.
func evict(ctx context.Context, server *v1alpha1.LlamaStackDistribution) error {
	pods, err := podsOf(ctx, server.Namespace)
	if err != nil {
		return err
	}
	for _, pod := range pods {
		if ready, err := beReady().Match(pod); err == nil && ready {
			return clientset.CoreV1().Pods(pod.Namespace).EvictV1(ctx, &policyv1.Eviction{
				ObjectMeta:    metav1.ObjectMeta{Namespace: pod.Namespace, Name: pod.Name},
				DeleteOptions: &metav1.DeleteOptions{DryRun: []string{metav1.DryRunAll}},
			})
		}
	}
	return errNoPod
}

// askAllTheTime asks a server through its Service until the result is called, which returns what failed.
func askAllTheTime(ctx context.Context, server *v1alpha1.LlamaStackDistribution) func() []string {
	asking, stop := context.WithCancel(ctx)
	DeferCleanup(stop)
	done := make(chan []string, 1)
	go func() {
		var failures []string
		ticker := time.NewTicker(poll / 2)
		defer ticker.Stop()
		for asking.Err() == nil {
			// A request that has begun is finished: the end of the asking is no failure.
			if err := ask(ctx, request(server, http.MethodGet, "/v1/health"), nil); err != nil {
				failures = append(failures, time.Now().Format(time.TimeOnly)+" "+strings.TrimSpace(err.Error()))
			}
			<-ticker.C
		}
		done <- failures
	}()
	return func() []string {
		stop()
		return <-done
	}
}
