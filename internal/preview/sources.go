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

package preview

import (
	"context"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/internal/apply"
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	"github.com/llamastack/llama-stack-k8s-operator/internal/secretwatch"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// nothing is a cluster without objects.
type nothing struct{}

// Get implements client.Reader.
func (nothing) Get(_ context.Context, key client.ObjectKey, _ client.Object, _ ...client.GetOption) error {
	return apierrors.NewNotFound(schema.GroupResource{}, key.Name) //nolint:wrapcheck // it is the answer of a client
}

// List implements client.Reader.
func (nothing) List(context.Context, client.ObjectList, ...client.ListOption) error { return nil }

// noWrites remembers nothing, because nothing is written.
type noWrites struct{}

// Awaited implements observed.Writes.
func (noWrites) Awaited(types.UID, apply.Ref) bool { return false }

// Ahead implements observed.Writes.
func (noWrites) Ahead(types.UID, apply.Ref, string) bool { return false }

// noSecrets knows no version of a Secret, so that the Pods keep those that they have.
type noSecrets struct{}

// Follow implements gather.Secrets.
func (noSecrets) Follow(types.NamespacedName, []string) (map[string]secretwatch.State, time.Duration) {
	return nil, 0
}

// isBuiltIn says that every cluster serves a kind. The others decide nothing that is rendered.
func isBuiltIn(kind schema.GroupVersionKind) bool {
	child := children.OfGroup(kind.GroupKind())
	return child == nil || !child.Optional()
}
