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
	"crypto/x509"
	"crypto/x509/pkix"
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
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// soundCluster is a cluster in which nothing is wrong.
func soundCluster() *clusterFacts {
	operator := appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: operatorDeployment}}
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
		leases: []coordinationv1.Lease{{ObjectMeta: metav1.ObjectMeta{Name: operatorLease}, Spec: coordinationv1.LeaseSpec{
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
		facts: &facts{now: noon, server: server, pods: []corev1.Pod{servingPod()}, pvc: boundPVC()}, cluster: cluster,
		reported: map[string]bool{}, said: map[string]bool{},
		nodes: []corev1.Node{{ObjectMeta: metav1.ObjectMeta{Name: "node-a"}}},
	}
	for _, kind := range []string{children.Deployment, children.Service} {
		object := &unstructured.Unstructured{}
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

// cutOff is a Pod of the operator that does not see the API server.
func cutOff(pod *corev1.Pod) {
	pod.Status.Conditions[0].Status = corev1.ConditionFalse
	pod.Status.ContainerStatuses[0].State.Running.StartedAt = ago(time.Hour)
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
		{"the lease is deleted", func(c *clusterFacts, _ *patient) { c.leases = []coordinationv1.Lease{} }, "leader", "nobody holds lease 54e06e98.llamastack.io"},
		{"the leading process is disconnected from the API server", func(c *clusterFacts, _ *patient) {
			cutOff(&c.processes[0])
		}, "operator", "Pod leader runs and is not ready: it cannot reach the API server"},
		{"all processes are disconnected for 40 s", func(c *clusterFacts, _ *patient) {
			cutOff(&c.processes[0])
			cutOff(&c.processes[1])
		}, "operator", "Pod standby runs and is not ready: it cannot reach the API server"},
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

// warns is a warning about a Pod of the server.
func warns(reason, message string) func(*clusterFacts, *patient) {
	return func(_ *clusterFacts, f *patient) {
		f.warnings = []corev1.Event{
			{InvolvedObject: corev1.ObjectReference{Name: "demo-a"}, Type: corev1.EventTypeWarning, Reason: reason, Message: "an earlier one " + message, LastTimestamp: ago(time.Minute)},
			{InvolvedObject: corev1.ObjectReference{Name: "demo-a"}, Type: corev1.EventTypeWarning, Reason: reason, Message: message, LastTimestamp: ago(time.Second)},
		}
	}
}

// egress is a policy with rules.
func egress(rules ...networkingv1.NetworkPolicyEgressRule) func(*clusterFacts, *patient) {
	return func(_ *clusterFacts, f *patient) {
		f.policies = []networkingv1.NetworkPolicy{{ObjectMeta: metav1.ObjectMeta{Name: "deny"}, Spec: networkingv1.NetworkPolicySpec{
			PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeEgress}, Egress: rules,
		}}}
	}
}

// to is a rule about a peer, or all of them.
func to(peer *networkingv1.NetworkPolicyPeer, ports ...networkingv1.NetworkPolicyPort) networkingv1.NetworkPolicyEgressRule {
	rule := networkingv1.NetworkPolicyEgressRule{Ports: ports}
	if peer != nil {
		rule.To = []networkingv1.NetworkPolicyPeer{*peer}
	}
	return rule
}

// port is a port of a rule.
func port(protocol corev1.Protocol, number int32) networkingv1.NetworkPolicyPort {
	return networkingv1.NetworkPolicyPort{Protocol: &protocol, Port: new(intstr.FromInt32(number))}
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
	progressed := func(c *clusterFacts) {
		c.operators[0].Status.Conditions = []appsv1.DeploymentCondition{{
			Type: appsv1.DeploymentProgressing, Reason: "NewReplicaSetAvailable", LastUpdateTime: ago(time.Hour),
		}}
	}
	return []fault{
		{"a database that is down, of which nothing can be read", func(c *clusterFacts, _ *patient) {
			c.blind, c.troubles = true, "etcd failed"
		}, "api-server", "not ready: etcd failed"},
		{"a Deployment that was deleted", func(_ *clusterFacts, f *patient) {
			f.bad(v1alpha1.ConditionServiceReady, metav1.ConditionTrue, v1alpha1.ReasonServiceReady, "")
			f.server.Status.Conditions[1].LastTransitionTime = ago(time.Hour)
			f.owned[0].SetCreationTimestamp(ago(3 * time.Second))
		}, "objects", "Deployment demo was deleted, and the operator created it again 3 seconds ago"},
		{"labels and a selector that somebody has set", func(_ *clusterFacts, f *patient) {
			at := ago(4 * time.Second)
			f.owned[1].SetManagedFields([]metav1.ManagedFieldsEntry{{Manager: "kubectl-edit", Time: &at, FieldsV1: metav1.NewFieldsV1(
				`{"f:metadata":{"f:labels":{"f:mine":{}}},"f:spec":{"f:selector":{"f:app":{}}}}`,
			)}})
		}, "objects", "kubectl-edit has set fields of Service demo-service, the last ones 4 seconds ago: metadata.labels.mine, spec.selector"},
		{"a Pod of the operator that was evicted", func(c *clusterFacts, _ *patient) {
			progressed(c)
			c.processes[1].CreationTimestamp = ago(5 * time.Second)
		}, "operator", "has not created its Pods standby"},
		{"a leader that is silent", func(c *clusterFacts, _ *patient) {
			c.leases[0].Spec.RenewTime.Time = noon.Add(-40 * time.Second)
		}, "leader", "leader leads, and has not renewed lease 54e06e98.llamastack.io for 40 seconds: its Pod exists, so that it cannot reach the API server"},
		{"no lease, where another operator has one", func(c *clusterFacts, _ *patient) { c.leases[0].Name = "other" }, "leader", "nobody holds lease"},
		{"a lease that was deleted", func(c *clusterFacts, _ *patient) {
			c.processes[0].Status.ContainerStatuses[0].State.Running.StartedAt = ago(time.Hour)
			c.leases[0].CreationTimestamp = ago(6 * time.Second)
		}, "leader", "lease 54e06e98.llamastack.io was deleted, and leader created it again 6 seconds ago"},
		{"a container runtime that is down", warns("FailedCreatePodSandBox", "dial unix /run/containerd/containerd.sock: connection refused"),
			"nodes", "Pod demo-a: FailedCreatePodSandBox: dial unix"},
		{"a volume that cannot be mounted", warns("FailedMount", "timed out"), "storage", "Pod demo-a: FailedMount: timed out"},
		{"a kubelet that is silent", func(_ *clusterFacts, f *patient) {
			f.heard = map[string]time.Time{"node-a": noon.Add(-time.Minute)}
		}, "nodes", "kubelet of node node-a has not reported for 60 seconds"},
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
		{"an image that does not start", func(_ *clusterFacts, f *patient) {
			f.server.Status.Image = "registry.example:5000/ogxai/distribution-starter:1.2.0@sha256:0"
		}, "server-version", "server 1.2.0 has a known fault: its image ends at the start"},
		{"a server without security fixes", func(_ *clusterFacts, f *patient) {
			f.server.Status.Version.LlamaStackServerVersion = "0.7.1"
		}, "server-version", "server 0.7.1 has a known fault: it lacks the security fixes of 0.7.3"},
		{"replicas that do not find what others have", func(_ *clusterFacts, f *patient) {
			f.server.Status.Version.LlamaStackServerVersion, f.server.Spec.Replicas = "0.6.1", new(int32(2))
		}, "server-version", "is not found by the others"},
		{"an authority that has ended", func(_ *clusterFacts, f *patient) {
			f.authorities = []*x509.Certificate{{NotAfter: noon.Add(-time.Hour), Subject: pkix.Name{CommonName: "old"}}}
		}, "certificates", "certificate CN=old of the CA bundle ended at 2026-03-01T11:00:00Z"},
		{"a certificate that is not renewed", func(_ *clusterFacts, f *patient) {
			f.serving = &certificate{}
			f.serving.Spec.SecretName, f.serving.Status.NotAfter, f.serving.Status.RenewalTime = "tls", ago(-time.Hour), ago(48*time.Hour)
		}, "certificates", "the certificate in Secret tls ends at 2026-03-01T13:00:00Z, and is not renewed"},
		{"a certificate that has ended", func(_ *clusterFacts, f *patient) {
			f.serving = &certificate{}
			f.serving.Spec.SecretName, f.serving.Status.NotAfter = "tls", ago(time.Hour)
		}, "certificates", "the certificate in Secret tls ended at 2026-03-01T11:00:00Z"},
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
		{"no egress to DNS", egress(networkingv1.NetworkPolicyEgressRule{Ports: []networkingv1.NetworkPolicyPort{port("UDP", 443)}}),
			"network", "NetworkPolicy deny lets the Pods reach no DNS"},
		{"a host that nobody knows", provider("getaddrinfo failed"), "network", "the name is not found"},
		{"a provider behind a policy", func(c *clusterFacts, f *patient) {
			egress(networkingv1.NetworkPolicyEgressRule{})(c, f)
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

var _ = Describe("The namespaces that the operator watches", func() {
	DescribeTable("are in its command line", func(want []string, variables []corev1.EnvVar, args ...string) {
		found, known := watchedNamespaces([]corev1.Container{{Name: operatorContainer, Command: []string{"/manager"}, Args: args, Env: variables}})

		Expect(found).To(Equal(want))
		Expect(known).To(BeTrue())
	},
		Entry("all of them", []string{metav1.NamespaceAll}, nil, "--leader-elect"),
		Entry("a list", []string{"team-a", "team-b"}, nil, "--watch-namespaces=team-a, team-b"),
		Entry("a list in a word of its own", []string{"team-a", "team-b"}, nil, "-watch-namespaces", "team-a,team-b"),
		Entry("a variable, as in the chart", []string{"team-a", "team-b"}, []corev1.EnvVar{{Name: "WATCH_NAMESPACES", Value: "team-a,team-b"}},
			"--leader-elect", "--watch-namespaces=$(WATCH_NAMESPACES)"),
	)

	It("are not known if a variable comes from another object", func() {
		from := corev1.EnvVar{Name: "NAMES", ValueFrom: &corev1.EnvVarSource{ConfigMapKeyRef: &corev1.ConfigMapKeySelector{Key: "names"}}}
		_, known := watchedNamespaces([]corev1.Container{{Args: []string{"--watch-namespaces=$(NAMES)"}, Env: []corev1.EnvVar{from}}})

		Expect(known).To(BeFalse())
	})
})

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

	It("warns of a Pod that ended lately and is ready again, and does not fail", func() {
		found := examined(func(_ *clusterFacts, f *patient) { killed(&f.pods[0]) })

		Expect(found).To(ContainElement(And(HaveField("Check", "pods"), HaveField("Verdict", verdictWarning), HaveField("Message", ContainSubstring("exit code 137")))))
		Expect(found).NotTo(ContainElement(HaveField("Verdict", verdictFailure)))
	})

	It("finds nothing in Pods that ended long ago", func() {
		found := examined(func(c *clusterFacts, f *patient) {
			for _, pod := range []*corev1.Pod{&c.processes[0], &f.pods[0]} {
				killed(pod)
				pod.Status.ContainerStatuses[0].LastTerminationState.Terminated.FinishedAt = ago(3 * time.Hour)
			}
		})

		Expect(found).To(HaveEach(HaveField("Verdict", verdictOK)), "%v", found)
	})

	DescribeTable("judges whether a rule of a NetworkPolicy reaches DNS", func(want bool, rule networkingv1.NetworkPolicyEgressRule) {
		Expect(allowsDNS(&rule)).To(Equal(want))
	},
		Entry("everything", true, networkingv1.NetworkPolicyEgressRule{}),
		Entry("the port over UDP", true, to(nil, port("UDP", 53), port("TCP", 53))),
		Entry("the port of OpenShift, of some Pods", true, to(&networkingv1.NetworkPolicyPeer{PodSelector: &metav1.LabelSelector{}}, port("UDP", 5353))),
		Entry("the port over TCP only", false, to(nil, networkingv1.NetworkPolicyPort{Port: new(intstr.FromInt32(53))})),
		Entry("another port", false, to(nil, port("UDP", 443))),
		Entry("all ports of Pods of the namespace", false, to(&networkingv1.NetworkPolicyPeer{PodSelector: &metav1.LabelSelector{}})),
		Entry("all ports of one address", false, to(&networkingv1.NetworkPolicyPeer{IPBlock: &networkingv1.IPBlock{CIDR: "192.0.2.1/32"}})),
		Entry("all ports of all addresses", true, to(&networkingv1.NetworkPolicyPeer{IPBlock: &networkingv1.IPBlock{CIDR: "0.0.0.0/0"}})),
		Entry("all ports of another namespace", false, to(&networkingv1.NetworkPolicyPeer{NamespaceSelector: &metav1.LabelSelector{
			MatchLabels: map[string]string{corev1.LabelMetadataName: "models"},
		}})),
		Entry("all ports of other namespaces", false, to(&networkingv1.NetworkPolicyPeer{NamespaceSelector: &metav1.LabelSelector{
			MatchExpressions: []metav1.LabelSelectorRequirement{{Key: corev1.LabelMetadataName, Operator: metav1.LabelSelectorOpIn, Values: []string{"a", "b"}}},
		}})),
		Entry("all ports of the namespace of DNS", true, to(&networkingv1.NetworkPolicyPeer{NamespaceSelector: &metav1.LabelSelector{
			MatchLabels: map[string]string{corev1.LabelMetadataName: "kube-system"},
		}})),
		Entry("all ports of namespaces with a label", true, to(&networkingv1.NetworkPolicyPeer{NamespaceSelector: &metav1.LabelSelector{
			MatchLabels: map[string]string{"shared": "yes"},
		}})),
	)

	It("reads the dates of a Certificate of cert-manager", func() {
		read := certificate{}
		Expect(runtime.DefaultUnstructuredConverter.FromUnstructured(map[string]any{
			"apiVersion": "cert-manager.io/v1", "kind": "Certificate", "metadata": map[string]any{"name": "serving"},
			"spec":   map[string]any{"secretName": "tls", "dnsNames": []any{"demo"}},
			"status": map[string]any{"notAfter": "2026-03-01T13:00:00Z", "renewalTime": "2026-02-27T12:00:00Z"},
		}, &read)).To(Succeed())

		Expect(read).To(And(HaveField("Name", "serving"), HaveField("Spec.SecretName", "tls")))
		Expect(read.Status.NotAfter.UTC()).To(Equal(noon.Add(time.Hour)))
		Expect(read.Status.RenewalTime.UTC()).To(Equal(noon.Add(-48 * time.Hour)))
	})

	It("finds nothing in versions that have no known fault, and in certificates that last", func() {
		for _, running := range []string{"1.5.0", "0.7.3", "0.7.1+rhai0", "latest"} {
			found := examined(func(_ *clusterFacts, f *patient) {
				f.server.Status.Version.LlamaStackServerVersion = running
				f.authorities = []*x509.Certificate{{NotAfter: noon.Add(30 * 24 * time.Hour)}}
				f.serving = &certificate{} // of one day, which is renewed at two thirds of it
				f.serving.Status.NotAfter, f.serving.Status.RenewalTime = ago(-12*time.Hour), ago(-4*time.Hour)
			})

			Expect(found).To(HaveEach(HaveField("Verdict", verdictOK)), "%s: %v", running, found)
		}
	})

	It("finds nothing in what the operator, controllers and a first start leave", func() {
		found := examined(func(c *clusterFacts, f *patient) {
			f.bad(v1alpha1.ConditionServiceReady, metav1.ConditionTrue, v1alpha1.ReasonServiceReady, "")
			at := ago(4 * time.Second)
			f.server.Status.Conditions[1].LastTransitionTime = at
			f.owned[0].SetCreationTimestamp(ago(3 * time.Second))
			c.operators[0].Status.Conditions = []appsv1.DeploymentCondition{{Type: appsv1.DeploymentProgressing, Reason: "NewReplicaSetAvailable", LastUpdateTime: at}}
			for i := range c.processes {
				c.processes[i].CreationTimestamp = ago(3 * time.Second)
				c.processes[i].Status.ContainerStatuses[0].State.Running.StartedAt = ago(9 * time.Second)
			}
			c.processes[1].Status.Conditions[0].Status = corev1.ConditionFalse
			c.leases[0].CreationTimestamp = ago(8 * time.Second)
			spec := metav1.NewFieldsV1(`{"f:spec":{"f:replicas":{}}}`)
			f.owned[0].SetManagedFields([]metav1.ManagedFieldsEntry{
				{Manager: v1alpha1.ManagedBy, Time: &at, FieldsV1: spec}, {Manager: v1alpha1.ManagedBy + "-autoscaling", Time: &at, FieldsV1: spec},
				{Manager: "kube-controller-manager", Subresource: "scale", Time: &at, FieldsV1: spec},
				{Manager: "gateway", Time: &at, FieldsV1: metav1.NewFieldsV1(`{"f:metadata":{"f:annotations":{"f:its":{}}}}`)},
			})
		})
		Expect(found).To(HaveEach(HaveField("Verdict", verdictOK)), "%v", found)
	})

	It("knows every fault that the tests inject, and names its cause in the check of the table", func() {
		page, err := os.ReadFile(filepath.Join("..", "..", "docs", "reliability.md"))
		Expect(err).NotTo(HaveOccurred())
		_, section, _ := strings.Cut(string(page), "\n## Faults on the node\n")
		section, _, _ = strings.Cut(section, "\n## ")
		var listed, known []string
		for line := range strings.SplitSeq(section, "\n") {
			if cells := strings.Split(line, "|"); len(cells) > 5 && cells[1] != " fault " && cells[1] != " --- " {
				listed = append(listed, strings.TrimSpace(cells[1])+": "+strings.Trim(cells[5], " `"))
			}
		}
		for _, one := range faults() {
			known = append(known, one.name+": "+one.check)
		}
		Expect(known).To(HaveExactElements(listed))
	})

	It("reads what the API server says about its parts", func() {
		Expect(troublesOf("[+]ping ok\n[-]etcd failed: reason withheld\n[-]log failed\n", nil)).To(Equal("etcd failed: reason withheld; log failed"))
	})
})
