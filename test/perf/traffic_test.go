//go:build perf

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

package perf_test

import (
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"

	. "github.com/onsi/ginkgo/v2"
)

// quietTime is how long there is no request when the operator is quiet.
const quietTime = 3 * time.Second

// waitForQuiet waits until the operator has sent nothing for a while.
func waitForQuiet() {
	GinkgoHelper()
	audit.WaitForQuiet(quietTime)
}

// traffic sorts requests by what they cost.
type traffic struct {
	// discovery reads which APIs exist; it names no resource.
	discovery, lists, gets, writes []harness.Request
}

func sortOut(requests []harness.Request) traffic {
	var t traffic
	for _, r := range requests {
		switch {
		case r.Resource == "":
			t.discovery = append(t.discovery, r)
		case r.Verb == "list":
			t.lists = append(t.lists, r)
		case r.Verb == "get":
			t.gets = append(t.gets, r)
		default:
			t.writes = append(t.writes, r)
		}
	}
	return t
}
