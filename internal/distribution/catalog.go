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

// relatedImagePrefix is the prefix of environment variables with images, as OLM and its tools expect.
const relatedImagePrefix = "RELATED_IMAGE_"

//go:embed distributions.json
var embedded []byte

// lookupName is the format of names that can have an environment variable, so that two spellings (My_Name, my-name) do
// not refer to the same variable.
var lookupName = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`)

// Source is the source of an image.
type Source string

// Sources of an image, in order of precedence.
const (
	// SourceCR is spec.server.distribution.image.
	SourceCR Source = "CR"
	// SourceOverride is image-overrides in the operator's ConfigMap.
	SourceOverride Source = "Override"
	// SourceRelatedImage is an environment variable RELATED_IMAGE_<NAME> of the operator.
	SourceRelatedImage Source = "RelatedImage"
	// SourceEmbedded is the map in the operator's binary.
	SourceEmbedded Source = "Embedded"
)

// Resolved is the image of a server.
type Resolved struct {
	// Image is the reference from the source.
	Image string
	// Active is the distribution's name, or v1alpha1.CustomDistribution if the spec sets an image.
	Active string
	// Source of the image.
	Source Source
}

// Catalog maps names to images. It does not change after New and is safe for concurrent use.
type Catalog struct {
	getenv   func(string) string
	embedded map[string]string
	// related are the images of the RELATED_IMAGE_ variables by name: for the embedded names, or "" without a variable,
	// and for names that only the environment has. They are a map because each reconcile needs all.
	related map[string]string
}

// renamed maps distributions to variables with another name, which platforms use.
func renamed() map[string]string {
	return map[string]string{"rh-dev": "RH_DISTRIBUTION"}
}

// notDistributions are the suffixes of variables with images of other programs: operators and sidecars.
func notDistributions() []string {
	return []string{"MANAGER", "OPERATOR", "PROXY"}
}

// New reads the built-in map and, with getenv (os.Getenv), the RELATED_IMAGE_ variables of its names. variables are the
// names of all environment variables; variables with the image of another distribution add its name. It fails with an
// *InvalidImageError if a variable of a built-in name is not an image reference, so that a wrong installation fails at
// the start and not in Pods that cannot pull.
func New(getenv func(string) string, variables ...string) (*Catalog, error) {
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
	c.addNames(variables)
	return c, nil
}

// addNames adds names that only the environment has.
func (c *Catalog) addNames(variables []string) {
	added := map[string]string{}
	for _, variable := range variables {
		n, ok := nameOf(variable)
		if image, err := c.relatedImage(n); ok && err == nil && image != "" {
			added[n] = image
		}
	}
	maps.Copy(c.related, added)
}

// nameOf returns the name of the distribution of a variable.
func nameOf(variable string) (string, bool) {
	bare, ok := strings.CutPrefix(variable, relatedImagePrefix)
	if !ok || slices.ContainsFunc(notDistributions(), func(end string) bool { return strings.HasSuffix(bare, end) }) {
		return "", false
	}
	for n, other := range renamed() {
		if bare == other {
			return n, true
		}
	}
	n := strings.ToLower(strings.ReplaceAll(bare, "_", "-"))
	return n, lookupName.MatchString(n) && variable == variableOf(n)
}

// variableOf returns the variable with the image of a distribution.
func variableOf(n string) string {
	return relatedImagePrefix + strings.ToUpper(strings.ReplaceAll(n, "-", "_"))
}

// Resolve returns the image of d. overrides is the valid image-overrides of the operator's ConfigMap, name to image.
// Errors: ErrUnset, *UnknownError, and *InvalidImageError.
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

// Available maps the names that a CR can set to their images.
func (c *Catalog) Available(overrides map[string]string) map[string]string {
	known := make(map[string]string, len(c.related)+len(overrides))
	for _, names := range []map[string]string{c.related, overrides} { // which has all that are embedded
		for n := range names {
			if image, _, err := c.find(n, overrides); err == nil && image != "" {
				known[n] = image
			}
		}
	}
	return known
}

// find returns an empty image for an unknown name.
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

// relatedImage returns an empty string if the environment has no variable for the name.
func (c *Catalog) relatedImage(n string) (string, error) {
	if image, ok := c.related[n]; ok {
		return image, nil
	}
	if !lookupName.MatchString(n) {
		return "", nil
	}
	variable := variableOf(n)
	image := c.getenv(variable)
	if other, ok := renamed()[n]; ok && image == "" {
		variable = relatedImagePrefix + other
		image = c.getenv(variable)
	}
	if image == "" {
		return "", nil
	}
	if _, err := name.ParseReference(image, name.WeakValidation); err != nil {
		return "", &InvalidImageError{Variable: variable, Value: image, Err: err}
	}
	return image, nil
}
