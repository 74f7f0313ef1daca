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

package operatorconfig_test

import (
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/llamastack/llama-stack-k8s-operator/internal/operatorconfig"
)

// FuzzParse holds for any content: no panic, what is known is usable, what is malformed changes nothing,
// the same content gives the same answer, and messages can go into an event.
func FuzzParse(f *testing.F) {
	seeds := [][3]string{
		{"", "", ""},
		{"enableNetworkPolicy: {enabled: true}", "starter: " + starterImage, "[a, b]"},
		{"enableNetworkPolicy: true", "starter: 5\nother: {}\n", "- '*'\n"},
		{"a: &a [*a]", "<<: {a: b}", "- &x y\n- *x\n"},
		{"--- \n...\n---\n", "? [a]\n: b", "!!set {a, b}"},
		{"enableNetworkPolicy: {enabled: yes, enabled: no}", "\"\": x\n\" \": \"\\xff\"", "\t"},
	}
	for _, seed := range seeds {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, flags, overrides, namespaces string) {
		data := map[string]string{
			operatorconfig.KeyFeatureFlags:       flags,
			operatorconfig.KeyImageOverrides:     overrides,
			operatorconfig.KeyCABundleNamespaces: namespaces,
		}
		config, problems := operatorconfig.Parse(data, known())
		again, sameProblems := operatorconfig.Parse(data, known())
		if !reflect.DeepEqual(config, again) || !reflect.DeepEqual(problems, sameProblems) {
			t.Fatal("the same content gave two answers")
		}
		if !config.NetworkPolicy.Known || !config.ImageOverrides.Known || !config.CABundleNamespaces.Known {
			t.Error("what was known got lost")
		}
		for distribution, image := range config.ImageOverrides.Value {
			if _, err := name.ParseReference(image, name.WeakValidation); err != nil {
				t.Errorf("override of %q: %v", distribution, err)
			}
		}
		for _, problem := range problems {
			if len(problem.Message) > 520 || !utf8.ValidString(problem.Message) || strings.TrimSpace(problem.Message) == "" {
				t.Errorf("message %q", problem.Message)
			}
		}
	})
}
