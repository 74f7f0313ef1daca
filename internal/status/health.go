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
	"github.com/llamastack/llama-stack-k8s-operator/internal/bound"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The health that servers and providers report. Most providers report "Not Implemented", which has no information.
const (
	healthOK    = "OK"
	healthError = "Error"
)

const (
	// maxWord is the maximum length of a word of the server in a message, in bytes.
	maxWord = 64
	// maxNamed is the maximum number of providers that a message names.
	maxNamed = 10
)

// healthCheck computes the health that the server reports for itself and its providers. After a restart of the
// operator, the last health stands until the next probe, unless there is a rollout.
func (f *facts) healthCheck() finding {
	was, known := f.wasHealth()
	switch {
	case f.stopped():
		return unknownHealth(v1alpha1.ReasonScaledToZero, "The desired number of replicas is 0")
	case !f.Server.Probed && (f.rollout.complete || f.rollout.failed) && known && was.reason != v1alpha1.ReasonScaledToZero:
		return was
	case !f.Server.Probed:
		return unknownHealth(v1alpha1.ReasonNotObserved, "The health of the server is not observed yet")
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
		return unobserved("the server rejects the requests of the operator with HTTP 429 (Too Many Requests)", "")
	case server.Limited != 0:
		return unobserved(fmt.Sprintf("the server requires credentials, which the operator does not have (HTTP %d)", server.Limited), "")
	case server.Health == "":
		return unobserved("the server does not report it", server.Problem)
	case server.Health != healthOK:
		return finding{
			metav1.ConditionFalse, v1alpha1.ReasonHealthCheckFailed,
			fmt.Sprintf("The server reports that its health is %q: check the logs of its Pods", bound.Text(server.Health, maxWord)),
		}
	}
	// The server asks its providers in turn, so an unhealthy one can delay the list beyond the timeout. The last
	// finding stands until the next list or rollout.
	if was, _ := f.wasHealth(); server.Providers == nil && was.reason == v1alpha1.ReasonProviderError {
		return was
	}
	if broken := brokenProviders(server.Providers); broken != "" {
		return finding{metav1.ConditionFalse, v1alpha1.ReasonProviderError, broken}
	}
	return finding{metav1.ConditionTrue, v1alpha1.ReasonHealthCheckPassed, join("Health check passed", f.unanswered())}
}

// wasHealth returns the last finding, if there is one.
func (f *facts) wasHealth() (finding, bool) {
	was := f.was(v1alpha1.ConditionHealthCheck)
	if was == nil {
		return finding{}, false
	}
	return finding{was.Status, v1alpha1.Reason(was.Reason), was.Message}, true
}

// unanswered returns which of the other requests failed.
func (f *facts) unanswered() string {
	if f.Server.Providers != nil && f.Server.Version != "" {
		return ""
	}
	return f.Server.Problem
}

func unobserved(what, why string) finding {
	message := "The health of the server is not observed: " + what
	if why != "" {
		message += ": " + why
	}
	return unknownHealth(v1alpha1.ReasonNotObserved, message)
}

func unknownHealth(reason v1alpha1.Reason, message string) finding {
	return finding{metav1.ConditionUnknown, reason, message}
}

// brokenProviders names the providers that report an error, as api/provider_id. The texts of the errors differ between
// probes, so they are not part of the message.
func brokenProviders(providers []v1alpha1.ProviderInfo) string {
	var names []string
	for i := range providers {
		if providers[i].Health.Status == healthError {
			names = append(names, bound.Text(providers[i].API, maxWord)+"/"+bound.Text(providers[i].ProviderID, maxWord))
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
