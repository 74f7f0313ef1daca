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

package render

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	"k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/kustomize/api/resmap"
)

// addMetadata adds the labels and annotations of the CR's own to every object. It replaces none that is there: the operator's
// are how it finds its objects, and those of one kind of object are said more closely elsewhere in the spec. Pods have none
// of them, so that an edit of a label restarts no server.
type addMetadata struct{ *server }

// Transform implements resmap.Transformer.
func (t addMetadata) Transform(m resmap.ResMap) error {
	if err := t.checkMetadata(); err != nil {
		return err
	}
	labels, annotations := t.ownLabels(), t.ownAnnotations()
	for _, res := range m.Resources() {
		e := editResource(res)
		outlives := res.GetKind() == children.PersistentVolumeClaim && t.storage().Retains()
		e.add(ownLabelsPath, labels, outlives)
		e.add(ownAnnotationsPath, annotations, outlives)
		if e.err != nil {
			return e.err
		}
	}
	return nil
}

// argoCD is the prefix of the marks by which Argo CD finds what it manages, and prunes.
const argoCD = "argocd.argoproj.io/"

// add sets those of the texts whose key the mapping does not have. An object that outlives its server does without the marks
// of Argo CD, which would prune it.
func (e *editor) add(path string, texts map[string]string, outlives bool) {
	for _, key := range slices.Sorted(maps.Keys(texts)) {
		if e.get(path, key) != nil || outlives && strings.HasPrefix(key, argoCD) {
			continue
		}
		e.set(path, key, texts[key])
	}
}

// ownLabels are the CR's, those that it inherits from its LlamaStackDistribution included, which it can replace.
func (in Input) ownLabels() map[string]string {
	labels := maps.Clone(in.Labels)
	if own := in.Spec.Metadata; own != nil && len(own.Labels) > 0 {
		if labels == nil {
			labels = make(map[string]string, len(own.Labels))
		}
		for key, value := range own.Labels {
			labels[key] = string(value)
		}
	}
	return labels
}

func (in Input) ownAnnotations() map[string]string {
	if in.Spec.Metadata == nil {
		return nil
	}
	annotations := make(map[string]string, len(in.Spec.Metadata.Annotations))
	for key, value := range in.Spec.Metadata.Annotations {
		annotations[key] = string(value)
	}
	return annotations
}

// checkMetadata says which key no object can have. The schema has no rule for keys, whose length it does not bound.
func (in Input) checkMetadata() error {
	if in.Spec.Metadata == nil {
		return nil
	}
	for _, key := range slices.Sorted(maps.Keys(in.Spec.Metadata.Labels)) {
		if err := checkKey("labels", key, key); err != nil {
			return err
		}
	}
	for _, key := range slices.Sorted(maps.Keys(in.Spec.Metadata.Annotations)) {
		if err := checkKey("annotations", key, strings.ToLower(key)); err != nil {
			return err
		}
	}
	return nil
}

// longestKey is a prefix of 253 characters, a slash and a name of 63.
const longestKey = 317

func checkKey(field, key, checked string) error {
	problems := validation.IsQualifiedName(checked)
	if len(problems) == 0 {
		return nil
	}
	return &SpecError{
		Field: "spec.metadata." + field,
		Message: fmt.Sprintf("the key %q is none that an object can have; use a name such as cost-center, or with a domain such as "+
			"example.com/cost-center", key[:min(len(key), longestKey)]),
	}
}

// withOwn adds the CR's own labels and annotations to the metadata of an object.
func (in Input) withOwn(metadata map[string]any) map[string]any {
	for key, texts := range map[string]map[string]string{"labels": in.ownLabels(), "annotations": in.ownAnnotations()} {
		if len(texts) == 0 {
			continue
		}
		fields := anyMap(texts)
		if there, ok := metadata[key].(map[string]any); ok {
			maps.Copy(fields, there)
		}
		metadata[key] = fields
	}
	return metadata
}

// maxInherited is how many labels are inherited at most.
const maxInherited = 32

// InheritedLabels are those labels of a LlamaStackDistribution that its objects have, too, and how many more there would be:
// those without a prefix. Kubernetes leaves these to people, and tools mark what they manage by labels with a prefix,
// which would have them take our objects for theirs.
func InheritedLabels(labels map[string]string) (map[string]string, int) {
	var inherited map[string]string
	more := 0
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		switch {
		case strings.Contains(key, "/") || key == v1alpha1.LabelApp:
		case len(inherited) == maxInherited:
			more++
		default:
			if inherited == nil {
				inherited = map[string]string{}
			}
			inherited[key] = labels[key]
		}
	}
	return inherited, more
}
