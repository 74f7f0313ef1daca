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

package cli

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/json"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

// largestManifest is how much of a file is read, in bytes. The API server stores less than this of one object.
const largestManifest = 3 << 20

// addFile adds the option --filename.
func addFile(cmd *cobra.Command, file *string) {
	cmd.Flags().StringVarP(file, "filename", "f", "", "The file with the "+v1alpha1.Kind+", in YAML or JSON; - is the standard input.")
	_ = cmd.MarkFlagRequired("filename")
	_ = cmd.MarkFlagFilename("filename", "yaml", "yml", "json")
}

// readServers reads the LlamaStackDistributions in a file, as JSON has them. Other objects are left out.
func (p *program) readServers(file string) ([]map[string]any, error) {
	return p.readObjects(file, fmt.Sprintf("%s of %s", v1alpha1.Kind, v1alpha1.GroupVersion), isServer)
}

// isServer reports whether an object is a LlamaStackDistribution of this version.
func isServer(object map[string]any) bool {
	return object["kind"] == v1alpha1.Kind && object["apiVersion"] == v1alpha1.GroupVersion.String()
}

// readObjects reads the objects in a file that are wanted, as JSON has them.
func (p *program) readObjects(file, what string, wanted func(map[string]any) bool) ([]map[string]any, error) {
	from := p.In
	if file != "-" {
		opened, err := os.Open(file) //nolint:gosec // it is the file that the caller names
		if err != nil {
			return nil, fmt.Errorf("failed to read the file: %w", err)
		}
		defer func() { _ = opened.Close() }()
		from = opened
	}
	content, err := io.ReadAll(io.LimitReader(from, largestManifest+1))
	if err != nil {
		return nil, fmt.Errorf("failed to read %s: %w", file, err)
	}
	if len(content) > largestManifest {
		return nil, fmt.Errorf("%s has more than %d bytes; put the %s into a file of its own", file, largestManifest, what)
	}
	objects, err := objectsIn(content, wanted)
	if err != nil {
		return nil, fmt.Errorf("failed to read %s: %w", file, err)
	}
	if len(objects) == 0 {
		return nil, fmt.Errorf("%s has no %s", file, what)
	}
	return objects, nil
}

// objectsIn are the objects in the documents of a text that are wanted.
func objectsIn(content []byte, wanted func(map[string]any) bool) ([]map[string]any, error) {
	var objects []map[string]any
	documents := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(content)))
	for number := 1; ; number++ {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, fmt.Errorf("failed to read document %d: %w", number, err)
		}
		text, err := yaml.YAMLToJSONStrict(document)
		if err != nil {
			return nil, fmt.Errorf("failed to read document %d: %w", number, err)
		}
		var object any
		if err := json.Unmarshal(text, &object); err != nil {
			return nil, fmt.Errorf("failed to read document %d: %w", number, err)
		}
		if found, ok := object.(map[string]any); ok && wanted(found) {
			objects = append(objects, found)
		}
	}
}

// typed reads an object that the schema accepts.
func typed(object map[string]any) (*v1alpha1.LlamaStackDistribution, error) {
	server := &v1alpha1.LlamaStackDistribution{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object, server); err != nil {
		return nil, fmt.Errorf("failed to read the %s: %w", v1alpha1.Kind, err)
	}
	return server, nil
}
