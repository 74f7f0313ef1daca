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
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/spf13/cobra"
)

// listing is a command that lists a part of the status of servers.
type listing struct {
	use, short, long string
	header           []string
	// items of a server, as JSON and as rows of the table without the name of the server. note says what else there is
	// to know, such as why there are none.
	items func(*v1alpha1.LlamaStackDistribution) ([]any, [][]cell)
	note  func(*v1alpha1.LlamaStackDistribution) string
}

// listed are the items of one server.
type listed struct {
	Server string `json:"server"`
	Note   string `json:"note,omitempty"`
	Items  []any  `json:"items"`
}

// modelsListing is "models".
func modelsListing() listing {
	return listing{
		use: "models [NAME]", short: "List the models of a server",
		long: "List the models of a server, or of all servers of the namespace, as the operator read them last: up to 50 of each server, " +
			"those that spec.server.config declares first. Clients use the id.",
		header: []string{"MODEL", "PROVIDER", "TYPE"},
		items: func(server *v1alpha1.LlamaStackDistribution) ([]any, [][]cell) {
			items, rows := []any{}, [][]cell{}
			if server.Status.Models != nil {
				for _, model := range server.Status.Models.Items {
					items, rows = append(items, model), append(rows, cells(clean(model.ID), dash(clean(model.Provider)), dash(clean(model.Type))))
				}
			}
			return items, rows
		},
		note: func(server *v1alpha1.LlamaStackDistribution) string {
			models := server.Status.Models
			switch {
			case models == nil:
				return "the operator has not read its models yet; next: " + next(server)
			case models.Message != "":
				return clean(models.Message)
			case models.Total != nil && int(*models.Total) > len(models.Items):
				return fmt.Sprintf("%d of %d models are shown", len(models.Items), *models.Total)
			case len(models.Items) == 0:
				return "it lists no models"
			}
			return ""
		},
	}
}

// providersListing is "providers".
func providersListing() listing {
	return listing{
		use: "providers [NAME]", short: "List the providers of a server with their health",
		long:   "List the providers of a server, or of all servers of the namespace, with their health as the operator read it last.",
		header: []string{"API", "PROVIDER", "TYPE", "HEALTH", "MESSAGE"},
		items: func(server *v1alpha1.LlamaStackDistribution) ([]any, [][]cell) {
			providers := server.Status.DistributionConfig.Providers
			items, rows := make([]any, 0, len(providers)), make([][]cell, 0, len(providers))
			for _, provider := range providers {
				row := cells(clean(provider.API), clean(provider.ProviderID), clean(provider.ProviderType), dash(clean(provider.Health.Status)), clean(provider.Health.Message))
				row[3].tone = healthTone(provider.Health.Status)
				items, rows = append(items, provider), append(rows, row)
			}
			return items, rows
		},
		note: func(server *v1alpha1.LlamaStackDistribution) string {
			if len(server.Status.DistributionConfig.Providers) == 0 {
				return "the operator has not read its providers yet; next: " + next(server)
			}
			return ""
		},
	}
}

// healthTone shows what the server says of a provider. Most providers do not implement a check of their health.
func healthTone(health string) tone {
	switch health {
	case "OK":
		return good
	case "Error":
		return bad
	}
	return plain
}

// listingCommand is the command of a listing.
func (p *program) listingCommand(l listing) *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use: l.use, Short: l.short, Long: l.long, Args: cobra.MaximumNArgs(1), ValidArgsFunction: p.completeServer,
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.list(cmd.Context(), l, strings.Join(args, ""), format)
		},
	}
	addOutput(cmd, &format)
	return cmd
}

// list lists the items of one server, or of all with "".
func (p *program) list(ctx context.Context, l listing, name, format string) error {
	s, err := p.open()
	if err != nil {
		return err
	}
	found, rows := []listed{}, [][]cell{cells(append([]string{"SERVER"}, l.header...)...)}
	see := func(server *v1alpha1.LlamaStackDistribution) {
		items, lines := l.items(server)
		found = append(found, listed{Server: server.Name, Note: l.note(server), Items: items})
		for _, line := range lines {
			rows = append(rows, append(cells(server.Name), line...))
		}
	}
	if name == "" {
		err = s.eachServer(ctx, s.namespace, see)
	} else {
		err = s.seeServer(ctx, name, see)
	}
	if err != nil {
		return err
	}
	return p.show(format, map[string]any{itemsKey: found}, func(out painter) { out.listed(found, rows, s.namespace) })
}

// seeServer calls a function for one server.
func (s *session) seeServer(ctx context.Context, name string, see func(*v1alpha1.LlamaStackDistribution)) error {
	server, err := s.server(ctx, name)
	if err == nil {
		see(server)
	}
	return err
}

// listed prints the table, and below it what else there is to know of each server.
func (p painter) listed(found []listed, rows [][]cell, namespace string) {
	if len(found) == 0 {
		p.linef("No %ss in %s.", v1alpha1.Kind, place(namespace))
		return
	}
	if len(rows) > 1 {
		p.table("", rows)
	}
	for _, server := range found {
		if server.Note != "" {
			p.linef("%s: %s", server.Server, server.Note)
		}
	}
}
