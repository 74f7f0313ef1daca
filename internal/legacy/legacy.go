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

// Package legacy knows what release 0.9.0 of the operator left in a cluster: the field managers of its objects, and the
// bindings to the SCC anyuid. It goes in release 2.0.0, which upgrades from 1.x only.
package legacy

import (
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/internal/apply"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// updateManager is the field manager under which 0.9.0 creates and replaces objects.
const updateManager = "manager"

// Managers are the field managers that 0.9.0 left on the objects of an owner: the name of its binary from the creation,
// and the name of the owner from every apply after it.
func Managers(owner client.Object) apply.LegacyManagers {
	return apply.LegacyManagers{Update: updateManager, Apply: owner.GetName()}
}

// Wrote says that a field manager may be that of 0.9.0. The names of its objects start with the name of their owner, which is
// also the field manager.
func Wrote(manager, object string) bool {
	return manager == updateManager || object == manager || strings.HasPrefix(object, manager+"-")
}
