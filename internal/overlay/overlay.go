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

package overlay

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// configPath is where the declared configuration is in a LlamaStackDistribution.
const configPath = "spec.server.config"

// maxBytes is the maximum size of the document. The ConfigMap with it and with the program can have 1 MiB, and a
// LlamaStackDistribution with more than this is near the limit of the API server.
const maxBytes = 256 << 10

// version of the document's form.
const version = 1

// Error means that the declared configuration cannot be used. The user must change it.
type Error struct {
	// Field is its path in the LlamaStackDistribution.
	Field string
	// Message describes the problem and the fix.
	Message string
}

// Error implements error.
func (e *Error) Error() string { return e.Field + ": " + e.Message }

func errorf(field, format string, args ...any) *Error {
	return &Error{Field: field, Message: fmt.Sprintf(format, args...)}
}

// Input is everything that an overlay depends on.
type Input struct {
	// Server declares a configuration.
	Server *v1alpha1.ServerSpec
	// Port that the server listens on.
	Port int32
	// DataDir is the folder of the server's data.
	DataDir string
	// CertFile and KeyFile are the server's certificate, or empty.
	CertFile, KeyFile string
	// CAFile has the certificate authorities of the Kubernetes API.
	CAFile string
}

// Overlay is what the Pod gets.
type Overlay struct {
	// JSON is the document.
	JSON string
	// Env are the environment variables with values of Secrets, sorted by name.
	Env []corev1.EnvVar
	// Sketch is a configuration, in the server's form, with what is known without the base: the declared providers and
	// stores, and the server section of the patch.
	Sketch string
	// OwnCertificate means that the patch names a certificate, so that the one of CertFile is not used.
	OwnCertificate bool
}

// document is overlay.json.
type document struct {
	Version   int                 `json:"version"`
	Base      v1alpha1.ConfigBase `json:"base"`
	APIs      []string            `json:"apis,omitempty"`
	Providers []provider          `json:"providers,omitempty"`
	Models    []model             `json:"models,omitempty"`
	Resources map[string]any      `json:"resources,omitempty"`
	Storage   *storage            `json:"storage,omitempty"`
	KeyValue  *keyValue           `json:"keyValue,omitempty"`
	Auth      *auth               `json:"auth,omitempty"`
	Patch     map[string]any      `json:"patch,omitempty"`
	Serving   *serving            `json:"serving,omitempty"`
	Port      int32               `json:"port"`
	Workers   *int32              `json:"workers,omitempty"`
	DataDir   string              `json:"dataDir"`
}

type provider struct {
	Path     string         `json:"path"`
	API      string         `json:"api"`
	ID       string         `json:"id"`
	Type     string         `json:"type,omitempty"`
	Disabled bool           `json:"disabled,omitempty"`
	Config   map[string]any `json:"config,omitempty"`
}

type model struct {
	Path               string                   `json:"path"`
	ID                 string                   `json:"id"`
	Provider           string                   `json:"provider"`
	ProviderModelID    string                   `json:"providerModelID,omitempty"` //nolint:tagliatelle // as in the spec
	Type               v1alpha1.ConfigModelType `json:"type,omitempty"`
	EmbeddingDimension *int32                   `json:"embeddingDimension,omitempty"`
	Metadata           map[string]any           `json:"metadata,omitempty"`
}

type serving struct {
	CertFile string `json:"certFile"`
	KeyFile  string `json:"keyFile"`
}

// builder builds one overlay.
type builder struct {
	Input

	config    *v1alpha1.ServerConfig
	document  document
	variables *variables
}

// Build returns the overlay of a server that declares a configuration. The error is an *Error.
func Build(in Input) (Overlay, error) {
	b := &builder{Input: in, config: in.Server.Config, variables: newVariables(in.Server.Config)}
	b.document = document{
		Version: version, Base: in.Server.ConfigBase(), APIs: b.config.APIs, Port: in.Port, Workers: in.Server.Workers, DataDir: in.DataDir,
	}
	for _, add := range []func() error{b.addProviders, b.addModels, b.addResources, b.addAuth, b.addPatch} {
		if err := add(); err != nil {
			return Overlay{}, err
		}
	}
	b.addStorage()
	own := b.addServing()
	text, err := encode(b.document)
	if err != nil {
		return Overlay{}, err
	}
	if len(text) > maxBytes {
		return Overlay{}, errorf(configPath, "it has %d bytes, and at most %d are allowed; move parts of it to a ConfigMap, and set userConfig", len(text), maxBytes)
	}
	sketch, err := encode(b.sketch())
	if err != nil {
		return Overlay{}, err
	}
	return Overlay{JSON: text, Env: b.variables.sorted(), Sketch: sketch, OwnCertificate: own}, nil
}

func (b *builder) addProviders() error {
	for i := range b.config.Providers {
		declared := &b.config.Providers[i]
		one := provider{
			Path: fmt.Sprintf("%s.providers[%d]", configPath, i), API: declared.API, ID: declared.ID, Type: declared.Type, Disabled: declared.Disabled,
		}
		if !one.Disabled {
			var err error
			if one.Config, err = b.providerConfig(declared, one.Path); err != nil {
				return err
			}
		}
		b.document.Providers = append(b.document.Providers, one)
	}
	return nil
}

// providerConfig is the configuration of a provider with placeholders for the values of Secrets.
func (b *builder) providerConfig(declared *v1alpha1.ConfigProvider, at string) (map[string]any, error) {
	config, err := object(declared.Config, at+".config")
	if err != nil {
		return nil, err
	}
	for i := range declared.Secrets {
		secret := &declared.Secrets[i]
		name := b.variables.ofProvider(declared, secret)
		if config == nil {
			config = map[string]any{}
		}
		if problem := place(config, secret.Field, placeholder(name)); problem != "" {
			return nil, errorf(fmt.Sprintf("%s.secrets[%d].field", at, i), "%q does not fit config: %s", secret.Field, problem)
		}
	}
	return config, nil
}

func (b *builder) addModels() error {
	for i := range b.config.Models {
		declared := &b.config.Models[i]
		at := fmt.Sprintf("%s.models[%d]", configPath, i)
		metadata, err := object(declared.Metadata, at+".metadata")
		if err != nil {
			return err
		}
		b.document.Models = append(b.document.Models, model{
			Path: at, ID: declared.ID, Provider: declared.Provider, ProviderModelID: declared.ProviderModelID, Type: declared.Type,
			EmbeddingDimension: declared.EmbeddingDimension, Metadata: metadata,
		})
	}
	return nil
}

// addResources checks the form: each kind is a list of objects.
func (b *builder) addResources() error {
	const at = configPath + ".resources"
	resources, err := object(b.config.Resources, at)
	if err != nil {
		return err
	}
	for _, kind := range sortedKeys(resources) {
		list, ok := resources[kind].([]any)
		for _, entry := range list {
			_, isObject := entry.(map[string]any)
			ok = ok && isObject
		}
		if !ok {
			return errorf(at+"."+kind, "it must be a list of objects, as in registered_resources of the server's configuration")
		}
	}
	b.document.Resources = resources
	return nil
}

func (b *builder) addPatch() error {
	patch, err := object(b.config.Patch, configPath+".patch")
	b.document.Patch = patch
	return err
}

// addServing adds the certificate, unless the operator adds it to the user's configuration or the patch names one. It
// returns the latter.
func (b *builder) addServing() bool {
	if section, ok := b.document.Patch[keyServer].(map[string]any); ok && section["tls_certfile"] != nil {
		return true
	}
	if b.CertFile != "" && b.document.Base != v1alpha1.ConfigBaseUserConfig {
		b.document.Serving = &serving{CertFile: b.CertFile, KeyFile: b.KeyFile}
	}
	return false
}

// maxDepth is how deep objects and lists can be nested. The program that reads them has a limit of its own.
const maxDepth = 64

// object reads a free object; nil where there is none.
func object(free *apiextensionsv1.JSON, at string) (map[string]any, error) {
	if free == nil || len(free.Raw) == 0 {
		return nil, nil //nolint:nilnil // no object is no error
	}
	decoder := json.NewDecoder(bytes.NewReader(free.Raw))
	decoder.UseNumber() // numbers stay as they were written
	var fields map[string]any
	if err := decoder.Decode(&fields); err != nil {
		return nil, errorf(at, "it must be an object")
	}
	if deeper(fields, maxDepth) {
		return nil, errorf(at, "objects and lists are nested more than %d deep; make it flatter", maxDepth)
	}
	return fields, nil
}

// deeper reports whether a value has more levels than most.
func deeper(value any, most int) bool {
	switch value := value.(type) {
	case map[string]any:
		for _, inner := range value {
			if most == 0 || deeper(inner, most-1) {
				return true
			}
		}
	case []any:
		for _, inner := range value {
			if most == 0 || deeper(inner, most-1) {
				return true
			}
		}
	}
	return false
}

// encode returns the same bytes for the same value: the keys of maps are sorted.
func encode(value any) (string, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return "", fmt.Errorf("failed to write the declared configuration: %w", err)
	}
	return text.String(), nil
}
