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

// Command catalog prints the package and the channels of a file-based catalog, rendered from a template. The template
// names bundles by image, and opm would pull them; this finds them in a folder of rendered bundles instead, so that a
// catalog can be made before its newest bundle is published, and again without a registry.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/operator-framework/operator-registry/alpha/declcfg"
	"github.com/operator-framework/operator-registry/alpha/template"
)

func main() {
	templateFile := flag.String("template", "", "the template, an olm.semver or an olm.template.basic")
	bundles := flag.String("bundles", "", "a folder of rendered bundles")
	flag.Parse()
	if err := run(*templateFile, *bundles, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// run writes the channels of a template, in YAML.
func run(templateFile, folder string, out io.Writer) error {
	ctx := context.Background()
	rendered, err := declcfg.LoadFS(ctx, os.DirFS(folder))
	if err != nil {
		return fmt.Errorf("failed to read the bundles in %s: %w", folder, err)
	}
	file, err := os.Open(templateFile) //nolint:gosec // the file that this is asked to read
	if err != nil {
		return fmt.Errorf("failed to open the template: %w", err)
	}
	defer file.Close() //nolint:errcheck // it was only read
	catalog, err := render(ctx, file, rendered.Bundles)
	if err != nil {
		return fmt.Errorf("failed to render %s: %w", templateFile, err)
	}
	// The bundles are in the catalog already, each in a file of its own.
	catalog.Bundles = nil
	if err := declcfg.WriteYAML(*catalog, out); err != nil {
		return fmt.Errorf("failed to write the channels: %w", err)
	}
	return nil
}

// render renders a template whose bundles are known.
func render(ctx context.Context, source io.Reader, bundles []declcfg.Bundle) (*declcfg.DeclarativeConfig, error) {
	kind, replay, err := template.NewRegistry().CreateTemplateBySchema(source, func(_ context.Context, image string) (*declcfg.DeclarativeConfig, error) {
		for at := range bundles {
			if bundles[at].Image == image {
				return &declcfg.DeclarativeConfig{Bundles: bundles[at : at+1]}, nil
			}
		}
		return nil, fmt.Errorf("no bundle of the image %s is known; \"make catalog\" renders that of VERSION only, and the others are those of the last commits", image)
	})
	if err != nil {
		return nil, fmt.Errorf("failed to find out what the template is: %w", err)
	}
	return kind.Render(ctx, replay)
}
