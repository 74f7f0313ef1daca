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

package faults_test

import (
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

type property = apiextensionsv1.JSONSchemaProps

// specSchema is that of spec, as the CRD has it.
func specSchema() *property {
	GinkgoHelper()
	text, err := os.ReadFile(filepath.Join(harness.Root(), "config", "crd", "bases", "llamastack.io_llamastackdistributions.yaml"))
	Expect(err).NotTo(HaveOccurred())
	crd := &apiextensionsv1.CustomResourceDefinition{}
	Expect(yaml.UnmarshalStrict(text, crd)).To(Succeed())
	spec := crd.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["spec"]
	return &spec
}

// item is the step of a path into a list.
const item = "[]"

// leaf is a field of the spec that has no fields.
type leaf struct {
	path   []string
	schema *property
}

func (l leaf) String() string { return strings.ReplaceAll(strings.Join(l.path, "."), "."+item, item) }

// leavesOf lists all leaves, in the order of their names.
func leavesOf(s *property, path ...string) []leaf {
	switch {
	case s.Items != nil:
		return leavesOf(s.Items.Schema, append(slices.Clone(path), item)...)
	case len(s.Properties) == 0:
		return []leaf{{path: path, schema: s}}
	}
	var found []leaf
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		below := s.Properties[name]
		found = append(found, leavesOf(&below, append(slices.Clone(path), name)...)...)
	}
	return found
}

const tooLong = 300

// hints are values with a meaning for fields of this name, which a schema does not show.
var hints = map[string][]any{
	"args": {"--a"}, "command": {"/bin/server"},
	"providers.type": {"remote::a", "inline::b", "junk"}, "jwksURI": {"https://a", "http://b", "junk"}, "apiServerURL": {"https://a", "https://b", "junk"},
	"caBundle.configMapName": {"ca", "other-ca", "missing"}, "userConfig.configMapName": {"config", "other", "missing"},
	"caBundle.configMapKeys": {"ca-bundle.crt", "more.crt", "missing.crt"},
	"distribution.name":      {"starter", "postgres-demo", "unknown", ""}, "distribution.image": {"registry.example/x:1", "registry.example/y@sha256:" + strings.Repeat("a", 64), ""},
	"mountPath": {"/data", "/srv/other", "relative"}, "size": {"1Gi", "2Gi", "512Mi", "junk"}, "env.name": {"A", "HF_HOME", "LLS_PORT", "a b"},
	"namespaces": {"team", "*", "Bad Name"}, "allowedFrom.labels": {"team", "example.com/team", "bad label!"},
	"fieldPath": {"metadata.name", "status.podIP", "nonsense"}, "resource": {"limits.cpu", "requests.memory"}, "divisor": {"1", "1m"},
	"operator": {"In", "Exists"}, "whenUnsatisfiable": {"DoNotSchedule", "ScheduleAnyway"}, "topologyKey": {"zone", "kubernetes.io/hostname"},
	"nodeAffinityPolicy": {"Honor", "Ignore"}, "nodeTaintsPolicy": {"Honor", "Ignore"}, "medium": {"Memory", ""},
	"limits":              {map[string]any{"cpu": "2"}, map[string]any{"memory": "4Gi"}, map[string]any{"cpu": "junk"}},
	"requests":            {map[string]any{"cpu": "100m"}, map[string]any{"memory": "1Gi"}, map[string]any{}},
	"seccompProfile.type": {"RuntimeDefault", "Unconfined", "Localhost"}, "appArmorProfile.type": {"RuntimeDefault", "Unconfined"},
	"localhostProfile": {"profile.json"}, "procMount": {"Default", "Unmasked"}, "fsGroupChangePolicy": {"Always", "OnRootMismatch"},
	"seLinuxChangePolicy": {"Recursive", "MountOption"}, "supplementalGroupsPolicy": {"Merge", "Strict"},
	"mountPropagation": {"None", "HostToContainer"}, "recursiveReadOnly": {"Disabled", "Enabled"}, "add": {"NET_ADMIN"}, "drop": {"ALL", "NET_RAW"},
	"sysctls.name": {"kernel.shm_rmid_forced"}, "serviceAccountName": {"mine", "demo-sa", "Bad Name"}, "accessModes": {"ReadWriteOnce", "ReadWriteMany"},
	"otlp.endpoint": {"http://a:4318", "https://b", "junk"}, "sampleRatio": {"0.5", "1", "2"}, "serviceName": {"a", "team/b", "a b"},
	"rollout.checkDeadline": {"30s", "7m", "1h", "2h", "junk"},
	"volumeMode":            {"Filesystem", "Block"}, "storage.retentionPolicy": {"Retain", "Delete"},
}

// valuesOf are what a leaf is tried with: the smallest, the largest, the empty, every one of an enum, and what is invalid.
func (l leaf) values() []any {
	last, before := l.names()
	for _, name := range []string{before + "." + last, last} {
		if hinted, ok := hints[name]; ok {
			return hinted
		}
	}
	s := l.schema
	switch {
	case len(s.Enum) > 0:
		values := []any{"Nonsense"}
		for _, choice := range s.Enum {
			values = append(values, strings.Trim(string(choice.Raw), `"`))
		}
		return values
	case s.XIntOrString:
		return []any{int64(1), "50%", int64(0), "1", "junk", int64(-1)}
	case s.Type == "boolean":
		return []any{true, false}
	case s.Type == "integer":
		return integers(s)
	case s.Type == "object":
		return []any{map[string]any{"a": "b"}, map[string]any{"c": "d"}, map[string]any{}}
	}
	return []any{"a", "b-2", "", "A b\u00e9", strings.Repeat("x", tooLong)}
}

func integers(s *property) []any {
	least, most := int64(0), int64(math.MaxInt32)
	if s.Minimum != nil {
		least = int64(*s.Minimum)
	}
	if s.Maximum != nil {
		most = int64(*s.Maximum)
	}
	return []any{least + 1, least + 2, least, most, least - 1, most + 1}
}

// names are those of the leaf, and of what it is in, without steps into lists.
func (l leaf) names() (string, string) {
	steps := slices.DeleteFunc(slices.Clone(l.path), func(step string) bool { return step == item })
	if len(steps) == 1 {
		return steps[0], ""
	}
	return steps[len(steps)-1], steps[len(steps)-2]
}

// least is the smallest thing that a schema accepts: what it requires, filled with the first value of each.
func least(s *property, path []string) any {
	switch {
	case s.Items != nil:
		return []any{least(s.Items.Schema, append(slices.Clone(path), item))}
	case len(s.Properties) == 0:
		return leaf{path: path, schema: s}.values()[0]
	}
	made := map[string]any{}
	for _, name := range s.Required {
		below := s.Properties[name]
		made[name] = least(&below, append(slices.Clone(path), name))
	}
	return made
}

// put sets a leaf in a spec, and makes what it is in. pick chooses the item of a list, of so many, or the number itself for
// one more.
func put(in any, s *property, path []string, at int, value any, pick func(int) int) any {
	if at == len(path) {
		return value
	}
	if path[at] == item {
		list, _ := in.([]any)
		which := pick(len(list))
		if which == len(list) {
			list = append(list, least(s.Items.Schema, path[:at+1]))
		}
		list[which] = put(list[which], s.Items.Schema, path, at+1, value, pick)
		return list
	}
	fields, ok := in.(map[string]any)
	if !ok {
		fields, _ = least(s, path[:at]).(map[string]any)
	}
	below := s.Properties[path[at]]
	fields[path[at]] = put(fields[path[at]], &below, path, at+1, value, pick)
	return fields
}

// drop removes a leaf, or what it is in when depth is less than the length of its path.
func drop(in any, path []string, depth int) any {
	switch fields := in.(type) {
	case []any:
		if depth <= 1 || len(fields) == 0 {
			return []any{}
		}
		fields[len(fields)-1] = drop(fields[len(fields)-1], path[1:], depth-1)
	case map[string]any:
		if depth <= 1 {
			delete(fields, path[0])
			return fields
		}
		if below, ok := fields[path[0]]; ok {
			fields[path[0]] = drop(below, path[1:], depth-1)
		}
	}
	return in
}
