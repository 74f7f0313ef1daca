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
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

const (
	claimKind     = "PersistentVolumeClaim"
	configMapKind = "ConfigMap"
	// requestPath is what a claim asks for; it may grow only.
	requestPath = "spec.resources.requests.storage"
)

// frozen lists the fields that the API server lets nobody change, by ValidateDeploymentUpdate of apps/v1 and
// ValidatePersistentVolumeClaimUpdate of v1.
func frozen(kind schema.GroupKind) []string {
	switch {
	case kind.Group == "apps" && kind.Kind == "Deployment":
		return []string{"selector"}
	case kind.Group == corev1.GroupName && kind.Kind == claimKind:
		return []string{"accessModes", "dataSource", "dataSourceRef", "selector", "storageClassName", "volumeMode", "volumeName"}
	}
	return nil
}

// unclaimed lists the fields, by their place in spec, that a takeover does not make ours. Each was filled in by the API server when an
// earlier release made the object, which then counted as the one who set it; if we owned it, an apply that does not name it would try
// to remove it. An immutable field cannot be removed, and the class of an Ingress is filled in at creation only.
func unclaimed(kind schema.GroupKind) *fieldpath.Set {
	names := frozen(kind)
	if kind.Group == networkingv1.GroupName && kind.Kind == "Ingress" {
		names = []string{"ingressClassName"}
	}
	set := fieldpath.NewSet()
	for _, n := range names {
		set.Insert(fieldpath.MakePathOrDie("spec", n))
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
		case under(d.path, frozen(kind)), kind.Kind == claimKind && shrinks(d):
			field = d.path
		case kind.Group == corev1.GroupName && kind.Kind == configMapKind && have["immutable"] == true:
			field = contentField(d)
		}
		if field == "" {
			continue
		}
		return &ImmutableError{Ref: ref, Field: field, Old: show(d.have), New: show(d.want)}
	}
	return nil
}

// under tells whether path is one of the fields of spec, or inside of one.
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
