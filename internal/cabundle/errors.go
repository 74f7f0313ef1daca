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

package cabundle

import (
	"errors"
	"fmt"
)

// Why a key or a block is invalid.
var (
	// ErrNoCertificate is for a key with content, but without a certificate.
	ErrNoCertificate = errors.New("it contains no PEM block of the type CERTIFICATE")
	// ErrNotPEM is for a block that only starts like a certificate.
	ErrNotPEM = errors.New("the block is damaged: its END line is missing or what it encloses is not base64")
)

// InvalidError is for a key of a ConfigMap whose content is not a set of certificates.
type InvalidError struct {
	// ConfigMap as namespace/name.
	ConfigMap string
	// Key in the ConfigMap.
	Key string
	// Block is the number of the PEM block in the key, from 1, counting all types. 0 is the whole key.
	Block int
	// Err is the cause.
	Err error
}

// Error describes the problem, its place and the fix.
func (e *InvalidError) Error() string {
	return fmt.Sprintf("%s is not a certificate: %v: replace it by a PEM certificate, or remove it", e.where(), e.Err)
}

func (e *InvalidError) where() string {
	where := fmt.Sprintf("key %q of ConfigMap %s", e.Key, e.ConfigMap)
	if e.Block > 0 {
		where = fmt.Sprintf("PEM block %d in %s", e.Block, where)
	}
	return where
}

// Unwrap returns the cause.
func (e *InvalidError) Unwrap() error { return e.Err }

// LimitError is for a bundle that exceeds a limit.
type LimitError struct {
	// What is the limited quantity: bytes of input, certificates, or bytes of the bundle.
	What string
	// Found is the amount. Counting stops when it exceeds the limit.
	Found int
	// Limit that it exceeds.
	Limit int
}

// Error describes the problem and the fix.
func (e *LimitError) Error() string {
	return fmt.Sprintf("the CA bundle has too many %s: at least %d, and at most %d are allowed: remove certificates that the server does not need",
		e.What, e.Found, e.Limit)
}

// oddError is for a certificate that Go's parser rejects.
type oddError struct {
	subject string
	err     error
}

func (e *oddError) Error() string { return fmt.Sprintf("the certificate of %q: %v", e.subject, e.err) }

func (e *oddError) Unwrap() error { return e.err }
