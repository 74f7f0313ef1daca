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

package rollouts

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/podtemplate"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// MaxTurn is when a turn ends, whatever became of the server: a model that takes longer to load must not keep the others
// from an image that closes a hole.
const MaxTurn = 15 * time.Minute

// Record is what a Deployment's annotations record of the Pod template that the operator applied last. It is what was
// asked for, not what is: admission may have rewritten the image, and a person may have changed anything.
type Record struct {
	// Author identifies what the author of the server had asked for.
	Author string `json:"author"`
	// Image that the template has.
	Image string `json:"image,omitempty"`
	// Turn is since when the server has the turn in which the template was applied (RFC 3339); empty where it took none.
	Turn string `json:"turn,omitempty"`

	// Template is the hash of the template.
	Template string `json:"-"`
}

// Read is empty for a Deployment without a record, or with one that cannot be read.
func Read(deployment *appsv1.Deployment) Record {
	if deployment == nil {
		return Record{}
	}
	var record Record
	if err := json.Unmarshal([]byte(deployment.Annotations[v1alpha1.AnnotationAppliedFor]), &record); err != nil {
		return Record{}
	}
	record.Template, _, _ = strings.Cut(deployment.Annotations[v1alpha1.AnnotationAppliedTemplate], ":")
	if record.Author == "" || record.Template == "" {
		return Record{}
	}
	return record
}

// Annotations of the Deployment that gets the template. The text of the template is in the first, behind its hash; caches
// keep the hash alone.
func (r Record) Annotations(template podtemplate.Packed) (map[string]string, error) {
	text, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("failed to write down what a Pod template was applied for: %w", err)
	}
	return map[string]string{
		v1alpha1.AnnotationAppliedTemplate: template.Hash + ":" + template.Text, v1alpha1.AnnotationAppliedFor: string(text),
	}, nil
}

// Applied is the template that was applied last, as the Deployment itself has it written down, which those in caches do
// not. It is empty where there is none.
func Applied(deployment *appsv1.Deployment) podtemplate.Packed {
	hash, text, _ := strings.Cut(deployment.Annotations[v1alpha1.AnnotationAppliedTemplate], ":")
	return podtemplate.Packed{Hash: hash, Text: text}
}

// known says that there is a record.
func (r Record) known() bool { return r.Author != "" }

// since is when the turn began; zero for none.
func (r Record) since() time.Time {
	began, err := time.Parse(time.RFC3339Nano, r.Turn)
	if err != nil {
		return time.Time{}
	}
	return began
}

// TurnOf is the turn that a Deployment shows, whether it still counts or not: since when; zero for none.
func TurnOf(deployment *appsv1.Deployment) time.Time { return Read(deployment).since() }

// Holding says that a server rolls in a turn of its own, however old that is.
func Holding(deployment *appsv1.Deployment) bool {
	return deployment.DeletionTimestamp == nil && deployment.Annotations[v1alpha1.AnnotationAppliedFor] != "" &&
		Rolling(deployment) && !TurnOf(deployment).IsZero()
}

// Counts says that a turn has not ended by its time. One that begins in the future is nobody's.
func Counts(turn, now time.Time) bool {
	age := now.Sub(turn)
	return age < MaxTurn && age > -MaxTurn
}

// Rolling says that Pods of another template than the current one are being replaced, or that it is not known yet whether
// they are. A server whose rollout ended or failed does not roll, whatever its Pods do afterwards, and neither does one
// whose rollout is paused.
func Rolling(deployment *appsv1.Deployment) bool {
	if deployment.Spec.Paused {
		return false
	}
	if !observed(deployment) {
		return true
	}
	wanted, status := replicas(deployment), deployment.Status
	replaced := status.UpdatedReplicas >= wanted && status.Replicas <= status.UpdatedReplicas
	return !failed(deployment) && (!replaced || status.AvailableReplicas < wanted && !ended(deployment))
}

// Broken says that a server has nothing to lose by a rollout: its last one failed, or none of its Pods is available
// although no rollout is under way.
func Broken(deployment *appsv1.Deployment) bool {
	if !observed(deployment) || replicas(deployment) == 0 {
		return false
	}
	return failed(deployment) || deployment.Status.AvailableReplicas == 0 && !Rolling(deployment)
}

// observed says that the Deployment's status is about its current generation.
func observed(deployment *appsv1.Deployment) bool {
	return deployment.Status.ObservedGeneration >= deployment.Generation
}

// failed says that the Deployment's controller sees no progress.
func failed(deployment *appsv1.Deployment) bool {
	for _, condition := range deployment.Status.Conditions {
		late := condition.Type == appsv1.DeploymentProgressing && condition.Status == corev1.ConditionFalse
		refused := condition.Type == appsv1.DeploymentReplicaFailure && condition.Status == corev1.ConditionTrue
		if late || refused {
			return true
		}
	}
	return false
}

// ended says that the Deployment's controller saw the last rollout through.
func ended(deployment *appsv1.Deployment) bool {
	for _, condition := range deployment.Status.Conditions {
		if condition.Type == appsv1.DeploymentProgressing && condition.Reason == "NewReplicaSetAvailable" {
			return true
		}
	}
	return false
}

func replicas(deployment *appsv1.Deployment) int32 {
	if wanted := deployment.Spec.Replicas; wanted != nil {
		return *wanted
	}
	return 1
}
