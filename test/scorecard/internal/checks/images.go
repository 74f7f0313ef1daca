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
	"maps"
	"slices"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/internal/distribution"
	"github.com/llamastack/llama-stack-k8s-operator/test/scorecard/internal/bundle"
	"github.com/llamastack/llama-stack-k8s-operator/test/scorecard/internal/report"
)

// relatedImageVariable is the prefix of the environment variables that set the image of a distribution.
const relatedImageVariable = "RELATED_IMAGE_"

// howToRelate says how an image gets into the list.
const howToRelate = "make bundle writes the list, from the containers and the variables RELATED_IMAGE_... in config/manager/manager.yaml"

// RelatedImages requires that every image that the operator runs, or that a name can select, is among the related
// images: a disconnected cluster gets the images of that list, and no others.
func RelatedImages(_ context.Context, b *bundle.Bundle, r *report.Report) {
	related := relatedImages(b, r)
	wanted := wantedImages(b, r)
	if r.Failed() {
		return // More errors would have the same cause.
	}
	for _, image := range slices.Sorted(maps.Keys(wanted)) {
		if _, found := related[image]; !found {
			r.Errorf("relatedImages of the CSV lacks %s, %s: %s", image, wanted[image], howToRelate)
		}
	}
	for _, image := range slices.Sorted(maps.Keys(related)) {
		if _, found := wanted[image]; !found {
			r.Errorf("relatedImages of the CSV has %s (%s), which the operator never runs: run make bundle", image, related[image])
		}
		if !strings.Contains(image, "@sha256:") {
			r.Suggestf("relatedImages of the CSV has %s (%s) by tag: a release should name it by digest", image, related[image])
		}
	}
	r.Logf("%d related images, %d images that the operator can run", len(related), len(wanted))
}

// relatedImages are the names of the related images, by image.
func relatedImages(b *bundle.Bundle, r *report.Report) map[string]string {
	related := map[string]string{}
	names := map[string]bool{}
	for _, image := range b.CSV.Spec.RelatedImages {
		switch {
		case image.Name == "":
			r.Errorf("relatedImages of the CSV: %s has no name: each needs one of its own; %s", image.Image, howToRelate)
		case names[image.Name]:
			r.Errorf("relatedImages of the CSV: %s has the name %s of another: each needs one of its own; %s", image.Image, image.Name, howToRelate)
		}
		names[image.Name] = true
		related[image.Image] = image.Name
	}
	return related
}

// wantedImages are the images that the operator can run, with the reason.
func wantedImages(b *bundle.Bundle, r *report.Report) map[string]string {
	wanted := map[string]string{}
	environment := map[string]string{}
	for _, container := range b.Containers() {
		wanted[container.Image] = "the image of the container " + container.Name
		for _, variable := range container.Env {
			environment[variable.Name] = variable.Value
		}
	}
	if len(wanted) == 0 {
		r.Errorf("the CSV installs no container: run make bundle")
		return nil
	}
	for name, image := range distributions(environment, r) {
		wanted[image] = "which the operator runs for the distribution " + name
	}
	if !r.Failed() {
		unread(environment, wanted, r)
	}
	return wanted
}

// distributions are the images by name, as the operator finds them with this environment.
func distributions(environment map[string]string, r *report.Report) map[string]string {
	catalog, err := distribution.New(func(variable string) string { return environment[variable] })
	if err != nil {
		r.Errorf("the operator would not start with the environment that the CSV gives it: %v", err)
		return nil
	}
	return catalog.Available(nil)
}

// unread reports variables with images that no distribution uses.
func unread(environment, wanted map[string]string, r *report.Report) {
	for _, variable := range slices.Sorted(maps.Keys(environment)) {
		if !strings.HasPrefix(variable, relatedImageVariable) {
			continue
		}
		if _, found := wanted[environment[variable]]; !found {
			r.Errorf("the operator's environment has %s=%s, which belongs to no distribution: correct the name, or add it to internal/distribution/distributions.json",
				variable, environment[variable])
		}
	}
}
