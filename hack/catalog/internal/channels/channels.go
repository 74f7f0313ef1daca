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

// Package channels renders the templates of file-based catalogs. A template names bundles by image, and opm would pull
// them; here they come from a folder of rendered bundles, so that a catalog can be made before its newest bundle is
// published, and again without a registry.
package channels

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/operator-framework/operator-registry/alpha/declcfg"
	"github.com/operator-framework/operator-registry/alpha/template"
)

// Write writes the package and the channels of a template, in YAML. The bundles are in the catalog already, each in a
// file of its own.
func Write(out io.Writer, templateFile, folder string) error {
	ctx := context.Background()
	bundles, err := declcfg.LoadFS(ctx, os.DirFS(folder))
	if err != nil {
		return fmt.Errorf("failed to read the bundles in %s: %w", folder, err)
	}
	file, err := os.Open(templateFile)
	if err != nil {
		return fmt.Errorf("failed to open the template: %w", err)
	}
	defer func() { _ = file.Close() }()
	catalog, err := render(ctx, file, bundles.Bundles)
	if err != nil {
		return fmt.Errorf("failed to render %s: %w", templateFile, err)
	}
	catalog.Bundles = nil
	if err := declcfg.WriteYAML(*catalog, out); err != nil {
		return fmt.Errorf("failed to write the channels: %w", err)
	}
	return nil
}

// render renders a template whose bundles are known.
func render(ctx context.Context, source io.Reader, bundles []declcfg.Bundle) (*declcfg.DeclarativeConfig, error) {
	find := func(_ context.Context, image string) (*declcfg.DeclarativeConfig, error) {
		for at := range bundles {
			if bundles[at].Image == image {
				return &declcfg.DeclarativeConfig{Bundles: bundles[at : at+1]}, nil
			}
		}
		return nil, fmt.Errorf("no bundle of the image %s is known; the bundle of VERSION is rendered by \"make catalog\", and those of other versions are committed", image)
	}
	kind, replay, err := template.NewRegistry().CreateTemplateBySchema(source, find)
	if err != nil {
		return nil, fmt.Errorf("failed to find out what the template is: %w", err)
	}
	catalog, err := kind.Render(ctx, replay)
	if err != nil {
		return nil, fmt.Errorf("failed to make channels: %w", err)
	}
	return catalog, nil
}
