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
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
	"sigs.k8s.io/structured-merge-diff/v6/value"
)

// collisions lists the live fields that cannot stay beside what the intent asks for. An apply removes only what is ours alone:
//
//   - spec.strategy.rollingUpdate of a Deployment, which the API server fills in and nobody owns, when the strategy is to be Recreate.
//   - a port of a Service that has the name of one of the intent's, but another number. Ports are merged by number and protocol, so
//     that a port which somebody renumbered counts as another's, while only one port may have the name.
func collisions(in *intent, obj *live) []fieldpath.Path {
	if in.recreates() && nested(obj.fields, "spec", "strategy", "rollingUpdate") {
		return []fieldpath.Path{rollingUpdatePath}
	}
	if in.ref.GVK.Group != corev1.GroupName || in.ref.GVK.Kind != "Service" {
		return nil
	}
	var paths []fieldpath.Path
	for _, wanted := range portsOf(in.fields) {
		for _, found := range portsOf(obj.fields) {
			if found["name"] == wanted["name"] && !portKey(found).Equals(portKey(wanted)) {
				key := portKey(found)
				paths = append(paths, fieldpath.MakePathOrDie("spec", "ports", &key))
			}
		}
	}
	return paths
}

func portsOf(fields map[string]any) []map[string]any {
	list, _, err := unstructured.NestedSlice(fields, "spec", "ports")
	if err != nil {
		return nil
	}
	ports := make([]map[string]any, 0, len(list))
	for _, item := range list {
		if port, ok := item.(map[string]any); ok {
			ports = append(ports, port)
		}
	}
	return ports
}

// portKey is the key that ports are merged by: the number, and the protocol, which is TCP by default.
func portKey(port map[string]any) value.FieldList {
	protocol := port["protocol"]
	if protocol == nil {
		protocol = string(corev1.ProtocolTCP)
	}
	return value.FieldList{
		{Name: "port", Value: value.NewValueInterface(port["port"])}, {Name: "protocol", Value: value.NewValueInterface(protocol)},
	}
}
