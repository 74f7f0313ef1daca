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
	"fmt"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func (p *program) statusCommand() *cobra.Command {
	var (
		everywhere bool
		format     string
	)
	cmd := &cobra.Command{
		Use:   "status [NAME]",
		Short: "Show how a server is, and what to do next",
		Long: "Show how a server is: its conditions, those that are not as they should be first, its Deployment with the Pods and their " +
			"trouble, its PVC, Service and routes, and its last Events. Without NAME, show a table of all servers.\n\n" +
			"How full the PVC is, is shown to those who may read the statistics of nodes (get nodes/proxy).",
		Example: "  " + Name + " status            # all servers of the namespace\n  " + Name + " status demo       # one server with its objects",
		Args:    cobra.MaximumNArgs(1), ValidArgsFunction: p.completeServer,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) == 0:
				return p.statusOfAll(cmd.Context(), everywhere, format)
			case everywhere:
				return fmt.Errorf("a server has a namespace; use -n instead of --all-namespaces, or leave out %s", args[0])
			}
			return p.statusOf(cmd.Context(), args[0], format)
		},
	}
	cmd.Flags().BoolVarP(&everywhere, "all-namespaces", "A", false, "Show the servers of all namespaces.")
	addOutput(cmd, &format)
	return cmd
}

func (p *program) statusOf(ctx context.Context, name, format string) error {
	s, err := p.open((&impatient{}).limit)
	if err != nil {
		return err
	}
	server, err := s.server(ctx, name)
	if err != nil {
		return err
	}
	found := s.gather(ctx, server)
	s.lastEvents(ctx, found)
	found.full = s.fullness(ctx, found.pvc, found.pods)
	view := viewOf(found)
	return p.show(format, view, func(out painter) { out.server(&view, p.now()) })
}

func (p *program) statusOfAll(ctx context.Context, everywhere bool, format string) error {
	s, err := p.open((&impatient{}).limit)
	if err != nil {
		return err
	}
	namespace := s.scope(everywhere)
	rows := []rowView{}
	err = s.eachServer(ctx, namespace, func(server *v1alpha1.LlamaStackDistribution) { rows = append(rows, rowOf(server)) })
	if err != nil {
		return err
	}
	return p.show(format, map[string]any{itemsKey: rows}, func(out painter) {
		if len(rows) == 0 {
			out.linef("No %ss in %s.", v1alpha1.Kind, place(namespace))
			return
		}
		out.servers(rows, everywhere, p.now())
	})
}

// place is a namespace in a sentence.
func place(namespace string) string {
	if namespace == metav1.NamespaceAll {
		return "any namespace"
	}
	return "namespace " + namespace
}

// servers prints the table of all servers.
func (p painter) servers(rows []rowView, everywhere bool, now time.Time) {
	from := 1
	if everywhere {
		from = 0
	}
	lines := make([][]cell, 0, 1+len(rows))
	lines = append(lines, cells("NAMESPACE", "NAME", "PHASE", "READY", "AVAILABLE", "VERSION", "AGE", "NEXT")[from:])
	for _, row := range rows {
		line := cells(row.Namespace, row.Name, dash(row.Phase), row.Ready, row.Available, dash(row.Version), age(now, row.Created.Time), row.Next)
		if row.Reason != "" && row.Reason != string(v1alpha1.ReasonReady) {
			line[3].text += " (" + row.Reason + ")"
		}
		line[2].tone, line[3].tone = row.State.tone(), row.State.tone()
		lines = append(lines, line[from:])
	}
	p.table("", lines)
}

// server prints one server with everything that belongs to it.
func (p painter) server(view *serverView, now time.Time) {
	p.table("", [][]cell{
		{{text: "Server:"}, {text: view.Name + " in namespace " + view.Namespace, tone: bold}},
		cells("Phase:", dash(view.Phase)),
		cells("Image:", dash(view.Image)),
		cells("Version:", "server "+dash(view.ServerVersion)+", operator "+dash(view.OperatorVersion)),
	})
	for _, url := range view.URLs {
		p.linef("URL:      %s", url)
	}
	p.linef("%s", p.in(bold, "Next:     "+view.Next))
	p.linef("\nConditions:")
	rows := make([][]cell, 0, len(view.Conditions))
	for _, condition := range view.Conditions {
		row := cells(condition.Type, condition.Status, condition.Reason, age(now, condition.Since.Time), condition.Message)
		row[1].tone = condition.State.tone()
		rows = append(rows, row)
	}
	p.table("  ", rows)
	p.linef("\nObjects:")
	p.objects("  ", view.Objects)
	if len(view.Events) > 0 {
		p.linef("\nLast Events:")
		p.events("  ", view.Events, now)
	}
	for _, unread := range view.Unread {
		p.linef("\n%s", p.in(waits, "Not shown: "+unread))
	}
}

// objects prints a tree.
func (p painter) objects(indent string, views []objectView) {
	for _, view := range views {
		p.linef("%s%s %s: %s", indent, view.Kind, view.Name, p.in(view.State.tone(), view.Detail))
		for _, trouble := range view.Trouble {
			p.linef("%s  %s", indent, p.in(bad, trouble))
		}
		p.objects(indent+"  ", view.Objects)
	}
}

// events prints Events, one in a line.
func (p painter) events(indent string, views []eventView, now time.Time) {
	rows := make([][]cell, 0, len(views))
	for _, view := range views {
		row := cells(age(now, view.Last.Time), view.Type, view.Reason, view.Object, view.Message)
		if view.Type != "Normal" {
			row[1].tone = waits
		}
		rows = append(rows, row)
	}
	p.table(indent, rows)
}

// dash stands for what is not known yet.
func dash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
