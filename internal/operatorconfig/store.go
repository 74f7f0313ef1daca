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

// Store has the operator's configuration. Its methods are safe for concurrent use.
type Store struct {
	mutex   sync.RWMutex
	current Config
	loaded  bool
}

// NewStore returns a Store in which all settings are unknown.
func NewStore() *Store { return &Store{} }

// Update reads the ConfigMap's data. nil, if there is no ConfigMap, gives the defaults. It returns whether the
// configuration changed, and the problems.
func (s *Store) Update(data map[string]string) (bool, []Problem) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	next, found := Parse(data, s.current)
	changed := !reflect.DeepEqual(s.current, next)
	s.current, s.loaded = next, true
	return changed, found
}

// Current returns the configuration of the last Update.
func (s *Store) Current() Config {
	s.mutex.RLock()
	defer s.mutex.RUnlock()
	return s.current
}

// Loaded reports whether there was an Update.
func (s *Store) Loaded() bool {
	s.mutex.RLock()
	defer s.mutex.RUnlock()
	return s.loaded
}
