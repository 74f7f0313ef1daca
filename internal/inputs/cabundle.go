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
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/apply"
	"github.com/llamastack/llama-stack-k8s-operator/internal/cabundle"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// withSystemRoots ends the hash of Pods that have the public authorities, too, whichever these are.
const withSystemRoots = "+system"

// CABundle is where the certificates come from. pem is "" while only the finding is remembered.
type CABundle struct {
	Sources []CASource
	// System says that the public authorities are to be among the certificates.
	System bool
	// Verifies says that the operator verifies the server's certificate.
	Verifies bool
	pem      string
	// Digest is that of the ConfigMap with all of them.
	Digest string
	// Source identifies the certificates as their authors wrote them.
	Source string
	Roots  *Trust
}

// CASource is one ConfigMap with certificates, and those keys of it that count; none is all of them.
type CASource struct {
	Key          client.ObjectKey
	Keys         []string
	UID, Version string
	// Found says that nobody named it: what cannot be read of it is left out.
	Found bool
}

// CAFinding is what is remembered of the certificates, and never these.
type CAFinding struct {
	// Source is of what was found.
	Source string
	// Digest is that of the ConfigMap with the merged certificates.
	Digest string
	// Hash is what the Pods carry: the digest, or where the public authorities are included that of the user's alone, so
	// that a release with newer ones does not roll servers.
	Hash         string
	Certificates int
	Roots        *Trust
	Problem      *status.Problem
	// Notice says what was left out.
	Notice string
}

// Weight implements Finding.
func (f CAFinding) Weight() int {
	const fixed = 500
	weight := fixed + len(f.Digest) + len(f.Hash) + len(f.Notice)
	if f.Problem != nil {
		weight += len(f.Problem.Message)
	}
	if f.Roots != nil {
		weight += f.Roots.weight()
	}
	return weight
}

// CABundle returns what is found in the sources of a bundle. It reads them only if a version, or which keys count, is new.
func (c *Contents) CABundle(ctx context.Context, bundle *CABundle) (CAFinding, error) {
	return once(ctx, c, bundle.subject(), func(ctx context.Context) (CAFinding, string, error) {
		finding, err := c.mergeCABundle(ctx, bundle, c.system)
		return finding, bundle.version(), err
	})
}

// subject is what the finding depends on. It is short, however many keys are named.
func (b *CABundle) subject() Subject {
	hash := sha256.New()
	_, _ = fmt.Fprintf(hash, "%t", b.System) // a hash takes everything
	for i := range b.Sources {
		_, _ = fmt.Fprintf(hash, "/%s%q", b.Sources[i].UID, b.Sources[i].Keys)
	}
	return Subject{Key: "ca/" + hex.EncodeToString(hash.Sum(nil)), Version: b.version()}
}

// version of all sources.
func (b *CABundle) version() string {
	versions := make([]string, len(b.Sources))
	for i := range b.Sources {
		versions[i] = b.Sources[i].UID + "@" + b.Sources[i].Version
	}
	return strings.Join(versions, "/")
}

// mergeCABundle reads every source. The finding is remembered for the versions that were read.
func (c *Contents) mergeCABundle(ctx context.Context, bundle *CABundle, system func() iter.Seq[[]byte]) (CAFinding, error) {
	sources := make([]cabundle.Source, 0, len(bundle.Sources))
	for i := range bundle.Sources {
		source := &bundle.Sources[i]
		configMap, err := c.load(ctx, source.Key)
		if err != nil {
			return CAFinding{}, err
		}
		if configMap == nil {
			return CAFinding{}, fmt.Errorf("failed to read ConfigMap %s: it has just been deleted", source.Key)
		}
		source.UID, source.Version = string(configMap.UID), configMap.ResourceVersion
		read, problem := source.read(configMap)
		if problem != nil {
			return CAFinding{Problem: problem}, nil
		}
		sources = append(sources, read)
	}
	finding := c.merge(bundle, sources, system)
	finding.Source = sourceHash(sources)
	return finding, nil
}

// read takes the keys that count, all of them where none is named, in a fixed order. One whose text is no UTF-8 is among the
// binary ones.
func (s *CASource) read(configMap *corev1.ConfigMap) (cabundle.Source, *status.Problem) {
	keys := s.Keys
	if len(keys) == 0 {
		keys = slices.Concat(slices.Sorted(maps.Keys(configMap.Data)), slices.Sorted(maps.Keys(configMap.BinaryData)))
	}
	source := cabundle.Source{ConfigMap: s.Key.String(), Lenient: s.Found}
	for _, key := range keys {
		text, ok := configMap.Data[key]
		if binary, isBinary := configMap.BinaryData[key]; !ok && isBinary {
			text, ok = string(binary), true
		}
		if !ok {
			return source, userProblemf(v1alpha1.ReasonCABundleKeyNotFound,
				"ConfigMap %s, which spec.server.tlsConfig.caBundle names, has no key %s (it has %s): add the key or change configMapKeys",
				s.Key, key, keysOf(configMap))
		}
		source.Keys = append(source.Keys, cabundle.Key{Name: key, PEM: text})
	}
	return source, nil
}

func (c *Contents) merge(b *CABundle, sources []cabundle.Source, system func() iter.Seq[[]byte]) CAFinding {
	own, err := cabundle.Merge(sources)
	merged := own
	if err == nil && b.System {
		merged, err = own.With(system())
	}
	var invalid *cabundle.InvalidError
	var limit *cabundle.LimitError
	if errors.As(err, &invalid) || errors.As(err, &limit) {
		return CAFinding{Problem: userProblemf(v1alpha1.ReasonCABundleInvalid, "the CA bundle cannot be used: %v: fix that key", err)}
	}
	b.pem = merged.PEM
	finding := CAFinding{Digest: digestOf(merged), Hash: digestOf(own), Certificates: merged.Certificates, Notice: own.LeftOut}
	if b.System {
		finding.Hash += withSystemRoots
	}
	finding.Roots = &Trust{contents: c, sources: slices.Clone(b.Sources), digest: digestOf(own)}
	if b.Verifies {
		c.pool(finding.Roots.digest, own.PEM)
	}
	return finding
}

// sourceHash is the same for the same certificates under the same keys.
func sourceHash(sources []cabundle.Source) string {
	sum := sha256.New()
	for _, source := range sources {
		for _, key := range source.Keys {
			_, _ = fmt.Fprintf(sum, "%q/%q=%q\n", source.ConfigMap, key.Name, key.PEM) // a hash takes everything
		}
	}
	return hex.EncodeToString(sum.Sum(nil))
}

func digestOf(bundle cabundle.Bundle) string {
	return apply.DigestOf(&corev1.ConfigMap{Data: map[string]string{v1alpha1.DefaultCABundleKey: bundle.PEM}})
}

// Certificates is the merged bundle; it reads the sources again where only the finding was remembered.
func (c *Contents) Certificates(ctx context.Context, bundle *CABundle) (string, error) {
	if bundle.pem != "" {
		return bundle.pem, nil
	}
	done, err := c.turn(ctx)
	if err != nil {
		return "", err
	}
	defer done()
	finding, err := c.mergeCABundle(ctx, bundle, c.system)
	if err != nil {
		return "", err
	}
	if finding.Problem != nil {
		return "", fmt.Errorf("failed to use the CA bundle: it has just changed: %s", finding.Problem.Message)
	}
	return bundle.pem, nil
}
