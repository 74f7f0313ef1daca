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

package status

import (
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Changed says whether a status has to be written. Two that mean the same are equal, such as a list that is empty and
// one that is absent; nothing else is passed over.
func Changed(old, next v1alpha1.LlamaStackDistributionStatus) bool {
	return !equality.Semantic.DeepEqual(old, next)
}

// A rollout brings its claim, its Pods and the server's first answer one after the other, and each would cost a write that
// the next one makes old.
const (
	// progressPatience is how long what a rollout brings is gathered into one status, until it has ended.
	progressPatience = 5 * time.Second
	// answerPatience is how long the end of a rollout waits for the server's first answer. It is what people wait for.
	answerPatience = 2 * time.Second
)

// Patience is how long a change of the status may wait for more to come, before it is written: a moment while a rollout
// gets on, and when it has just ended and its server, which is about to be asked, was not yet. Everything else, and all
// that is for the worse, is told at once.
func Patience(old, next v1alpha1.LlamaStackDistributionStatus, asked bool) time.Duration {
	was, is := find(old, v1alpha1.ConditionReady), find(next, v1alpha1.ConditionReady)
	progressing := was.Reason == string(v1alpha1.ReasonProgressing) && was.ObservedGeneration == is.ObservedGeneration
	getsOn := is.Reason == string(v1alpha1.ReasonProgressing) || is.Status == metav1.ConditionTrue && !asked
	if !progressing || !getsOn {
		return 0
	}
	for _, transition := range Transitions(old, next) {
		if transition.To == string(metav1.ConditionFalse) {
			return 0
		}
	}
	if is.Status == metav1.ConditionTrue {
		return answerPatience
	}
	return progressPatience
}

// Transition is a condition that changed its status or its reason. A message that changes alone is none.
type Transition struct {
	// Type of the condition.
	Type v1alpha1.ConditionType
	// From and To are statuses, True, False or Unknown; empty where the condition was not, or is no longer, there.
	From, To string
	// Reason and Message of the condition; those that it had, where it is no longer there.
	Reason  v1alpha1.Reason
	Message string
}

// Transitions between two statuses, Ready first. The phase has none of its own: it follows from the status and the
// reason of Ready.
func Transitions(old, next v1alpha1.LlamaStackDistributionStatus) []Transition {
	kinds := []v1alpha1.ConditionType{
		v1alpha1.ConditionReady, v1alpha1.ConditionDeploymentReady, v1alpha1.ConditionHealthCheck,
		v1alpha1.ConditionStorageReady, v1alpha1.ConditionServiceReady, v1alpha1.ConditionRouteReady,
	}
	var found []Transition
	for _, kind := range kinds {
		from, to := find(old, kind), find(next, kind)
		if from.Status == to.Status && from.Reason == to.Reason {
			continue
		}
		told := to
		if to.Status == "" {
			told = from
		}
		found = append(found, Transition{
			Type: kind, From: string(from.Status), To: string(to.Status), Reason: v1alpha1.Reason(told.Reason), Message: told.Message,
		})
	}
	return found
}

// find gives an empty condition for one that is not there.
func find(status v1alpha1.LlamaStackDistributionStatus, kind v1alpha1.ConditionType) metav1.Condition {
	if condition := meta.FindStatusCondition(status.Conditions, string(kind)); condition != nil {
		return *condition
	}
	return metav1.Condition{}
}
