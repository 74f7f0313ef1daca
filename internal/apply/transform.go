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
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// DigestAnnotation stands for a ConfigMap's content in the cache, and in an intent whose content is read only when it has to be sent. It
// is never written to the cluster.
const DigestAnnotation = "llamastack.io/content-digest"

// PackedAnnotation has a long text behind a hash of it and a colon. Caches keep the hash alone, which is what comparisons need.
const PackedAnnotation = "llamastack.io/applied-template"

// hashBytes of a SHA-256 are enough to distinguish the intents of one object.
const hashBytes = 16

// CacheTransform is the transform of every informer that Options.Cache reads from: it drops what comparisons do not need. Applying it
// twice changes nothing more.
func CacheTransform(obj any) (any, error) {
	if cm, ok := obj.(*corev1.ConfigMap); ok {
		Digest(cm)
	}
	if o, ok := obj.(metav1.Object); ok {
		StripManagedFields(o)
		abridge(o)
	}
	return obj, nil
}

// abridge is for typed objects: no other has a PackedAnnotation.
func abridge(obj metav1.Object) {
	if packed, found := obj.GetAnnotations()[PackedAnnotation]; found {
		obj.GetAnnotations()[PackedAnnotation] = abridged(packed)
	}
}

func abridged(packed string) string {
	hash, _, _ := strings.Cut(packed, ":")
	return strings.Clone(hash) // or the whole text stays in memory
}

// StripManagedFields keeps of managedFields who manages the object itself, and by which operation: neither the fields and times nor the
// managers of subresources.
func StripManagedFields(obj metav1.Object) {
	var kept []metav1.ManagedFieldsEntry
	for _, e := range obj.GetManagedFields() {
		if e.Subresource == "" {
			kept = append(kept, metav1.ManagedFieldsEntry{Manager: e.Manager, Operation: e.Operation})
		}
	}
	obj.SetManagedFields(kept)
}

// Digest replaces a ConfigMap's data and binaryData by DigestAnnotation.
func Digest(cm *corev1.ConfigMap) {
	if _, done := cm.Annotations[DigestAnnotation]; done && len(cm.Data) == 0 && len(cm.BinaryData) == 0 {
		return
	}
	if cm.Annotations == nil {
		cm.Annotations = map[string]string{}
	}
	cm.Annotations[DigestAnnotation] = DigestOf(cm)
	cm.Data, cm.BinaryData = nil, nil
}

// DigestOf is the digest of a ConfigMap's data and binaryData.
func DigestOf(cm *corev1.ConfigMap) string {
	sum := sha256.New()
	for _, key := range slices.Sorted(maps.Keys(cm.Data)) {
		add(sum, "data", key, cm.Data[key])
	}
	for _, key := range slices.Sorted(maps.Keys(cm.BinaryData)) {
		add(sum, "binaryData", key, string(cm.BinaryData[key]))
	}
	return short(sum)
}

// add writes parts so that different lists of parts give different bytes.
func add(sum hash.Hash, parts ...string) {
	for _, part := range parts {
		_, _ = fmt.Fprintf(sum, "%d:%s", len(part), part) // A hash takes everything.
	}
}

func short(sum hash.Hash) string { return hex.EncodeToString(sum.Sum(nil)[:hashBytes]) }
