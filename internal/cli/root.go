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
	"os"
	"os/signal"
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

// program is what all commands share. Its streams are screens.
type program struct {
	genericiooptions.IOStreams

	flags   *genericclioptions.ConfigFlags
	version string
	now     func() time.Time
}

// Main is the program: it runs the command line of the process until it ends or is interrupted, and returns the exit code.
func Main(version string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	streams := genericiooptions.IOStreams{In: os.Stdin, Out: os.Stdout, ErrOut: os.Stderr}
	return Run(ctx, Options{Streams: streams, Version: version}, Arguments(os.Args))
}

// Run runs a command line, and returns the exit code of the process.
func Run(ctx context.Context, options Options, args []string) int {
	root := New(options) //nolint:contextcheck // cobra passes the context to the commands
	root.SetArgs(args)
	if err := root.ExecuteContext(ctx); err != nil {
		sayf(newScreen(options.Streams.ErrOut), "error: %v\n", explain(err))
		return 1
	}
	return 0
}

// New returns the root command with all others.
func New(options Options) *cobra.Command {
	if options.Flags == nil {
		options.Flags = genericclioptions.NewConfigFlags(true)
	}
	streams := options.Streams
	streams.Out, streams.ErrOut = newScreen(streams.Out), newScreen(streams.ErrOut)
	p := &program{IOStreams: streams, flags: options.Flags, version: options.Version, now: time.Now}
	root := &cobra.Command{
		Use:     "kubectl-llamastack",
		Short:   "Show and operate Llama Stack servers",
		Long:    "Show and operate the Llama Stack servers that LlamaStackDistributions declare.",
		Version: options.Version,
		// As a plugin of kubectl, the program is called "kubectl llamastack".
		Annotations:  map[string]string{cobra.CommandDisplayNameAnnotation: Name},
		SilenceUsage: true, SilenceErrors: true,
	}
	root.SetIn(p.In)
	root.SetOut(p.Out)
	root.SetErr(p.ErrOut)
	p.flags.AddFlags(root.PersistentFlags())
	root.AddCommand(p.statusCommand(), p.eventsCommand(), p.logsCommand(), p.listingCommand(modelsListing()), p.listingCommand(providersListing()))
	root.AddCommand(p.configCommand(), p.createCommand(), p.migrateCommand(), p.convertCommand(), p.chatCommand())
	root.AddCommand(p.reportCommand(), p.doctorCommand(), p.topCommand())
	for _, e := range edits() {
		root.AddCommand(p.editCommand(e))
	}
	return root
}
