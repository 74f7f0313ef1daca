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
	// tolerated is the digest of what differed from the intent right after it was applied. Admission made these changes, so applying
	// again does not fix them. Empty: nothing differed.
	tolerated string
	// applied is when the object was written, as long as the cache has not shown it.
	applied time.Time
	seen    bool
	// replicas: the intent asked for spec.replicas.
	replicas bool
	// contest counts how often the object was healed; nil for one that was not.
	contest *contest
}

// awaited reports whether the object was written so recently that the cache may not have it yet.
func (r record) awaited(now time.Time) bool {
	return r.resourceVersion != "" && !r.seen && now.Sub(r.applied) < UnseenTimeout
}

// owned is what is remembered of one owner.
type owned struct {
	intent  string
	settled bool
	// objects is not changed once it is stored.
	objects records
}

// records are what is remembered of the few objects of an owner. A map of them would take twice the memory, and be no faster.
type records []entry

type entry struct {
	ref    Ref
	record record
}

func recordsOf(of map[Ref]record) records {
	all := make(records, 0, len(of))
	for ref, rec := range of {
		all = append(all, entry{ref, rec})
	}
	return all
}

func (r records) index(ref Ref) int {
	return slices.IndexFunc(r, func(e entry) bool { return e.ref == ref })
}

// get returns the record of an object, and whether there is one.
func (r records) get(ref Ref) (record, bool) {
	if i := r.index(ref); i >= 0 {
		return r[i].record, true
	}
	return record{}, false
}

// with returns a copy that has another record of an object.
func (r records) with(ref Ref, rec record) records {
	all := append(make(records, 0, len(r)+1), r...)
	if i := all.index(ref); i >= 0 {
		all[i].record = rec
		return all
	}
	return append(all, entry{ref, rec})
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
	for i := range o.objects {
		rec := &o.objects[i].record
		if noted, _ := m.owners[owner].objects.get(o.objects[i].ref); noted.seen && noted.uid == rec.uid && noted.resourceVersion == rec.resourceVersion {
			rec.seen = true
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
	o.objects = o.objects.with(ref, rec)
	m.owners[owner] = o
}

// see notes that the cache shows objects of an owner; without refs all of them.
func (m *memory) see(owner types.UID, refs ...Ref) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	o := m.owners[owner]
	unseen := func(e entry) bool { return !e.record.seen && (len(refs) == 0 || slices.Contains(refs, e.ref)) }
	if !slices.ContainsFunc(o.objects, unseen) {
		return
	}
	o.objects = append(make(records, 0, len(o.objects)), o.objects...)
	for i := range o.objects {
		if unseen(o.objects[i]) {
			o.objects[i].record.seen = true
		}
	}
	m.owners[owner] = o
}

func (m *memory) drop(owner types.UID) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	delete(m.owners, owner)
}

// newer reports whether resourceVersion a is later than b. A version that cannot be compared counts as newer, so that it is not ignored.
func newer(a, b string) bool {
	order, err := resourceversion.CompareResourceVersion(a, b)
	return err != nil || order > 0
}
