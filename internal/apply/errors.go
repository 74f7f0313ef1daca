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
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/internal/bound"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ConflictError says that an object, or a field of it, belongs to somebody else. Nothing was written.
type ConflictError struct {
	Ref Ref
	// Holder is who has it: "Kind/name" of a controller, or a field manager and its fields, or that nobody is known.
	Holder string
}

func (e *ConflictError) Error() string {
	return fmt.Sprintf("%s exists and belongs to %s; it is left as it is: remove or rename it, or choose another name", e.Ref, e.Holder)
}

// ImmutableError says that an intent changes what the API server does not let anybody change. Nothing was sent.
type ImmutableError struct {
	Ref Ref
	// Field is a path such as "spec.selector"; Old and New are the live and the wanted value, as compact JSON or plain text.
	Field, Old, New string
}

func (e *ImmutableError) Error() string {
	return fmt.Sprintf("%s: %s cannot be changed from %s to %s: go back to the old value, or delete the object to have it made anew",
		e.Ref, e.Field, e.Old, e.New)
}

// RejectedError says that the API server does not accept an object.
type RejectedError struct {
	Ref Ref
	// Reason is what is wrong and where, one "field: why" after the other.
	Reason string
	// Policy is true when a rule of the cluster refused (a quota, an admission policy, a webhook): that may pass without a change of
	// the intent, so a slow retry makes sense. False: the object itself is invalid.
	Policy bool
	// Quota is true when that rule is a quota that is used up.
	Quota bool
}

func (e *RejectedError) Error() string {
	return fmt.Sprintf("the API server rejects %s: %s", e.Ref, e.Reason)
}

// ContestedError says that somebody else keeps changing fields back, so that healing them again and again would help nobody. The object is
// left alone until RetryAfter, or was written and may be changed back any moment.
type ContestedError struct {
	Ref Ref
	// Manager is the field manager that changes Fields, which are paths such as "spec.replicas"; "unknown" where there is none.
	Manager string
	Fields  []string
	// RetryAfter is the time until the next retry. The message does not contain it.
	RetryAfter time.Duration
}

// namedFields is how many of the contested fields the message names.
const namedFields = 3

func (e *ContestedError) Error() string {
	fields := strings.Join(e.Fields[:min(len(e.Fields), namedFields)], ", ")
	if more := len(e.Fields) - namedFields; more > 0 {
		fields = fmt.Sprintf("%s and %d more", fields, more)
	}
	return fmt.Sprintf("%s is changed back again and again by field manager %q (%s), and mostly left as that has it: let one of the two decide",
		e.Ref, e.Manager, fields)
}

// WaitError says what has to happen first. A watch will see it happen.
type WaitError struct {
	Ref    Ref
	Reason string
}

func (e *WaitError) Error() string { return fmt.Sprintf("waiting: %s %s", e.Ref, e.Reason) }

// HeldError says that an object is left as it is, because one that it builds on was refused. Nothing was written.
type HeldError struct {
	Ref Ref
	// Behind is the object that was refused.
	Behind Ref
}

func (e *HeldError) Error() string {
	return fmt.Sprintf("%s stays as it is until %s is accepted", e.Ref, e.Behind)
}

// classify turns what the API server answered to a write into one of the kinds of errors that callers know.
func classify(ref Ref, verb string, err error) error {
	status := apierrors.APIStatus(nil)
	if !errors.As(err, &status) {
		return fmt.Errorf("failed to %s %s: %w", verb, ref, err)
	}
	s := status.Status()
	switch {
	case apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
		return &WaitError{Ref: ref, Reason: "cannot be made: its namespace is being deleted"}
	case apierrors.IsForbidden(err) && strings.Contains(s.Message, "while custom resource definition is terminating"):
		return &WaitError{Ref: ref, Reason: "cannot be made: the definition of its kind is being deleted"}
	case apierrors.HasStatusCause(err, metav1.CauseTypeFieldManagerConflict):
		return &ConflictError{Ref: ref, Holder: holders(s)}
	case apierrors.IsInvalid(err), apierrors.IsBadRequest(err), apierrors.IsRequestEntityTooLargeError(err):
		return &RejectedError{Ref: ref, Reason: causes(s), Policy: denied(s)}
	case malformed.MatchString(s.Message):
		return &RejectedError{Ref: ref, Reason: mistakes(malformed.FindStringSubmatch(s.Message)[1])}
	case apierrors.IsForbidden(err) && !unauthorized(s):
		return &RejectedError{Ref: ref, Reason: causes(s), Policy: true, Quota: strings.Contains(s.Message, "exceeded quota: ")}
	}
	return fmt.Errorf("failed to %s %s: %w", verb, ref, err)
}

// outdated reports whether the API server refused a write because the object has another resourceVersion.
func outdated(err error) bool {
	return apierrors.IsConflict(err) && !apierrors.HasStatusCause(err, metav1.CauseTypeFieldManagerConflict)
}

// malformed finds what is wrong in the answer (500, without a reason) to an apply that does not fit the schema: an unknown field, or
// two items of one key in a list. More than one mistake stand on lines of their own, below "errors:".
var malformed = regexp.MustCompile(`(?s)^failed to create typed patch object \(.*?\): (?:errors:)?(.*)$`)

// mistakes joins lines, each once and without the dot that a path begins with. It sorts them, as causes does. The API
// server returns them in a different order each time, and each change of the message would cause another write of the status.
func mistakes(text string) string {
	var found []string
	for line := range strings.Lines(text) {
		if line = strings.TrimPrefix(strings.TrimSpace(line), "."); line != "" {
			found = append(found, line)
		}
	}
	return some(found, "; ")
}

// namedCauses is how many causes, or fields, a message names.
const namedCauses = 10

// longestCause is the length of one of them, in bytes: the API server quotes the values that it refuses, whole.
const longestCause = 512

// some joins the first of the texts, sorted and each once, and counts the others.
func some(texts []string, separator string) string {
	slices.Sort(texts)
	texts = slices.Compact(texts)
	shown := make([]string, 0, namedCauses)
	for _, text := range texts[:min(len(texts), namedCauses)] {
		shown = append(shown, bound.Text(text, longestCause))
	}
	named := strings.Join(shown, separator)
	if more := len(texts) - namedCauses; more > 0 {
		named = fmt.Sprintf("%s%sand %d more", named, separator, more)
	}
	return named
}

// denied: webhooks and ValidatingAdmissionPolicies choose their own codes, but the API server words the refusal.
func denied(s metav1.Status) bool {
	return strings.Contains(s.Message, "denied the request") || strings.Contains(s.Message, "denied request")
}

// unauthorized reports whether the operator lacks a permission. A refusal by admission is 403 Forbidden, too. The authorizer says
// `User "x" cannot patch resource …`, the plugin OwnerReferencesPermissionEnforcement "cannot set blockOwnerDeletion …".
func unauthorized(s metav1.Status) bool {
	return strings.Contains(s.Message, `User "`) && strings.Contains(s.Message, " cannot ") ||
		strings.Contains(s.Message, "cannot set blockOwnerDeletion") || strings.Contains(s.Message, "cannot set an ownerRef")
}

// causes lists "field: why", or the message when the status has no details.
func causes(s metav1.Status) string {
	if s.Details == nil {
		return bound.Text(s.Message, longestCause)
	}
	var lines []string
	for _, c := range s.Details.Causes {
		line := c.Message
		if c.Field != "" {
			line = c.Field + ": " + c.Message
		}
		if c.Message != "" {
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		return bound.Text(s.Message, longestCause)
	}
	return some(lines, "; ")
}

// managerName finds the manager in `conflict with "name" using apps/v1`, which is how the API server words it.
var managerName = regexp.MustCompile(`conflict with "([^"]*)"`)

// holders says who manages the fields that an apply without force ran into.
func holders(s metav1.Status) string {
	var names []string
	fields := map[string][]string{}
	for _, c := range s.Details.Causes {
		name := c.Message
		if m := managerName.FindStringSubmatch(c.Message); m != nil {
			name = fmt.Sprintf("field manager %q", m[1])
		}
		if _, ok := fields[name]; !ok {
			names = append(names, name)
		}
		fields[name] = append(fields[name], strings.TrimPrefix(c.Field, "."))
	}
	slices.Sort(names)
	for i, name := range names {
		names[i] = fmt.Sprintf("%s (%s)", name, some(fields[name], ", "))
	}
	return some(names, ", ")
}
