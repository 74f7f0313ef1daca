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

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// condition is a type of condition: an entry of the table that determines the status, transitions, Events and
// docs/conditions.md.
type condition struct {
	kind v1alpha1.ConditionType
	// always computes a condition that every server has. find computes one that can be absent: nil removes it. Ready
	// has neither, because Compute computes it first, with the phase.
	always func(*facts) finding
	find   func(*facts) *finding
	// needed means that Ready is not True before the condition is, and reports its message. ready.go decides when
	// DeploymentReady and HealthCheck make Ready False; the others do not count for it.
	needed bool
	// normal are the reasons that need no action by a person. Every other reason is a Warning.
	normal []v1alpha1.Reason
	// children means that the condition only depends on the children, so that it is also updated while the server is
	// being deleted.
	children bool
	// inputs means that the condition depends on references of the spec. If they cannot be read, the condition stays
	// unchanged.
	inputs bool
	// gradual means that the condition changes with the Pods of a rollout. A change for the worse waits for the rest of its
	// progress.
	gradual bool
	// awaited means that people wait for the condition, so that each transition is an Event. For other conditions, only
	// transitions to a reason that is not normal are Events, because Ready reports the rest.
	awaited bool
}

// conditions are all types of conditions, in the order of the transitions.
var conditions = [...]condition{ //nolint:gochecknoglobals // it is read-only, and a function allocates it in each reconcile
	{
		kind: v1alpha1.ConditionReady, awaited: true,
		normal: []v1alpha1.Reason{
			v1alpha1.ReasonReady, v1alpha1.ReasonProgressing, v1alpha1.ReasonScaledToZero, v1alpha1.ReasonTerminating, v1alpha1.ReasonPaused,
		},
	},
	{
		kind: v1alpha1.ConditionAvailable, always: (*facts).available, children: true, gradual: true,
		normal: []v1alpha1.Reason{v1alpha1.ReasonAvailable, v1alpha1.ReasonUnavailable, v1alpha1.ReasonScaledToZero},
	},
	{
		kind: v1alpha1.ConditionDeploymentReady, always: (*facts).deploymentReady, children: true,
		normal: []v1alpha1.Reason{v1alpha1.ReasonDeploymentReady, v1alpha1.ReasonDeploymentPending, v1alpha1.ReasonScaledToZero},
	},
	{
		kind: v1alpha1.ConditionHealthCheck, always: func(f *facts) finding { return f.health },
		normal: []v1alpha1.Reason{v1alpha1.ReasonHealthCheckPassed, v1alpha1.ReasonNotObserved, v1alpha1.ReasonScaledToZero},
	},
	{
		kind: v1alpha1.ConditionStorageReady, find: (*facts).storage, children: true,
		normal: []v1alpha1.Reason{v1alpha1.ReasonStorageReady, v1alpha1.ReasonStoragePending},
	},
	{
		kind: v1alpha1.ConditionServiceReady, always: (*facts).serviceReady, children: true, needed: true,
		normal: []v1alpha1.Reason{v1alpha1.ReasonServiceReady, v1alpha1.ReasonServicePending},
	},
	{
		kind: v1alpha1.ConditionRouteReady, find: (*facts).routeReady,
		normal: []v1alpha1.Reason{v1alpha1.ReasonRouteReady, v1alpha1.ReasonRoutePending},
	},
	{
		kind: v1alpha1.ConditionStateShared, find: (*facts).stateShared, inputs: true,
		normal: []v1alpha1.Reason{v1alpha1.ReasonSharedState, v1alpha1.ReasonStateUnknown},
	},
	{
		kind: v1alpha1.ConditionAuthenticationRequired, find: (*facts).authenticationRequired, inputs: true,
		normal: []v1alpha1.Reason{v1alpha1.ReasonAuthenticated},
	},
	{
		kind: v1alpha1.ConditionModelsRegistered, find: (*facts).modelsRegistered, inputs: true,
		normal: []v1alpha1.Reason{v1alpha1.ReasonModelsRegistered, v1alpha1.ReasonNotObserved, v1alpha1.ReasonScaledToZero},
	},
	{
		kind: v1alpha1.ConditionConfigValid, find: (*facts).configValid, inputs: true,
		normal: []v1alpha1.Reason{v1alpha1.ReasonValid, v1alpha1.ReasonValidWithWarnings, v1alpha1.ReasonChecking, v1alpha1.ReasonNotChecked},
	},
	{
		kind: v1alpha1.ConditionVersionSupported, find: (*facts).versionSupported,
		normal: []v1alpha1.Reason{v1alpha1.ReasonVersionSupported, v1alpha1.ReasonVersionUnknown},
	},
	{
		kind: v1alpha1.ConditionPaused, find: (*facts).pausedCondition, awaited: true,
		normal: []v1alpha1.Reason{v1alpha1.ReasonPaused},
	},
}

// isNormal reports whether a reason of the condition needs no action by a person.
func (c *condition) isNormal(reason v1alpha1.Reason) bool { return slices.Contains(c.normal, reason) }

// Normal reports whether a reason of a type of condition needs no action by a person.
func Normal(kind v1alpha1.ConditionType, reason v1alpha1.Reason) bool {
	at := slices.IndexFunc(conditions[:], func(c condition) bool { return c.kind == kind })
	return at >= 0 && conditions[at].isNormal(reason)
}

// unmet returns the messages of the needed conditions that are not True, or an empty string.
func (f *facts) unmet() string {
	var messages []string
	for i := range conditions {
		if !conditions[i].needed {
			continue
		}
		if found := conditions[i].found(f); found != nil && found.status != metav1.ConditionTrue {
			messages = append(messages, found.message)
		}
	}
	return join(messages...)
}

// found computes the condition, or returns nil if it is absent.
func (c *condition) found(f *facts) *finding {
	if c.find != nil {
		return c.find(f)
	}
	found := c.always(f)
	return &found
}

// available distinguishes a server that serves, but not as declared, from one that is down: Ready is False in both cases. The
// message has no number of Pods, which would be written whenever it changes.
func (f *facts) available() finding {
	service := f.serviceReady()
	switch {
	case f.Deployment != nil && f.Deployment.Status.AvailableReplicas > 0 && service.status == metav1.ConditionTrue:
		return finding{metav1.ConditionTrue, v1alpha1.ReasonAvailable, "At least one Pod serves"}
	case f.stopped():
		return finding{metav1.ConditionFalse, v1alpha1.ReasonScaledToZero, "No replicas are wanted"}
	case service.status != metav1.ConditionTrue:
		return finding{metav1.ConditionFalse, v1alpha1.ReasonUnavailable, service.message}
	default:
		return finding{metav1.ConditionFalse, v1alpha1.ReasonUnavailable, "No Pod is available"}
	}
}
