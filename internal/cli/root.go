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

// Package cli is "kubectl llamastack": commands that show LlamaStackDistributions and change the fields and annotations
// that restart, stop, pause or check their servers. It works with the rights of an editor of one namespace. What a person
// may not read is left out and named, with the right that is missing.
//
// Reading and rendering are apart: a command reads objects, a pure function turns them into a view, and another one
// prints the view.
package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

// Name of the program as people call it.
const Name = "kubectl llamastack"

// pollInterval is how often a command that waits reads.
const pollInterval = time.Second

// Options of the program.
type Options struct {
	Streams genericiooptions.IOStreams
	// Version that the program reports.
	Version string
	// Flags that choose the cluster, the user and the namespace; default those of kubectl.
	Flags *genericclioptions.ConfigFlags
}

// program is what all commands share.
type program struct {
	genericiooptions.IOStreams

	flags   *genericclioptions.ConfigFlags
	version string
	now     func() time.Time
}

// Run runs a command line, and returns the exit code of the process.
func Run(ctx context.Context, options Options, args []string) int {
	root := New(options) //nolint:contextcheck // cobra passes the context to the commands
	root.SetArgs(args)
	if err := root.ExecuteContext(ctx); err != nil {
		sayf(options.Streams.ErrOut, "error: %v\n", explain(err))
		return 1
	}
	return 0
}

// New returns the root command with all others.
func New(options Options) *cobra.Command {
	if options.Flags == nil {
		options.Flags = genericclioptions.NewConfigFlags(true)
	}
	p := &program{IOStreams: options.Streams, flags: options.Flags, version: options.Version, now: time.Now}
	root := &cobra.Command{
		Use:     "kubectl-llamastack",
		Short:   "Show and operate Llama Stack servers",
		Long:    "Show and operate the Llama Stack servers that LlamaStackDistributions declare.",
		Version: options.Version,
		// As a plugin of kubectl, the program is called "kubectl llamastack".
		Annotations:  map[string]string{cobra.CommandDisplayNameAnnotation: Name},
		SilenceUsage: true, SilenceErrors: true,
	}
	root.SetIn(options.Streams.In)
	root.SetOut(options.Streams.Out)
	root.SetErr(options.Streams.ErrOut)
	p.flags.AddFlags(root.PersistentFlags())
	root.AddCommand(p.statusCommand(), p.eventsCommand(), p.logsCommand(), p.listingCommand(modelsListing()), p.listingCommand(providersListing()))
	root.AddCommand(p.configCommand(), p.createCommand(), p.migrateCommand(), p.chatCommand())
	root.AddCommand(p.reportCommand(), p.doctorCommand(), p.topCommand())
	for _, e := range edits() {
		root.AddCommand(p.editCommand(e))
	}
	return root
}
