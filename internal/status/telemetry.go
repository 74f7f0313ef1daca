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

import "fmt"

// scrapedSince is the first release of the server that has an endpoint for metrics.
const scrapedSince = "1.2.0"

// measured reports whether the server has metrics, as far as its version is known.
func (f *facts) measured() bool {
	return f.Instance.Spec.Server.MetricsPort() != 0 && !f.olderThan(scrapedSince)
}

// unmeasured returns that the server has no metrics although they are enabled, or an empty string.
func (f *facts) unmeasured() string {
	if f.Instance.Spec.Server.MetricsPort() == 0 || f.measured() {
		return ""
	}
	return fmt.Sprintf("spec.server.telemetry.metrics has no effect: version %s of the server has no metrics endpoint, use %s or later",
		f.serverVersion(), scrapedSince)
}
