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
	"errors"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// The paths of images in a ClusterServiceVersion.
const (
	deployments   = "spec.install.spec.deployments"
	containers    = "spec.template.spec.containers" // of a deployment
	relatedImages = "spec.relatedImages"
)

// Fields of containers, variables and related images.
const (
	nameField  = "name"
	imageField = "image"
	valueField = "value"
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
	var problems []error
	err := each(csv, deployments, func(deployment map[string]any) {
		problems = append(problems, each(deployment, containers, i.inContainer))
	})
	if err := errors.Join(append(problems, err)...); err != nil {
		return err
	}
	if i.manager == "" {
		return errors.New("the ClusterServiceVersion has no container " + managerContainer)
	}
	return i.relate(csv)
}

func (i *images) inContainer(container map[string]any) {
	i.pin(container, imageField)
	if container[nameField] == managerContainer {
		i.manager, _ = container[imageField].(string)
	}
	env, _ := container["env"].([]any)
	for _, entry := range env {
		variable, _ := entry.(map[string]any)
		if name, _ := variable[nameField].(string); strings.HasPrefix(name, relatedImagePrefix) {
			i.pin(variable, valueField)
		}
	}
}

// relate completes the list of the related images.
func (i *images) relate(csv map[string]any) error {
	all := []any{map[string]any{nameField: managerContainer, imageField: i.manager}}
	err := each(csv, relatedImages, func(image map[string]any) {
		if image[nameField] != managerContainer {
			all = append(all, image)
		}
	})
	if err != nil {
		return err
	}
	if err := unstructured.SetNestedSlice(csv, all, strings.Split(relatedImages, ".")...); err != nil {
		return fmt.Errorf("failed to set %s: %w", relatedImages, err)
	}
	return each(csv, relatedImages, func(image map[string]any) {
		i.pin(image, imageField)
		reference, _ := image[imageField].(string)
		i.pinned = i.pinned && strings.Contains(reference, "@")
	})
}

// pin names an image by digest, where it is known.
func (i *images) pin(fields map[string]any, key string) {
	image, _ := fields[key].(string)
	if digest, ok := i.digests[image]; ok {
		fields[key] = repository(image) + "@" + digest
	}
}

// each calls a function with every object of a list, which may change it. A list that is not there has none.
func each(object map[string]any, path string, do func(map[string]any)) error {
	found, ok, err := unstructured.NestedFieldNoCopy(object, strings.Split(path, ".")...)
	if err != nil {
		return fmt.Errorf("failed to read %s: %w", path, err)
	}
	list, isList := found.([]any)
	if ok && !isList {
		return fmt.Errorf("%s is not a list", path)
	}
	for _, entry := range list {
		fields, isObject := entry.(map[string]any)
		if !isObject {
			return fmt.Errorf("%s has an entry that is not an object", path)
		}
		do(fields)
	}
	return nil
}

// repository is an image's reference without its tag. A colon before the last slash is a registry's port.
func repository(image string) string {
	if colon := strings.LastIndex(image, ":"); colon > strings.LastIndex(image, "/") {
		return image[:colon]
	}
	return image
}
