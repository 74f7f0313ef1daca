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
	"fmt"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	"k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/kustomize/api/resmap"
)

// configCopyInfix is between the name of the CR and the hash of the content, as 0.9.0 has it.
const configCopyInfix = "-config-"

// copyHashLength is how many characters of a content hash are part of a configuration copy's name.
const copyHashLength = 16

// maxNameLength is the longest name whose derived names and labels are all valid. The Service's is the tightest:
// it is a DNS label. The others are DNS subdomains (253), and the instance label's value has 63 to itself.
func maxNameLength() int { return validation.DNS1123LabelMaxLength - len(children.ServiceName("")) }

// ConfigCopyName is the name of the copy of a user's configuration with this content hash (hex):
// <cr>-config-<first 16 characters of the hash>.
func ConfigCopyName(cr, hash string) string {
	return cr + configCopyInfix + hash[:min(copyHashLength, len(hash))]
}

// IsConfigCopyName says that a ConfigMap can be a copy of a configuration of a LlamaStackDistribution of this name.
func IsConfigCopyName(cr, name string) bool {
	hash, ok := strings.CutPrefix(name, cr+configCopyInfix)
	return ok && len(hash) == copyHashLength && strings.Trim(hash, "0123456789abcdef") == ""
}

// CheckName says why a LlamaStackDistribution of this name cannot have the objects that it needs, and what name
// could; nil when it can. A name that starts with a digit passes: whether a Service may have one is a matter of the
// cluster's version, and only the Service is concerned.
func CheckName(name string) error {
	if n := len(name); n > maxNameLength() {
		return fmt.Errorf("the name %q has %d characters; create it again with a name of at most %d, such as %s, because its Service is called <name>%s "+
			"and the name of a Service has at most %d", name, n, maxNameLength(), legalName(name), children.ServiceName(""), validation.DNS1123LabelMaxLength)
	}
	if strings.Contains(name, ".") {
		return fmt.Errorf("the name %q has a dot; create it again with a name without one (at most %d characters), such as %s, because its Service is called <name>%s "+
			"and the name of a Service has none", name, maxNameLength(), legalName(name), children.ServiceName(""))
	}
	return nil
}

// legalName is a name that passes and that a person recognizes.
func legalName(name string) string {
	name = strings.ReplaceAll(name, ".", "-")
	return strings.Trim(name[:min(len(name), maxNameLength())], "-")
}

// baseName is the name of the server in the base manifests, and what the names there start with.
const baseName = "llama-stack"

// setNames names the objects after the LlamaStackDistribution. What refers to them by name is in fieldMappings.
type setNames struct{ *server }

// Transform implements resmap.Transformer.
func (t setNames) Transform(m resmap.ResMap) error {
	for _, res := range m.Resources() {
		e := editResource(res)
		e.set("metadata", nameKey, t.Name+strings.TrimPrefix(res.GetName(), baseName))
		if e.err != nil {
			return e.err
		}
	}
	return nil
}

// setNamespace puts the objects into the LlamaStackDistribution's namespace.
type setNamespace struct{ *server }

// Transform implements resmap.Transformer.
func (t setNamespace) Transform(m resmap.ResMap) error {
	for _, res := range m.Resources() {
		e := editResource(res)
		e.set("metadata", "namespace", t.Namespace)
		if e.err != nil {
			return e.err
		}
	}
	return nil
}
