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

package bundle

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// images are those of a ClusterServiceVersion.
type images struct {
	digests map[string]string
	// manager is the operator's own, once it was found.
	manager string
	// pinned holds while every related image is named by digest.
	pinned bool
}

// complete names images by digest where it is known, and makes the manager the first of the related images.
func (i *images) complete(csv map[string]any) error {
	deployments, _, err := unstructured.NestedSlice(csv, "spec", "install", "spec", "deployments")
	if err != nil {
		return fmt.Errorf("failed to read the deployments: %w", err)
	}
	for _, deployment := range deployments {
		if err := i.inDeployment(deployment); err != nil {
			return err
		}
	}
	if i.manager == "" {
		return fmt.Errorf("the ClusterServiceVersion has no container %s", managerContainer)
	}
	if err := unstructured.SetNestedSlice(csv, deployments, "spec", "install", "spec", "deployments"); err != nil {
		return fmt.Errorf("failed to set the deployments: %w", err)
	}
	return i.relate(csv)
}

func (i *images) inDeployment(deployment any) error {
	fields, _ := deployment.(map[string]any)
	containers, _, err := unstructured.NestedSlice(fields, "spec", "template", "spec", "containers")
	if err != nil {
		return fmt.Errorf("failed to read the containers: %w", err)
	}
	for _, container := range containers {
		i.inContainer(container)
	}
	if err := unstructured.SetNestedSlice(fields, containers, "spec", "template", "spec", "containers"); err != nil {
		return fmt.Errorf("failed to set the containers: %w", err)
	}
	return nil
}

func (i *images) inContainer(container any) {
	fields, _ := container.(map[string]any)
	i.pin(fields, "image")
	if fields["name"] == managerContainer {
		i.manager, _ = fields["image"].(string)
	}
	env, _ := fields["env"].([]any)
	for _, variable := range env {
		entry, _ := variable.(map[string]any)
		if name, _ := entry["name"].(string); strings.HasPrefix(name, relatedImagePrefix) {
			i.pin(entry, "value")
		}
	}
}

// relate completes the list of the related images.
func (i *images) relate(csv map[string]any) error {
	known, _, err := unstructured.NestedSlice(csv, "spec", "relatedImages")
	if err != nil {
		return fmt.Errorf("failed to read the related images: %w", err)
	}
	all := []any{map[string]any{"name": managerContainer, "image": i.manager}}
	for _, image := range known {
		if fields, _ := image.(map[string]any); fields["name"] != managerContainer {
			all = append(all, fields)
		}
	}
	for _, image := range all {
		fields, _ := image.(map[string]any)
		i.pin(fields, "image")
		reference, _ := fields["image"].(string)
		i.pinned = i.pinned && strings.Contains(reference, "@")
	}
	if err := unstructured.SetNestedSlice(csv, all, "spec", "relatedImages"); err != nil {
		return fmt.Errorf("failed to set the related images: %w", err)
	}
	return nil
}

// pin names an image by digest, where it is known.
func (i *images) pin(fields map[string]any, key string) {
	image, _ := fields[key].(string)
	if digest, ok := i.digests[image]; ok {
		fields[key] = repository(image) + "@" + digest
	}
}

// repository is an image's reference without its tag. A colon before the last slash is a registry's port.
func repository(image string) string {
	if colon := strings.LastIndex(image, ":"); colon > strings.LastIndex(image, "/") {
		return image[:colon]
	}
	return image
}
