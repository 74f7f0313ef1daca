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

package apply

import (
	"slices"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
	"sigs.k8s.io/structured-merge-diff/v6/value"
)

// An apply removes only what is ours alone, so that a field which somebody else has set, or the API server has filled in, can stay beside
// one of ours that excludes it, and the API server refuses the object. This table lists the groups of such fields. What excludes what an
// intent asks for is made ours, and the apply removes it; all else of others stays.
//
// The groups are those of the API reference's unions and of the validation of apps/v1, v1, policy/v1 and route.openshift.io/v1. Lists that
// are replaced as a whole need no row.
func exclusions() []exclusion {
	rows := []exclusion{ //nolint:prealloc // The table says how many there are.
		{children.Deployment, "spec.strategy", where("type", string(appsv1.RecreateDeploymentStrategyType), "rollingUpdate")},
		{children.Deployment, podPath + ".volumes[name]", oneBut("name")},
		{children.Deployment, podPath + ".resourceClaims[name]", oneOf("resourceClaimName", "resourceClaimTemplateName")},
		{children.Deployment, podPath + ".securityContext.seccompProfile", notLocal},
		{children.Deployment, podPath + ".securityContext.appArmorProfile", notLocal},
		{children.Service, "spec.ports[port,protocol]", nil},
		{children.Service, "spec", where("type", string(corev1.ServiceTypeClusterIP),
			"loadBalancerSourceRanges", "loadBalancerClass", "allocateLoadBalancerNodePorts", "healthCheckNodePort", "externalTrafficPolicy")},
		{children.PodDisruptionBudget, "spec", oneOf("minAvailable", "maxUnavailable")},
		{children.Route, "spec.tls", where("termination", "passthrough",
			"certificate", "key", "caCertificate", "destinationCACertificate", "externalCertificate")},
		{children.Route, "spec.tls", where("termination", "edge", "destinationCACertificate")},
	}
	for _, list := range []string{".containers[name]", ".initContainers[name]"} {
		container := podPath + list
		rows = append(rows,
			exclusion{children.Deployment, container + ".env[name]", oneOf("value", "valueFrom")},
			exclusion{children.Deployment, container + ".env[name].valueFrom", oneBut()},
			exclusion{children.Deployment, container + ".volumeMounts[mountPath]", oneOf("subPath", "subPathExpr")},
			exclusion{children.Deployment, container + ".ports[containerPort,protocol]", nil},
			exclusion{children.Deployment, container + ".securityContext.seccompProfile", notLocal},
			exclusion{children.Deployment, container + ".securityContext.appArmorProfile", notLocal},
			exclusion{children.Deployment, container + ".securityContext", unprivileged},
		)
		for _, probe := range []string{".livenessProbe", ".readinessProbe", ".startupProbe"} {
			rows = append(rows, exclusion{children.Deployment, container + probe, oneOf("exec", "grpc", "httpGet", "tcpSocket")})
		}
		for _, hook := range []string{".lifecycle.postStart", ".lifecycle.preStop"} {
			rows = append(rows, exclusion{children.Deployment, container + hook, oneBut()})
		}
	}
	return rows
}

const podPath = "spec.template.spec"

// exclusion is a struct in objects of a kind, of which some fields exclude each other. A path is as fieldpath writes it, but without the
// values of keys. Without a rule it is a list whose keys identify its items, but whose items also need different names.
type exclusion struct {
	kind, path string
	rule       rule
}

// rule lists the fields of a live struct that cannot stand beside those of a wanted one.
type rule func(want, have map[string]any) []string

// oneOf: no more than one of the fields can be set.
func oneOf(fields ...string) rule {
	return func(want, have map[string]any) []string { return others(want, have, fields) }
}

// oneBut: no more than one field can be set, apart from those.
func oneBut(apart ...string) rule {
	return func(want, have map[string]any) []string {
		var fields []string
		for _, side := range []map[string]any{want, have} {
			for field := range side {
				if !slices.Contains(apart, field) {
					fields = append(fields, field)
				}
			}
		}
		return others(want, have, fields)
	}
}

// others are the fields that only the live struct has, if the wanted one has another of them.
func others(want, have map[string]any, fields []string) []string {
	if len(present(want, fields)) == 0 {
		return nil
	}
	return slices.DeleteFunc(present(have, fields), func(field string) bool { return want[field] != nil })
}

func present(in map[string]any, fields []string) []string {
	var found []string
	for _, field := range fields {
		if in[field] != nil && !slices.Contains(found, field) {
			found = append(found, field)
		}
	}
	return found
}

// where: a field that turns to a value excludes others.
func where(field, is string, excluded ...string) rule {
	return func(want, have map[string]any) []string {
		if want[field] != is || have[field] == is {
			return nil
		}
		return present(have, excluded)
	}
}

// notLocal: only a profile of type Localhost names a file on the node.
func notLocal(want, have map[string]any) []string {
	if want["type"] == nil || want["type"] == string(corev1.SeccompProfileTypeLocalhost) {
		return nil
	}
	return present(have, []string{"localhostProfile"})
}

// unprivileged: who may not gain privileges is not privileged.
func unprivileged(want, have map[string]any) []string {
	if want["allowPrivilegeEscalation"] != false || have["privileged"] != true || want["privileged"] != nil {
		return nil
	}
	return []string{"privileged"}
}

// step is one part of a path: a field, and where that is a list, the keys of its items.
type step struct {
	field string
	keys  []string
}

func stepsOf(path string) []step {
	var steps []step
	for part := range strings.SplitSeq(path, ".") {
		field, keys, list := strings.Cut(strings.TrimSuffix(part, "]"), "[")
		one := step{field: field}
		if list {
			one.keys = strings.Split(keys, ",")
		}
		steps = append(steps, one)
	}
	return steps
}

// collisions lists the live fields that cannot stay beside what the intent asks for.
func collisions(rows []exclusion, in *intent, obj *live) []fieldpath.Path {
	var found []fieldpath.Path
	for _, row := range rows {
		if row.kind == in.ref.GVK.Kind {
			found = append(found, row.find(nil, stepsOf(row.path), in.fields, obj.fields)...)
		}
	}
	return found
}

// find goes down what both sides have, to the fields of the live one that are excluded.
func (e exclusion) find(at fieldpath.Path, steps []step, want, have any) []fieldpath.Path {
	wanted, isWanted := want.(map[string]any)
	live, isLive := have.(map[string]any)
	if !isWanted || !isLive {
		return nil
	}
	if len(steps) > 0 {
		field := steps[0].field
		return e.findIn(below(at, fieldpath.PathElement{FieldName: &field}), steps, wanted[field], live[field])
	}
	var found []fieldpath.Path
	for _, field := range e.rule(wanted, live) {
		found = append(found, below(at, fieldpath.PathElement{FieldName: &field}))
	}
	return found
}

// findIn goes on in a field: in the items of both sides that have the same key, where it is a list.
func (e exclusion) findIn(at fieldpath.Path, steps []step, want, have any) []fieldpath.Path {
	keys := steps[0].keys
	if keys == nil {
		return e.find(at, steps[1:], want, have)
	}
	var found []fieldpath.Path
	for _, wanted := range itemsOf(want) {
		for _, live := range itemsOf(have) {
			key := keyOf(live, keys)
			item, same := below(at, fieldpath.PathElement{Key: &key}), key.Equals(keyOf(wanted, keys))
			switch byName := e.rule == nil && len(steps) == 1; {
			case same && !byName:
				found = append(found, e.find(item, steps[1:], wanted, live)...)
			case !same && byName && e.sameName(wanted, live):
				found = append(found, item)
			}
		}
	}
	return found
}

// sameName reports whether the names of two items keep them from being in one list. A Service with several ports needs a name for each.
func (e exclusion) sameName(want, have map[string]any) bool {
	if have["name"] == nil {
		return e.kind == children.Service
	}
	return have["name"] == want["name"]
}

func below(at fieldpath.Path, element fieldpath.PathElement) fieldpath.Path {
	return append(slices.Clone(at), element)
}

func itemsOf(list any) []map[string]any {
	items, _ := list.([]any)
	found := make([]map[string]any, 0, len(items))
	for _, item := range items {
		if fields, ok := item.(map[string]any); ok {
			found = append(found, fields)
		}
	}
	return found
}

// keyOf is the key that an item of a list is merged by. The protocol is TCP by default.
func keyOf(item map[string]any, keys []string) value.FieldList {
	key := make(value.FieldList, 0, len(keys))
	for _, field := range keys {
		of := item[field]
		if of == nil && field == "protocol" {
			of = string(corev1.ProtocolTCP)
		}
		key = append(key, value.Field{Name: field, Value: value.NewValueInterface(of)})
	}
	return key
}
