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

// Package inputs reads what a LlamaStackDistribution refers to: the ConfigMaps of its user configuration and of its CA
// bundle. It reads a content once for each version, remembers what it found in it and never the content itself, and removes
// the copies of user configurations that no Pod uses any more. It does not write the status.
package inputs

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/internal/weighted"
	"golang.org/x/sync/singleflight"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	// rememberedContents is what all findings in referenced ConfigMaps weigh, in bytes. One has about 500, because hashes
	// and what was read from the content are kept, and never the content.
	rememberedContents = 16 << 20
	// rememberedRoots is the same for the certificate authorities of servers that are asked over HTTPS.
	rememberedRoots = 16 << 20
	// readAtOnce is how many contents are read at the same time: one may take 60 MB while it is parsed.
	readAtOnce = 2
)

// Contents reads referenced ConfigMaps live, once for each resourceVersion, and remembers what was found in them: one
// finding for each Subject, which says everything that the finding depends on but the version.
type Contents struct {
	live client.Reader
	// liveRead counts the reads from the API server.
	liveRead func(kind string)
	// system are the public certificate authorities, in DER.
	system func() iter.Seq[[]byte]
	found  *weighted.Cache[versioned]
	roots  *weighted.Cache[*x509.CertPool]
	// flights lets those who want to know the same at the same time wait for one of them.
	flights singleflight.Group
	reading chan struct{}
}

// Subject is what a finding is about. A finding is remembered for the last version only.
type Subject struct{ Key, Version string }

// versioned is a finding with its version.
type versioned struct {
	version string
	finding any
}

// Finding is what is remembered.
type Finding interface {
	// Weight in bytes.
	Weight() int
}

// New reads from the API server, counts each read with liveRead, and takes the public certificate authorities from system.
func New(live client.Reader, liveRead func(kind string), system func() iter.Seq[[]byte]) *Contents {
	return &Contents{
		live: live, liveRead: liveRead, system: system, found: weighted.New[versioned](rememberedContents), roots: weighted.New[*x509.CertPool](rememberedRoots),
		reading: make(chan struct{}, readAtOnce),
	}
}

// load reads a ConfigMap whole; nil is absent.
func (c *Contents) load(ctx context.Context, key client.ObjectKey) (*corev1.ConfigMap, error) {
	c.liveRead("ConfigMap")
	configMap := &corev1.ConfigMap{}
	if err := c.live.Get(ctx, key, configMap); err != nil {
		if apierrors.IsNotFound(err) {
			return nil, nil //nolint:nilnil // absent is an answer, not an error
		}
		return nil, fmt.Errorf("failed to read ConfigMap %s: %w", key, err)
	}
	return configMap, nil
}

// once recalls what was found of a Subject, or finds it, for all who ask meanwhile. find also returns the version that it
// found, which may be a later one.
func once[T Finding](ctx context.Context, c *Contents, about Subject, find func(context.Context) (T, string, error)) (T, error) {
	for {
		if found, ok := Recall[T](c, about); ok {
			return found, nil
		}
		shared, err, _ := c.flights.Do(about.Key+"@"+about.Version, func() (any, error) {
			if found, ok := Recall[T](c, about); ok {
				return found, nil
			}
			return read(ctx, c, about.Key, find)
		})
		if err != nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)) && ctx.Err() == nil {
			continue // the time of another was up
		}
		found, _ := shared.(T)
		return found, err //nolint:wrapcheck // it is that of find, which says what failed
	}
}

// read finds something when its turn comes, and remembers it.
func read[T Finding](ctx context.Context, c *Contents, key string, find func(context.Context) (T, string, error)) (T, error) {
	var none T
	done, err := c.turn(ctx)
	if err != nil {
		return none, err
	}
	defer done()
	found, version, err := find(ctx)
	if err != nil {
		return none, err
	}
	c.Remember(Subject{Key: key, Version: version}, found)
	return found, nil
}

// Remember a finding.
func (c *Contents) Remember(about Subject, found Finding) {
	c.found.Add(about.Key, versioned{version: about.Version, finding: found}, len(about.Version)+found.Weight())
}

// turn waits until no more than the others read contents, and returns what ends the turn.
func (c *Contents) turn(ctx context.Context) (func(), error) {
	select {
	case c.reading <- struct{}{}:
		return func() { <-c.reading }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("failed to wait for a turn to read a ConfigMap: %w", ctx.Err())
	}
}

// Recall returns what was remembered of a Subject in its version.
func Recall[T Finding](c *Contents, about Subject) (T, bool) {
	var none T
	found, ok := c.found.Get(about.Key)
	if !ok || found.version != about.Version {
		return none, false
	}
	typed, ok := found.finding.(T)
	return typed, ok
}

// shownKeys is how many keys of a ConfigMap a message names.
const shownKeys = 10

// keysOf names the keys of a ConfigMap, in words.
func keysOf(configMap *corev1.ConfigMap) string {
	keys := slices.Sorted(maps.Keys(configMap.Data))
	keys = append(keys, slices.Sorted(maps.Keys(configMap.BinaryData))...)
	switch more := len(keys) - shownKeys; {
	case len(keys) == 0:
		return "none"
	case more > 0:
		return fmt.Sprintf("%s and %d more", strings.Join(keys[:shownKeys], ", "), more)
	default:
		return strings.Join(keys, ", ")
	}
}
