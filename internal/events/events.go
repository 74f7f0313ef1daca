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

// Package events is the catalogue of what the operator tells as Events: every change of a condition that a person may
// want to act on or wait for, and what happens once, such as the reuse of a claim. The text of a condition and the text
// of its Event are the same.
package events

import (
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/events"
)

// Reasons of Events that are not about a condition.
const (
	// ReasonClaimReused tells that a claim of an earlier server holds the data of this one.
	ReasonClaimReused = "ClaimReused"
	// ReasonLegacyBinding tells that a binding to the SCC anyuid is left over.
	ReasonLegacyBinding = "LegacyBinding"
	// ReasonConfigElsewhere tells that the operator's ConfigMap was made, and that one of its name is in another namespace.
	ReasonConfigElsewhere = "OperatorConfigElsewhere"
)

// Actions say what the operator was doing.
const (
	actionReconcile = "Reconcile"
	actionConfigure = "Configure"
)

// maxNote is what the API server accepts as an Event's text, in bytes.
const maxNote = 1024

// Events tells them.
type Events struct {
	recorder events.EventRecorder
}

// New tells Events through a recorder.
func New(recorder events.EventRecorder) *Events { return &Events{recorder: recorder} }

// Condition tells that a condition changed. Only what a person must mend or look into is a warning.
func (e *Events) Condition(instance *v1alpha1.LlamaStackDistribution, reason v1alpha1.Reason, message string) {
	kind := corev1.EventTypeWarning
	if IsNormal(reason) {
		kind = corev1.EventTypeNormal
	}
	e.recorder.Eventf(instance, nil, kind, string(reason), actionReconcile, "%s", shorten(message))
}

// ClaimReused tells that the claim of an earlier server is in use.
func (e *Events) ClaimReused(instance *v1alpha1.LlamaStackDistribution, claim string) {
	e.recorder.Eventf(instance, nil, corev1.EventTypeNormal, ReasonClaimReused, actionReconcile,
		"PersistentVolumeClaim %s was there already and is used again, with the data in it", claim)
}

// LegacyBinding tells about a binding that an earlier release left, and the command that removes it.
func (e *Events) LegacyBinding(instance *v1alpha1.LlamaStackDistribution, kind, name, command string) {
	e.recorder.Eventf(instance, nil, corev1.EventTypeWarning, ReasonLegacyBinding, actionReconcile,
		"%s %s lets the server run under the SCC anyuid, which it no longer needs: remove it with: %s", kind, name, command)
}

// ConfigElsewhere tells, on the operator's ConfigMap which was just made, that there is one in another namespace.
func (e *Events) ConfigElsewhere(configMap *corev1.ConfigMap, namespace string) {
	e.recorder.Eventf(configMap, nil, corev1.EventTypeWarning, ReasonConfigElsewhere, actionConfigure,
		"made with the defaults; ConfigMap %s in namespace %s is not read: if it holds the settings of an earlier release, copy its data here", configMap.Name, namespace)
}

// ConfigMalformed tells, on the operator's ConfigMap, what is wrong with one of its keys.
func (e *Events) ConfigMalformed(configMap *corev1.ConfigMap, key, message string) {
	e.recorder.Eventf(configMap, nil, corev1.EventTypeWarning, string(v1alpha1.ReasonOperatorConfigMalformed), actionConfigure,
		"%s", shorten(key+": "+message))
}

// IsNormal tells the reasons of conditions while all is well or on its way from those that a person must look into.
func IsNormal(reason v1alpha1.Reason) bool {
	switch reason {
	case v1alpha1.ReasonReady, v1alpha1.ReasonProgressing, v1alpha1.ReasonScaledToZero, v1alpha1.ReasonTerminating,
		v1alpha1.ReasonDeploymentReady, v1alpha1.ReasonDeploymentPending, v1alpha1.ReasonHealthCheckPassed, v1alpha1.ReasonNotObserved,
		v1alpha1.ReasonStorageReady, v1alpha1.ReasonStoragePending, v1alpha1.ReasonServiceReady, v1alpha1.ReasonServicePending,
		v1alpha1.ReasonRouteReady, v1alpha1.ReasonRoutePending, v1alpha1.ReasonPaused, v1alpha1.ReasonSharedState, v1alpha1.ReasonStateUnknown:
		return true
	default:
		return false
	}
}

// shorten cuts between characters: an Event with half a character in it is refused.
func shorten(text string) string {
	const dots = "..."
	if text = strings.ToValidUTF8(text, "?"); len(text) <= maxNote {
		return text
	}
	return strings.ToValidUTF8(text[:maxNote-len(dots)], "") + dots
}
