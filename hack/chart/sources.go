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

// Package chart generates the Helm chart from the kustomize tree in config/. The manifests and most default values come from
// there: this package declares which value of the chart sets which field, and which objects are optional. docs/helm.md describes
// the chart.
package chart

import (
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// Kinds of objects that the generator treats in a special way.
const (
	deploymentKind = "Deployment"
	configMapKind  = "ConfigMap"
)

// Names of fields and of values.
const (
	nameKey       = "name"
	monitoringKey = "monitoring"
)

// namespace is that of the operator in config/. The chart uses the namespace of the release.
const namespace = "llama-stack-k8s-operator-system"

// granted is the namespace in config/namespaced/grant, which stands for each namespace that an operator watches.
const granted = "llama-stack"

// object is a manifest.
type object = map[string]any

// sources are the objects in config/ that the chart consists of.
type sources struct {
	// clusterWide and namespaced are the operator with cluster-wide permissions, and without.
	clusterWide, namespaced []object
	// grant are the permissions of the latter in one namespace.
	grant []object
	// monitoring and networkPolicy are optional.
	monitoring, networkPolicy []object
}

// read builds the kustomizations of a folder like config/.
func read(folder string) (*sources, error) {
	var from sources
	for path, into := range map[string]*[]object{
		"default":          &from.clusterWide,
		"namespaced":       &from.namespaced,
		"namespaced/grant": &from.grant,
		monitoringKey:      &from.monitoring,
		"network-policy":   &from.networkPolicy,
	} {
		objects, err := build(filepath.Join(folder, path))
		if err != nil {
			return nil, err
		}
		*into = objects
	}
	return &from, from.check()
}

func build(folder string) ([]object, error) {
	resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), folder)
	if err != nil {
		return nil, fmt.Errorf("failed to build %s: %w", folder, err)
	}
	var objects []object
	for _, resource := range resources.Resources() {
		text, err := resource.AsYAML()
		if err != nil {
			return nil, fmt.Errorf("failed to write an object of %s: %w", folder, err)
		}
		content := object{}
		if err := yaml.Unmarshal(text, &content); err != nil {
			return nil, fmt.Errorf("failed to read an object of %s: %w", folder, err)
		}
		objects = append(objects, content)
	}
	return objects, nil
}

// check fails if config/namespaced changes an object in a way that the chart does not show.
func (s *sources) check() error {
	var problems []error
	for _, one := range s.clusterWide {
		other := find(s.namespaced, identity(one))
		if other != nil && one["kind"] != deploymentKind && !reflect.DeepEqual(one, other) {
			problems = append(problems, fmt.Errorf("config/namespaced changes %s, and the chart would not", identity(one)))
		}
	}
	for _, objects := range [][]object{s.clusterWide, s.namespaced} {
		if len(ofKind(objects, deploymentKind)) != 1 {
			problems = append(problems, errors.New("the operator does not have one Deployment"))
		}
	}
	return errors.Join(problems...)
}

// identity names an object by kind and name.
func identity(o object) string {
	metadata, _ := o["metadata"].(object)
	return fmt.Sprintf("%v/%v", o["kind"], metadata[nameKey])
}

// find returns the object with an identity, or nil.
func find(objects []object, wanted string) object {
	for _, candidate := range objects {
		if identity(candidate) == wanted {
			return candidate
		}
	}
	return nil
}

func ofKind(objects []object, kinds ...string) []object {
	return slices.DeleteFunc(slices.Clone(objects), func(candidate object) bool {
		kind, _ := candidate["kind"].(string)
		return !slices.Contains(kinds, kind)
	})
}

// image returns repository and version of the operator's image.
func (s *sources) image() (string, string, error) {
	reference, _ := at(ofKind(s.clusterWide, deploymentKind)[0], container+".image").(string)
	repository, tag, tagged := strings.Cut(reference, ":v")
	if !tagged {
		return "", "", fmt.Errorf("the operator's image in config/ is %q, without a version", reference)
	}
	return repository, tag, nil
}
