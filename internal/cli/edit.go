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

package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Values of the option --dry-run, as those of kubectl.
const (
	dryNone   = "none"
	dryClient = "client"
	dryServer = "server"
)

// defaultTimeout is how long a command waits if nobody says it: servers take minutes to start.
const defaultTimeout = 10 * time.Minute

// edit is a command that changes one field or annotation of a LlamaStackDistribution.
type edit struct {
	use, short, long string
	// done is the past participle in the output, such as restarted.
	done string
	// patch is the merge patch. The value is new for each run.
	patch func(value string) map[string]any
	// refuse says why the edit would have no effect; nil where it has one.
	refuse func(*v1alpha1.LlamaStackDistribution) error
	// effect is what happens to the server and its data.
	effect func(*v1alpha1.LlamaStackDistribution) string
	// settled says whether what was requested with the value has happened.
	settled func(context.Context, *session, *v1alpha1.LlamaStackDistribution, string) (bool, error)
	// waits says that the command waits unless it is not to.
	waits bool
}

// editing is one run of an edit.
type editing struct {
	*program
	*edit

	output  *genericclioptions.PrintFlags
	dryRun  string
	wait    bool
	timeout time.Duration
}

// editCommand is the command of an edit.
func (p *program) editCommand(e edit) *cobra.Command {
	run := &editing{program: p, edit: &e, output: genericclioptions.NewPrintFlags(e.done)}
	run.output.TemplatePrinterFlags = nil
	cmd := &cobra.Command{
		Use: e.use + " NAME", Short: e.short, Long: e.long, Args: cobra.ExactArgs(1), ValidArgsFunction: p.completeServer,
		RunE: func(cmd *cobra.Command, args []string) error { return run.do(cmd.Context(), args[0]) },
	}
	run.output.AddFlags(cmd)
	flags := cmd.Flags()
	flags.StringVar(&run.dryRun, "dry-run", dryNone, "Must be none, client (send nothing, print what would be changed) or server (send the request without storing it).")
	flags.BoolVar(&run.wait, "wait", e.waits, "Wait until it has happened, and print the progress.")
	flags.DurationVar(&run.timeout, "timeout", defaultTimeout, "How long to wait.")
	_ = cmd.RegisterFlagCompletionFunc("dry-run", cobra.FixedCompletions([]string{dryNone, dryClient, dryServer}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (e *editing) do(ctx context.Context, name string) error {
	if e.dryRun != dryNone && e.dryRun != dryClient && e.dryRun != dryServer {
		return fmt.Errorf("unknown value %q of --dry-run; use %s, %s or %s", e.dryRun, dryNone, dryClient, dryServer)
	}
	s, err := e.open()
	if err != nil {
		return err
	}
	server, err := s.server(ctx, name)
	if err != nil {
		return err
	}
	if e.refuse != nil {
		if err := e.refuse(server); err != nil {
			return err
		}
	}
	effect, value := e.effect(server), e.now().UTC().Format(time.RFC3339Nano)
	if err := e.change(ctx, s, server, value); err != nil {
		return err
	}
	if err := e.report(server); err != nil {
		return err
	}
	sayf(e.ErrOut, "%s\n", effect)
	if !e.wait || e.dryRun != dryNone {
		return nil
	}
	return e.await(ctx, s, server, value)
}

// change sends the patch, so that the server is as the API server answers.
func (e *editing) change(ctx context.Context, s *session, server *v1alpha1.LlamaStackDistribution, value string) error {
	content, err := json.Marshal(e.patch(value))
	if err != nil {
		return fmt.Errorf("failed to write the patch: %w", err)
	}
	if e.dryRun == dryClient {
		return merge(server, content)
	}
	var options []client.PatchOption
	if e.dryRun == dryServer {
		options = append(options, client.DryRunAll)
	}
	if err := s.Patch(ctx, server, client.RawPatch(types.MergePatchType, content), options...); err != nil {
		return fmt.Errorf("failed to change %s %s: %w", v1alpha1.Kind, server.Name, err)
	}
	return nil
}

// merge applies a merge patch without the API server.
func merge(server *v1alpha1.LlamaStackDistribution, patch []byte) error {
	before, err := json.Marshal(server)
	if err != nil {
		return fmt.Errorf("failed to write %s: %w", server.Name, err)
	}
	after, err := jsonpatch.MergePatch(before, patch)
	if err != nil {
		return fmt.Errorf("failed to apply the patch to %s: %w", server.Name, err)
	}
	*server = v1alpha1.LlamaStackDistribution{}
	if err := json.Unmarshal(after, server); err != nil {
		return fmt.Errorf("failed to read %s with the patch: %w", server.Name, err)
	}
	return nil
}

// report prints the server as kubectl does.
func (e *editing) report(server *v1alpha1.LlamaStackDistribution) error {
	switch e.dryRun {
	case dryClient:
		_ = e.output.Complete("%s (dry run)")
	case dryServer:
		_ = e.output.Complete("%s (server dry run)")
	}
	scheme, err := newScheme()
	if err != nil {
		return err
	}
	printer, err := e.output.WithTypeSetter(scheme).ToPrinter()
	if err != nil {
		return fmt.Errorf("failed to choose the format of the output: %w", err)
	}
	if err := printer.PrintObj(server, e.data()); err != nil {
		return fmt.Errorf("failed to write the output: %w", err)
	}
	return nil
}
