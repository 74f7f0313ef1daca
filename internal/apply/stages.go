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
	"errors"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// stage applies one stage.
func (r *run) stage(ctx context.Context, stage Stage) []Outcome {
	outcomes := make([]Outcome, 0, len(stage.Objects)+len(stage.Absent))
	for _, obj := range stage.Objects {
		outcome := r.apply(ctx, obj)
		if outcome.Live != nil {
			r.memory.note(r.request.Owner.GetUID(), outcome.Ref, r.after[outcome.Ref])
		}
		outcomes = append(outcomes, outcome)
	}
	for _, ref := range stage.Absent {
		outcomes = append(outcomes, r.remove(ctx, ref))
	}
	return outcomes
}

// hold remembers the first object of a stage that keeps the next ones from being changed.
func (r *run) hold(outcomes []Outcome) {
	for i := range outcomes {
		if r.behind == nil && r.refused(outcomes[i]) {
			r.behind = &outcomes[i].Ref
		}
	}
}

// refused reports whether an object is not as the later stages need it. A contested object does not count: the API server accepted it,
// and others changed it back.
func (r *run) refused(outcome Outcome) bool {
	if _, contested := errors.AsType[*ContestedError](outcome.Err); contested {
		return false
	}
	if _, open := r.open[outcome.Ref]; outcome.Err == nil && !open {
		return false
	}
	_, exists := r.found[outcome.Ref]
	return !exists || r.request.Suffices == nil || !r.request.Suffices(outcome.Ref)
}

// held returns a *HeldError if an intent must not be applied because of an earlier stage. What was applied before is healed all the same.
func (r *run) held(ctx context.Context, in *intent) error {
	if r.behind == nil {
		return nil
	}
	stands, err := r.stands(ctx, in)
	if stands || err != nil {
		return err
	}
	return &HeldError{Ref: in.ref, Behind: *r.behind}
}

// stands reports whether an intent is the one that was last applied.
func (r *run) stands(ctx context.Context, in *intent) (bool, error) {
	if rec, ok := r.before.get(in.ref); ok && rec.hash != "" {
		return rec.hash == in.hash, nil
	}
	obj, err := r.cached(ctx, in.ref)
	if obj == nil || err != nil {
		return false, err
	}
	return obj.GetAnnotations()[HashAnnotation] == in.hash, nil
}

// keepHeld leaves an object that is to go.
func (r *run) keepHeld(ctx context.Context, ref Ref) Outcome {
	obj, err := r.cached(ctx, ref)
	if err == nil && obj != nil && metav1.IsControlledBy(obj, r.request.Owner) {
		err = &HeldError{Ref: ref, Behind: *r.behind}
	}
	return Outcome{Ref: ref, Action: ActionNone, Err: err}
}
