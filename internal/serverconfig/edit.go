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

// WithWorkers returns the configuration with server.workers set to n. A configuration that has the key already,
// whatever its value, comes back byte for byte; otherwise comments and the order of keys stay.
func WithWorkers(config string, n int32) (string, error) {
	document, err := parse(config)
	if err != nil {
		return "", err
	}
	section := lookup(rootOf(document), keyServer)
	if !isNull(section) && (section.Kind != yaml.MappingNode || lookup(section, keyWorkers) != nil) {
		return config, nil
	}
	put(document, serverOf(document), keyWorkers, scalar(strconv.Itoa(int(n)), yaml.NodeTagInt))
	return written(document, keyWorkers)
}

// Certificate is where the files of a certificate are in the server's container.
type Certificate struct {
	CertFile, KeyFile string
}

// WithCertificate returns the configuration with server.tls_certfile and server.tls_keyfile set to these files, and
// whether it names others of its own: such a configuration comes back byte for byte. The error of one that leaves open
// whether it has its own, by a template that may come out empty or by naming one of the two, says what to do.
func WithCertificate(config string, files Certificate) (string, bool, error) {
	document, err := parse(config)
	if err != nil {
		return "", false, err
	}
	section := lookup(rootOf(document), keyServer)
	if !isNull(section) && section.Kind != yaml.MappingNode {
		return "", false, fmt.Errorf("line %d: %s is %s, want a mapping, to which the certificate can be added", section.Line, keyServer, kindName(section))
	}
	certificate, key := lookup(section, keyCertificate), lookup(section, keyPrivateKey)
	switch named := [2]setting{settingOf(certificate), settingOf(key)}; named {
	case [2]setting{set, set}:
		return config, certificate.Value != files.CertFile || key.Value != files.KeyFile, nil
	case [2]setting{unset, unset}:
	default:
		return "", false, fmt.Errorf("%[1]s.%[2]s and %[1]s.%[3]s name no certificate for sure, and keep the one of tlsConfig.serving out: "+
			"remove both, or set both to files", keyServer, keyCertificate, keyPrivateKey)
	}
	server := serverOf(document)
	put(document, server, keyCertificate, scalar(files.CertFile, yaml.NodeTagString))
	put(document, server, keyPrivateKey, scalar(files.KeyFile, yaml.NodeTagString))
	text, err := written(document, keyCertificate)
	return text, false, err
}

// serverOf is the section server of a document as a mapping that can be added to without a change elsewhere.
func serverOf(document *yaml.Node) *yaml.Node {
	root := rootOf(document)
	if isNull(lookup(root, keyServer)) {
		return replaceByMapping(root, keyServer)
	}
	return detach(root, keyServer)
}

// put sets a key of a mapping, in its place where the mapping has it itself. What refers to the old value keeps it.
func put(document, node *yaml.Node, key string, value *yaml.Node) {
	if i := indexOf(node, key); i >= 0 {
		inline(document, node.Content[i])
		value.LineComment = node.Content[i].LineComment
		node.Content[i] = value
		return
	}
	node.Content = append(node.Content, scalar(key, yaml.NodeTagString), value)
}

// written is the text of a document, to which key was added.
func written(document *yaml.Node, key string) (string, error) {
	spellOut(document)
	text, err := yaml.String(document)
	if err != nil {
		return "", fmt.Errorf("failed to write the configuration with %s.%s: %w", keyServer, key, err)
	}
	return text, nil
}
