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

package checks_test

import (
	"strings"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/checks"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const (
	oldHash = "0000000000000000"
	newHash = "1111111111111111"
)

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// edited is a server that serves, and whose configuration was edited.
func edited(change func(*checks.Situation)) checks.Situation {
	s := checks.Situation{
		Enabled: true, Exists: true, Serves: true, Changed: true, Known: true, Hash: newHash, Slot: true,
		Record: checks.Record{Hash: oldHash, Reason: v1alpha1.ReasonValid}, Deadline: 5 * time.Minute, Now: now,
	}
	change(&s)
	return s
}

func running(run checks.Run) func(*checks.Situation) {
	return func(s *checks.Situation) {
		run.Hash = newHash
		s.Run, s.Since = &run, now.Add(-time.Minute)
	}
}

func refusedWith(record checks.Record) func(*checks.Situation) {
	return func(s *checks.Situation) {
		record.Hash = newHash
		s.Record, s.RetryAt = record, now.Add(time.Minute)
	}
}

var (
	invalid = checks.Record{Reason: v1alpha1.ReasonInvalid, Message: "a: unknown"}
	noImage = checks.Record{Reason: v1alpha1.ReasonImageUnavailable, Message: "not found", Again: true}
)

// outcome is what a verdict does, in words.
func outcome(v checks.Verdict) string {
	var text strings.Builder
	for _, one := range []struct {
		is   bool
		word string
	}{{v.Keep, "keep "}, {v.Pending, "wait "}, {v.Stop, "stop "}, {v.Start, "start "}, {v.Failed, "failed "}} {
		if one.is {
			text.WriteString(one.word)
		}
	}
	return text.String() + string(v.Reason)
}

var _ = DescribeTable("Decide", func(change func(*checks.Situation), wanted string) {
	Expect(outcome(checks.Decide(edited(change)))).To(Equal(wanted))
},
	Entry("starts a check of something else", func(*checks.Situation) {}, "keep wait start Checking"),
	Entry("waits for a slot", func(s *checks.Situation) { s.Slot = false }, "keep wait Checking"),
	Entry("checks nothing where nothing runs", func(s *checks.Situation) { s.Serves = false }, "Valid"),
	Entry("checks nothing where the spec says so", func(s *checks.Situation) { s.Enabled = false }, "Valid"),
	Entry("checks nothing where the template stays", func(s *checks.Situation) { s.Changed = false }, "Valid"),
	Entry("checks nothing where no template can be kept", func(s *checks.Situation) { s.Known = false }, "Valid"),
	Entry("checks nothing twice", func(s *checks.Situation) { s.Hash = oldHash }, "Valid"),
	Entry("waits for the result", running(checks.Run{}), "keep wait Checking"),
	Entry("rolls what is valid", running(checks.Run{Result: checks.Record{Reason: v1alpha1.ReasonValid}}), "stop Valid"),
	Entry("rolls with warnings", running(checks.Run{Result: checks.Record{Reason: v1alpha1.ReasonValidWithWarnings}}), "stop ValidWithWarnings"),
	Entry("keeps what is invalid", running(checks.Run{Result: invalid}), "keep stop Invalid"),
	Entry("keeps what has no image", running(checks.Run{Result: noImage}), "keep stop ImageUnavailable"),
	Entry("gives way to what cannot be checked", running(checks.Run{Result: checks.Record{Reason: v1alpha1.ReasonNotChecked}}), "stop NotChecked"),
	Entry("starts again where the Job is gone", running(checks.Run{Gone: true}), "keep wait stop start Checking"),
	Entry("ends a Job without a result first", running(checks.Run{Lost: true}), "keep wait stop Checking"),
	Entry("ends a Job of an earlier edit", func(s *checks.Situation) { s.Run = &checks.Run{Hash: oldHash} }, "keep wait stop start Checking"),
	Entry("ends a Job of an edit that was undone", func(s *checks.Situation) {
		s.Run, s.Changed = &checks.Run{Hash: oldHash}, false
	}, "stop Valid"),
	Entry("gives way after the deadline", func(s *checks.Situation) { s.Since = now.Add(-5 * time.Minute) }, "NotChecked"),
	Entry("gives way after the deadline of a Job", func(s *checks.Situation) {
		s.Run, s.Since = &checks.Run{Hash: newHash, Waits: "Unschedulable"}, now.Add(-5*time.Minute)
	}, "stop NotChecked"),
	Entry("refuses after the deadline what the server's Pods could not start with either", func(s *checks.Situation) {
		running(checks.Run{Waits: "a Secret", Misses: true})(s)
		s.Since = now.Add(-5 * time.Minute)
	}, "keep stop Invalid"),
	Entry("waits for it until then", running(checks.Run{Waits: "a Secret", Misses: true}), "keep wait Checking"),
	Entry("takes a result that came with the deadline", func(s *checks.Situation) {
		s.Run, s.Since = &checks.Run{Hash: newHash, Result: invalid}, now.Add(-5*time.Minute)
	}, "keep stop Invalid"),
	Entry("gives way without the right to use Jobs", func(s *checks.Situation) { s.Denied = "no" }, "NotChecked"),
	Entry("keeps what was refused", refusedWith(invalid), "keep Invalid"),
	Entry("keeps what was refused although nothing runs any more", func(s *checks.Situation) {
		refusedWith(invalid)(s)
		s.Serves = false
	}, "keep Invalid"),
	Entry("waits before it repeats", refusedWith(noImage), "keep ImageUnavailable"),
	Entry("repeats, and says the same meanwhile", func(s *checks.Situation) {
		refusedWith(noImage)(s)
		s.Now = now.Add(time.Minute)
	}, "keep wait start ImageUnavailable"),
	Entry("repeats in vain", func(s *checks.Situation) {
		refusedWith(noImage)(s)
		running(checks.Run{Result: noImage})(s)
	}, "keep stop failed ImageUnavailable"),
	Entry("repeats with success", func(s *checks.Situation) {
		refusedWith(noImage)(s)
		running(checks.Run{Result: checks.Record{Reason: v1alpha1.ReasonValid}})(s)
	}, "stop Valid"),
	Entry("does not give way to what was refused", func(s *checks.Situation) {
		refusedWith(noImage)(s)
		running(checks.Run{})(s)
		s.Since = now.Add(-5 * time.Minute)
	}, "keep stop failed ImageUnavailable"),
	Entry("answers a request without a change", func(s *checks.Situation) { s.Changed, s.Requested = false, "a" }, "wait start Checking"),
	Entry("answers a request of a server that is stopped", func(s *checks.Situation) { s.Serves, s.Requested = false, "a" }, "wait start Checking"),
	Entry("answers a request once", func(s *checks.Situation) {
		s.Changed, s.Requested, s.Record.Answered = false, "a", "a"
	}, "Valid"),
	Entry("answers no request where there is no server", func(s *checks.Situation) { s.Exists, s.Serves, s.Requested = false, false, "a" }, "Valid"),
)

var _ = Describe("A verdict", func() {
	It("records what was answered, and what was checked", func() {
		v := checks.Decide(edited(func(s *checks.Situation) {
			running(checks.Run{Result: invalid})(s)
			s.Requested = "a"
		}))
		Expect(v.Record).To(Equal(checks.Record{Hash: newHash, Reason: v1alpha1.ReasonInvalid, Message: "a: unknown", Answered: "a"}))
	})

	It("says what is waited for", func() {
		Expect(checks.Decide(edited(running(checks.Run{Waits: "Unschedulable: no node"}))).Message).To(ContainSubstring("Unschedulable: no node"))
		Expect(checks.Decide(edited(func(s *checks.Situation) { s.Slot = false })).Message).To(ContainSubstring("other servers are checked first"))
		Expect(checks.Decide(edited(func(s *checks.Situation) { s.Waits = "quota" })).Message).To(ContainSubstring("quota"))
		late := checks.Decide(edited(func(s *checks.Situation) {
			running(checks.Run{Waits: "Unschedulable: no node"})(s)
			s.Since = now.Add(-time.Hour)
		}))
		Expect(late.Message).To(And(ContainSubstring("5m0s"), ContainSubstring("Unschedulable: no node")))
	})

	It("does not change with the words of a repeated result", func() {
		again := noImage
		again.Message = "back-off 20s"
		v := checks.Decide(edited(func(s *checks.Situation) {
			refusedWith(noImage)(s)
			running(checks.Run{Result: again})(s)
		}))
		Expect(v.Record.Message).To(Equal(noImage.Message))
	})
})
