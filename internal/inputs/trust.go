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

package inputs

import (
	"context"
	"crypto/x509"
	"fmt"
	"slices"
)

// Trust is what the operator trusts when it asks a server over HTTPS: the certificates of ConfigMaps, without the public
// authorities, of which none vouches for the name of a Service. It holds where they are, and never these: whoever asks a
// server, every few minutes, gets them from a memory that is bounded, or from the ConfigMaps again.
type Trust struct {
	contents *Contents
	sources  []CASource
	// digest of the certificates.
	digest string
}

func (t *Trust) weight() int {
	weight := len(t.digest)
	for i := range t.sources {
		source := &t.sources[i]
		const fixed = 200
		weight += fixed + len(source.Key.Namespace) + len(source.Key.Name)
		for _, key := range source.Keys {
			weight += len(key)
		}
	}
	return weight
}

// Pool implements llamastack.Roots.
func (t *Trust) Pool(ctx context.Context) (*x509.CertPool, error) {
	if pool, ok := t.contents.roots.Get(t.digest); ok {
		return pool, nil
	}
	done, err := t.contents.turn(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	if pool, ok := t.contents.roots.Get(t.digest); ok { // another server has the same
		return pool, nil
	}
	bundle := CABundle{Sources: slices.Clone(t.sources)}
	found, err := t.contents.mergeCABundle(ctx, &bundle, nil)
	if err != nil {
		return nil, err
	}
	if found.Problem != nil {
		return nil, fmt.Errorf("failed to use the CA bundle: it has just changed: %s", found.Problem.Message)
	}
	return t.contents.pool(found.Digest, bundle.pem), nil
}

// pool makes the pool of certificates, and remembers it. It has them in DER and finds most of them by name alone.
func (c *Contents) pool(digest, pem string) *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM([]byte(pem))
	c.roots.Add(digest, pool, 2*len(pem))
	return pool
}
