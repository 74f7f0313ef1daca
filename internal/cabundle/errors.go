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
	// ErrNoCertificate is about a key that holds something, but no certificate.
	ErrNoCertificate = errors.New("it holds no PEM block of the type CERTIFICATE")
	// ErrNotPEM is about a block that starts like a certificate and does not go on like one.
	ErrNotPEM = errors.New("the block is damaged: its END line is missing or what it encloses is not base64")
)

// InvalidError is about a key of a ConfigMap whose content is not a set of certificates.
type InvalidError struct {
	// ConfigMap as namespace/name.
	ConfigMap string
	// Key in the ConfigMap.
	Key string
	// Block is the number of the PEM block in the key, from 1, all types counted; 0 is about the key as a whole.
	Block int
	// Err is why.
	Err error
}

// Error says what was found, where, and what to do.
func (e *InvalidError) Error() string {
	where := fmt.Sprintf("key %q of ConfigMap %s", e.Key, e.ConfigMap)
	if e.Block > 0 {
		where = fmt.Sprintf("PEM block %d in %s", e.Block, where)
	}
	return fmt.Sprintf("%s is not a certificate: %v: replace it by a PEM certificate, or remove it", where, e.Err)
}

// Unwrap gives the reason.
func (e *InvalidError) Unwrap() error { return e.Err }

// LimitError is about more certificates than the operator handles.
type LimitError struct {
	// What is limited, with its unit: bytes of input, certificates, bytes of the bundle.
	What string
	// Found is how much there is. Counting stops where the limit is exceeded.
	Found int
	// Limit that it exceeds.
	Limit int
}

// Error says what was found and what to do.
func (e *LimitError) Error() string {
	return fmt.Sprintf("the CA bundle has too many %s: at least %d, and at most %d are allowed: remove certificates that the server does not need",
		e.What, e.Found, e.Limit)
}
