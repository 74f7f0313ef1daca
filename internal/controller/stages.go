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

package controller

import (
	"github.com/llamastack/llama-stack-k8s-operator/internal/apply"
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// stages are the order in which an edit is applied. A refusal in one leaves the later ones as they are, so that a
// Service never has a port that the Pods do not have, and no Pod is replaced by one that waits for what it mounts.
// Deletions come last: the Pods that run may still need the objects.
func stages(objects []*unstructured.Unstructured, absent []apply.Ref) []apply.Stage {
	sorted := make([]apply.Stage, children.Stages)
	for _, object := range objects {
		if child := children.Of(object.GetKind()); child != nil {
			sorted[child.Stage].Objects = append(sorted[child.Stage].Objects, object)
		}
	}
	sorted[children.Stages-1].Absent = absent
	return sorted
}

// suffices reports whether Pods can start with an object as it is. A ConfigMap is needed with the content that it is to
// have.
func suffices(ref apply.Ref) bool {
	child := children.Of(ref.GVK.Kind)
	return child != nil && child.Enough
}
