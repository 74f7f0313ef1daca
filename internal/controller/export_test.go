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
	"context"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"
)

// What the external tests of this package look into.
var (
	NewRollouts          = newRollouts
	NewWrittenStatuses   = newWrittenStatuses
	Owners               = owners
	Gathered             = gathered
	Declared             = declared
	Foreign              = foreign
	ReferencedConfigMaps = referencedConfigMaps
	ContentHash          = contentHash
	ProblemOf            = problemOf
	BlockedFor           = blockedFor
	LogEdit              = logEdit
	Retries              = retries
)

// MaxRollouts is how many servers may roll at once.
const MaxRollouts = maxRollouts

// Waker is the source that the operator itself triggers.
type Waker = waker

// Wake has an object reconciled.
func (w *waker) Wake(key types.NamespacedName) { w.wake(key) }

// Acquire asks for a turn.
func (r *rollouts) Acquire(uid types.UID, key types.NamespacedName, others ...types.UID) bool {
	return r.acquire(uid, key, others)
}

// Take takes a turn without waiting.
func (r *rollouts) Take(uid types.UID) { r.take(uid) }

// Release ends a turn.
func (r *rollouts) Release(uid types.UID) { r.release(uid) }

// Latest is the status to compute from.
func (w *writtenStatuses) Latest(instance *v1alpha1.LlamaStackDistribution) v1alpha1.LlamaStackDistributionStatus {
	return w.latest(instance)
}

// Remember a status that was written.
func (w *writtenStatuses) Remember(over *v1alpha1.LlamaStackDistribution, status v1alpha1.LlamaStackDistributionStatus) {
	w.remember(over, status)
}

// Hold is how long a change still waits to be written.
func (w *writtenStatuses) Hold(uid types.UID, changed bool, patience time.Duration, now time.Time) time.Duration {
	return w.hold(uid, changed, patience, now)
}

// Forget an instance.
func (w *writtenStatuses) Forget(key types.NamespacedName) types.UID { return w.forget(key) }

// RunningImage is the image of the server's container.
func RunningImage(deployment *appsv1.Deployment, instance *v1alpha1.LlamaStackDistribution) string {
	return runningImage(deployment, instance)
}

// NewContents reads and remembers contents.
var NewContents = newContents

// Remember a finding under a key.
func (c *contents) Remember(key, finding string) { c.found.Add(key, finding) }

// Once finds what is not remembered.
func Once(c *contents, key string, find func() (string, error)) (string, error) {
	return once(c, key, find)
}

// GatherClaim is what a claim adds to the input of a rendering, and what it has to complain of.
func GatherClaim(instance *v1alpha1.LlamaStackDistribution, claim *corev1.PersistentVolumeClaim) (render.Input, []status.Problem) {
	p := &pass{children: children{claim: claim}}
	gatherClaim(instance, p)
	return p.input, p.remarks
}

// Pods is the source that watches Pods.
type Pods = pods

// EmptyPods knows no Pods yet.
var EmptyPods = emptyPods

// Later has what is done after a while told to a test, which does it.
func (p *pods) Later(tell func(time.Duration, func(context.Context))) { p.later = tell }

// WithAdvice adds what to do about a missing certificate.
var WithAdvice = withAdvice

// Trouble is why the Pods of a server do not run.
func (p *pods) Trouble(server types.NamespacedName) string { return p.trouble(server) }

// NewReconciler is the reconciler of a manager.
var NewReconciler = newReconciler

// Configure takes an operator's ConfigMap.
func (r *Reconciler) Configure(data map[string]string) { r.config.Update(data) }

// Secrets is the source that watches Secrets.
type Secrets = secrets

var (
	// EmptySecrets watches no Secret yet.
	EmptySecrets = emptySecrets
	// SecretRetries are the pauses between two tries.
	SecretRetries = secretRetries
	// UserIn is who is forbidden something.
	UserIn = userIn
)

// Follow has a server follow a Secret, and says which version it has and who may not watch it.
func (s *secrets) Follow(ctx context.Context, server, secret types.NamespacedName) (string, string) {
	found := s.follow(ctx, server, secret)
	return found.version, found.denied
}

// Leave has a server follow no Secret.
func (s *secrets) Leave(server types.NamespacedName) { s.leave(server) }

// Watched is how many Secrets are watched.
func (s *secrets) Watched() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.watches)
}

// NewSecretWatch is the watch of a Secret that nobody follows.
func NewSecretWatch() toolscache.ReflectorStore { return &secretWatch{of: emptySecrets(nil)} }

// Allowing is the command that an operator in the namespace "home" tells.
func Allowing(namespace, user string) string {
	return (&Reconciler{namespace: "home"}).allowing(namespace, user)
}
