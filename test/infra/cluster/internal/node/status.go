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

package node

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/llamastack/llama-stack-k8s-operator/test/infra/cluster/internal/process"
)

// Status returns a table of the daemons and where things are.
func (m *Manager) Status() (string, error) {
	var text strings.Builder // takes everything, so that writing into it never fails

	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)

	for _, each := range append([]*Manager{m}, m.others()...) {
		records, err := each.daemons().Records()
		if err != nil {
			return "", fmt.Errorf("failed to find the daemons: %w", err)
		}

		for _, record := range records {
			_, _ = fmt.Fprintf(table, "%s\t%s\tprocess %d\n", each.partName(record.Name), state(record), record.PID)
		}
	}

	_, _ = fmt.Fprintf(table, "\nkubeconfig\t%s\nAPI server\t%s\nregistry\t%s (plain HTTP)\n\t%s (TLS, certified by %s)\n"+
		"host, seen from Pods\t%s\nlogs, audit log\t%s\nprograms\t%s\n\n",
		m.Kubeconfig(), m.Server(), m.Registry(), m.SecureRegistry(), m.Authority(), m.HostIP(), m.Logs(), m.Binaries)

	_ = table.Flush()

	return text.String(), nil
}

func state(record process.Record) string {
	if record.Alive() {
		return "running"
	}

	return "ended"
}

// partName is what Kill and Start take.
func (m *Manager) partName(daemon string) string {
	if m.First() {
		return daemon
	}

	return m.NodeName() + "/" + daemon
}
