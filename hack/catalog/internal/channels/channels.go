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

// Source is what a catalog is made from. Only Template and Bundles are required.
type Source struct {
	// Template is a file, an olm.semver or an olm.template.basic.
	Template string
	// Bundles is a folder of rendered bundles, each of a channel.
	Bundles string
	// Withdrawn is a folder of rendered bundles that the template still lists, and that the catalog does not offer.
	Withdrawn string
	// Deprecations is a file with an olm.deprecations.
	Deprecations string
	// Icon is an SVG file.
	Icon string
}

// Write writes the package, the channels and the deprecations, in YAML. The bundles are in the catalog already, each in a
// file of its own.
func Write(out io.Writer, source Source) error {
	bundles, err := load(source.Bundles)
	if err != nil {
		return err
	}
	gone, err := source.withdrawn()
	if err != nil {
		return err
	}
	catalog, err := source.render(append(bundles, gone...))
	if err != nil {
		return fmt.Errorf("failed to render %s: %w", source.Template, err)
	}
	if err := withdraw(catalog, gone); err != nil {
		return err
	}
	catalog.Bundles = bundles
	if err := source.deprecations(catalog, gone); err != nil {
		return err
	}
	packages, err := declcfg.ConvertToModel(*catalog)
	if err != nil {
		return fmt.Errorf("failed to validate the catalog: %w", err)
	}
	if err := source.present(catalog, packages); err != nil {
		return err
	}
	catalog.Bundles = nil
	if err := declcfg.WriteYAML(*catalog, out); err != nil {
		return fmt.Errorf("failed to write the channels: %w", err)
	}
	return nil
}

// load reads the bundles in a folder.
func load(folder string) ([]declcfg.Bundle, error) {
	catalog, err := declcfg.LoadFS(context.Background(), os.DirFS(folder))
	if err != nil {
		return nil, fmt.Errorf("failed to read the bundles in %s: %w", folder, err)
	}
	return catalog.Bundles, nil
}

// render renders the template, whose bundles are known.
func (s Source) render(bundles []declcfg.Bundle) (*declcfg.DeclarativeConfig, error) {
	file, err := os.Open(s.Template)
	if err != nil {
		return nil, fmt.Errorf("failed to open the template: %w", err)
	}
	defer func() { _ = file.Close() }()
	find := func(_ context.Context, image string) (*declcfg.DeclarativeConfig, error) {
		for at := range bundles {
			if bundles[at].Image == image {
				return &declcfg.DeclarativeConfig{Bundles: bundles[at : at+1]}, nil
			}
		}
		return nil, fmt.Errorf("no bundle of the image %s is known; the bundle of VERSION is rendered by \"make catalog\", and those of other versions are committed", image)
	}
	kind, replay, err := template.NewRegistry().CreateTemplateBySchema(file, find)
	if err != nil {
		return nil, fmt.Errorf("failed to find out what the template is: %w", err)
	}
	catalog, err := kind.Render(context.Background(), replay)
	if err != nil {
		return nil, fmt.Errorf("failed to make channels: %w", err)
	}
	return catalog, nil
}
