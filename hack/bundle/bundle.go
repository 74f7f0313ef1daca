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

// Package bundle completes the ClusterServiceVersion that operator-sdk generates with what it does not know: the icon,
// the date of the release, the manager among the related images, and the digests of images.
package bundle

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

const (
	// managerContainer is the container of the operator, and the name of its image among the related ones.
	managerContainer = "manager"
	// relatedImagePrefix is how the environment variables start that name a distribution's image.
	relatedImagePrefix = "RELATED_IMAGE_"
	disconnected       = "features.operators.openshift.io/disconnected"
	initialResource    = "operatorframework.io/initialization-resource"
)

// Options are what is added.
type Options struct {
	// CreatedAt is when the version was released, in RFC 3339.
	CreatedAt string
	// Icon is an SVG image.
	Icon []byte
	// Digests are those of images that are known, such as sha256:…, by reference.
	Digests map[string]string
}

// Complete returns the ClusterServiceVersion, in YAML, with what the options say. It changes nothing where it was done
// before.
func Complete(manifest []byte, options Options) ([]byte, error) {
	text, err := yaml.YAMLToJSON(manifest)
	if err != nil {
		return nil, fmt.Errorf("failed to read the ClusterServiceVersion: %w", err)
	}
	csv := &unstructured.Unstructured{}
	if err := csv.UnmarshalJSON(text); err != nil {
		return nil, fmt.Errorf("failed to read the ClusterServiceVersion: %w", err)
	}
	images := &images{digests: options.Digests, pinned: true}
	if err := images.complete(csv.Object); err != nil {
		return nil, err
	}
	if err := setIcon(csv.Object, options.Icon); err != nil {
		return nil, err
	}
	if err := annotate(csv, options.CreatedAt, images); err != nil {
		return nil, err
	}
	done, err := yaml.Marshal(csv.Object)
	if err != nil {
		return nil, fmt.Errorf("failed to write the ClusterServiceVersion: %w", err)
	}
	return done, nil
}

func setIcon(csv map[string]any, icon []byte) error {
	err := unstructured.SetNestedSlice(csv, []any{map[string]any{
		"base64data": base64.StdEncoding.EncodeToString(icon), "mediatype": "image/svg+xml",
	}}, "spec", "icon")
	if err != nil {
		return fmt.Errorf("failed to set the icon: %w", err)
	}
	return nil
}

// annotate says when the version was released, which image it runs, whether a registry that mirrors the related images
// is all that it needs, and which resource a console offers to create first.
func annotate(csv *unstructured.Unstructured, createdAt string, images *images) error {
	annotations := csv.GetAnnotations()
	first, err := firstExample(annotations["alm-examples"])
	if err != nil {
		return err
	}
	annotations[initialResource] = first
	annotations["createdAt"] = createdAt
	annotations["containerImage"] = images.manager
	annotations[disconnected] = strconv.FormatBool(images.pinned)
	csv.SetAnnotations(annotations)
	return nil
}

// firstExample is the first of the examples, a JSON array.
func firstExample(examples string) (string, error) {
	var all []json.RawMessage
	if err := json.Unmarshal([]byte(examples), &all); err != nil {
		return "", fmt.Errorf("failed to read the examples: %w", err)
	}
	if len(all) == 0 {
		return "", errors.New("the ClusterServiceVersion has no example")
	}
	var first map[string]any
	if err := json.Unmarshal(all[0], &first); err != nil {
		return "", fmt.Errorf("failed to read the first example: %w", err)
	}
	text, err := json.MarshalIndent(first, "", "  ")
	if err != nil {
		return "", fmt.Errorf("failed to write the first example: %w", err)
	}
	return string(text), nil
}

// ParseDigests reads lines of an image and its digest; empty lines and those that start with # do not count.
func ParseDigests(text string) (map[string]string, error) {
	digests := map[string]string{}
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		if len(fields) != 2 || !strings.HasPrefix(fields[1], "sha256:") {
			return nil, fmt.Errorf("%q is not an image and its digest", strings.TrimSpace(line))
		}
		digests[fields[0]] = fields[1]
	}
	return digests, nil
}
