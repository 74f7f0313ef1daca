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

package checks

import (
	"fmt"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
)

// Situation is what one reconcile knows of a server whose Pod template was rendered.
type Situation struct {
	// Enabled says that the spec wants a check before a rollout.
	Enabled bool
	// Requested is the value of the annotation that requests a check; empty: none.
	Requested string
	// Exists says that there is a Deployment, and Serves that its Pods serve, or did after its last rollout.
	Exists, Serves bool
	// Changed says that the rendered template is not the one that was applied last, and Known that the latter can be kept.
	Changed, Known bool
	// Hash of what is to be checked.
	Hash string
	// Record of the last check.
	Record Record
	// Run is the Job that was started; nil: none.
	Run *Run
	// Slot says that a Job may be started now. Denied says why the operator may not use Jobs, or is empty.
	Slot   bool
	Denied string
	// Waits is what keeps a Job from being started, or is empty.
	Waits string
	// Since is when the server began to wait: for a slot, and from then on for the result. Zero: it does not wait.
	Since time.Time
	// RetryAt is when a check that may have another result now is repeated.
	RetryAt time.Time
	// Deadline is how long a rollout waits, for a slot and then for the result.
	Deadline time.Duration
	Now      time.Time
}

// Run is the Job of a check, as it was found.
type Run struct {
	// Hash of what it checks.
	Hash string
	// Gone says that the Job does not exist any more.
	Gone bool
	// Result has a reason when there is one. Lost says that the Job has ended without, for a reason that has nothing to do
	// with what it checks.
	Result Record
	Lost   bool
	// Waits is what its Pod waits for, or empty. Misses says that it is something that the server's Pods need as well, such as
	// a Secret.
	Waits  string
	Misses bool
}

// Verdict is what a reconcile does.
type Verdict struct {
	// Keep says that the template that was applied last stays.
	Keep bool
	// Start and Stop a Job.
	Start, Stop bool
	// Pending says that a result is waited for, and Open that a request is to be answered later.
	Pending, Open bool
	// Record is what is recorded.
	Record Record
	// Ended says that a check has a result.
	Ended bool
	// Failed says that a repeated check brought nothing new.
	Failed bool
	// Reason and Message are what the condition says.
	Reason  v1alpha1.Reason
	Message string
}

// Decide decides what to do.
func Decide(s Situation) Verdict {
	if !s.due() && !s.asked() && !s.repeats() {
		return s.rest(s.Record)
	}
	if s.Denied != "" {
		return s.end(Record{Reason: v1alpha1.ReasonNotChecked, Message: s.Denied})
	}
	if run := s.Run; run != nil && run.Hash == s.Hash && !run.Gone && !run.Lost && run.Result.Reason != "" {
		return s.end(run.Result)
	}
	if !s.Since.IsZero() && s.Now.Sub(s.Since) >= s.Deadline {
		return s.late()
	}
	return s.proceed()
}

// due says that something else would start than what was checked last.
func (s *Situation) due() bool {
	return s.Enabled && s.Serves && s.Known && s.Changed && s.Record.Hash != s.Hash
}

// asked says that a person requests a check.
func (s *Situation) asked() bool {
	return s.Requested != "" && s.Requested != s.Record.Answered && s.Exists
}

// repeats says that the last result may be another one by now.
func (s *Situation) repeats() bool {
	return s.refused() && s.Record.Again && (s.Run != nil || !s.Now.Before(s.RetryAt))
}

// refused says that the last check refuses what would start now.
func (s *Situation) refused() bool {
	return s.Enabled && s.Known && s.Changed && s.Record.Hash == s.Hash && s.Record.Refuses()
}

// rest is when nothing is checked.
func (s *Situation) rest(record Record) Verdict {
	open := s.Requested != "" && s.Requested != record.Answered
	return Verdict{Keep: s.refused(), Open: open, Stop: s.Run != nil, Record: record, Reason: record.Reason, Message: record.Message}
}

// end takes a result.
func (s *Situation) end(result Record) Verdict {
	result.Hash, result.Answered = s.Hash, s.Record.Answered
	if s.Requested != "" {
		result.Answered = s.Requested
	}
	failed := s.repeats() && result.Refuses()
	if failed && result.Reason == s.Record.Reason {
		result.Message, result.Again = s.Record.Message, s.Record.Again // the words can differ
	}
	s.Record = result
	verdict := s.rest(result)
	verdict.Failed, verdict.Ended = failed, true
	return verdict
}

// late gives way when the result took too long. What was refused before stays refused, and so does what the server's Pods
// could not start with either.
func (s *Situation) late() Verdict {
	if s.refused() {
		verdict := s.rest(s.Record)
		verdict.Stop, verdict.Failed = s.Run != nil, true
		return verdict
	}
	if s.Run != nil && s.Run.Misses {
		return s.end(Record{Reason: v1alpha1.ReasonInvalid, Message: s.waiting(), Again: true})
	}
	message := fmt.Sprintf("The check had no result after %s", s.Deadline)
	if waits := s.waiting(); waits != "" {
		message += ": " + waits
	}
	return s.end(Record{Reason: v1alpha1.ReasonNotChecked, Message: message})
}

// proceed waits for a Job, or starts one. A Job of what was wanted earlier ends.
func (s *Situation) proceed() Verdict {
	verdict := Verdict{
		Keep: s.due() || s.refused(), Pending: true, Record: s.Record, Reason: v1alpha1.ReasonChecking,
		Message: "The configuration is checked before Pods are replaced",
	}
	if !s.due() && !s.refused() {
		verdict.Message = "The configuration is checked, as the annotation " + v1alpha1.AnnotationCheck + " requests"
	}
	if waits := s.waiting(); waits != "" {
		verdict.Message += ". The check waits: " + waits
	}
	if s.repeats() { // nothing changes until there is a result
		verdict.Reason, verdict.Message = s.Record.Reason, s.Record.Message
	}
	fits := s.Run != nil && s.Run.Hash == s.Hash && !s.Run.Gone && !s.Run.Lost
	verdict.Stop = s.Run != nil && !fits
	verdict.Start = s.Slot && (s.Run == nil || s.Run.Gone || s.Run.Hash != s.Hash)
	return verdict
}

// waiting is what the check waits for, or empty.
func (s *Situation) waiting() string {
	switch {
	case s.Run != nil && s.Run.Hash == s.Hash && s.Run.Waits != "":
		return s.Run.Waits
	case s.Waits != "":
		return s.Waits
	case s.Run == nil && !s.Slot:
		return "other servers are checked first"
	default:
		return ""
	}
}
