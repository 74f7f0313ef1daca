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
	"slices"
	"strings"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Changed reports whether a status must be written. An empty list equals an absent list; every other difference counts.
func Changed(old, next v1alpha1.LlamaStackDistributionStatus) bool {
	return !equality.Semantic.DeepEqual(old, next)
}

// A rollout changes the PVC, the Pods and the server's first response one after the other. Without a delay, each of
// these changes costs a write that the next one replaces.
const (
	// progressPatience is how long changes during a rollout are collected before a write.
	progressPatience = 5 * time.Second
	// answerPatience is how long the end of a rollout waits for the server's first response. It is short, because
	// people wait for the end of a rollout.
	answerPatience = 2 * time.Second
	// reportsPatience is how long a change of the providers or the models waits. The server chooses what it reports of
	// them, and must not cause a write with each response.
	reportsPatience = 5 * time.Minute
)

// Patience is how long a change of the status can wait for more changes before it is written: seconds while a rollout
// makes progress, or when it has just ended and the server was not probed yet; minutes if only the providers, their health
// or the models changed. Every other change, and every change for the worse, is written at once.
func Patience(old, next v1alpha1.LlamaStackDistributionStatus, asked bool) time.Duration {
	registration := find(old, v1alpha1.ConditionModelsRegistered).Status
	if observed := registration == metav1.ConditionTrue || registration == metav1.ConditionFalse; !Changed(withoutReports(old, observed), withoutReports(next, observed)) {
		return reportsPatience
	}
	was, is := find(old, v1alpha1.ConditionReady), find(next, v1alpha1.ConditionReady)
	progressing := was.Reason == string(v1alpha1.ReasonProgressing) && was.ObservedGeneration == is.ObservedGeneration
	serves := is.Status == metav1.ConditionTrue && is.Reason != string(v1alpha1.ReasonScaledToZero)
	getsOn := is.Reason == string(v1alpha1.ReasonProgressing) || serves && !asked
	if !progressing || !getsOn {
		return 0
	}
	for i := range conditions {
		from, to := find(old, conditions[i].kind), find(next, conditions[i].kind)
		if turned(from, to) && to.Status == metav1.ConditionFalse && !conditions[i].gradual {
			return 0
		}
	}
	if serves {
		return answerPatience
	}
	return progressPatience
}

// withoutReports removes the providers, the names of unhealthy providers in messages, and the models; with their condition,
// if it was observed before: people wait for its first value.
func withoutReports(status v1alpha1.LlamaStackDistributionStatus, observed bool) v1alpha1.LlamaStackDistributionStatus {
	status.DistributionConfig.Providers, status.Models = nil, nil
	status.Conditions = slices.Clone(status.Conditions)
	if observed {
		meta.RemoveStatusCondition(&status.Conditions, string(v1alpha1.ConditionModelsRegistered))
	}
	health := find(status, v1alpha1.ConditionHealthCheck)
	if health.Reason != string(v1alpha1.ReasonProviderError) {
		return status
	}
	for i := range status.Conditions {
		status.Conditions[i].Message = strings.ReplaceAll(status.Conditions[i].Message, health.Message, "")
	}
	return status
}

// Transition is a condition that changed its status or its reason. A change of the message alone is no transition.
type Transition struct {
	// Type of the condition.
	Type v1alpha1.ConditionType
	// From and To are statuses: True, False, Unknown, or empty if the condition is absent.
	From, To string
	// Reason and Message of the condition, or its last ones if it was removed.
	Reason  v1alpha1.Reason
	Message string
	// Normal means that the reason needs no action by a person.
	Normal bool
	// Event means that the transition is worth an Event: people wait for the condition, or must act on it. The removal
	// of a condition is no Event.
	Event bool
}

// Transitions returns the transitions between two statuses, Ready first. The phase has no transition: it follows from
// Ready.
func Transitions(old, next v1alpha1.LlamaStackDistributionStatus) []Transition {
	var found []Transition
	for i := range conditions {
		row := &conditions[i]
		from, to := find(old, row.kind), find(next, row.kind)
		if !turned(from, to) {
			continue
		}
		reported := to
		if to.Status == "" {
			reported = from
		}
		normal := row.isNormal(v1alpha1.Reason(reported.Reason))
		found = append(found, Transition{
			Type: row.kind, From: string(from.Status), To: string(to.Status), Reason: v1alpha1.Reason(reported.Reason), Message: reported.Message,
			Normal: normal, Event: to.Status != "" && (row.awaited || !normal),
		})
	}
	return found
}

// turned reports whether a condition has another status or reason.
func turned(from, to metav1.Condition) bool {
	return from.Status != to.Status || from.Reason != to.Reason
}

// find returns an empty condition if there is none of that type.
func find(status v1alpha1.LlamaStackDistributionStatus, kind v1alpha1.ConditionType) metav1.Condition {
	if condition := meta.FindStatusCondition(status.Conditions, string(kind)); condition != nil {
		return *condition
	}
	return metav1.Condition{}
}
