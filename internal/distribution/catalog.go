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

package distribution

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"

	_ "embed"
)

// relatedImagePrefix starts the names of environment variables that carry images, as OLM and its tools expect.
const relatedImagePrefix = "RELATED_IMAGE_"

//go:embed distributions.json
var embedded []byte

// lookupName is what a name must look like before the environment is asked for it, so that no two spellings
// (My_Name, my-name) stand for one variable.
var lookupName = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`)

// Source is where an image came from.
type Source string

// Sources of an image, the first that has it wins.
const (
	// SourceCR is spec.server.distribution.image.
	SourceCR Source = "CR"
	// SourceOverride is image-overrides in the operator's ConfigMap.
	SourceOverride Source = "Override"
	// SourceRelatedImage is an environment variable RELATED_IMAGE_<NAME> of the operator.
	SourceRelatedImage Source = "RelatedImage"
	// SourceEmbedded is the map that is built into the operator.
	SourceEmbedded Source = "Embedded"
)

// Resolved is the image that a CR's server runs.
type Resolved struct {
	// Image reference, as its source has it.
	Image string
	// Active is the distribution's name, or v1alpha1.CustomDistribution for an image of the user's own.
	Active string
	// Source of the image.
	Source Source
}

// Catalog maps names to images. It does not change after New and is safe for concurrent use.
type Catalog struct {
	getenv   func(string) string
	embedded map[string]string
	// related are the RELATED_IMAGE_ variables of the embedded names, "" where there is none; each reconcile asks for all.
	related map[string]string
}

// New reads the built-in map and, through getenv (os.Getenv), the RELATED_IMAGE_ variables of its names.
// It fails with an *InvalidImageError where one of these is not an image reference: a wrong installation
// shows at start rather than in Pods that cannot pull.
func New(getenv func(string) string) (*Catalog, error) {
	c := &Catalog{getenv: getenv, related: map[string]string{}}
	if err := json.Unmarshal(embedded, &c.embedded); err != nil {
		return nil, fmt.Errorf("failed to parse the built-in distributions: %w", err)
	}
	for _, n := range slices.Sorted(maps.Keys(c.embedded)) {
		image, err := c.relatedImage(n)
		if err != nil {
			return nil, err
		}
		c.related[n] = image
	}
	return c, nil
}

// Resolve finds the image of d. overrides is image-overrides of the operator's ConfigMap, name to image,
// already checked. Errors: ErrUnset, *UnknownError, and *InvalidImageError.
func (c *Catalog) Resolve(d v1alpha1.DistributionType, overrides map[string]string) (Resolved, error) {
	switch {
	case d.Image != "":
		return Resolved{Image: d.Image, Active: v1alpha1.CustomDistribution, Source: SourceCR}, nil
	case d.Name == "":
		return Resolved{}, ErrUnset
	}
	image, source, err := c.find(d.Name, overrides)
	if err != nil {
		return Resolved{}, err
	}
	if image == "" {
		return Resolved{}, &UnknownError{Name: d.Name, Known: slices.Sorted(maps.Keys(c.Available(overrides)))}
	}
	return Resolved{Image: image, Active: d.Name, Source: source}, nil
}

// Available are the names that a CR can ask for and the image of each. A name that only a RELATED_IMAGE_ variable
// has can be asked for too, and is not listed: such variables also carry images that are not distributions.
func (c *Catalog) Available(overrides map[string]string) map[string]string {
	known := make(map[string]string, len(c.embedded)+len(overrides))
	for _, names := range []map[string]string{c.embedded, overrides} {
		for n := range names {
			if image, _, err := c.find(n, overrides); err == nil && image != "" {
				known[n] = image
			}
		}
	}
	return known
}

// find returns an empty image for a name that nothing maps.
func (c *Catalog) find(n string, overrides map[string]string) (string, Source, error) {
	if image := overrides[n]; image != "" {
		return image, SourceOverride, nil
	}
	image, err := c.relatedImage(n)
	if err != nil || image != "" {
		return image, SourceRelatedImage, err
	}
	return c.embedded[n], SourceEmbedded, nil
}

// relatedImage is empty where the environment says nothing.
func (c *Catalog) relatedImage(n string) (string, error) {
	if image, ok := c.related[n]; ok {
		return image, nil
	}
	if !lookupName.MatchString(n) {
		return "", nil
	}
	variable := relatedImagePrefix + strings.ToUpper(strings.ReplaceAll(n, "-", "_"))
	image := c.getenv(variable)
	if image == "" {
		return "", nil
	}
	if _, err := name.ParseReference(image, name.WeakValidation); err != nil {
		return "", &InvalidImageError{Variable: variable, Value: image, Err: err}
	}
	return image, nil
}
