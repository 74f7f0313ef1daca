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

package render

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// baseFolder holds the base manifests, in the embedded files and in kustomize's file system.
const baseFolder = "base"

//go:embed base
var baseFiles embed.FS

//go:embed launch.sh
var launchScript string

// Renderer renders servers. It is safe for concurrent use.
type Renderer struct {
	base     resmap.ResMap
	script   string
	tracing  string
	mappings []mapping
}

// New builds the base manifests. It fails only if they are broken.
func New() (*Renderer, error) {
	files, err := baseFileSystem()
	if err != nil {
		return nil, err
	}
	options := krusty.MakeDefaultOptions()
	options.Reorder = krusty.ReorderOptionUnspecified // The kustomization says it: first in, first out.
	base, err := krusty.MakeKustomizer(options).Run(files, baseFolder)
	if err != nil {
		return nil, fmt.Errorf("failed to build the base manifests: %w", err)
	}
	return &Renderer{base: base, script: compactScript(untraced(launchScript)), tracing: compactScript(launchScript), mappings: fieldMappings()}, nil
}

// Render renders a server's objects, in the order in which they are to be applied, without owner references and
// without the ConfigMaps that hold content (UserConfigCopy, ConfigCopy, CABundleConfigMap). The error is a *SpecError where the
// spec asks for something that cannot be.
func (r *Renderer) Render(in Input) ([]*unstructured.Unstructured, error) {
	m := r.base.DeepCopy()
	for _, transformer := range r.pipeline(newServer(in)) {
		if err := transformer.Transform(m); err != nil {
			return nil, err //nolint:wrapcheck // The transformers are this package's and say what failed.
		}
	}
	objects := make([]*unstructured.Unstructured, 0, m.Size())
	for _, res := range m.Resources() {
		fields, err := fromMapping(res.YNode())
		if err != nil {
			return nil, fmt.Errorf("failed to render the %s: %w", res.GetKind(), err)
		}
		objects = append(objects, &unstructured.Unstructured{Object: fields})
	}
	return objects, nil
}

// pipeline is the transformers in the order in which they run. What the user overrides comes last, because it
// replaces what the others set.
func (r *Renderer) pipeline(s *server) []resmap.Transformer {
	return []resmap.Transformer{
		exclude{s},
		setNames{s},
		setNamespace{s},
		setLabels{s},
		mapFields{server: s, mappings: r.mappings},
		setMetricsPort{s},
		setPod{s},
		setEnv{s},
		setResources{s},
		setCommand{server: s, script: r.scriptFor(s)},
		setProbe{s},
		setSecurity{s},
		setStorage{s},
		mountConfig{s},
		setPlacement{s},
		setAutoscaler{s},
		setIngress{s},
		setHTTPRoute{s},
		setRoute{s},
		setPeers{s},
		setEgress{s},
		addVolumes{s},
		addInitContainers{s},
		addConfigure{s},
		addMetadata{s},
	}
}

// scriptFor is the launcher of a server.
func (r *Renderer) scriptFor(s *server) string {
	if s.Spec.Server.OTLP() != nil {
		return r.tracing
	}
	return r.script
}

// untraced drops the part of the launcher that is for servers with traces.
func untraced(script string) string {
	before, rest, _ := strings.Cut(script, "# <telemetry>\n")
	_, after, _ := strings.Cut(rest, "# </telemetry>\n")
	return before + after
}

// baseFileSystem copies the embedded manifests to where kustomize can read them.
func baseFileSystem() (filesys.FileSystem, error) {
	files := filesys.MakeFsInMemory()
	entries, err := fs.ReadDir(baseFiles, baseFolder)
	if err != nil {
		return nil, fmt.Errorf("failed to list the base manifests: %w", err)
	}
	for _, entry := range entries {
		name := path.Join(baseFolder, entry.Name())
		text, err := baseFiles.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("failed to read the base manifest %s: %w", name, err)
		}
		if err := files.WriteFile(name, text); err != nil {
			return nil, fmt.Errorf("failed to load the base manifest %s: %w", name, err)
		}
	}
	return files, nil
}

// compactScript drops the lines that are comments or blank: every Deployment carries the script, and a better
// comment must not roll its Pods.
func compactScript(script string) string {
	var lines strings.Builder
	for line := range strings.Lines(script) {
		if text := strings.TrimSpace(line); text != "" && !strings.HasPrefix(text, "#") {
			lines.WriteString(line)
		}
	}
	return lines.String()
}
