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

package dashboards

import (
	"encoding/json"
	"fmt"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// tag is that of all dashboards, by which they link to each other.
const tag = "llama-stack"

// A row is a part of a dashboard.
type row struct {
	title  string
	panels []panel
}

// A page is a dashboard.
type page struct {
	file, title, description string
	variables                []cog.Builder[dashboard.VariableModel]
	rows                     []row
}

// All returns the content of each dashboard by the name of its file.
func All() (map[string][]byte, error) {
	all := map[string][]byte{}
	for _, p := range []page{fleet(), server(), operator()} {
		built, err := p.build()
		if err != nil {
			return nil, fmt.Errorf("failed to build the dashboard %s: %w", p.title, err)
		}
		content, err := json.MarshalIndent(built, "", "  ")
		if err != nil {
			return nil, fmt.Errorf("failed to write the dashboard %s: %w", p.title, err)
		}
		all[p.file] = append(content, '\n')
	}
	return all, nil
}

func (p page) build() (dashboard.Dashboard, error) {
	builder := dashboard.NewDashboardBuilder(p.title).Uid("llama-stack-"+p.file).Description(p.description).Tags([]string{tag}).
		Readonly().Refresh("1m").Time("now-6h", "now").Timezone(common.TimeZoneBrowser).Tooltip(dashboard.DashboardCursorSyncCrosshair).
		Link(dashboard.NewDashboardLinkBuilder("Llama Stack").Type(dashboard.DashboardLinkTypeDashboards).Tags([]string{tag}).
			KeepTime(true).AsDropdown(true)).
		WithVariable(dashboard.NewDatasourceVariableBuilder("datasource").Label("Data source").Type("prometheus"))
	for _, variable := range p.variables {
		builder.WithVariable(variable)
	}
	for _, r := range p.rows {
		builder.WithRow(dashboard.NewRowBuilder(r.title))
		for _, one := range r.panels {
			// The builder of dashboards expects errors of its own type.
			if _, err := one.Build(); err != nil {
				return dashboard.Dashboard{}, err
			}
			builder.WithPanel(one)
		}
	}
	built, err := builder.Build()
	if err != nil {
		return dashboard.Dashboard{}, fmt.Errorf("failed to put the panels together: %w", err)
	}
	enumerate(&built)
	return built, nil
}

// datasource is what the variable of this name selects.
func datasource() common.DataSourceRef {
	kind, uid := "prometheus", "${datasource}"
	return common.DataSourceRef{Type: &kind, Uid: &uid}
}

// labelValues is a variable with the values of a label. Grafana reads them again when the range of time changes.
func labelValues(variable, title, query string) *dashboard.QueryVariableBuilder {
	return dashboard.NewQueryVariableBuilder(variable).Label(title).Datasource(datasource()).Query(dashboard.StringOrMap{String: &query}).
		Refresh(dashboard.VariableRefreshOnTimeRangeChanged).Sort(dashboard.VariableSortAlphabeticalAsc)
}

// several lets a person select several values of a variable, at first all.
func several(variable *dashboard.QueryVariableBuilder) *dashboard.QueryVariableBuilder {
	text, value := "All", "$__all"
	return variable.Multi(true).IncludeAll(true).AllValue(".+").Current(dashboard.VariableOption{
		Text: dashboard.StringOrArrayOfString{String: &text}, Value: dashboard.StringOrArrayOfString{String: &value},
	})
}

// enumerate gives each panel and row an id, which links and pictures of Grafana refer to.
func enumerate(d *dashboard.Dashboard) {
	for i := range d.Panels {
		id := uint32(i + 1)
		if d.Panels[i].Panel != nil {
			d.Panels[i].Panel.Id = &id
		} else {
			d.Panels[i].RowPanel.Id = id
		}
	}
}
