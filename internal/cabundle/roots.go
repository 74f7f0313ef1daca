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
	"encoding/pem"
	"iter"
	"maps"
	"slices"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// SystemRoots returns the public certificate authorities in DER: those that Mozilla trusts for TLS, from the version of
// golang.org/x/crypto/x509roots/fallback in go.mod. Authorities that Mozilla trusts with constraints are omitted,
// because a file of certificates cannot express the constraints.
func SystemRoots() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for root := range bundle.Roots() {
			if root.Constraint == nil && !yield(root.Certificate) {
				return
			}
		}
	}
}

// With returns the bundle with the certificates of roots, valid and in DER, without duplicates. The error is a
// *LimitError.
func (b Bundle) With(roots iter.Seq[[]byte]) (Bundle, error) {
	found := map[string]struct{}{}
	for block, rest := pem.Decode([]byte(b.PEM)); block != nil; block, rest = pem.Decode(rest) {
		found[string(block.Bytes)] = struct{}{}
	}
	for root := range roots {
		found[string(root)] = struct{}{}
	}
	if len(found) > MaxCertificates {
		return Bundle{}, &LimitError{What: "certificates", Found: len(found), Limit: MaxCertificates}
	}
	all, err := encode(slices.Sorted(maps.Keys(found)))
	all.LeftOut = b.LeftOut
	return all, err
}
