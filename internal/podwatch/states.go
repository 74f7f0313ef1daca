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

package podwatch

import (
	"cmp"
	"slices"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

func stateOf(pod *corev1.Pod, states map[string]podState) podState {
	before := states[pod.Name]
	if before.uid != pod.UID {
		before = podState{}
	}
	state := podState{
		template: pod.Labels[appsv1.DefaultDeploymentUniqueLabelKey], created: pod.CreationTimestamp.Time, uid: pod.UID,
		trouble: status.PodTrouble(pod, before.trouble), asks: status.Asks(pod),
		over: pod.DeletionTimestamp == nil && pod.Status.Phase == corev1.PodFailed, ready: status.PodReady(pod),
	}
	state.warnings, state.configured = status.ConfigureWarnings(pod)
	if state.over {
		state.trouble = likeOthers(state, states)
	}
	if state.asks == before.asks {
		state.fromEvents, state.ticket = before.fromEvents, before.ticket
	}
	if state.asks == status.WhyNotGone {
		state.leaving = status.LeavingTrouble(pod)
		if state.fromEvents.Reason != "" {
			state.fromEvents = state.leaving
		}
	}
	return state
}

// likeOthers words the trouble of a Pod that has failed as that of another one, where they differ in numbers only: what a
// node says of each is worded anew.
func likeOthers(state podState, states map[string]podState) status.Trouble {
	for _, other := range states {
		if other.over && other.template == state.template && other.trouble.Reason == state.trouble.Reason {
			if alike := state.trouble.Like(other.trouble); alike == other.trouble {
				return alike
			}
		}
	}
	return state.trouble
}

// forgetFailed forgets Pods that have failed for good: those in whose place another one serves, and all but the last few.
func forgetFailed(states map[string]podState) {
	var failed []string
	for name, state := range states {
		if state.over {
			failed = append(failed, name)
		}
	}
	slices.SortFunc(failed, func(a, b string) int {
		return cmp.Or(states[b].created.Compare(states[a].created), strings.Compare(b, a))
	})
	for i, name := range failed {
		if i >= mostFailed || replaced(states[name], states) {
			delete(states, name)
		}
	}
}

// replaced says that a Pod of the same template that was made later serves.
func replaced(failed podState, states map[string]podState) bool {
	for _, state := range states {
		if state.ready && state.template == failed.template && state.created.After(failed.created) {
			return true
		}
	}
	return false
}
