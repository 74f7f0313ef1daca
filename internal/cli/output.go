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
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/internal/bound"
	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/util/duration"
	"sigs.k8s.io/yaml"
)

// Formats of the option --output.
const (
	asText = ""
	asJSON = "json"
	asYAML = "yaml"
)

// itemsKey has the objects of a list.
const itemsKey = "items"

// longestText is how much of one text of the cluster is shown, in bytes.
const longestText = 1000

// addOutput adds the option --output.
func addOutput(cmd *cobra.Command, format *string) {
	cmd.Flags().StringVarP(format, "output", "o", asText, "The format of the output: json or yaml. The default is text.")
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{asJSON, asYAML}, cobra.ShellCompDirectiveNoFileComp))
}

// known refuses a format that show does not have, before a command does anything.
func known(format string) error {
	if format == asText || format == asJSON || format == asYAML {
		return nil
	}
	return fmt.Errorf("unknown format %q of --output; use json or yaml", format)
}

// show prints a view as text for people, or as JSON or YAML for programs.
func (p *program) show(format string, view any, text func(painter)) error {
	switch format {
	case asText:
		text(p.painter())
		return nil
	case asJSON:
		content, err := json.MarshalIndent(view, "", "  ")
		if err != nil {
			return fmt.Errorf("failed to write JSON: %w", err)
		}
		sayf(p.data(), "%s\n", content)
		return nil
	case asYAML:
		content, err := yaml.Marshal(view)
		if err != nil {
			return fmt.Errorf("failed to write YAML: %w", err)
		}
		sayf(p.data(), "%s", content)
		return nil
	}
	return known(format)
}

// sayf prints a text. Nothing is left to do if the output is closed.
func sayf(to io.Writer, format string, arguments ...any) {
	_, _ = fmt.Fprintf(to, format, arguments...)
}

// age is how long ago something was, as kubectl writes it.
func age(now, then time.Time) string {
	if then.IsZero() {
		return "-"
	}
	return duration.HumanDuration(now.Sub(then))
}

// clean is a text of the cluster as one line that is not too long. What a terminal would obey is not in it, nor is it in anything
// else that a screen shows.
func clean(text string) string { return bound.Text(text, longestText) }
