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

package metrics

import (
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// edit is the last edit of a spec. since is when it was made, as long as the server is not ready with it: zero afterwards,
// and for an edit that does not count.
type edit struct {
	generation int64
	since      time.Time
}

// follow returns the last edit of a server, and how long it took if the server just became ready with it. A later edit
// replaces one that is not in effect yet. The time of an edit that another process saw first is not known.
func follow(before *server, seen *Server) (edit, time.Duration, bool) {
	last := edit{generation: seen.Instance.Generation}
	switch {
	case before != nil && before.edit.generation == last.generation:
		last = before.edit
	case before != nil:
		last.since = seen.Now
	case seen.First:
		last.since = seen.Instance.CreationTimestamp.Time
	}
	ready := meta.FindStatusCondition(seen.Instance.Status.Conditions, string(v1alpha1.ConditionReady))
	stopped := seen.Instance.Spec.Suspend || seen.Instance.Paused() || ready != nil && ready.Reason == string(v1alpha1.ReasonScaledToZero)
	if last.since.IsZero() || stopped {
		return edit{generation: last.generation}, 0, false
	}
	current := ready != nil && ready.Status == metav1.ConditionTrue && seen.Instance.Status.ObservedGeneration == last.generation
	if !current || !seen.Settled {
		return last, 0, false
	}
	return edit{generation: last.generation}, max(0, seen.Now.Sub(last.since)), true
}
