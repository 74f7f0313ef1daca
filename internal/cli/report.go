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
	"cmp"
	"context"
	"fmt"
	"path/filepath"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The program under the name gather is what "oc adm must-gather" runs in an image.
const (
	gatherName      = "gather"
	gatherDirectory = "/must-gather"
)

// mostMisses are printed; all are in the index.
const mostMisses = 10

// reportOptions are the options of one run of "report".
type reportOptions struct {
	everywhere                    bool
	from, file, directory, format string
}

// reportView is what a report was written with.
type reportView struct {
	Path  string `json:"path"`
	Files int    `json:"files"`
	// Bytes are those of all files before compression.
	Bytes   int          `json:"bytes"`
	Missing []reportMiss `json:"missing"`
}

// Arguments are the arguments of the program. Under the name gather, it writes a report where "oc adm must-gather" reads it.
func Arguments(words []string) []string {
	if filepath.Base(words[0]) != gatherName {
		return words[1:]
	}
	return append([]string{"report", "--all-namespaces", "--output-dir=" + gatherDirectory}, words[1:]...)
}

// reportText says what is in a report.
const reportText = `Collect what support needs in a .tar.gz file or a folder:

- of the cluster: its version, the CRD without its schema, and the StorageClasses
- of the operator: its Deployment, Pods, ConfigMap, leases, Events and logs, and its metrics if they need no token
- of a server, or of all servers of the namespace: the LlamaStackDistribution, its objects and Pods, their Events, logs and metrics
- of the namespace: its NetworkPolicies and quotas.

index.json lists the files, and what could not be read and why. A missing right does not end the report.

The report does not contain:

- Secrets, which are not even read
- values of variables and headers, and texts in the declared configuration of servers
- annotations, other than times, numbers and names
- the contents of ConfigMaps, other than the operator's own; their keys and sizes are included, and whether the configuration of a server is equal to the copy that it runs with.

Logs, messages and all other texts are without these values, too, if they have 8 bytes or more. They are also without what has the form of a ` +
	`credential. Such are bearer tokens, keys of known services, private keys, the user of a URL, and what follows a name such as password, token or key.

No hash of a content is included, apart from the one in the name of such a copy, which is of all of its keys together.

Prompts and answers that a server logs are not removed. Read the report before you send it.

Of each log, the last megabyte is included, and of the report at most 128 MiB.

An API server that takes longer than 10 seconds for an answer, or than --request-timeout, is asked for nothing more. A file is complete if it exists, and a folder ` +
	`if it has index.json.`

func (p *program) reportCommand() *cobra.Command {
	var o reportOptions
	cmd := &cobra.Command{
		Use:     "report [NAME]",
		Short:   "Collect what support needs, without secrets",
		Long:    reportText,
		Example: "  " + Name + " report                  # all servers of the namespace\n  " + Name + " report demo -n models   # one server",
		Args:    cobra.MaximumNArgs(1), ValidArgsFunction: p.completeServer,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 && o.everywhere {
				return fmt.Errorf("a server has a namespace; use -n instead of --all-namespaces, or leave out %s", args[0])
			}
			return p.report(cmd.Context(), args, o)
		},
	}
	flags := cmd.Flags()
	flags.BoolVarP(&o.everywhere, "all-namespaces", "A", false, "Include the servers of all namespaces.")
	addOperatorNamespace(cmd, &o.from)
	flags.StringVar(&o.file, "output-file", "", "The file to write, which must not exist yet. By default, llamastack-report-TIME.tar.gz.")
	flags.StringVar(&o.directory, "output-dir", "", "The folder to write instead of a file.")
	cmd.MarkFlagsMutuallyExclusive("output-file", "output-dir")
	addOutput(cmd, &o.format)
	return cmd
}

// report writes a report.
func (p *program) report(ctx context.Context, names []string, o reportOptions) error {
	if err := known(o.format); err != nil {
		return err
	}
	connection := &impatient{}
	s, err := p.open(connection.limit)
	if err != nil {
		return err
	}
	streams, err := p.open()
	if err != nil {
		return err
	}
	to := cmp.Or(o.directory, o.file, "llamastack-report-"+p.now().UTC().Format("20060102-150405")+".tar.gz")
	b := newBundle(reportIndex{Version: p.version, Time: metav1.Time{Time: p.now()}})
	c := &collector{session: s, streams: streams, connection: connection, silent: map[string]bool{}, bundle: b, from: s.home(ctx, o.from)}
	servers, err := c.servers(ctx, names, o.everywhere)
	if err != nil {
		return err
	}
	open := newArchive
	if o.directory != "" {
		open = newFolder
	}
	b.sink, err = open(to, p.now())
	if err != nil {
		return err
	}
	c.cluster(ctx)
	c.operator(ctx)
	if len(names) == 0 {
		c.session = s.snapshot()
	}
	c.collect(ctx, servers)
	if err := c.write(ctx); err != nil {
		b.sink.abort()
		return fmt.Errorf("failed to write %s: %w", to, err)
	}
	if err := b.sink.close(); err != nil {
		return fmt.Errorf("failed to write %s: %w", to, err)
	}
	view := reportView{Path: to, Files: len(b.index.Files), Bytes: b.written, Missing: b.index.Missing}
	return p.show(o.format, view, func(out painter) { p.wrote(out, &view) })
}

// wrote says where a report is, and what it lacks.
func (p *program) wrote(out painter, view *reportView) {
	out.linef("Wrote %s with %d files. Read it before you send it.", view.Path, view.Files)
	for i, missing := range view.Missing {
		if i == mostMisses {
			sayf(p.ErrOut, "Not read: %d more; index.json lists them\n", len(view.Missing)-i)
			break
		}
		sayf(p.ErrOut, "Not read: %s: %s\n", missing.What, missing.Why)
	}
}

// servers are those that the report is about. Only one that a person names has to exist.
func (c *collector) servers(ctx context.Context, names []string, everywhere bool) ([]*v1alpha1.LlamaStackDistribution, error) {
	var found []*v1alpha1.LlamaStackDistribution
	if len(names) > 0 {
		server, err := c.server(ctx, names[0])
		if apierrors.IsNotFound(err) && !isUnserved(err) {
			return nil, err
		}
		if err != nil {
			c.bundle.miss(v1alpha1.Kind+" "+names[0], err)
			return nil, nil
		}
		return append(found, server), nil
	}
	namespace := c.scope(everywhere)
	err := c.eachServer(ctx, namespace, func(server *v1alpha1.LlamaStackDistribution) { found = append(found, server) })
	if err != nil {
		c.bundle.miss(v1alpha1.Kind+"s of "+place(namespace), err)
	}
	return found, nil
}
