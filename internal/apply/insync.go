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

	"k8s.io/apimachinery/pkg/types"
)

// InSync tells whether an object is as the owner's last Apply of it left or found it: in the cache at the resourceVersion that was
// verified then. An object whose content is dear to read is applied again only where this does not hold.
func (e *Engine) InSync(owner types.UID, ref Ref) bool {
	last, ok := e.memory.get(owner)
	if !ok {
		return false
	}
	rec, ok := last.objects[ref]
	if !ok || rec.resourceVersion == "" {
		return false
	}
	obj, err := e.cached(context.Background(), ref)
	if err != nil || versionOf(obj) != rec.resourceVersion {
		return false
	}
	e.memory.see(owner, ref)
	return true
}
