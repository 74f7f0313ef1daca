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

package serverconfig_test

import (
	"testing"

	"github.com/llamastack/llama-stack-k8s-operator/internal/serverconfig"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestServerConfig(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Server configuration")
}

// FuzzInspect shows that no text makes the parser panic or run for ever, and that what WithWorkers returns can be
// read again and has the key.
func FuzzInspect(f *testing.F) {
	for _, seed := range []string{
		"", "version: 2\nserver: {port: 1}", "a: &a {<<: [*a, *a]}\nserver: *a", "server: ~", "- a", "a: 1\n---\nb: 2",
		"? {a: b}\n: c", "server:\n  auth: {route_policy: [{permit: {paths: 'regex:('}}]}", "\tx", "!!binary x: y", "a: *b",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, config string) {
		before, err := serverconfig.Inspect(config)
		if err != nil {
			return
		}
		changed, err := serverconfig.WithWorkers(config, 7)
		if err != nil || changed == config {
			return
		}
		after, err := serverconfig.Inspect(changed)
		if err != nil {
			t.Fatalf("%q became unreadable: %q: %v", config, changed, err)
		}
		if after.Workers == nil || *after.Workers != 7 || after.TLS != before.TLS || after.HealthDenied != before.HealthDenied {
			t.Fatalf("%q became %q: %+v", config, changed, after)
		}
	})
}
