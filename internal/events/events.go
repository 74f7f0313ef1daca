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

// Package events has all Events of the operator: the transitions of conditions that a person acts on or waits for, and
// single events such as the reuse of a PVC. A condition and its Event have the same message.
package events

import (
	"fmt"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/bound"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/events"
)

// Reasons of Events that are not about a condition.
const (
	// ReasonClaimReused means that a server uses the PVC of an earlier server again.
	ReasonClaimReused = "ClaimReused"
	// ReasonLegacyBinding means that a binding to the SCC anyuid of an earlier release still exists.
	ReasonLegacyBinding = "LegacyBinding"
	// ReasonConfigElsewhere means that the operator created its ConfigMap while another namespace has one of the same
	// name.
	ReasonConfigElsewhere = "OperatorConfigElsewhere"
)

// Actions of Events.
const (
	actionReconcile = "Reconcile"
	actionConfigure = "Configure"
)

// maxNote is the maximum length of an Event's note that the API server accepts, in bytes.
const maxNote = 1024

// Events records Events.
type Events struct {
	recorder events.EventRecorder
}

// New returns Events that use a recorder.
func New(recorder events.EventRecorder) *Events { return &Events{recorder: recorder} }

// Condition records a transition of a condition: a Warning, unless the reason is normal.
func (e *Events) Condition(instance *v1alpha1.LlamaStackDistribution, normal bool, reason v1alpha1.Reason, message string) {
	kind := corev1.EventTypeWarning
	if normal {
		kind = corev1.EventTypeNormal
	}
	e.recorder.Eventf(instance, nil, kind, string(reason), actionReconcile, "%s", bound.Text(message, maxNote))
}

// PVCReused records that the server uses the PVC of an earlier server.
func (e *Events) PVCReused(instance *v1alpha1.LlamaStackDistribution, pvc string) {
	e.recorder.Eventf(instance, nil, corev1.EventTypeNormal, ReasonClaimReused, actionReconcile,
		"PersistentVolumeClaim %s already exists and is used again with its data", pvc)
}

// LegacyBinding records that a binding of an earlier release still exists, and the command that removes it.
func (e *Events) LegacyBinding(instance *v1alpha1.LlamaStackDistribution, kind, name, command string) {
	e.recorder.Eventf(instance, nil, corev1.EventTypeWarning, ReasonLegacyBinding, actionReconcile,
		"%s", bound.Text(fmt.Sprintf("%s %s allows the SCC anyuid, which the server no longer needs. To remove it, run: %s", kind, name, command), maxNote))
}

// ConfigElsewhere records, on the operator's new ConfigMap, that another namespace has one of the same name.
func (e *Events) ConfigElsewhere(configMap *corev1.ConfigMap, namespace string) {
	e.recorder.Eventf(configMap, nil, corev1.EventTypeWarning, ReasonConfigElsewhere, actionConfigure,
		"created with defaults; ConfigMap %s in namespace %s is not used. If it has the settings of an earlier release, copy its data here", configMap.Name, namespace)
}

// ConfigMalformed records, on the operator's ConfigMap, the problem with one of its keys.
func (e *Events) ConfigMalformed(configMap *corev1.ConfigMap, key, message string) {
	e.recorder.Eventf(configMap, nil, corev1.EventTypeWarning, string(v1alpha1.ReasonOperatorConfigMalformed), actionConfigure,
		"%s", bound.Text(key+": "+message, maxNote))
}
