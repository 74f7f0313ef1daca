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
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

const (
	// contestLimit is how often the same field is healed within contestWindow before it is seen that somebody else decides it as well.
	contestLimit  = 5
	contestWindow = 10 * time.Minute
	// firstHold is how long a contested object is then left alone. The next holds are each twice as long, up to longestHold.
	firstHold   = time.Minute
	longestHold = time.Hour
	// contestProof is how long a write after a hold must stand until the contest counts as over.
	contestProof = 30 * time.Second
)

// contest is what is remembered of an object whose fields were healed lately. It is not changed once it is stored.
type contest struct {
	fields sets.Set[string]
	since  time.Time
	healed int

	// opponent is who changes the fields back; empty while the object is not contested. The rest is about one that is.
	opponent string
	hold     time.Duration
	until    time.Time
	// tried is when the object was last written, or seen to be as it should, since a hold.
	tried time.Time
}

// heal counts an object that was found changed, or starts to count if this has nothing to do with the last time.
func (c *contest) heal(fields sets.Set[string], now time.Time) contest {
	if c == nil || c.opponent == "" && (now.Sub(c.since) > contestWindow || !c.fields.HasAny(fields.UnsortedList()...)) {
		return contest{fields: fields, since: now, healed: 1}
	}
	next := *c
	switch {
	case c.opponent == "":
		next.healed++
	case !c.tried.IsZero():
		next.hold, next.tried = min(2*c.hold, longestHold), time.Time{}
		next.until = now.Add(next.hold)
	case !now.Before(c.until):
		next.tried = now
	}
	return next
}

// err is nil while the object may be written.
func (c *contest) err(ref Ref, now time.Time) error {
	if c.opponent == "" || now.Equal(c.tried) {
		return nil
	}
	return &ContestedError{Ref: ref, Manager: c.opponent, Fields: sets.List(c.fields), RetryAfter: c.until.Sub(now)}
}

// contend returns a *ContestedError if an object that was changed since it was applied is not to be healed now.
func (r *run) contend(ctx context.Context, in *intent, found []difference) error {
	fields := sets.New[string]()
	for _, d := range found {
		fields.Insert(d.path)
	}
	now := r.Clock.Now()
	next := r.after[in.ref].contest.heal(fields, now)
	if next.opponent == "" && next.healed > contestLimit {
		opponent, err := r.opponent(ctx, in.ref, found)
		if err != nil {
			return err
		}
		next.opponent, next.hold, next.until = opponent, firstHold, now.Add(firstHold)
	}
	r.setContest(in.ref, &next)
	return next.err(in.ref, now)
}

// tried is for a contested object that is as it should be, by our write or by itself: it stays contested until that has stood for a while.
func (r *run) tried(ref Ref) error {
	contested := r.after[ref].contest
	if contested == nil || contested.opponent == "" {
		return nil
	}
	now, next := r.Clock.Now(), *contested
	if next.tried.IsZero() {
		next.tried = now
	}
	wait := next.tried.Add(contestProof).Sub(now)
	if wait <= 0 {
		r.setContest(ref, nil)
		return nil
	}
	r.setContest(ref, &next)
	return &ContestedError{Ref: ref, Manager: next.opponent, Fields: sets.List(next.fields), RetryAfter: wait}
}

func (r *run) setContest(ref Ref, c *contest) {
	rec := r.after[ref]
	rec.contest = c
	r.after[ref] = rec
}

// opponent names the field manager that changed what differs: one that manages a field of it, or else the last to write anything.
func (r *run) opponent(ctx context.Context, ref Ref, found []difference) (string, error) {
	metadata, err := r.readMetadata(ctx, ref)
	if err != nil {
		return "", err
	}
	if metadata == nil {
		return "", fmt.Errorf("failed to find who changes %s: %w", ref, errMoved)
	}
	held, err := readHoldings(metadata.GetManagedFields(), "", r.Clock.Now())
	if err != nil {
		return "", fmt.Errorf("failed to find who changes %s: %w", ref, err)
	}
	others := slices.DeleteFunc(held.list, func(h holding) bool {
		return h.Manager == FieldOwner || h.Manager == HandoverOwner || h.Subresource != ""
	})
	if len(others) == 0 {
		return "unknown", nil
	}
	last := slices.MaxFunc(others, func(a, b holding) int {
		return cmp.Or(compareBool(a.managesAny(found), b.managesAny(found)), timeOf(a).Compare(timeOf(b)))
	})
	return last.Manager, nil
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

func timeOf(h holding) time.Time {
	if h.Time == nil {
		return time.Time{}
	}
	return h.Time.Time
}

// managesAny reports whether the holding has any of the fields that differ, or an atomic field that contains one of them.
func (h holding) managesAny(found []difference) bool {
	return slices.ContainsFunc(found, func(d difference) bool {
		return len(d.place) == 0 && d.have == h.Manager && h.Operation == metav1.ManagedFieldsOperationApply || h.manages(d.place)
	})
}

func (h holding) manages(place fieldpath.Path) bool {
	for i := range place {
		if h.fields.Has(place[:i+1]) {
			return true
		}
	}
	return false
}
