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

// Package render turns the description of a node into configuration files, identities and command lines.
// It is pure: it reads and writes nothing.
package render

import (
	"bytes"
	"embed"
	"fmt"
	"text/template"

	"github.com/llamastack/llama-stack-k8s-operator/test/infra/cluster/internal/config"
)

//go:embed templates
var templates embed.FS

// view is the input of the templates.
type view struct {
	config.Node
}

// ClusterDomain is a name for templates.
func (view) ClusterDomain() string { return config.ClusterDomain }

// ClusterCIDR is a name for templates.
func (view) ClusterCIDR() string { return config.ClusterCIDR }

// PauseImage is a name for templates.
func (view) PauseImage() string { return config.PauseImage }

// Files returns every configuration file of the node: path below the state folder, content.
func Files(node config.Node) (map[string][]byte, error) {
	sources := map[string]string{
		"containerd.toml":             "containerd.toml",
		"certs.d/_default/hosts.toml": "hosts.toml",
		"kubelet.yaml":                "kubelet.yaml",
		"kube-proxy.yaml":             "kube-proxy.yaml",
		"cni/bridge.conflist":         "bridge.conflist",
		"resolv.conf":                 "resolv.conf",
	}
	if node.First() {
		sources["audit-policy.yaml"], sources["Corefile"] = "audit-policy.yaml", "Corefile"
	}

	files := make(map[string][]byte, len(sources))

	for path, source := range sources {
		parsed, err := template.New(source).Option("missingkey=error").ParseFS(templates, "templates/"+source)
		if err != nil {
			return nil, fmt.Errorf("failed to parse the template %s: %w", source, err)
		}

		var content bytes.Buffer
		if err := parsed.Execute(&content, view{node}); err != nil {
			return nil, fmt.Errorf("failed to render %s: %w", path, err)
		}

		files[path] = content.Bytes()
	}

	return files, nil
}
