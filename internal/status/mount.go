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
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// mountSummary starts the kubelet's summary after minutes of retries. The cause is in the Events of the retries.
const mountSummary = "Unable to attach or mount volumes"

// later reports whether an Event is more useful than another: causes before summaries, then the newer one.
func later(event, than *corev1.Event) bool {
	summary, other := strings.HasPrefix(event.Message, mountSummary), strings.HasPrefix(than.Message, mountSummary)
	if summary != other {
		return other
	}
	return lastSeen(event).After(lastSeen(than))
}

func lastSeen(event *corev1.Event) time.Time {
	switch {
	case event.Series != nil:
		return event.Series.LastObservedTime.Time
	case !event.LastTimestamp.IsZero():
		return event.LastTimestamp.Time
	default:
		return event.EventTime.Time
	}
}
