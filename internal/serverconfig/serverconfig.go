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
// The file belongs to its user and to the server. Other keys are ignored, unknown ones are no error, and ${env.NAME}
// templates, which the server fills in from its environment, may stand in any value.
package serverconfig

import (
	"errors"
	"fmt"

	"github.com/llamastack/llama-stack-k8s-operator/internal/yamlbudget"
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
	// keyAuthProvider and, before 0.2.15, keyProviderType are in keyAuth.
	keyAuthProvider = "provider_config"
	keyRoutePolicy  = "route_policy"
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
	// Authenticated is true when server.auth has a provider of identities, so that clients need a token or a key.
	Authenticated bool
	// Workers is server.workers; nil when it is absent, a template, or no number.
	Workers *int32
	// Port is server.port; nil when it is absent, a template, or no number.
	Port *int32
}

// HTTPProbe reports whether a kubelet can probe /v1/health over the scheme that TLS determines. It cannot when the
// scheme is uncertain, when the server wants a client certificate, and when the health check needs a token; what is
// left is to see that the port is open.
func (f Facts) HTTPProbe() bool {
	return !f.TLSUncertain && !f.MutualTLS && !f.HealthDenied
}

// Document is a config.yaml that was read. It is read once, whatever is asked of it or put in. It is not safe for
// concurrent use.
type Document struct {
	// text is what was read; node is what it says, with what was put in since.
	text   string
	node   *yaml.Node
	edited bool
}

// Parse reads a config.yaml, within the bounds of yamlbudget. The error of a text that is no YAML, or whose top level is
// no mapping, names the line.
func Parse(config string) (*Document, error) {
	node, err := yamlbudget.Parse(config)
	switch {
	case err != nil:
		return nil, err
	case node == nil:
		return nil, errors.New("line 1: the configuration is empty, want a mapping that starts with a line such as \"version: 2\"")
	}
	if root := rootOf(node); root.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("line %d: found %s, want a mapping that starts with a line such as \"version: 2\"", root.Line, kindName(root))
	}
	return &Document{text: config, node: node}, nil
}

// Facts are what the configuration says now.
func (d *Document) Facts() Facts {
	server := lookup(rootOf(d.node), keyServer)
	facts := Facts{Workers: number(lookup(server, keyWorkers)), Port: number(lookup(server, keyPort))}
	facts.TLS, facts.TLSUncertain, facts.MutualTLS = transportOf(server)
	auth := lookup(server, keyAuth)
	facts.Authenticated = !isNull(lookup(auth, keyAuthProvider)) || !isNull(lookup(auth, keyProviderType))
	facts.HealthDenied = denies(lookup(auth, keyRoutePolicy), healthPath)
	return facts
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

// rootOf is the top level of a document.
func rootOf(document *yaml.Node) *yaml.Node {
	return resolve(document.Content[0])
}
