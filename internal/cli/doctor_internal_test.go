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
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/intstr"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// soundCluster is a cluster in which nothing is wrong.
func soundCluster() *clusterFacts {
	labels := map[string]string{operatorLabel: operatorValue}
	operator := appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "controller-manager", Labels: labels}}
	operator.Spec.Replicas = new(int32(2))
	operator.Spec.Template.Spec.Containers = []corev1.Container{{Name: operatorContainer, Env: []corev1.EnvVar{{Name: "OPERATOR_VERSION", Value: "1.0.0"}}}}
	operator.Status.AvailableReplicas = 2
	leader, standby := servingPod(), servingPod()
	leader.Name, standby.Name = "leader", "standby"
	return &clusterFacts{
		now: metav1.NewTime(noon), answers: true, from: OperatorNamespace, unseen: map[string]bool{},
		crd: &unstructured.Unstructured{Object: map[string]any{
			"spec":   map[string]any{"versions": []any{map[string]any{"name": "v1alpha1", "served": true}}},
			"status": map[string]any{"storedVersions": []any{"v1alpha1"}, "conditions": []any{map[string]any{"type": "Established", "status": "True"}}},
		}},
		operators: []appsv1.Deployment{operator}, processes: []corev1.Pod{leader, standby},
		leases: []coordinationv1.Lease{{ObjectMeta: metav1.ObjectMeta{Name: "lease"}, Spec: coordinationv1.LeaseSpec{
			HolderIdentity: new("leader_1"), LeaseDurationSeconds: new(int32(15)), RenewTime: &metav1.MicroTime{Time: noon.Add(-time.Second)},
		}}},
		classes: []storagev1.StorageClass{{ObjectMeta: metav1.ObjectMeta{Name: "standard"}}},
	}
}

// soundServer is a server with which nothing is wrong.
func soundServer(cluster *clusterFacts) *patient {
	server := llsdtest.Make("demo").Storage("10Gi").Status(v1alpha1.LlamaStackDistributionStatus{
		Conditions: []metav1.Condition{{Type: string(v1alpha1.ConditionReady), Status: metav1.ConditionTrue, Reason: string(v1alpha1.ReasonReady)}},
	}).Obj()
	f := &patient{
		facts: &facts{server: server, pods: []corev1.Pod{servingPod()}, pvc: boundPVC()}, cluster: cluster,
		reported: map[string]bool{}, said: map[string]bool{},
		nodes: []corev1.Node{{ObjectMeta: metav1.ObjectMeta{Name: "node-a"}}},
	}
	for _, kind := range []string{children.Deployment, children.Service} {
		object := unstructured.Unstructured{}
		object.SetKind(kind)
		object.SetName(children.Of(kind).Name("demo"))
		object.SetLabels(map[string]string{v1alpha1.LabelManagedBy: v1alpha1.ManagedBy})
		object.SetOwnerReferences([]metav1.OwnerReference{{APIVersion: v1alpha1.GroupVersion.String(), Kind: v1alpha1.Kind, Name: "demo"}})
		f.owned = append(f.owned, object)
	}
	return f
}

// bad adds a condition that is not as it should be.
func (f *patient) bad(kind v1alpha1.ConditionType, state metav1.ConditionStatus, reason v1alpha1.Reason, message string) {
	f.server.Status.Conditions = append(f.server.Status.Conditions, metav1.Condition{Type: string(kind), Status: state, Reason: string(reason), Message: message})
}

// killed is a Pod of the operator whose process was killed.
func killed(pod *corev1.Pod) {
	pod.Status.ContainerStatuses[0].RestartCount = 1
	pod.Status.ContainerStatuses[0].LastTerminationState.Terminated = &corev1.ContainerStateTerminated{Reason: "Error", ExitCode: 137, FinishedAt: ago(time.Minute)}
}

// notReady is a condition of a node.
func notReady(f *patient, state corev1.ConditionStatus, reason, message string) {
	f.nodes[0].Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: state, Reason: reason, Message: message}}
}

// fault is a fault of docs/reliability.md, the state that it leaves, and how doctor names it.
type fault struct {
	name        string
	leaves      func(*clusterFacts, *patient)
	check, says string
}

// faults are those of the table in docs/reliability.md, in its order.
func faults() []fault {
	silent := func(c *clusterFacts, _ *patient) { c.leases[0].Spec.RenewTime.Time = noon.Add(-40 * time.Second) }
	quota := func(kind v1alpha1.ConditionType, reason v1alpha1.Reason) func(*clusterFacts, *patient) {
		return func(_ *clusterFacts, f *patient) {
			f.bad(kind, metav1.ConditionFalse, reason, `it is forbidden: exceeded quota: full, requested: 1, used: 1, limited: 1`)
			one := corev1.ResourceList{"count/services": resource.MustParse("1")}
			f.quotas = []corev1.ResourceQuota{{ObjectMeta: metav1.ObjectMeta{Name: "full"}, Status: corev1.ResourceQuotaStatus{Hard: one, Used: one}}}
		}
	}
	health := func(state metav1.ConditionStatus, reason v1alpha1.Reason, message string) func(*clusterFacts, *patient) {
		return func(_ *clusterFacts, f *patient) { f.bad(v1alpha1.ConditionHealthCheck, state, reason, message) }
	}
	return []fault{
		{"the leading process is killed (SIGKILL)", func(c *clusterFacts, _ *patient) { killed(&c.processes[0]) }, "operator", "Pod leader: llama-stack last ended"},
		{"all processes are killed (SIGKILL)", func(c *clusterFacts, _ *patient) {
			killed(&c.processes[0])
			killed(&c.processes[1])
		}, "operator", "exit code 137"},
		{"all Pods of the operator are deleted", func(c *clusterFacts, _ *patient) {
			c.processes, c.operators[0].Status.AvailableReplicas = nil, 0
		}, "operator", "none of 2 Pods"},
		{"the lease is deleted", func(c *clusterFacts, _ *patient) { c.leases = []coordinationv1.Lease{} }, "leader", "no lease exists"},
		{"the leading process is disconnected from the API server", silent, "leader", "cannot reach the API server"},
		{"all processes are disconnected for 40 s", silent, "leader", "leader leads, and has not renewed"},
		{"the API server is killed and down for 40 s", func(c *clusterFacts, _ *patient) {
			c.answers, c.troubles = false, "connection refused"
		}, "api-server", "does not answer: connection refused"},
		{"etcd is killed and down for 40 s", func(c *clusterFacts, _ *patient) { c.troubles = "etcd failed: reason withheld" }, "api-server", "not ready: etcd failed"},
		{"the operator's permissions are revoked for 40 s", func(c *clusterFacts, _ *patient) {
			c.lacks = []string{"patch deployments"}
		}, "operator-rights", "may not patch deployments"},
		{"all children of a server are deleted", func(_ *clusterFacts, f *patient) {
			f.owned, f.absent = nil, []objectView{{Kind: "Service", Name: "demo-service", Detail: "does not exist"}}
		}, "objects", "Service demo-service: does not exist"},
		{"the labels of all children are replaced", func(_ *clusterFacts, f *patient) { f.owned[0].SetLabels(nil) }, "objects", "Deployment demo has lost its labels"},
		{"the owner references of all children are removed", func(_ *clusterFacts, f *patient) {
			f.owned[1].SetOwnerReferences(nil)
		}, "objects", "Service demo-service has lost its owner"},
		{"a child is given to another owner", func(_ *clusterFacts, f *patient) {
			f.owned[1].SetOwnerReferences([]metav1.OwnerReference{{Kind: "ConfigMap", Name: "config"}})
		}, "objects", "belongs to ConfigMap config"},
		{"a quota blocks the Service", quota(v1alpha1.ConditionServiceReady, v1alpha1.ReasonRejected), "quota", "ResourceQuota full is used up"},
		{"a quota blocks the Deployment", quota(v1alpha1.ConditionDeploymentReady, v1alpha1.ReasonRejected), "quota", "exceeded quota: full"},
		{"a quota blocks the Pod", quota(v1alpha1.ConditionReady, v1alpha1.ReasonRolloutFailed), "quota", "exceeded quota: full"},
		{"a server hangs", health(metav1.ConditionUnknown, v1alpha1.ReasonNotObserved, "no answer within 5s"), "health", "no valid answer: no answer within 5s"},
		{"a server sends invalid answers", health(metav1.ConditionUnknown, v1alpha1.ReasonNotObserved, "the answer is no JSON"), "health", "the answer is no JSON"},
		{"a server answers with 503", health(metav1.ConditionFalse, v1alpha1.ReasonHealthCheckFailed, "HTTP 503"), "health", "HealthCheckFailed: HTTP 503"},
		{"a server reports that it is unhealthy", health(metav1.ConditionFalse, v1alpha1.ReasonHealthCheckFailed, "health is Error"), "health", "health is Error"},
		{"the node is drained, operator and servers", func(_ *clusterFacts, f *patient) {
			f.nodes[0].Spec.Unschedulable, f.pods[0].Spec.NodeName = true, ""
		}, "nodes", "node node-a is drained"},
		{"containerd is killed during a rollout", func(_ *clusterFacts, f *patient) {
			notReady(f, corev1.ConditionFalse, "KubeletNotReady", "container runtime is down")
		}, "nodes", "container runtime is down"},
		{"the kubelet is killed during a rollout", func(_ *clusterFacts, f *patient) {
			notReady(f, corev1.ConditionUnknown, "NodeStatusUnknown", "Kubelet stopped posting node status.")
		}, "nodes", "Kubelet stopped posting"},
	}
}

// troublesBeside are causes that are no faults of docs/reliability.md.
func troublesBeside() []fault {
	provider := func(message string) func(*clusterFacts, *patient) {
		return func(_ *clusterFacts, f *patient) {
			f.server.Status.DistributionConfig.Providers = []v1alpha1.ProviderInfo{{
				API: "inference", ProviderID: "vllm", Health: v1alpha1.ProviderHealthStatus{Status: "Error", Message: message},
			}}
		}
	}
	egress := func(ports ...networkingv1.NetworkPolicyPort) func(*clusterFacts, *patient) {
		return func(_ *clusterFacts, f *patient) {
			f.policies = []networkingv1.NetworkPolicy{{ObjectMeta: metav1.ObjectMeta{Name: "deny"}, Spec: networkingv1.NetworkPolicySpec{
				PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeEgress}, Egress: []networkingv1.NetworkPolicyEgressRule{{Ports: ports}},
			}}}
		}
	}
	return []fault{
		{"no CRD", func(c *clusterFacts, _ *patient) { c.crd, c.noCRD = nil, true }, "crd", "is not installed"},
		{"a version that is stored and not served", func(c *clusterFacts, _ *patient) {
			_ = unstructured.SetNestedStringSlice(c.crd.Object, []string{"v1beta1"}, "status", "storedVersions")
		}, "crd", "stored in version v1beta1"},
		{"a CRD that is not established", func(c *clusterFacts, _ *patient) {
			unstructured.RemoveNestedField(c.crd.Object, "status", "conditions")
		}, "crd", "is not established"},
		{"no operator", func(c *clusterFacts, _ *patient) { c.operators = []appsv1.Deployment{} }, "operator", "no Deployment of the operator"},
		{"two operators", func(c *clusterFacts, _ *patient) { c.operators = append(c.operators, c.operators[0]) }, "operator", "2 Deployments"},
		{"an operator of 0 replicas", func(c *clusterFacts, _ *patient) { c.operators[0].Spec.Replicas = new(int32(0)) }, "operator", "scaled to 0"},
		{"one Pod of two", func(c *clusterFacts, _ *patient) { c.operators[0].Status.AvailableReplicas = 1 }, "operator", "1 of 2 Pods"},
		{"an old operator", func(c *clusterFacts, _ *patient) {
			c.operators[0].Spec.Template.Spec.Containers[0].Env[0].Value = "0.9.0"
		}, "operator", "operator 0.9.0"},
		{"a leader that is gone", func(c *clusterFacts, _ *patient) {
			c.leases[0].Spec.HolderIdentity, c.leases[0].Spec.RenewTime.Time = new("gone_1"), noon.Add(-time.Minute)
		}, "leader", "its Pod does not exist"},
		{"a right that the user lacks", func(c *clusterFacts, _ *patient) { c.denied = []string{"list pods in namespace ns"} }, "your-rights", "you may not list pods"},
		{"objects that the user may not read", func(_ *clusterFacts, f *patient) { f.unread = []string{"you cannot list pods"} }, "your-rights", "not checked: you cannot list pods"},
		{"an edit that nobody has seen", func(_ *clusterFacts, f *patient) { f.server.Generation = 3 }, "reconciled", "the last one is 3"},
		{"a paused server", func(_ *clusterFacts, f *patient) {
			f.server.Annotations = map[string]string{v1alpha1.AnnotationPaused: "true"}
		}, "reconciled", "is paused"},
		{"an unknown distribution", func(_ *clusterFacts, f *patient) {
			f.bad(v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonUnknownDistribution, "no image")
		}, "image", "no image"},
		{"an image that cannot be pulled", func(_ *clusterFacts, f *patient) { f.pods[0] = unpulledPod() }, "image", "ImagePullBackOff"},
		{"metrics of an old server", func(_ *clusterFacts, f *patient) {
			f.server.Spec.Server.Telemetry = &v1alpha1.TelemetrySpec{Metrics: &v1alpha1.TelemetryMetrics{Enabled: true}}
			f.server.Status.Version.LlamaStackServerVersion = "0.7.3"
		}, "server-version", "needs 1.2.0"},
		{"an invalid configuration", func(_ *clusterFacts, f *patient) {
			f.bad(v1alpha1.ConditionConfigValid, metav1.ConditionFalse, v1alpha1.ReasonInvalid, "no such field")
		}, "configuration", "no such field"},
		{"a ConfigMap that is missing", func(_ *clusterFacts, f *patient) { f.lost = []string{"config"} }, "references", "ConfigMap config does not exist"},
		{"a Secret that is missing", func(_ *clusterFacts, f *patient) {
			f.pods[0] = pod("demo-a", corev1.PodPending, corev1.ContainerStatus{State: corev1.ContainerState{
				Waiting: &corev1.ContainerStateWaiting{Reason: "CreateContainerConfigError", Message: `secret "keys" not found`},
			}})
		}, "references", `secret "keys" not found`},
		{"a StorageClass that is missing", func(_ *clusterFacts, f *patient) {
			f.pvc.Status.Phase, f.pvc.Spec.StorageClassName = corev1.ClaimPending, new("fast")
		}, "storage", "StorageClass fast of PVC demo-pvc does not exist"},
		{"no default StorageClass", func(_ *clusterFacts, f *patient) { f.pvc.Status.Phase = corev1.ClaimPending }, "storage", "the cluster has no default one"},
		{"a lost volume", func(_ *clusterFacts, f *patient) { f.pvc.Status.Phase = corev1.ClaimLost }, "storage", "has lost its volume"},
		{"a readiness probe that fails", func(_ *clusterFacts, f *patient) { f.pods[0].Status.Conditions[0].Status = corev1.ConditionFalse }, "health", "runs and is not ready"},
		{"too little memory", func(_ *clusterFacts, f *patient) { f.pods[0] = crashingPod() }, "pods", "OOMKilled"},
		{"a Service that leads nowhere", func(_ *clusterFacts, f *patient) {
			f.service, f.slices = &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "demo-service"}}, []discoveryv1.EndpointSlice{}
		}, "network", "leads to none of them"},
		{"no egress to DNS", egress(networkingv1.NetworkPolicyPort{Port: new(intstr.FromInt32(443))}), "network", "NetworkPolicy deny lets the Pods reach no DNS"},
		{"a host that nobody knows", provider("getaddrinfo failed"), "network", "the name is not found"},
		{"a provider behind a policy", func(c *clusterFacts, f *patient) {
			egress()(c, f)
			provider("connect timed out")(c, f)
		}, "network", "a NetworkPolicy limits egress"},
		{"a provider with an error", provider("HTTP 401"), "providers", "provider vllm of inference: HTTP 401"},
		{"a certificate that nobody trusts", provider("CERTIFICATE_VERIFY_FAILED"), "certificates", "CERTIFICATE_VERIFY_FAILED"},
		{"a CA bundle that is invalid", func(_ *clusterFacts, f *patient) {
			f.bad(v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonCABundleInvalid, "block 2 has expired")
		}, "certificates", "block 2 has expired"},
		{"a route without authentication", func(_ *clusterFacts, f *patient) {
			f.bad(v1alpha1.ConditionAuthenticationRequired, metav1.ConditionFalse, v1alpha1.ReasonNoAuthentication, "anybody")
		}, "exposure", "anybody"},
		{"anything else", func(_ *clusterFacts, f *patient) {
			f.bad(v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonReconcileError, "conflict")
		}, "other", "conflict"},
	}
}

var _ = Describe("The doctor", func() {
	examined := func(leaves func(*clusterFacts, *patient)) []finding {
		cluster := soundCluster()
		server := soundServer(cluster)
		leaves(cluster, server)
		return append(cluster.findings(), server.findings()...)
	}

	It("finds nothing where nothing is wrong, and makes every check", func() {
		found := examined(func(*clusterFacts, *patient) {})
		Expect(found).To(HaveEach(HaveField("Verdict", verdictOK)), "%v", found)
		for _, check := range doctorChecks() {
			Expect(found).To(ContainElement(HaveField("Check", check.name)))
		}
	})

	for _, one := range append(faults(), troublesBeside()...) {
		It("names the cause of: "+one.name, func() {
			found := examined(one.leaves)
			Expect(found).To(ContainElement(And(HaveField("Check", one.check), HaveField("Verdict", Not(Equal(verdictOK))),
				HaveField("Message", ContainSubstring(one.says)))), "%v", found)
			for _, f := range found {
				if f.Verdict == verdictFailure {
					Expect(f.Fix).NotTo(BeEmpty(), "%v", f)
				}
			}
		})
	}

	It("knows every fault that the tests inject", func() {
		page, err := os.ReadFile(filepath.Join("..", "..", "docs", "reliability.md"))
		Expect(err).NotTo(HaveOccurred())
		_, section, _ := strings.Cut(string(page), "\n## Faults on the node\n")
		section, _, _ = strings.Cut(section, "\n## ")
		var listed, known []string
		for line := range strings.SplitSeq(section, "\n") {
			if cells := strings.Split(line, "|"); len(cells) > 2 && cells[1] != " fault " && cells[1] != " --- " {
				listed = append(listed, strings.TrimSpace(cells[1]))
			}
		}
		for _, one := range faults() {
			known = append(known, one.name)
		}
		Expect(known).To(HaveExactElements(listed))
	})

	It("reads what the API server says about its parts", func() {
		Expect(troublesOf("[+]ping ok\n[-]etcd failed: reason withheld\n[-]log failed\n", nil)).To(Equal("etcd failed: reason withheld; log failed"))
	})
})
