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

package secretwatch

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/utils/clock"
)

var (
	// Empty watches no Secret yet.
	Empty = empty
	// Retries are the pauses between two tries.
	Retries = secretRetries
	// UserIn is who is forbidden something.
	UserIn = userIn
)

// FollowAndWait has a server follow a Secret, waits for the first answer, and returns the version and who may not watch it.
func (s *Secrets) FollowAndWait(ctx context.Context, server, secret types.NamespacedName) (string, string) {
	for ctx.Err() == nil {
		found, wait := s.Follow(server, []string{secret.Name})
		if wait == 0 {
			return found[secret.Name].Version, found[secret.Name].Denied
		}
		<-time.After(time.Millisecond)
	}
	return "", ""
}

// TryToFollow does not wait for the first answer: it returns for how long that is still waited for, and whether there are too
// many Secrets in the namespace.
func (s *Secrets) TryToFollow(server, secret types.NamespacedName) (time.Duration, bool) {
	found, wait := s.Follow(server, []string{secret.Name})
	return wait, found[secret.Name].Beyond
}

// At measures the time by a clock of the test's own.
func (s *Secrets) At(clock clock.PassiveClock) { s.clock = clock }

// Watched is how many Secrets are watched.
func (s *Secrets) Watched() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.watches)
}

// NewSecretWatch is the watch of a Secret that nobody follows.
func NewSecretWatch() toolscache.ReflectorStore { return &secretWatch{of: empty(nil)} }
