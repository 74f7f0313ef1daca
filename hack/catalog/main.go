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

// Command catalog prints the package, the channels and the deprecations of a file-based catalog, rendered from a template. With
// -deprecate it changes the file of deprecations instead.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/llamastack/llama-stack-k8s-operator/hack/catalog/internal/channels"
)

func main() {
	if err := run(os.Stdout, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(out io.Writer, args []string) error {
	var source channels.Source
	flags := flag.NewFlagSet("catalog", flag.ContinueOnError)
	flags.StringVar(&source.Template, "template", "", "the template, an olm.semver or an olm.template.basic")
	flags.StringVar(&source.Bundles, "bundles", "", "a folder of rendered bundles")
	flags.StringVar(&source.Withdrawn, "withdrawn", "", "a folder of rendered bundles that the template lists, and that no channel offers; it may be missing")
	flags.StringVar(&source.Deprecations, "deprecations", "", "a file with an olm.deprecations")
	flags.StringVar(&source.Icon, "icon", "", "the icon of the package, an SVG image")
	deprecate := flags.String("deprecate", "", "a version, a channel or \"package\" to add to -deprecations")
	message := flags.String("message", "", "what users of it read; empty: it is not deprecated any more")
	if err := flags.Parse(args); err != nil {
		return fmt.Errorf("failed to parse the arguments: %w", err)
	}
	if *deprecate != "" {
		return channels.Deprecate(source.Deprecations, *deprecate, *message)
	}
	return channels.Write(out, source)
}
