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
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// clearCollisions puts our port back where somebody changed the number of one of a Service's ports. Ports are merged by number and
// protocol, so that to an apply the changed one is another's, which stays; but it kept the name, which only one port may have,
// and the API server would refuse the Service with both.
func (r *run) clearCollisions(ctx context.Context, in *intent, obj *live) error {
	if in.ref.GVK.Kind != "Service" || in.ref.GVK.Group != "" {
		return nil
	}
	var steps []operation
	livePorts := portsOf(obj.fields)
	for _, wanted := range portsOf(in.fields) {
		for index, found := range livePorts {
			if found["name"] == wanted["name"] && !samePort(found, wanted) {
				steps = append(steps, operation{Op: "replace", Path: fmt.Sprintf("/spec/ports/%d", index), Value: wanted})
			}
		}
	}
	if len(steps) == 0 {
		return nil
	}
	changed, ok := obj.DeepCopyObject().(client.Object)
	if !ok {
		return fmt.Errorf("failed to patch %s: %T is no object", in.ref, obj.Object)
	}
	return r.patch(ctx, in.ref, changed, pinned(obj.Object, steps...))
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

// samePort compares by the keys of the list: the number, and the protocol, which is TCP by default.
func samePort(a, b map[string]any) bool {
	protocol := func(port map[string]any) any {
		if port["protocol"] == nil {
			return "TCP"
		}
		return port["protocol"]
	}
	return fmt.Sprint(a["port"]) == fmt.Sprint(b["port"]) && protocol(a) == protocol(b)
}
