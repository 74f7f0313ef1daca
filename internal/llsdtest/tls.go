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

package llsdtest

import "strings"

// What is said about the certificate that a server shows, and where.
const (
	fieldServing  = "spec.server.tlsConfig.serving"
	fieldSecret   = fieldServing + ".secretName"
	messageConfig = "the operator cannot add the certificate to the configuration in the image; " +
		"set userConfig or config, or set a command that starts the server with the files in /etc/llama-stack-tls"
)

// serving is a spec with a certificate, a configuration, and these lines.
func serving(secret string) string {
	return server("userConfig: {configMapName: a}, tlsConfig: {serving: {" + secret + "}}")
}

// refusedTLS are about what 0.9.0 did not let one say about certificates.
func refusedTLS() []Case {
	const serves = "tlsConfig: {serving: {secretName: a}}"
	return []Case{
		{"a certificate without a configuration", server(serves), fieldServing, messageConfig},
		{"a certificate without a configuration and with an empty command", server(serves + ", containerSpec: {command: []}"), fieldServing, messageConfig},
		{"a certificate of no Secret", serving(""), fieldSecret, "Required value"},
		{"a certificate of a Secret without a name", serving(`secretName: ""`), fieldSecret, "should be at least 1 chars long"},
		{"a certificate of a Secret in capitals", serving("secretName: A"), fieldSecret, messagePattern},
		{"a certificate with an unknown renewal", serving("secretName: a, onRenewal: Magic"), fieldServing + ".onRenewal", "Unsupported value"},
		{"a certificate of a Secret with too long a name", serving("secretName: " + strings.Repeat("a", maxSubdomain+1)), fieldSecret, messageTooLong},
	}
}

// acceptedTLS are at the edges of the same fields.
func acceptedTLS() []Case {
	return []Case{
		{Name: "a certificate", Spec: serving("secretName: a.b-c")},
		{Name: "a certificate that is renewed in the Pod", Spec: serving("secretName: a, onRenewal: Restart")},
		{Name: "a certificate that is renewed by another Pod", Spec: serving("secretName: a, onRenewal: Roll")},
		{Name: "a certificate that a command uses", Spec: server("containerSpec: {command: [serve]}, tlsConfig: {serving: {secretName: a}}")},
		{Name: "trust alone", Spec: server("tlsConfig: {}")},
	}
}
