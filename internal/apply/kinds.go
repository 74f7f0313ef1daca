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

	"github.com/llamastack/llama-stack-k8s-operator/internal/bound"
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// requestPath is the size that a PVC asks for; it may grow only.
const requestPath = "spec.resources.requests.storage"

// frozen lists the fields of spec that the API server lets nobody change.
func frozen(kind schema.GroupKind) []string {
	if child := children.OfGroup(kind); child != nil {
		return child.Immutable
	}
	return nil
}

// keptByOthers lists the fields, by their place in spec, that a takeover does not make ours. Each was filled in by the API server when an
// earlier release made the object, which then counted as the one who set it; if we owned it, an apply that does not name it would try
// to remove it. An immutable field cannot be removed.
func keptByOthers(kind schema.GroupKind) *fieldpath.Set {
	set := fieldpath.NewSet()
	if child := children.OfGroup(kind); child != nil {
		for _, name := range slices.Concat(child.Immutable, child.Defaulted) {
			set.Insert(fieldpath.MakePathOrDie("spec", name))
		}
	}
	return set
}

// checkImmutable returns an ImmutableError if applying what differs is bound to fail.
func checkImmutable(ref Ref, have map[string]any, found []difference) error {
	kind := ref.GVK.GroupKind()
	for _, d := range found {
		field := ""
		switch {
		case d.missing:
			continue // An immutable field that is unset can be given a value, or the API server says why not.
		case under(d.path, frozen(kind)), kind.Kind == children.PersistentVolumeClaim && shrinks(d):
			field = d.path
		case kind.Group == corev1.GroupName && kind.Kind == children.ConfigMap && have["immutable"] == true:
			field = contentField(d)
		}
		if field == "" {
			continue
		}
		return &ImmutableError{Ref: ref, Field: field, Old: bound.Text(show(d.have), longestCause), New: bound.Text(show(d.want), longestCause)}
	}
	return nil
}

// under reports whether path is one of the fields of spec, or inside one of them.
func under(path string, fields []string) bool {
	for _, f := range fields {
		rest, ok := strings.CutPrefix(path, "spec."+f)
		if ok && (rest == "" || rest[0] == '.' || rest[0] == '[') {
			return true
		}
	}
	return false
}

func shrinks(d difference) bool {
	if d.path != requestPath {
		return false
	}
	want, wantErr := resource.ParseQuantity(show(d.want))
	have, haveErr := resource.ParseQuantity(show(d.have))
	return wantErr == nil && haveErr == nil && want.Cmp(have) < 0
}

// contentField names the field of an immutable ConfigMap that d changes; empty when it is one that may change.
func contentField(d difference) string {
	switch d.path {
	case "immutable":
		return d.path
	case "metadata.annotations." + DigestAnnotation:
		return "data"
	}
	return ""
}
