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

// Command clidocs prints docs/cli.md: the commands of "kubectl llamastack" with their options.
package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/internal/cli"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const intro = `<!-- Written by "make cli-docs" from the commands in internal/cli. -->

# kubectl llamastack

` + "`kubectl llamastack`" + ` shows Llama Stack servers and operates them. It needs the rights of an editor of the namespace (the role
` + "`edit`" + ` of Kubernetes), and names the right that is missing. Colours appear on a terminal only; ` + "`NO_COLOR=1`" + ` turns them off.

## Install

` + "`make build`" + ` builds ` + "`bin/kubectl-llamastack`" + `. Copy it into a folder of your ` + "`PATH`" + `, and kubectl finds it:

` + "```shell" + `
install bin/kubectl-llamastack /usr/local/bin/
kubectl llamastack status
` + "```" + `

A release has archives for each platform, and a manifest for [krew](https://krew.sigs.k8s.io) with their checksums:

` + "```shell" + `
kubectl krew install --manifest-url https://github.com/llamastack/llama-stack-k8s-operator/releases/download/v1.0.0/llamastack.yaml
` + "```" + `

To complete commands and the names of servers also after ` + "`kubectl`" + `, add a script with the name that kubectl expects:

` + "```shell" + `
printf '#!/bin/sh\nexec kubectl-llamastack __complete "$@"\n' >/usr/local/bin/kubectl_complete-llamastack
chmod +x /usr/local/bin/kubectl_complete-llamastack
` + "```" + `

## Options of all commands

The options that choose the cluster, the user and the namespace are those of kubectl, such as ` + "`--context`, `-n` and `--as`" + `.
` + "`kubectl llamastack status --help`" + ` lists them.
`

func main() {
	if err := write(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// write writes the page.
func write(out io.Writer) error {
	var page strings.Builder
	page.WriteString(intro)
	for _, command := range cli.New(cli.Options{}).Commands() {
		if command.IsAvailableCommand() && command.Name() != "completion" {
			describe(&page, command, "")
			for _, part := range command.Commands() {
				describe(&page, part, command.Name()+" ")
			}
		}
	}
	if _, err := io.WriteString(out, page.String()); err != nil {
		return fmt.Errorf("failed to write the page: %w", err)
	}
	return nil
}

// describe writes the section of a command, or of a part of the command before it.
func describe(page *strings.Builder, command *cobra.Command, of string) {
	fmt.Fprintf(page, "\n## %s%s\n\n%s\n\n```shell\n%s %s%s\n", of, command.Name(), command.Long, cli.Name, of, command.Use)
	if command.Example != "" {
		fmt.Fprintf(page, "\n# for example\n%s\n", strings.ReplaceAll(command.Example, "  "+cli.Name, cli.Name))
	}
	page.WriteString("```\n")
	page.WriteString("\n| option | means |\n| --- | --- |\n")
	command.LocalNonPersistentFlags().VisitAll(func(flag *pflag.Flag) {
		name := "`--" + flag.Name + "`"
		if flag.Shorthand != "" {
			name = "`-" + flag.Shorthand + "`, " + name
		}
		usage := strings.ReplaceAll(flag.Usage, "|", `\|`)
		if flag.DefValue != "" && flag.DefValue != "false" && flag.DefValue != "0s" {
			usage += " Default: `" + flag.DefValue + "`."
		}
		fmt.Fprintf(page, "| %s | %s |\n", name, usage)
	})
}
