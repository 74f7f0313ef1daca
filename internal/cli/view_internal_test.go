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

package cli

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestCLI(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "CLI Suite")
}

// noon is the time of all specs.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func ago(d time.Duration) metav1.Time { return metav1.NewTime(noon.Add(-d)) }

// golden compares a text with a file of testdata.
func golden(name, got string) {
	GinkgoHelper()
	file := filepath.Join("testdata", name+".txt")
	if *update {
		Expect(os.WriteFile(file, []byte(got), 0o600)).To(Succeed())
	}
	want, err := os.ReadFile(file)
	Expect(err).NotTo(HaveOccurred())
	Expect(got).To(Equal(string(want)))
}

// printed is what a function prints without colours.
func printed(do func(painter)) string {
	out := &bytes.Buffer{}
	do(painter{Writer: out})
	return out.String()
}

// withStatus is a server with a status that package status computes, from its golden files.
func withStatus(name string) *v1alpha1.LlamaStackDistribution {
	GinkgoHelper()
	server := llsdtest.Make("demo").Obj()
	content, err := os.ReadFile(filepath.Join("..", "status", "testdata", name+".yaml"))
	Expect(err).NotTo(HaveOccurred())
	Expect(yaml.Unmarshal(content, &server.Status)).To(Succeed())
	server.Generation = server.Status.ObservedGeneration
	switch name {
	case "suspended": // its Deployment was scaled to 0
		server.Spec.Server.Autoscaling = &v1alpha1.AutoscalingSpec{MaxReplicas: 5}
	case "scaled-to-zero", "stopping":
		server.Spec.Replicas = new(int32(0))
	}
	for i := range server.Status.Conditions {
		server.Status.Conditions[i].LastTransitionTime = ago(2 * time.Minute)
	}
	return server
}

// statuses are the names of all golden statuses.
func statuses() []string {
	files, err := filepath.Glob(filepath.Join("..", "status", "testdata", "*.yaml"))
	Expect(err).NotTo(HaveOccurred())
	names := make([]string, 0, len(files))
	for _, file := range files {
		names = append(names, strings.TrimSuffix(filepath.Base(file), ".yaml"))
	}
	return names
}

var _ = Describe("The status of a server", func() {
	It("has a next step in each situation that the operator reports", func() {
		var rows []rowView
		for _, name := range statuses() {
			server := withStatus(name)
			server.Name = name
			rows = append(rows, rowOf(server))
		}
		Expect(len(rows)).To(BeNumerically(">", 10))

		golden("situations", printed(func(out painter) { out.servers(rows, false, noon) }))
	})

	It("is a tree with what is wrong first", func() {
		server := withStatus("rollout-failed")
		server.Spec.Server.Storage = &v1alpha1.StorageSpec{}
		server.Status.ServiceURL = "http://demo-service.default.svc:8321"
		view := viewOf(&facts{
			now: noon, server: server, deployment: brokenDeployment(), pods: []corev1.Pod{servingPod(), crashingPod(), unpulledPod()},
			pvc: boundPVC(), full: "42 % used (4.2Gi)",
			service: &corev1.Service{
				ObjectMeta: metav1.ObjectMeta{Name: "demo-service"},
				Spec:       corev1.ServiceSpec{Type: corev1.ServiceTypeClusterIP, ClusterIP: "10.0.0.7", Ports: []corev1.ServicePort{{Port: 8321}}},
			},
			routes: []unstructured.Unstructured{ingress("llama.example.com")},
			absent: []objectView{{Kind: children.Route, Name: "demo-route", State: stateBad, Detail: "the cluster does not serve route.openshift.io/v1"}},
			events: []eventView{{Last: ago(time.Minute), Type: "Warning", Reason: "RolloutFailed", Object: "LlamaStackDistribution/demo", Message: "it failed"}},
			unread: []string{"you cannot list events in namespace default; to allow it, an administrator can run: kubectl"},
		})

		golden("tree", printed(func(out painter) { out.server(&view, noon) }))
	})

	It("is shown before the operator has seen the server", func() {
		server := llsdtest.Make("demo").Edit(func(s *v1alpha1.LlamaStackDistribution) { s.Generation = 1 }).Obj()
		view := viewOf(&facts{server: server, absent: []objectView{{Kind: children.Deployment, Name: "demo", State: stateBad, Detail: "does not exist"}}})

		Expect(view.Next).To(ContainSubstring("wait for the operator"))
		Expect(view.Objects).To(ConsistOf(HaveField("State", stateWaits)))
	})

	DescribeTable("says what to do next for a server", func(change func(*v1alpha1.LlamaStackDistribution), want string) {
		server := withStatus("ready")
		change(server)

		Expect(next(server)).To(Equal(want))
	},
		Entry("that serves", func(*v1alpha1.LlamaStackDistribution) {}, "nothing to do"),
		Entry("that is paused", func(s *v1alpha1.LlamaStackDistribution) {
			s.Annotations = map[string]string{v1alpha1.AnnotationPaused: "true"}
		}, "let the operator work again when you are done: kubectl llamastack unpause demo -n default"),
		Entry("whose edit the operator has not seen", func(s *v1alpha1.LlamaStackDistribution) { s.Generation++ },
			"wait for the operator; if this stays, see whether it runs: kubectl get deploy -A -l app.kubernetes.io/name=llama-stack-k8s-operator,control-plane=controller-manager"),
		Entry("that is being deleted", func(s *v1alpha1.LlamaStackDistribution) { s.DeletionTimestamp = new(ago(0)) },
			"wait until it is deleted; what is left is in the conditions"),
		Entry("that is suspended", func(s *v1alpha1.LlamaStackDistribution) {
			s.Status = withStatus("suspended").Status
			s.Spec.Suspend = true
		}, "start it again when you need it: kubectl llamastack resume demo -n default"),
		Entry("without replicas", func(s *v1alpha1.LlamaStackDistribution) { s.Status = withStatus("scaled-to-zero").Status },
			"start it again when you need it: kubectl scale llsd/demo -n default --replicas=1"),
	)

	It("has a step for each reason of the API that is not as it should be, and nothing but pages that exist", func() {
		server := llsdtest.Make("demo").Obj()
		content, err := os.ReadFile(filepath.Join("..", "..", "api", "v1alpha1", "conditions.go"))
		Expect(err).NotTo(HaveOccurred())
		types, reasons := constants(string(content), "Condition"), constants(string(content), "Reason")
		Expect(len(reasons)).To(BeNumerically(">", 60))
		for _, reason := range reasons {
			normal := slices.ContainsFunc(types, func(kind string) bool { return status.Normal(v1alpha1.ConditionType(kind), v1alpha1.Reason(reason)) })
			text, ok := steps(server, "")[v1alpha1.Reason(reason)]
			Expect(ok || normal).To(BeTrue(), "%s has no step", reason)
			if _, address, ok := strings.Cut(text, docs("")); ok {
				page, section, _ := strings.Cut(address, "#")
				content, err := os.ReadFile(filepath.Join("..", "..", "docs", page))
				Expect(err).NotTo(HaveOccurred(), text)
				if section != "" {
					Expect(strings.Contains(strings.ToLower(strings.ReplaceAll(string(content), " ", "-")), "#-"+section+"\n")).To(BeTrue(), text)
				}
			}
		}
		for reason := range steps(server, "") {
			Expect(reasons).To(ContainElement(string(reason)))
		}
	})

	DescribeTable("says what to do about a failed rollout", func(message, want string) {
		server := withStatus("rollout-failed")
		server.Status.Conditions[0].Message = message

		Expect(next(server)).To(Equal(want))
	},
		Entry("whose image cannot be pulled", "The rollout does not progress: ImagePullBackOff: not found",
			"correct the image, or let the Pods pull it with spec.server.podOverrides.imagePullSecrets: The rollout does not progress: ImagePullBackOff: not found"),
		Entry("that a quota refuses", "exceeded quota: full", "let the quota or the policy allow the Pods: exceeded quota: full"),
		Entry("whose Secret is missing", `CreateContainerConfigError: secret "keys" not found`,
			`create what is missing, or correct the reference: CreateContainerConfigError: secret "keys" not found`),
		Entry("of which nothing else is known", "The rollout does not progress",
			"find out why the new Pods do not become available: kubectl llamastack events demo -n default"),
	)

	DescribeTable("has the end of a container as trouble", func(change func(*corev1.Pod), troubles int, detail string) {
		pod := servingPod()
		pod.Status.ContainerStatuses[0].RestartCount = 3
		pod.Status.ContainerStatuses[0].LastTerminationState.Terminated = &corev1.ContainerStateTerminated{Reason: "OOMKilled", ExitCode: 137, FinishedAt: ago(time.Minute)}
		change(&pod)

		view := podView(&pod, noon)

		Expect(view.Trouble).To(HaveLen(troubles))
		Expect(view.Detail).To(HaveSuffix(detail))
	},
		Entry("in the last hour", func(*corev1.Pod) {}, 1, "3 restarts"),
		Entry("not of a Pod that is ready since", func(pod *corev1.Pod) {
			pod.Status.ContainerStatuses[0].LastTerminationState.Terminated.FinishedAt = ago(21 * 24 * time.Hour)
		}, 0, "3 restarts, the last one 21d ago (OOMKilled, exit code 137)"),
		Entry("of a Pod that is not ready", func(pod *corev1.Pod) {
			pod.Status.ContainerStatuses[0].LastTerminationState.Terminated.FinishedAt = ago(21 * 24 * time.Hour)
			pod.Status.Conditions[0].Status = corev1.ConditionFalse
		}, 1, "3 restarts"),
	)

	It("names only commands that exist", func() {
		root := New(Options{})
		for _, name := range statuses() {
			_, words, ok := strings.Cut(next(withStatus(name)), Name+" ")
			if !ok {
				continue
			}
			found, _, err := root.Find(strings.Fields(words))
			Expect(err).NotTo(HaveOccurred())
			Expect(found).NotTo(Equal(root), "%s: %s", name, words)
		}
	})

	It("names the log where the new Pods end", func() {
		server := withStatus("rollout-failed")
		server.Status.Conditions[0].Message = "The rollout does not progress: CrashLoopBackOff: exit code 1"

		Expect(next(server)).To(Equal("find out why the new Pods end: kubectl llamastack logs demo -n default --previous"))
	})

	It("shows texts of the cluster without what a terminal obeys", func() {
		server := withStatus("ready")
		server.Status.Conditions[0].Message = "\x1b[2J" + strings.Repeat("x", 2*longestText)
		view := viewOf(&facts{server: server})

		for _, condition := range view.Conditions {
			Expect(condition.Message).NotTo(ContainSubstring("\x1b"))
			Expect(len(condition.Message)).To(BeNumerically("<=", longestText))
		}
	})
})

var _ = Describe("A painter", func() {
	It("has colours only where it is on a terminal", func() {
		rows := [][]cell{{{text: "Ready", tone: good}, {text: "x"}}, {{text: "Y", tone: bad}, {text: "z"}}}
		colours := &bytes.Buffer{}
		painter{Writer: &screen{to: colours, colours: true}, colours: true}.table("", rows)

		Expect(colours.String()).To(Equal("\x1b[32mReady\x1b[0m  x\n\x1b[31mY\x1b[0m      z\n"))
		Expect(printed(func(out painter) { out.table("", rows) })).To(Equal("Ready  x\nY      z\n"))
		file, err := os.Create(filepath.Join(GinkgoT().TempDir(), "out"))
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(file.Close)
		p := &program{}
		p.Out = newScreen(file)
		Expect(p.painter().colours).To(BeFalse(), "a file is no terminal")
	})
})

var _ = Describe("How full a PVC is", func() {
	DescribeTable("is found in the statistics of the kubelet", func(answer, want string) {
		Expect(usageOf(strings.NewReader(answer), boundPVC())).To(Equal(want))
	},
		Entry("of a Pod that mounts it",
			`{"pods":[{"volume":[{"name":"tmp","usedBytes":1,"capacityBytes":2},{"usedBytes":3221225472,"capacityBytes":10737418240,"pvcRef":{"name":"demo-pvc","namespace":"default"}}]}]}`,
			"30 % used (3Gi)"),
		Entry("not where another namespace has one of the name",
			`{"pods":[{"volume":[{"usedBytes":1,"capacityBytes":2,"pvcRef":{"name":"demo-pvc","namespace":"other"}}]}]}`, ""),
		Entry("not where the driver has no numbers", `{"pods":[{"volume":[{"capacityBytes":0,"usedBytes":0,"pvcRef":{"name":"demo-pvc","namespace":"default"}}]}]}`, ""),
		Entry("not in what is no JSON", `<html>`, ""),
	)
})

var _ = Describe("The Events of a server", func() {
	DescribeTable("are those about it and what belongs to it", func(kind, name string, mine bool) {
		server := llsdtest.Make("demo").Obj()
		Expect(ownEvents(server)(&corev1.ObjectReference{Kind: kind, Name: name})).To(Equal(mine))
	},
		Entry("itself", v1alpha1.Kind, "demo", true),
		Entry("another server", v1alpha1.Kind, "demo-b", false),
		Entry("its Service", children.Service, "demo-service", true),
		Entry("its ReplicaSet", kindReplicaSet, "demo-6c5f8b9d7c", true),
		Entry("its Pod", kindPod, "demo-6c5f8b9d7c-x2x4z", true),
		Entry("the Pod of a server with a longer name", kindPod, "demo-b-6c5f8b9d7c-x2x4z", false),
		Entry("the Job of a check", kindJob, "demo-check-0a1b2c", true),
		Entry("the Pod of a check", kindPod, "demo-check-0a1b2c-x2x4z", true),
		Entry("a Secret of the name", "Secret", "demo", false),
	)

	It("are the latest, in their order", func() {
		var views []eventView
		for i := range mostEvents + 10 {
			views = append(views, eventView{Last: ago(time.Duration(i) * time.Second)})
		}

		Expect(latest(views)).To(And(HaveLen(mostEvents), HaveEach(HaveField("Last.Time", BeTemporally(">=", ago(mostEvents*time.Second).Time)))))
	})

	It("have the time of the last occurrence", func() {
		Expect(timeOf(&corev1.Event{LastTimestamp: ago(1), EventTime: metav1.MicroTime(ago(2))})).To(Equal(ago(1)))
		Expect(timeOf(&corev1.Event{EventTime: metav1.MicroTime(ago(2))})).To(Equal(ago(2)))
		Expect(timeOf(&corev1.Event{Series: &corev1.EventSeries{LastObservedTime: metav1.MicroTime(ago(3))}, EventTime: metav1.MicroTime(ago(2))})).To(Equal(ago(3)))
		Expect(timeOf(&corev1.Event{ObjectMeta: metav1.ObjectMeta{CreationTimestamp: ago(4)}})).To(Equal(ago(4)))
	})
})

// constants are the values of the constants in a file of Go whose names begin with a word.
func constants(content, word string) []string {
	found := regexp.MustCompile(`(?m)^\t`+word+`\w+ +\w+ += "(\w+)"$`).FindAllStringSubmatch(content, -1)
	values := make([]string, 0, len(found))
	for _, match := range found {
		values = append(values, match[1])
	}
	return values
}

func brokenDeployment() *appsv1.Deployment {
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "demo"},
		Spec:       appsv1.DeploymentSpec{Replicas: new(int32(2))},
		Status: appsv1.DeploymentStatus{Replicas: 3, AvailableReplicas: 1, UpdatedReplicas: 2, Conditions: []appsv1.DeploymentCondition{{
			Type: appsv1.DeploymentProgressing, Status: corev1.ConditionFalse, Reason: "ProgressDeadlineExceeded", Message: "it has timed out",
		}}},
	}
}

func pod(name string, phase corev1.PodPhase, container corev1.ContainerStatus) corev1.Pod {
	container.Name = v1alpha1.DefaultContainerName
	return corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: corev1.PodSpec{NodeName: "node-1"},
		Status: corev1.PodStatus{Phase: phase, ContainerStatuses: []corev1.ContainerStatus{container}},
	}
}

func servingPod() corev1.Pod {
	serves := pod("demo-66d9c7b5f4-2xk8p", corev1.PodRunning, corev1.ContainerStatus{Ready: true, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}})
	serves.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
	return serves
}

func crashingPod() corev1.Pod {
	return pod("demo-7d4b9c8f6d-bz5t4", corev1.PodRunning, corev1.ContainerStatus{
		RestartCount:         7,
		State:                corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff", Message: "back-off 5m0s"}},
		LastTerminationState: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{Reason: "OOMKilled", ExitCode: 137, FinishedAt: ago(time.Minute)}},
	})
}

func unpulledPod() corev1.Pod {
	return pod("demo-7d4b9c8f6d-x9q2v", corev1.PodPending, corev1.ContainerStatus{
		State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ImagePullBackOff", Message: "not found"}},
	})
}

func boundPVC() *corev1.PersistentVolumeClaim {
	return &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{Name: "demo-pvc", Namespace: llsdtest.Namespace},
		Status: corev1.PersistentVolumeClaimStatus{
			Phase: corev1.ClaimBound, Capacity: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("10Gi")},
		},
	}
}

func ingress(host string) unstructured.Unstructured {
	return unstructured.Unstructured{Object: map[string]any{
		"kind": children.Ingress, "metadata": map[string]any{"name": "demo-ingress"},
		"spec": map[string]any{"rules": []any{map[string]any{"host": host}}},
	}}
}
