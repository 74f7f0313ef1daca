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

package controller

import (
	"context"
	"fmt"

	"github.com/llamastack/llama-stack-k8s-operator/internal/metrics"
	"golang.org/x/sync/singleflight"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/utils/lru"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// rememberedContents is how many contents of referenced ConfigMaps are remembered. One costs about 300 bytes, because
// hashes and what was read from the content are kept, and never the content.
const rememberedContents = 20_000

// contents reads referenced ConfigMaps live, once for each resourceVersion, and remembers what was found in them.
// The key says everything that the finding depends on.
type contents struct {
	live    client.Reader
	metrics *metrics.Metrics
	found   *lru.Cache
	// flights lets those who want to know the same at the same time wait for one of them.
	flights singleflight.Group
}

func newContents(live client.Reader, counted *metrics.Metrics) *contents {
	return &contents{live: live, metrics: counted, found: lru.New(rememberedContents)}
}

// load reads a ConfigMap whole; nil is absent.
func (c *contents) load(ctx context.Context, key client.ObjectKey) (*corev1.ConfigMap, error) {
	c.metrics.LiveRead("ConfigMap")
	configMap := &corev1.ConfigMap{}
	if err := c.live.Get(ctx, key, configMap); err != nil {
		if apierrors.IsNotFound(err) {
			return nil, nil //nolint:nilnil // absent is an answer, not an error
		}
		return nil, fmt.Errorf("failed to read ConfigMap %s: %w", key, err)
	}
	return configMap, nil
}

// once recalls what was found under a key, or finds it, for all who ask meanwhile.
func once[T any](c *contents, key string, find func() (T, error)) (T, error) {
	if finding, ok := recall[T](c, key); ok {
		return finding, nil
	}
	shared, err, _ := c.flights.Do(key, func() (any, error) {
		if finding, ok := recall[T](c, key); ok {
			return finding, nil
		}
		return find()
	})
	finding, _ := shared.(T)
	return finding, err //nolint:wrapcheck // it is that of find, which says what failed
}

func recall[T any](c *contents, key string) (T, bool) {
	var none T
	value, ok := c.found.Get(key)
	if !ok {
		return none, false
	}
	typed, ok := value.(T)
	return typed, ok
}
