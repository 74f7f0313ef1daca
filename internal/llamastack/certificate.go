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

package llamastack

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
)

// firstEnd returns when the first of the certificates ends that a server sent, in Unix time; 0 without TLS. An intermediate
// certificate can end before the server's own.
func firstEnd(connection *tls.ConnectionState) int64 {
	if connection == nil {
		return 0
	}
	first := int64(0)
	for _, certificate := range connection.PeerCertificates {
		if end := certificate.NotAfter.Unix(); first == 0 || end < first {
			first = end
		}
	}
	return first
}

// ended returns when the certificate ended because of which a connection failed, in Unix time; 0 if it failed for another reason.
func ended(err error) int64 {
	var invalid x509.CertificateInvalidError
	if errors.As(err, &invalid) && invalid.Reason == x509.Expired && invalid.Cert != nil {
		return invalid.Cert.NotAfter.Unix()
	}
	return 0
}
