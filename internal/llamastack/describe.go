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
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
)

// describe says in words that stay the same from one try to the next why there was no answer. Errors themselves name
// ports and addresses that change.
func (c *Client) describe(err error) string {
	if certificate := describeCertificate(err); certificate != "" {
		return certificate
	}
	var record tls.RecordHeaderError
	switch {
	case errors.Is(err, errAddress):
		return errAddress.Error()
	case isConnectTimeout(err):
		return "no connection within " + connectTimeout.String()
	case isTimeout(err):
		return "no answer within " + c.options.Timeout.String()
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		return "it does not speak TLS"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET):
		return "it closed the connection without an answer"
	case strings.Contains(err.Error(), "malformed HTTP"):
		return "it does not speak HTTP"
	default:
		return "the connection failed"
	}
}

func isTimeout(err error) bool {
	var network net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &network) && network.Timeout()
}

// isConnectTimeout is whether the dialer gave up, and not whoever waits for the whole answer.
func isConnectTimeout(err error) bool {
	var operation *net.OpError
	return errors.As(err, &operation) && operation.Op == "dial" && operation.Timeout()
}

// tlsAlert is the operation that crypto/tls names in the error of a connection that the server's side ended.
const tlsAlert = "remote error"

func describeCertificate(err error) string {
	var (
		authority x509.UnknownAuthorityError
		name      x509.HostnameError
		invalid   x509.CertificateInvalidError
		operation *net.OpError
	)
	switch {
	case errors.As(err, &authority):
		return "its certificate is not signed by a trusted authority"
	case errors.As(err, &name):
		return "its certificate is for another name"
	case errors.As(err, &invalid):
		return "its certificate is not valid"
	case errors.As(err, &operation) && operation.Op == tlsAlert:
		return "it refused the TLS connection"
	default:
		return ""
	}
}
