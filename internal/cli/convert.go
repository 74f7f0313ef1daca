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
	"errors"
	"fmt"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/convert"
	"github.com/llamastack/llama-stack-k8s-operator/internal/crdcheck"
	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"
)

// conversions are the servers of a file, converted, and what to know about each.
type conversions struct {
	Items []conversion `json:"items"`
}

// conversion is one converted server.
type conversion struct {
	Server map[string]any `json:"server"`
	// Lost are fields without a counterpart.
	Lost  []convert.Loss `json:"lost,omitempty"`
	Notes []string       `json:"notes,omitempty"`
	// Problems are what the CustomResourceDefinition does not accept until a person completes it.
	Problems []problemView `json:"problems,omitempty"`
}

func (p *program) convertCommand() *cobra.Command {
	var (
		file, format string
		strict       bool
	)
	cmd := &cobra.Command{
		Use:   "convert -f FILE",
		Short: "Convert an OGXServer into a LlamaStackDistribution",
		Long: "Write the " + v1alpha1.Kind + " that runs the same server as an " + convert.Kind + ", the kind of the successor of the 0.9.0 operator. " +
			"No cluster is needed, and nothing is applied.\n\n" +
			"The output is YAML that can be applied. The standard error lists each field that has no counterpart, with what to do instead, and what " +
			"is different. With --strict, the command fails if there is such a field, or if the result has to be completed.",
		Example: "  kubectl get ogxserver demo -o yaml | " + Name + " convert -f - >demo.yaml",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.convert(cmd.Context(), file, format, strict)
		},
	}
	addFile(cmd, &file)
	cmd.Flags().Lookup("filename").Usage = "The file with the " + convert.Kind + ", in YAML or JSON; - is the standard input."
	cmd.Flags().BoolVar(&strict, "strict", false, "Fail if something has no counterpart, or has to be completed.")
	addOutput(cmd, &format)
	return cmd
}

func (p *program) convert(ctx context.Context, file, format string, strict bool) error {
	sources, err := p.readObjects(file, convert.Kind+" of "+convert.Group, convert.Convertible)
	if err != nil {
		return err
	}
	checker, err := crdcheck.New()
	if err != nil {
		return fmt.Errorf("failed to prepare the check: %w", err)
	}
	converted := conversions{}
	open := 0
	for _, source := range sources {
		result, err := convert.Convert(source)
		if err != nil {
			return fmt.Errorf("failed to convert %s: %w", file, err)
		}
		one := conversion{Server: result.Server, Lost: result.Lost, Notes: result.Notes}
		// The check changes what it checks.
		for _, wrong := range checker.Check(ctx, runtime.DeepCopyJSON(result.Server)) {
			one.Problems = append(one.Problems, problemView{Field: wrong.Field, Message: wrong.ErrorBody()})
		}
		converted.Items = append(converted.Items, one)
		open += len(one.Lost) + len(one.Problems)
	}
	if err := p.showConversions(format, converted); err != nil {
		return err
	}
	if strict && open > 0 {
		return errors.New("the conversion is not complete; see above")
	}
	return nil
}

// showConversions prints the servers. As text, what a person has to know goes to the standard error, so that the output can be applied.
func (p *program) showConversions(format string, converted conversions) error {
	var failed error
	err := p.show(format, converted, func(painter) {
		for _, one := range converted.Items {
			text, err := yaml.Marshal(one.Server)
			if err != nil {
				failed = fmt.Errorf("failed to write YAML: %w", err)
				return
			}
			sayf(p.data(), "---\n%s", text)
			for _, problem := range one.Problems {
				sayf(p.ErrOut, "complete %s: %s\n", problem.Field, problem.Message)
			}
			for _, loss := range one.Lost {
				sayf(p.ErrOut, "no counterpart: %s%s\n", clean(loss.Field), optional("; ", loss.Advice))
			}
			for _, note := range one.Notes {
				sayf(p.ErrOut, "note: %s\n", clean(note))
			}
		}
	})
	return errors.Join(err, failed)
}

// optional is a text after a separator, or nothing.
func optional(separator, text string) string {
	if text == "" {
		return ""
	}
	return separator + text
}
