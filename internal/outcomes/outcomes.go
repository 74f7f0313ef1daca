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

// Package outcomes says of each object that could not be applied whose problem it is: the user's, who must change
// something, the cluster's, which is retried, or nobody's, because it is only waited for.
package outcomes

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/apply"
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	"github.com/llamastack/llama-stack-k8s-operator/internal/legacy"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
)

// Problem returns whose problem an object that could not be applied is.
func Problem(outcome apply.Outcome) status.Problem {
	problem := status.Problem{Kind: status.User, Message: outcome.Err.Error(), About: about(outcome.Ref.GVK.Kind)}
	var (
		conflict  *apply.ConflictError
		immutable *apply.ImmutableError
		rejected  *apply.RejectedError
		contested *apply.ContestedError
		wait      *apply.WaitError
	)
	switch {
	case errors.As(outcome.Err, &conflict):
		problem.Reason = v1alpha1.ReasonResourceConflict
		if outcome.Ref.GVK.Kind == children.PersistentVolumeClaim {
			problem.Message = foreignPVC(conflict)
		}
	case errors.As(outcome.Err, &immutable):
		problem.Reason = v1alpha1.ReasonImmutableField
		if outcome.Ref.GVK.Kind == children.PersistentVolumeClaim {
			problem.Message = unchangedPVC(immutable)
		}
	case errors.As(outcome.Err, &rejected):
		problem.Reason = v1alpha1.ReasonRejected
		problem.Message = status.Advised(problem.Message)
	case errors.As(outcome.Err, &contested):
		problem.Reason = v1alpha1.ReasonResourceContested
		problem.Message += earlierRelease(contested)
	case errors.As(outcome.Err, &wait):
		problem.Reason, problem.Kind = v1alpha1.ReasonProgressing, status.Wait
	default:
		problem.Reason, problem.Kind = v1alpha1.ReasonReconcileError, status.Cluster
	}
	return problem
}

// foreignPVC and unchangedPVC advise what keeps the data: to remove a PVC or to make it anew, as of other objects, would lose it.
func foreignPVC(conflict *apply.ConflictError) string {
	return fmt.Sprintf("%s exists and belongs to %s: to use it with the data in it, set spec.server.storage to {existingClaim: %s}",
		conflict.Ref, conflict.Holder, conflict.Ref.Name)
}

func unchangedPVC(immutable *apply.ImmutableError) string {
	return fmt.Sprintf("%s: %s cannot be changed from %s to %s: go back to the old value, or copy the data to another PVC and name that in spec.server.storage.existingClaim",
		immutable.Ref, immutable.Field, immutable.Old, immutable.New)
}

// earlierRelease names the most likely other field manager.
func earlierRelease(contested *apply.ContestedError) string {
	if legacy.Wrote(contested.Manager, contested.Ref.Name) {
		return " (release 0.9.0 of this operator writes under that name: if it still runs, scale its Deployment to 0)"
	}
	return ""
}

// RetryAfter is when to retry an object that something outside of the operator's watches blocks.
func RetryAfter(outcome apply.Outcome, blocked time.Duration) time.Duration {
	if contested, ok := errors.AsType[*apply.ContestedError](outcome.Err); ok {
		return contested.RetryAfter
	}
	return blocked
}

// about is the condition that reports a problem with a child beside Ready.
func about(kind string) v1alpha1.ConditionType {
	if child := children.Of(kind); child != nil {
		return child.Condition
	}
	return ""
}

// QuotaExceeded says that a quota refused a ConfigMap.
func QuotaExceeded(outcomes []apply.Outcome) bool {
	return slices.ContainsFunc(outcomes, func(outcome apply.Outcome) bool {
		rejected, ok := errors.AsType[*apply.RejectedError](outcome.Err)
		return ok && rejected.Quota && outcome.Ref.GVK.Kind == children.ConfigMap
	})
}

// IsHeld says that an object was not applied because of another that was refused.
func IsHeld(outcome apply.Outcome) bool {
	_, held := errors.AsType[*apply.HeldError](outcome.Err)
	return held
}

// IsContested reports whether a problem is that the object belongs to others, or that others change the same fields.
func IsContested(problem status.Problem) bool {
	return problem.Reason == v1alpha1.ReasonResourceConflict || problem.Reason == v1alpha1.ReasonResourceContested
}

// KeepsAddress reports whether the server has the same address as before: the Pods or the Service were not changed.
func KeepsAddress(outcome apply.Outcome) bool {
	_, contested := errors.AsType[*apply.ContestedError](outcome.Err)
	return !contested && (outcome.Ref.GVK.Kind == children.Deployment || outcome.Ref.GVK.Kind == children.Service)
}

// KeptBehind returns for each object that was refused what stays as it is because of that.
func KeptBehind(outcomes []apply.Outcome) map[apply.Ref]string {
	kinds := map[apply.Ref][]string{}
	for _, outcome := range outcomes {
		if held, ok := errors.AsType[*apply.HeldError](outcome.Err); ok {
			kinds[held.Behind] = append(kinds[held.Behind], outcome.Ref.GVK.Kind)
		}
	}
	texts := make(map[apply.Ref]string, len(kinds))
	for ref, list := range kinds {
		texts[ref] = ". Until that is solved, these objects stay as they are: " + strings.Join(list, ", ")
	}
	return texts
}
