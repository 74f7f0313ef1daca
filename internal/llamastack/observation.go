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

package llamastack

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unique"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/bound"
)

const (
	// HealthOK is what a healthy server, or provider, says of itself.
	HealthOK = "OK"
	// HealthError is what an unhealthy server, or provider, says of itself, with code 200.
	HealthError = "Error"
)

const (
	// maxText is how many bytes of a text of the server's are kept, as JSON.
	maxText = 256
	// maxProviders is how many providers are kept, and where reading the list ends; servers have tens.
	maxProviders = 256
)

// Observation is what a server said at one time.
type Observation struct {
	// Reached is true when the server gave any HTTP answer.
	Reached bool
	// Interrupted is true when the server was reached and then a request got no answer: something was in the way for a
	// moment, such as a network policy that did not know the Pod yet.
	Interrupted bool
	// Limited is 401, 403 or 429 when that is the answer to /v1/health, else 0. Such a server is alive and gives no
	// information. A server that reports its health and refuses the rest is not Limited: Problem says what is missing.
	Limited int
	// Health is the status that the server reports, "OK" or "Error"; "HTTP 5xx" with its number where it answers
	// with a server error instead; "" when it is unknown.
	Health string
	// Version is a PEP 440 version, or "" when it is unknown.
	Version string
	// Providers sorted by API and id, without their configuration, texts printable and cut to 256 bytes of JSON; nil when
	// they are unknown.
	Providers []v1alpha1.ProviderInfo
	// Models that the server lists.
	Models Models
	// CertificateEnds is when the first certificate ends that the server sent, in Unix time; 0 without TLS, or when no connection
	// was made for another reason than a certificate that has ended.
	CertificateEnds int64
	// Problem says in stable words what else is unknown and why; "" when all was answered.
	Problem string
}

// Equal reports whether two observations are the same. The messages of providers are left out where the status is the
// same: they are the texts of exceptions, which name ports and times that differ from one probe to the next.
func (o Observation) Equal(other Observation) bool {
	return o.Reached == other.Reached && o.Limited == other.Limited && o.Health == other.Health &&
		o.Version == other.Version && o.Problem == other.Problem && o.Models.Equal(other.Models) && o.CertificateEnds == other.CertificateEnds &&
		(o.Providers == nil) == (other.Providers == nil) && slices.EqualFunc(o.Providers, other.Providers, sameProvider)
}

func sameProvider(a, b v1alpha1.ProviderInfo) bool {
	return a.API == b.API && a.ProviderID == b.ProviderID && a.ProviderType == b.ProviderType && a.Health.Status == b.Health.Status
}

// Results of a probe, for counting.
const (
	ResultHealthy   = "healthy"
	ResultUnhealthy = "unhealthy"
	ResultLimited   = "limited"
	ResultUnknown   = "unknown"
	ResultUnreached = "unreached"
)

// Result sums an observation up in one word.
func (o Observation) Result() string {
	switch {
	case !o.Reached:
		return ResultUnreached
	case o.Limited != 0:
		return ResultLimited
	case o.Health == "":
		return ResultUnknown
	case o.Health == HealthOK:
		return ResultHealthy
	default:
		return ResultUnhealthy
	}
}

// readHealth, readVersion and readProviders add one answer to an observation and return what was wrong with it.
func readHealth(o *Observation, got answer) string {
	o.Reached = got.code != 0
	switch {
	case got.code == http.StatusUnauthorized, got.code == http.StatusForbidden, got.code == http.StatusTooManyRequests:
		o.Limited = got.code
	case got.code >= http.StatusInternalServerError:
		o.Health = fmt.Sprintf("HTTP %d", got.code)
	}
	if got.problem != "" {
		return got.problem
	}
	var body struct {
		Status string `json:"status"`
	}
	if err := json.Unmarshal(got.body, &body); err != nil || body.Status == "" {
		return `answered without a "status"`
	}
	o.Health = cut(body.Status)
	return ""
}

func readVersion(o *Observation, got answer) string {
	if got.problem != "" {
		return got.problem
	}
	var body struct {
		Version string `json:"version"`
	}
	if err := json.Unmarshal(got.body, &body); err != nil || !isVersion(body.Version) {
		return `answered without a "version" of the form of PEP 440`
	}
	o.Version = body.Version
	return ""
}

func readProviders(o *Observation, got answer) string {
	if got.problem != "" {
		return got.problem
	}
	providers, more := decodeProviders(json.NewDecoder(bytes.NewReader(got.body)))
	if providers == nil {
		return `answered without a list "data"`
	}
	slices.SortFunc(providers, compareProviders)
	o.Providers = providers
	if more {
		return fmt.Sprintf("answered more than %d providers", maxProviders)
	}
	return ""
}

// compareProviders orders by everything that is kept, so that the order in which a server lists two of the same id, and
// whether it stays the same, makes no difference.
func compareProviders(a, b v1alpha1.ProviderInfo) int {
	return cmp.Or(strings.Compare(a.API, b.API), strings.Compare(a.ProviderID, b.ProviderID), strings.Compare(a.ProviderType, b.ProviderType),
		strings.Compare(a.Health.Status, b.Health.Status), strings.Compare(a.Health.Message, b.Health.Message))
}

// cut bounds a text of the server's. Servers of one kind say the same words, which are kept once for all of them.
func cut(text string) string {
	return unique.Make(bound.Text(text, maxText)).Value()
}
