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
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/llamastack/llama-stack-k8s-operator/internal/operatorconfig"
	"k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/yaml"
)

// FuzzParse holds for any content: what is known is usable, what is malformed changes nothing and is reported, the same
// content gives the same answer, also on top of its own, and messages can go into an event.
func FuzzParse(f *testing.F) {
	for _, seed := range [][4]string{
		{"", "", "", ""},
		{"enableNetworkPolicy: {enabled: true}", "starter: " + starterImage, "[a, b]", "atOnce: 1"},
		{"enableNetworkPolicy: true", "starter: 5\nother: {}\n", "- '*'\n", "{perNamespace: 0x10}"},
		{"a: &a [*a]", "<<: {a: b}", "- &x y\n- *x\n", "atOnce: &a 5\nperNamespace: *a"},
		{"--- \n...\n---\n", "? [a]\n: b", "!!set {a, b}", "atOnce: !!int '5'"},
		{"enableNetworkPolicy: {enabled: yes, enabled: no}", "\"\": x\n\" \": \"\\xff\"", "\t", "atOnce: 1e9"},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3])
	}
	f.Fuzz(func(t *testing.T, flags, overrides, namespaces, rollouts string) {
		data := map[string]string{
			operatorconfig.KeyFeatureFlags:       flags,
			operatorconfig.KeyImageOverrides:     overrides,
			operatorconfig.KeyCABundleNamespaces: namespaces,
			operatorconfig.KeyRollouts:           rollouts,
		}
		for _, last := range []operatorconfig.Config{{}, known()} {
			config, problems := operatorconfig.Parse(data, last)
			checkConfig(t, config)
			checkProblems(t, problems)
			checkKept(t, config, last, problems)
			again, sameProblems := operatorconfig.Parse(data, last)
			if !reflect.DeepEqual(config, again) || !reflect.DeepEqual(problems, sameProblems) {
				t.Fatal("the same content gave two answers")
			}
			settled, _ := operatorconfig.Parse(data, config)
			if !reflect.DeepEqual(config.ImageOverrides, settled.ImageOverrides) ||
				config.NetworkPolicy != settled.NetworkPolicy || !reflect.DeepEqual(config.CABundleNamespaces, settled.CABundleNamespaces) || config.Rollouts != settled.Rollouts {
				t.Fatalf("reading it twice changes it: %+v, then %+v", config, settled)
			}
			checkWritten(t, config)
		}
	})
}

// checkConfig expects that what is known can be used as it is.
func checkConfig(t *testing.T, config operatorconfig.Config) {
	t.Helper()
	for distribution, image := range config.ImageOverrides.Value {
		if _, err := name.ParseReference(image, name.WeakValidation); err != nil {
			t.Errorf("override of %q: %v", distribution, err)
		}
	}
	if limits := config.Rollouts; limits.Known && (min(limits.Value.AtOnce, limits.Value.PerNamespace) < 1 || max(limits.Value.AtOnce, limits.Value.PerNamespace) > 1000) {
		t.Errorf("limits of rollouts %+v", limits.Value)
	}
	found := config.CABundleNamespaces.Value
	if !slices.IsSorted(found) || len(slices.Compact(slices.Clone(found))) != len(found) {
		t.Errorf("namespaces %q are not a sorted set", found)
	}
	for _, namespace := range found {
		if why := validation.IsDNS1123Label(namespace); len(why) > 0 {
			t.Errorf("namespace %q: %v", namespace, why)
		}
	}
}

// checkProblems expects messages that an event can carry.
func checkProblems(t *testing.T, problems []operatorconfig.Problem) {
	t.Helper()
	for _, problem := range problems {
		if len(problem.Message) > 520 || !utf8.ValidString(problem.Message) || strings.TrimSpace(problem.Message) == "" {
			t.Errorf("message %q", problem.Message)
		}
		if !slices.Contains(operatorconfig.Keys(), problem.Key) {
			t.Errorf("problem about the key %q", problem.Key)
		}
	}
}

// checkKept expects that nothing which was known gets lost, and that what is not known now has a problem that says why.
func checkKept(t *testing.T, config, last operatorconfig.Config, problems []operatorconfig.Problem) {
	t.Helper()
	for key, known := range map[string][2]bool{
		operatorconfig.KeyFeatureFlags:       {last.NetworkPolicy.Known, config.NetworkPolicy.Known},
		operatorconfig.KeyImageOverrides:     {last.ImageOverrides.Known, config.ImageOverrides.Known},
		operatorconfig.KeyCABundleNamespaces: {last.CABundleNamespaces.Known, config.CABundleNamespaces.Known},
		operatorconfig.KeyRollouts:           {last.Rollouts.Known, config.Rollouts.Known},
	} {
		reported := slices.ContainsFunc(problems, func(p operatorconfig.Problem) bool { return p.Key == key })
		if known[0] && !known[1] {
			t.Errorf("what was known about %s is lost", key)
		}
		if !known[1] && !reported {
			t.Errorf("nothing reports why %s is not known", key)
		}
	}
	for distribution, why := range config.InvalidOverrides {
		if image, was := last.ImageOverrides.Value[distribution]; was && config.ImageOverrides.Value[distribution] != image {
			t.Errorf("%q lost its image: %s", distribution, why)
		}
	}
}

// checkWritten writes a configuration down, as an administrator would, and expects to read the same, without problems.
func checkWritten(t *testing.T, config operatorconfig.Config) {
	t.Helper()
	if !config.NetworkPolicy.Known || !config.ImageOverrides.Known || !config.CABundleNamespaces.Known || !config.Rollouts.Known {
		return
	}
	data := map[string]string{
		operatorconfig.KeyFeatureFlags:       asYAML(t, map[string]any{"enableNetworkPolicy": map[string]any{"enabled": config.NetworkPolicy.Value}}),
		operatorconfig.KeyImageOverrides:     asYAML(t, config.ImageOverrides.Value),
		operatorconfig.KeyCABundleNamespaces: asYAML(t, config.CABundleNamespaces.Value),
		operatorconfig.KeyRollouts:           asYAML(t, map[string]int{"atOnce": config.Rollouts.Value.AtOnce, "perNamespace": config.Rollouts.Value.PerNamespace}),
	}
	read, problems := operatorconfig.Parse(data, operatorconfig.Config{})
	if len(problems) > 0 || read.NetworkPolicy != config.NetworkPolicy || !maps.Equal(read.ImageOverrides.Value, config.ImageOverrides.Value) ||
		read.Rollouts != config.Rollouts || !slices.Equal(read.CABundleNamespaces.Value, config.CABundleNamespaces.Value) {
		t.Errorf("%q reads as %+v with %v, want %+v", data, read, problems, config)
	}
}

func asYAML(t *testing.T, value any) string {
	t.Helper()
	text, err := yaml.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
