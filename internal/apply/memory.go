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
	"maps"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"
)

// UnseenTimeout is how long an applied object may be missing from the cache before the API server is asked.
const UnseenTimeout = 2 * time.Second

// record is what is remembered of one object: strings, never objects.
type record struct {
	// hash of the intent that was last applied or found to hold; empty for an object that must not exist.
	hash string
	uid  types.UID
	// resourceVersion at which the object was last found, or made, to be as it should; empty when it is not in the cache.
	resourceVersion string
	// tolerated is the digest of what differed from the intent right after it was applied: what admission changes, applying again
	// does not mend. Empty: nothing.
	tolerated string
	// applied is when the object was written, as long as the cache has not shown it.
	applied time.Time
	seen    bool
	// replicas: the intent asked for spec.replicas.
	replicas bool
	// contest counts how often the object was healed; nil for one that was not.
	contest *contest
}

// awaited tells whether the object was written so recently that the cache need not know it.
func (r record) awaited(now time.Time) bool {
	return r.resourceVersion != "" && !r.seen && now.Sub(r.applied) < UnseenTimeout
}

// owned is what is remembered of one owner.
type owned struct {
	intent  string
	settled bool
	// objects is not changed once it is stored.
	objects map[Ref]record
}

type memory struct {
	mutex  sync.RWMutex
	owners map[types.UID]owned
}

func newMemory() *memory { return &memory{owners: map[types.UID]owned{}} }

func (m *memory) get(owner types.UID) (owned, bool) {
	m.mutex.RLock()
	defer m.mutex.RUnlock()
	o, ok := m.owners[owner]
	return o, ok
}

// put stores what is known after an Apply. Objects that the cache has shown meanwhile stay seen.
func (m *memory) put(owner types.UID, o owned) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	for ref, rec := range o.objects {
		if noted := m.owners[owner].objects[ref]; noted.seen && noted.uid == rec.uid && noted.resourceVersion == rec.resourceVersion {
			rec.seen = true
			o.objects[ref] = rec
		}
	}
	m.owners[owner] = o
}

// note stores what is known of one object while others are still being applied, so that its echo is known for one.
func (m *memory) note(owner types.UID, ref Ref, rec record) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	o := m.owners[owner]
	o.settled = false
	objects := make(map[Ref]record, len(o.objects)+1)
	maps.Copy(objects, o.objects)
	objects[ref] = rec
	o.objects = objects
	m.owners[owner] = o
}

// see notes that the cache shows objects of an owner; without refs all of them.
func (m *memory) see(owner types.UID, refs ...Ref) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	o := m.owners[owner]
	if len(refs) == 0 {
		refs = slices.Collect(maps.Keys(o.objects))
	}
	unseen := slices.DeleteFunc(refs, func(ref Ref) bool { return o.objects[ref].seen })
	if len(unseen) == 0 {
		return
	}
	o.objects = maps.Clone(o.objects)
	for _, ref := range unseen {
		if rec, ok := o.objects[ref]; ok {
			rec.seen = true
			o.objects[ref] = rec
		}
	}
	m.owners[owner] = o
}

func (m *memory) drop(owner types.UID) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	delete(m.owners, owner)
}

// newer tells whether resourceVersion a is later than b. What cannot be compared counts as newer, so that it is looked at.
func newer(a, b string) bool {
	order, err := resourceversion.CompareResourceVersion(a, b)
	return err != nil || order > 0
}
