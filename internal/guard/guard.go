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

// Package guard keeps what one object causes from harming others: it bounds the errors of a reconciler, reports when that
// works, and lets an event through at which a predicate panics.
package guard

import (
	"context"

	"github.com/llamastack/llama-stack-k8s-operator/internal/bound"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// maxError is how much of an error goes into the log, in bytes: an API server can name thousands of causes, some of which
// quote what a user wrote.
const maxError = 4096

// guarded is a reconciler whose work is watched, and whose errors are bounded.
type guarded struct {
	reconcile.Reconciler

	working func() (done func())
}

// Reconciler guards a reconciler. working is called when it begins, and what that returns when it has ended; nil is for
// nobody who wants to know.
func Reconciler(reconciler reconcile.Reconciler, working func() func()) reconcile.Reconciler {
	if working == nil {
		working = func() func() { return func() {} }
	}
	return guarded{reconciler, working}
}

// Reconcile implements reconcile.Reconciler.
func (g guarded) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	defer g.working()()
	result, err := g.Reconciler.Reconcile(ctx, request)
	if err != nil {
		err = boundedError{err}
	}
	return result, err
}

// boundedError is an error with a limited text.
type boundedError struct{ error }

// Error implements error.
func (e boundedError) Error() string { return bound.Text(e.error.Error(), maxError) }

// Unwrap lets the error be found.
func (e boundedError) Unwrap() error { return e.error }

// Predicate is a predicate that accepts events at which it panics: an additional reconcile is harmless, a missing one is
// not.
func Predicate(inner predicate.Predicate) predicate.Predicate {
	return predicate.Funcs{
		CreateFunc:  func(e event.CreateEvent) bool { return passes(func() bool { return inner.Create(e) }) },
		UpdateFunc:  func(e event.UpdateEvent) bool { return passes(func() bool { return inner.Update(e) }) },
		DeleteFunc:  func(e event.DeleteEvent) bool { return passes(func() bool { return inner.Delete(e) }) },
		GenericFunc: func(e event.GenericEvent) bool { return passes(func() bool { return inner.Generic(e) }) },
	}
}

func passes(judge func() bool) bool {
	verdict := true
	func() {
		defer utilruntime.HandleCrash()
		verdict = judge()
	}()
	return verdict
}
