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

// Package standin is a server that answers like a Llama Stack server, and misbehaves on demand as a real one does not.
package standin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// Shapes of the answer of /v1/models.
const (
	// ShapeOpenAI is what servers answer from 0.4 on.
	ShapeOpenAI = "openai"
	// ShapeNative is what servers answer up to 0.3.
	ShapeNative = "native"
)

// AnyPath is the key of a fault for every path without its own.
const AnyPath = "*"

// Behaviour is what the server answers. In JSON it is also what the control endpoint takes and shows.
type Behaviour struct {
	// Version is the answer of /v1/version. Servers have PEP 440 versions, such as 0.7.1+rhaiv.1.
	Version string `json:"version"`
	// Health is the status in the answer of /v1/health with code 200: OK, Error or Not Implemented.
	Health string `json:"health"`
	// Providers is what /v1/providers lists.
	Providers []Provider `json:"providers"`
	// Models are the ids that /v1/models lists and /v1/chat/completions answers for.
	Models []string `json:"models"`
	// ModelShape is ShapeOpenAI or ShapeNative.
	ModelShape string `json:"modelShape"`
	// IgnoreSIGTERM makes the server continue after SIGTERM, so that only SIGKILL ends it.
	IgnoreSIGTERM bool `json:"ignoreSIGTERM"`
	// Faults are the faults by path, such as /v1/health, or AnyPath.
	Faults map[string]Fault `json:"faults"`
}

// Provider is an entry of /v1/providers. One without Health is what servers older than 0.2.3 list.
type Provider struct {
	API          string          `json:"api"`
	ProviderID   string          `json:"provider_id"`
	ProviderType string          `json:"provider_type"`
	Config       map[string]any  `json:"config"`
	Health       *ProviderHealth `json:"health,omitempty"`
}

// ProviderHealth is the health that a provider reports: OK, Error or Not Implemented.
type ProviderHealth struct {
	Status  string `json:"status"`
	Message string `json:"message,omitempty"`
}

// Fault is the fault of the requests to one path. Of several at once, the delay comes first; then the first of Hang,
// Redirect, Code, Malformed that is set decides; Padding applies to an answer without another fault.
type Fault struct {
	// Delay is how long the answer takes, such as 3s.
	Delay Duration `json:"delay,omitzero"`
	// Hang never answers.
	Hang bool `json:"hang,omitempty"`
	// Redirect is the address of a redirect with code 307.
	Redirect string `json:"redirect,omitempty"`
	// Code is the HTTP status of the answer instead of 200, with an error as body.
	Code int `json:"code,omitempty"`
	// Malformed answers 200 with a body that starts like JSON.
	Malformed bool `json:"malformed,omitempty"`
	// Padding is the number of bytes of white space before the JSON, which is valid JSON.
	Padding int `json:"padding,omitempty"`
}

// Duration is a time.Duration that reads and writes as text, such as 1.5s.
type Duration time.Duration

// MarshalText implements encoding.TextMarshaler.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("failed to parse a duration, write it as 500ms or 3s: %w", err)
	}

	*d = Duration(parsed)

	return nil
}

// Default is a healthy server of the newest shape with one provider that reports its health and one that does not.
func Default() Behaviour {
	return Behaviour{
		Version: "1.3.0", Health: "OK", ModelShape: ShapeOpenAI, Models: []string{"stand-in/echo"}, Faults: map[string]Fault{},
		Providers: []Provider{
			{
				API: "inference", ProviderID: "stand-in", ProviderType: "remote::vllm", Config: map[string]any{},
				Health: &ProviderHealth{Status: "OK"},
			},
			{
				API: "files", ProviderID: "local", ProviderType: "inline::localfs", Config: map[string]any{},
				Health: &ProviderHealth{Status: "Not Implemented", Message: "Provider does not implement health check"},
			},
		},
	}
}

// With is b with the fields that the JSON object data has replaced as a whole; the others stay as they are. An unknown
// field and an invalid value are errors that say what is valid.
func (b Behaviour) With(data []byte) (Behaviour, error) {
	patch := Behaviour{
		Version: b.Version, Health: b.Health, ModelShape: b.ModelShape, IgnoreSIGTERM: b.IgnoreSIGTERM,
	}

	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()

	if err := decoder.Decode(&patch); err != nil {
		return b, fmt.Errorf("failed to read the behaviour: %w", err)
	}

	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return b, errors.New("failed to read the behaviour: there is something after the JSON object")
	}

	if patch.Providers == nil {
		patch.Providers = b.Providers
	}

	if patch.Models == nil {
		patch.Models = b.Models
	}

	if patch.Faults == nil {
		patch.Faults = b.Faults
	}

	return patch, patch.validate()
}

func (b Behaviour) validate() error {
	if b.ModelShape != ShapeOpenAI && b.ModelShape != ShapeNative {
		return fmt.Errorf("failed to accept modelShape %q: write %s or %s", b.ModelShape, ShapeOpenAI, ShapeNative)
	}

	for _, path := range slices.Sorted(maps.Keys(b.Faults)) {
		if err := b.Faults[path].validate(path); err != nil {
			return err
		}
	}

	return nil
}

func (f Fault) validate(path string) error {
	if path != AnyPath && path[:min(len(path), 1)] != "/" {
		return fmt.Errorf("failed to accept a fault for %q: write a path such as /v1/health, or %s", path, AnyPath)
	}

	if f.Code != 0 && http.StatusText(f.Code) == "" {
		return fmt.Errorf("failed to accept code %d for %s: it is no HTTP status", f.Code, path)
	}

	if f.Padding < 0 || f.Delay < 0 {
		return fmt.Errorf("failed to accept the fault for %s: padding and delay cannot be negative", path)
	}

	if _, err := url.Parse(f.Redirect); err != nil {
		return fmt.Errorf("failed to accept the redirect for %s: %w", path, err)
	}

	return nil
}

// faultFor is the fault of a path; the zero Fault is none.
func (b Behaviour) faultFor(path string) Fault {
	if fault, found := b.Faults[path]; found {
		return fault
	}

	return b.Faults[AnyPath]
}
