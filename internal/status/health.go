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
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// What servers and providers say of their health. "Not Implemented", which most providers say, carries no information.
const (
	healthOK    = "OK"
	healthError = "Error"
)

const (
	// maxWord is how much of a word that the server chose goes into a message, in bytes.
	maxWord = 64
	// maxNamed is how many providers a message names.
	maxNamed = 10
)

// healthCheck is about what the server says of itself and of its providers. After a restart of the operator a server
// that is not being rolled is as well as it last said, until it is asked.
func (f *facts) healthCheck() finding {
	was, told := f.wasHealth()
	switch {
	case f.stopped():
		return unknownHealth(v1alpha1.ReasonScaledToZero, "No replicas are wanted")
	case !f.Server.Probed && (f.rollout.complete || f.rollout.failed) && told && was.reason != v1alpha1.ReasonScaledToZero:
		return was
	case !f.Server.Probed:
		return unknownHealth(v1alpha1.ReasonNotObserved, "Its health is not observed yet")
	default:
		return f.probedHealth()
	}
}

func (f *facts) probedHealth() finding {
	server := f.Server
	switch {
	case !server.Reached:
		return unobserved("the operator cannot reach the server", server.Problem)
	case server.Limited == http.StatusTooManyRequests:
		return unobserved("the server refuses the operator with HTTP 429 (too many requests)", "")
	case server.Limited != 0:
		return unobserved(fmt.Sprintf("the server wants credentials, which the operator has none of (HTTP %d)", server.Limited), "")
	case server.Health == "":
		return unobserved("the server does not say", server.Problem)
	case server.Health != healthOK:
		return finding{
			metav1.ConditionFalse, v1alpha1.ReasonHealthCheckFailed,
			fmt.Sprintf("The server says that its health is %q: look at the logs of its Pods", bounded(server.Health, maxWord)),
		}
	}
	// The server asks its providers in turn, so a broken one can keep the list from being told in time. What was told
	// before stands until there is a list that says otherwise, or until the server rolls.
	if was, _ := f.wasHealth(); server.Providers == nil && was.reason == v1alpha1.ReasonProviderError {
		return was
	}
	if broken := brokenProviders(server.Providers); broken != "" {
		return finding{metav1.ConditionFalse, v1alpha1.ReasonProviderError, broken}
	}
	return finding{metav1.ConditionTrue, v1alpha1.ReasonHealthCheckPassed, join("Health check passed", f.unanswered())}
}

// wasHealth is what was last told, if anything was.
func (f *facts) wasHealth() (finding, bool) {
	was := f.was(v1alpha1.ConditionHealthCheck)
	if was == nil {
		return finding{}, false
	}
	return finding{was.Status, v1alpha1.Reason(was.Reason), was.Message}, true
}

// unanswered says which of the other questions the server did not answer.
func (f *facts) unanswered() string {
	if f.Server.Providers != nil && f.Server.Version != "" {
		return ""
	}
	return f.Server.Problem
}

func unobserved(what, why string) finding {
	message := "Its health is not observed: " + what
	if why != "" {
		message += ": " + why
	}
	return unknownHealth(v1alpha1.ReasonNotObserved, message)
}

func unknownHealth(reason v1alpha1.Reason, message string) finding {
	return finding{metav1.ConditionUnknown, reason, message}
}

// brokenProviders names those that report an error, as api/provider_id, which is what identifies them. What they say
// about it differs from one probe to the next and stays out of the message.
func brokenProviders(providers []v1alpha1.ProviderInfo) string {
	var names []string
	for i := range providers {
		if providers[i].Health.Status == healthError {
			names = append(names, bounded(providers[i].API, maxWord)+"/"+bounded(providers[i].ProviderID, maxWord))
		}
	}
	if len(names) == 0 {
		return ""
	}
	slices.Sort(names)
	names = slices.Compact(names)
	more := ""
	if len(names) > maxNamed {
		more = fmt.Sprintf(" and %d more", len(names)-maxNamed)
		names = names[:maxNamed]
	}
	return "Providers report an error: " + strings.Join(names, ", ") + more + ": see status.distributionConfig.providers"
}
