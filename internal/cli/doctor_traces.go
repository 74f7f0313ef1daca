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
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// What others delete or change is restored within seconds. These checks find what is left of it for some minutes.

// apart is by how much two times differ at least that follow from different causes: those of objects have whole seconds, of
// different clocks.
const apart = 2 * time.Second

// recent says whether something happened in the last minutes, and how many seconds ago.
func (c *clusterFacts) recent(at metav1.Time) (int, bool) {
	since := c.now.Sub(at.Time)
	return int(since.Seconds()), since < stale
}

// remade reports the Deployment and the Service if they are younger than the condition that is only True when both exist.
func (f *patient) remade(object client.Object) []finding {
	there := meta.FindStatusCondition(f.server.Status.Conditions, string(v1alpha1.ConditionServiceReady))
	kind := object.GetObjectKind().GroupVersionKind().Kind
	if there == nil || there.Status != metav1.ConditionTrue || kind != children.Deployment && kind != children.Service {
		return nil
	}
	created := object.GetCreationTimestamp()
	seconds, recent := f.cluster.recent(created)
	if !recent || created.Sub(there.LastTransitionTime.Time) < apart {
		return nil
	}
	return []finding{warning("find out what deletes objects of the namespace, such as a tool that prunes",
		"%s %s was deleted, and the operator created it again %d seconds ago", kind, object.GetName(), seconds)}
}

// edited reports who else has set labels or fields of the spec.
func (f *patient) edited(object client.Object) []finding {
	var found []finding
	for _, entry := range object.GetManagedFields() {
		// Controllers report in the status, and autoscalers use another subresource.
		if entry.Subresource != "" || strings.HasPrefix(entry.Manager, v1alpha1.ManagedBy) || entry.Time == nil || entry.FieldsV1 == nil {
			continue
		}
		seconds, recent := f.cluster.recent(*entry.Time)
		if fields := declaredFields(entry.FieldsV1); recent && len(fields) > 0 {
			found = append(found, warning("make the change in the LlamaStackDistribution: the operator restores its own fields, and keeps those that others add",
				"%s has set fields of %s %s, the last ones %d seconds ago: %s", entry.Manager, object.GetObjectKind().GroupVersionKind().Kind, object.GetName(),
				seconds, strings.Join(fields, ", ")))
		}
	}
	return found
}

// declaredFields are the labels and the fields of the spec in a set of fields.
func declaredFields(set *metav1.FieldsV1) []string {
	var fields struct {
		Metadata struct {
			Labels map[string]any `json:"f:labels"`
		} `json:"f:metadata"`
		Spec map[string]any `json:"f:spec"`
	}
	if json.Unmarshal(set.GetRawBytes(), &fields) != nil {
		return nil
	}
	var names []string
	for prefix, found := range map[string]map[string]any{"metadata.labels.": fields.Metadata.Labels, "spec.": fields.Spec} {
		for name := range maps.Keys(found) {
			if name, ok := strings.CutPrefix(name, "f:"); ok {
				names = append(names, prefix+name)
			}
		}
	}
	slices.Sort(names)
	return names
}

// replaced reports Pods of the operator that no rollout has created.
func (c *clusterFacts) replaced(operator *appsv1.Deployment) []finding {
	at := slices.IndexFunc(operator.Status.Conditions, func(condition appsv1.DeploymentCondition) bool {
		return condition.Type == appsv1.DeploymentProgressing && condition.Reason == "NewReplicaSetAvailable"
	})
	if at < 0 {
		return nil
	}
	var names []string
	for i := range c.processes {
		created := c.processes[i].CreationTimestamp
		if _, recent := c.recent(created); recent && created.Sub(operator.Status.Conditions[at].LastUpdateTime.Time) >= apart {
			names = append(names, c.processes[i].Name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return []finding{warning("see who deleted or evicted the Pods before: kubectl -n "+c.from+" get events",
		"the last rollout of the operator has not created its Pods %s: they replace Pods that were deleted or evicted, or the Deployment was scaled", strings.Join(names, ", "))}
}

// starting is how long a process takes to read what it watches, and the kubelet to see that.
const starting = 20 * time.Second

// unconnected says that a process of the operator runs, and does not see the cluster: that is when it is not ready.
func (c *clusterFacts) unconnected(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodRunning && pod.DeletionTimestamp == nil && !status.PodReady(pod) &&
		slices.ContainsFunc(pod.Status.ContainerStatuses, func(s corev1.ContainerStatus) bool {
			return s.State.Running != nil && c.now.Sub(s.State.Running.StartedAt.Time) > starting
		})
}

// lostLease reports a lease that is much younger than the process that holds it, which takes it when it starts.
func (c *clusterFacts) lostLease(lease *coordinationv1.Lease, holder string, patience time.Duration) []finding {
	seconds, recent := c.recent(lease.CreationTimestamp)
	for i := range c.processes {
		for _, container := range c.processes[i].Status.ContainerStatuses {
			if recent && c.processes[i].Name == holder && container.State.Running != nil && lease.CreationTimestamp.Sub(container.State.Running.StartedAt.Time) > patience {
				return []finding{warning("find out who deletes leases in namespace "+c.from+"; for up to 10 seconds, two processes can have worked",
					"lease %s was deleted, and %s created it again %d seconds ago", lease.Name, holder, seconds)}
			}
		}
	}
	return nil
}
