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

package serverconfig

import (
	"fmt"
	"strconv"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// SetWorkers sets server.workers to n. A configuration that has the key already, whatever its value, is left as it is.
func (d *Document) SetWorkers(n int32) {
	section := lookup(rootOf(d.node), keyServer)
	if !isNull(section) && (section.Kind != yaml.MappingNode || lookup(section, keyWorkers) != nil) {
		return
	}
	d.put(keyWorkers, scalar(strconv.Itoa(int(n)), yaml.NodeTagInt))
}

// Certificate is where the files of a certificate are in the server's container.
type Certificate struct {
	CertFile, KeyFile string
}

// SetCertificate sets server.tls_certfile and server.tls_keyfile to these files, and reports whether the configuration
// names others of its own, which it keeps. The error of one that leaves open whether it has its own, by a template that
// may come out empty or by naming one of the two, says what to do.
func (d *Document) SetCertificate(files Certificate) (bool, error) {
	section := lookup(rootOf(d.node), keyServer)
	if !isNull(section) && section.Kind != yaml.MappingNode {
		return false, fmt.Errorf("line %d: %s is %s, want a mapping, to which the certificate can be added", section.Line, keyServer, kindName(section))
	}
	certificate, key := lookup(section, keyCertificate), lookup(section, keyPrivateKey)
	switch named := [2]setting{settingOf(certificate), settingOf(key)}; named {
	case [2]setting{set, set}:
		return certificate.Value != files.CertFile || key.Value != files.KeyFile, nil
	case [2]setting{unset, unset}:
	default:
		return false, fmt.Errorf("%[1]s.%[2]s and %[1]s.%[3]s name no certificate for sure, and keep the one of tlsConfig.serving out: "+
			"remove both, or set both to files", keyServer, keyCertificate, keyPrivateKey)
	}
	d.put(keyCertificate, scalar(files.CertFile, yaml.NodeTagString))
	d.put(keyPrivateKey, scalar(files.KeyFile, yaml.NodeTagString))
	return false, nil
}

// Text is the configuration as it was read, byte for byte, as long as nothing was put in; otherwise comments and the
// order of keys stay. It ends the use of the Document.
func (d *Document) Text() (string, error) {
	if !d.edited {
		return d.text, nil
	}
	spellOut(d.node)
	text, err := yaml.String(d.node)
	if err != nil {
		return "", fmt.Errorf("failed to write the configuration: %w", err)
	}
	return text, nil
}

// serverOf is the section server of a document as a mapping that can be added to without a change elsewhere.
func serverOf(document *yaml.Node) *yaml.Node {
	root := rootOf(document)
	if isNull(lookup(root, keyServer)) {
		return replaceByMapping(root, keyServer)
	}
	return detach(root, keyServer)
}

// put sets a key of the section server, in its place where the section has it itself. What refers to the old value keeps it.
func (d *Document) put(key string, value *yaml.Node) {
	d.edited = true
	server := serverOf(d.node)
	if i := indexOf(server, key); i >= 0 {
		inline(d.node, server.Content[i])
		value.LineComment = server.Content[i].LineComment
		server.Content[i] = value
		return
	}
	server.Content = append(server.Content, scalar(key, yaml.NodeTagString), value)
}
