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

package operatorconfig

import (
	"reflect"
	"sync"
)

// Store keeps the operator's configuration as it was last read. Its methods are safe for concurrent use.
type Store struct {
	mutex   sync.RWMutex
	current Config
	loaded  bool
}

// NewStore has a Config of which nothing is known.
func NewStore() *Store { return &Store{} }

// Update reads the ConfigMap's data; nil, for a ConfigMap that is not there, gives the defaults. It returns whether
// the configuration changed, and what was not understood.
func (s *Store) Update(data map[string]string) (bool, []Problem) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	next, found := Parse(data, s.current)
	changed := !reflect.DeepEqual(s.current, next)
	s.current, s.loaded = next, true
	return changed, found
}

// Current is the configuration as of the last Update.
func (s *Store) Current() Config {
	s.mutex.RLock()
	defer s.mutex.RUnlock()
	return s.current
}

// Loaded is whether there has been an Update.
func (s *Store) Loaded() bool {
	s.mutex.RLock()
	defer s.mutex.RUnlock()
	return s.loaded
}
