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

// Package podtemplate stores a rendered Pod template in an annotation, compressed, and reads it.
package podtemplate

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	utiljson "k8s.io/apimachinery/pkg/util/json"
)

const (
	// maxText is the maximum size of a compressed template. The annotations of an object can have 256 KiB together, and
	// contain up to two templates. A larger template is not stored.
	maxText = 96 << 10
	// maxTemplate is the maximum size of a decompressed template.
	maxTemplate = 4 << 20
	// hashBytes of a SHA-256 are sufficient to distinguish the templates of one server.
	hashBytes = 16
)

var errChanged = errors.New("failed to read a packed Pod template: its hash does not match")

// Packed is a compressed template. The zero value is no template.
type Packed struct {
	// Hash identifies the template independently of the compression.
	Hash string
	// Text is empty for a template that is too large to store.
	Text string
}

// Pack compresses a template.
func Pack(template map[string]any) (Packed, error) {
	text, err := json.Marshal(template)
	if err != nil {
		return Packed{}, fmt.Errorf("failed to pack a Pod template: %w", err)
	}
	var buffer bytes.Buffer
	writer := gzip.NewWriter(&buffer)
	if _, err := writer.Write(text); err != nil {
		return Packed{}, fmt.Errorf("failed to pack a Pod template: %w", err)
	}
	if err := writer.Close(); err != nil {
		return Packed{}, fmt.Errorf("failed to pack a Pod template: %w", err)
	}
	p := Packed{Hash: hashOf(text), Text: base64.StdEncoding.EncodeToString(buffer.Bytes())}
	if len(p.Text) > maxText {
		p.Text = ""
	}
	return p, nil
}

// Hash is that of Packed, without the cost of compression.
func Hash(template map[string]any) (string, error) {
	text, err := json.Marshal(template)
	if err != nil {
		return "", fmt.Errorf("failed to hash a Pod template: %w", err)
	}
	return hashOf(text), nil
}

func hashOf(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:hashBytes])
}

// Template decompresses the template, or returns nil if there is none. A text that does not match the hash is an error.
func (p Packed) Template() (map[string]any, error) {
	if p.Text == "" {
		return nil, nil //nolint:nilnil // no template is no error
	}
	reader, err := gzip.NewReader(base64.NewDecoder(base64.StdEncoding, strings.NewReader(p.Text)))
	if err != nil {
		return nil, fmt.Errorf("failed to unpack a Pod template: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(reader, maxTemplate))
	if err != nil {
		return nil, fmt.Errorf("failed to unpack a Pod template: %w", err)
	}
	if hashOf(text) != p.Hash {
		return nil, errChanged
	}
	template := map[string]any{}
	if err := utiljson.Unmarshal(text, &template); err != nil {
		return nil, fmt.Errorf("failed to read a packed Pod template: %w", err)
	}
	return template, nil
}

// ConfigMaps returns the sorted names of the ConfigMaps that a template mounts.
func ConfigMaps(template map[string]any) []string {
	names := map[string]struct{}{}
	spec, _ := template["spec"].(map[string]any)
	volumes, _ := spec["volumes"].([]any)
	for _, volume := range volumes {
		fields, _ := volume.(map[string]any)
		source, _ := fields["configMap"].(map[string]any)
		if name, ok := source["name"].(string); ok {
			names[name] = struct{}{}
		}
	}
	return slices.Sorted(maps.Keys(names))
}
