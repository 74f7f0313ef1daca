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

// Package olm has the manifests of the Operator Lifecycle Manager on the node.
package olm

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"text/template"

	"github.com/operator-framework/api/crds"

	_ "embed"
)

// Namespace is where OLM runs, and where catalogs for all namespaces are.
const Namespace = "olm"

//go:embed manifests.yaml.tmpl
var manifests string

// ErrNoVersion is returned for an image of OLM whose tag is no version.
var ErrNoVersion = errors.New("its tag is not a version such as v0.40.0")

// Images are the images of OLM.
type Images struct {
	// OLM has OLM's programs. Its tag is OLM's version.
	OLM string
	// OPM has opm, which unpacks bundles.
	OPM string
}

// CRDs returns OLM's custom resource definitions, as YAML.
func CRDs() ([]byte, error) {
	names := slices.DeleteFunc(crds.AssetNames(), func(name string) bool { return !strings.HasSuffix(name, ".yaml") })
	slices.Sort(names)

	var all bytes.Buffer

	for _, name := range names {
		definition, err := crds.Asset(name)
		if err != nil {
			return nil, fmt.Errorf("failed to read OLM's definition %s: %w", name, err)
		}

		all.WriteString("---\n")
		all.Write(bytes.TrimPrefix(definition, []byte("---\n")))
	}

	return all.Bytes(), nil
}

// Manifests returns everything but the definitions, as YAML.
func Manifests(images Images) ([]byte, error) {
	version := regexp.MustCompile(`:v(\d+\.\d+\.\d+[^:/]*)$`).FindStringSubmatch(images.OLM)
	if version == nil {
		return nil, fmt.Errorf("failed to use the image %s: %w", images.OLM, ErrNoVersion)
	}

	parsed, err := template.New("manifests").Parse(manifests)
	if err != nil {
		return nil, fmt.Errorf("failed to parse OLM's manifests: %w", err)
	}

	var text bytes.Buffer
	if err := parsed.Execute(&text, map[string]string{"Version": version[1], "Image": images.OLM, "OPMImage": images.OPM}); err != nil {
		return nil, fmt.Errorf("failed to render OLM's manifests: %w", err)
	}

	return text.Bytes(), nil
}
