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

package checks

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/test/scorecard/internal/bundle"
	"github.com/llamastack/llama-stack-k8s-operator/test/scorecard/internal/report"
	"github.com/operator-framework/operator-registry/alpha/declcfg"
	"github.com/operator-framework/operator-registry/alpha/model"
)

// Channels is the check of the catalog in a folder: every version that any channel has can be upgraded to the newest
// one of its channel, the channels share versions, so that a subscription can move from one to another, and this
// bundle, once it is released, is in the channels of its annotations. operator-registry's own validation, which OLM
// relies on, is part.
func Channels(folder string) Check {
	return func(ctx context.Context, b *bundle.Bundle, r *report.Report) {
		channels, err := read(ctx, folder, b.Package)
		if err != nil {
			r.Errorf("%v", err)
			return
		}
		checkMembership(b, channels, r)
		checkConnected(channels, r)
		for _, name := range slices.Sorted(maps.Keys(channels)) {
			r.Logf("%s: %s", name, strings.Join(slices.Sorted(maps.Keys(channels[name].Bundles)), ", "))
		}
	}
}

// read reads the channels of a package. operator-registry finds cycles, versions without an upgrade, several newest
// versions and the like.
func read(ctx context.Context, folder, name string) (map[string]*model.Channel, error) {
	if _, err := os.Stat(folder); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no catalog in %s: the image of this test is to be built with catalog/ inside (make docker-build-scorecard)", folder)
	}
	config, err := declcfg.LoadFS(ctx, os.DirFS(folder))
	if err != nil {
		return nil, fmt.Errorf("failed to read the catalog, which make catalog writes: %w", err)
	}
	packages, err := declcfg.ConvertToModel(*config)
	if err != nil {
		return nil, fmt.Errorf("failed to make a graph of the catalog; correct config/catalog/template.yaml, and run make catalog: %w", err)
	}
	found, ok := packages[name]
	if !ok {
		return nil, fmt.Errorf("the catalog has no package %q, which the bundle belongs to: run make catalog", name)
	}
	return found.Channels, nil
}

// checkMembership requires that the bundle is in the channels of its annotations, once it is in any: what is not
// released yet is in none.
func checkMembership(b *bundle.Bundle, channels map[string]*model.Channel, r *report.Report) {
	released := slices.ContainsFunc(slices.Collect(maps.Values(channels)), func(c *model.Channel) bool { return c.Bundles[b.CSV.Name] != nil })
	if !released {
		r.Suggestf("the catalog does not have %s: make release enters it", b.CSV.Name)
		return
	}
	for _, name := range b.Channels {
		channel, found := channels[name]
		switch {
		case !found:
			r.Errorf("the catalog has no channel %q, which the bundle's annotations name: add it to config/catalog/template.yaml, and run make catalog", name)
		case channel.Bundles[b.CSV.Name] == nil:
			r.Errorf("the channel %q of the catalog does not have %s, whose annotations name it: add it to config/catalog/template.yaml, and run make catalog", name, b.CSV.Name)
		}
	}
}

// checkConnected requires that a subscription can move from every channel to every other, over the versions that they
// share.
func checkConnected(channels map[string]*model.Channel, r *report.Report) {
	names := slices.Sorted(maps.Keys(channels))
	reached := map[string]bool{names[0]: true}
	for range names {
		for _, name := range names {
			reached[name] = reached[name] || slices.ContainsFunc(names, func(other string) bool {
				return reached[other] && shareVersion(channels[name], channels[other])
			})
		}
	}
	for _, name := range names {
		if !reached[name] {
			r.Errorf("the channel %q shares no version with %q, so that no subscription can move between them: add a version to both in config/catalog/template.yaml, and run make catalog",
				name, names[0])
		}
	}
}

func shareVersion(a, b *model.Channel) bool {
	for name := range a.Bundles {
		if b.Bundles[name] != nil {
			return true
		}
	}
	return false
}
