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

// Package serverconfig reads from a server's config.yaml the few facts that decide how its Pods are probed and
// reached, and adds the few keys that the operator sets.
//
// The file belongs to its user and to the server. Keys that are not named here are never looked at, unknown ones
// are no error, and ${env.NAME} templates, which the server fills in from its environment, may stand in any value.
package serverconfig

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// The keys that are read, as all versions of the server name them.
const (
	keyServer      = "server"
	keyPort        = "port"
	keyWorkers     = "workers"
	keyCertificate = "tls_certfile"
	keyPrivateKey  = "tls_keyfile"
	keyClientCA    = "tls_cafile"
	keyAuth        = "auth"
	keyRoutePolicy = "route_policy"
)

// Facts are what a configuration says about how its server answers.
type Facts struct {
	// TLS is true when the server answers over HTTPS: server.tls_certfile and server.tls_keyfile are both set.
	TLS bool
	// TLSUncertain is true when the server's environment decides between HTTP and HTTPS: one of the two files is
	// named by nothing but a template that may come out empty, such as ${env.CERT:=}. TLS is false then.
	TLSUncertain bool
	// MutualTLS is true when the server may demand a client certificate: server.tls_cafile is set as well.
	MutualTLS bool
	// HealthDenied is true when server.auth.route_policy may refuse /v1/health to a caller without a token.
	// Such a policy denies what no rule permits, and makes no exception for the health check.
	HealthDenied bool
	// Workers is server.workers; nil when it is absent, a template, or no number.
	Workers *int32
	// Port is server.port; nil when it is absent, a template, or no number.
	Port *int32
}

// HTTPProbe tells whether a kubelet can probe /v1/health over the scheme that TLS says. It cannot when the scheme
// is uncertain, when the server wants a client certificate, and when the health check needs a token; what is left
// is to see that the port is open.
func (f Facts) HTTPProbe() bool {
	return !f.TLSUncertain && !f.MutualTLS && !f.HealthDenied
}

// Inspect reads a config.yaml. The error of a text that is no YAML, or whose top level is no mapping, names the line.
func Inspect(config string) (Facts, error) {
	document, err := parse(config)
	if err != nil {
		return Facts{}, err
	}
	server := lookup(rootOf(document), keyServer)
	facts := Facts{Workers: number(lookup(server, keyWorkers)), Port: number(lookup(server, keyPort))}
	facts.TLS, facts.TLSUncertain, facts.MutualTLS = transportOf(server)
	facts.HealthDenied = denies(lookup(lookup(server, keyAuth), keyRoutePolicy), healthPath)
	return facts, nil
}

// transportOf returns TLS, TLSUncertain and MutualTLS of a server section.
func transportOf(server *yaml.Node) (bool, bool, bool) {
	cert, key := settingOf(lookup(server, keyCertificate)), settingOf(lookup(server, keyPrivateKey))
	if cert == unset || key == unset {
		return false, false, false
	}
	certain := cert == set && key == set
	return certain, !certain, settingOf(lookup(server, keyClientCA)) != unset
}

// parse returns the one document of the text, whose top level is a mapping.
func parse(config string) (*yaml.Node, error) {
	decoder := yaml.NewDecoder(strings.NewReader(config))
	var document, next yaml.Node
	if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
		return nil, errors.New("line 1: the configuration is empty, want a mapping that starts with a line such as \"version: 2\"")
	} else if err != nil {
		return nil, syntaxError(err)
	}
	if root := rootOf(&document); root.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("line %d: found %s, want a mapping that starts with a line such as \"version: 2\"", root.Line, kindName(root))
	}
	if err := decoder.Decode(&next); err == nil {
		return nil, fmt.Errorf("line %d: a second YAML document starts here, want one", next.Line)
	} else if !errors.Is(err, io.EOF) {
		return nil, syntaxError(err)
	}
	return &document, nil
}

// syntaxError names the line, which the parser leaves out where it is the first.
func syntaxError(err error) error {
	if strings.Contains(err.Error(), "line ") {
		return fmt.Errorf("failed to parse the configuration as YAML: %w", err)
	}
	return fmt.Errorf("failed to parse the configuration as YAML: line 1: %w", err)
}

// rootOf is the top level of a document.
func rootOf(document *yaml.Node) *yaml.Node {
	return resolve(document.Content[0])
}
