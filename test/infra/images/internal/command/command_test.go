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

package command_test

import (
	"bytes"
	"context"
	"io"
	"syscall"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/test/infra/images/internal/command"
	"github.com/onsi/gomega/gbytes"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// soon bounds what should happen at once, on a machine that is busy.
const soon = time.Minute

var _ = Describe("Run", func() {
	shell := func(ctx context.Context, out io.Writer, options command.Options, script string) error {
		return command.Run(ctx, out, options, "sh", "-c", script)
	}

	It("passes on output and errors", func() {
		var out bytes.Buffer
		Expect(shell(GinkgoT().Context(), &out, command.Options{}, "echo one; echo two >&2")).To(Succeed())
		Expect(out.String()).To(Equal("one\ntwo\n"))
	})

	It("adds to the environment", func() {
		GinkgoT().Setenv("KEPT", "a")

		var out bytes.Buffer
		Expect(shell(GinkgoT().Context(), &out, command.Options{Environment: []string{"ADDED=b"}}, `echo "$KEPT$ADDED"`)).To(Succeed())
		Expect(out.String()).To(Equal("ab\n"))
	})

	It("quotes the end of what a failed program wrote", func() {
		err := shell(GinkgoT().Context(), io.Discard, command.Options{}, "seq 1 40; exit 3")
		Expect(err).To(MatchError(And(
			HavePrefix("failed to run sh: exit status 3; its output ends with:\n  26\n"), HaveSuffix("\n  40"))))
	})

	It("quotes nothing when nothing was written", func() {
		Expect(shell(GinkgoT().Context(), io.Discard, command.Options{}, "exit 1")).To(MatchError("failed to run sh: exit status 1"))
	})

	It("reports that a program is missing", func() {
		Expect(command.Run(GinkgoT().Context(), io.Discard, command.Options{}, "no-such-program")).
			To(MatchError(ContainSubstring("executable file not found")))
	})

	Describe("when its context ends", func() {
		run := func(options command.Options, script string) error {
			ctx, cancel := context.WithCancel(GinkgoT().Context())
			defer cancel()

			out, ended := gbytes.NewBuffer(), make(chan error, 1)
			go func() { ended <- shell(ctx, out, options, script) }()
			Eventually(out).WithTimeout(soon).Should(gbytes.Say("ready"))
			cancel()

			var err error
			Eventually(ended).WithTimeout(soon).Should(Receive(&err))

			return err
		}

		It("lets the program clean up", func() {
			Expect(run(command.Options{}, `trap 'echo cleaned; exit 1' TERM; echo ready; while :; do sleep 0.01; done`)).
				To(MatchError(ContainSubstring("cleaned")))
		})

		It("sends the configured signal", func() {
			Expect(run(command.Options{End: syscall.SIGKILL}, `trap 'echo cleaned' TERM; echo ready; exec sleep 60`)).
				To(MatchError(And(ContainSubstring("signal: killed"), Not(ContainSubstring("cleaned")))))
		})
	})
})
