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

package manager

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
)

const (
	// routeSchemas is the API server's description of the group and version of HTTPRoutes, which all who are authenticated
	// may read.
	routeSchemas = "/openapi/v3/apis/gateway.networking.k8s.io/v1"
	// maxRouteSchemas is how much of it is read; release 1.4 of the Gateway API has 1 MB.
	maxRouteSchemas = 16 << 20
)

// schemas are the parts of an OpenAPI document that say whether a rule of an HTTPRoute has timeouts.
type schemas struct {
	Components struct {
		Schemas map[string]struct {
			Kinds []struct {
				Kind string `json:"kind"`
			} `json:"x-kubernetes-group-version-kind"` //nolint:tagliatelle // it is OpenAPI's
			Properties struct {
				Spec struct {
					Properties struct {
						Rules struct {
							Items struct {
								Properties struct {
									Timeouts json.RawMessage `json:"timeouts"`
								} `json:"properties"`
							} `json:"items"`
						} `json:"rules"`
					} `json:"properties"`
				} `json:"spec"`
			} `json:"properties"`
		} `json:"schemas"`
	} `json:"components"`
}

// routesHaveTimeouts says that HTTPRoutes have timeouts, which the standard channel of the Gateway API has from release 1.2
// on. The API server refuses to apply a field that it does not know.
func routesHaveTimeouts(ctx context.Context, through rest.Interface) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	body, err := through.Get().AbsPath(routeSchemas).SetHeader("Accept", "application/json").Stream(ctx)
	if err != nil {
		return false, fmt.Errorf("failed to read the schema of HTTPRoutes: %w", err)
	}
	defer func() { _ = body.Close() }() // all of it that matters was read
	found := schemas{}
	if err := json.NewDecoder(io.LimitReader(body, maxRouteSchemas)).Decode(&found); err != nil {
		return false, fmt.Errorf("failed to read the schema of HTTPRoutes: %w", err)
	}
	for _, schema := range found.Components.Schemas {
		for _, one := range schema.Kinds {
			if one.Kind == children.HTTPRoute {
				return len(schema.Properties.Spec.Properties.Rules.Items.Properties.Timeouts) > 0, nil
			}
		}
	}
	return false, nil
}

// routeFields is what was found out when a manager was built.
type routeFields struct {
	timeouts bool
	// known is false where the API server did not say, and timeouts, then, false: an HTTPRoute without them can be made.
	known bool
}

// findRouteFields asks the API server once, when a manager is built, where it serves HTTPRoutes.
func findRouteFields(ctx context.Context, optional Optional, through rest.Interface) routeFields {
	for kind, availability := range optional {
		if kind.Kind == children.HTTPRoute && availability != Served {
			return routeFields{}
		}
	}
	timeouts, err := routesHaveTimeouts(ctx, through)
	return routeFields{timeouts: timeouts, known: err == nil}
}

// routeFieldsWatch ends the manager when HTTPRoutes get other fields than it was built for.
type routeFieldsWatch struct {
	built routeFields
	// cache has the definition of HTTPRoutes alone.
	cache cache.Cache
	check func(ctx context.Context) (bool, error)
	pause func() *wait.Backoff
}

// Start implements manager.Runnable.
func (w *routeFieldsWatch) Start(ctx context.Context) error {
	informer, err := w.cache.GetInformer(ctx, metadataOf(crdGVK()))
	if err != nil {
		return fmt.Errorf("failed to watch the definition of HTTPRoutes: %w", err)
	}
	news := make(chan struct{}, 1)
	_, err = informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{UpdateFunc: func(_, _ any) {
		select {
		case news <- struct{}{}:
		default:
		}
	}})
	if err != nil {
		return fmt.Errorf("failed to watch the definition of HTTPRoutes: %w", err)
	}
	return w.follow(ctx, news)
}

// follow reads the fields for a while after the start and after changes of the definition, because the API server describes them
// a moment after the definition changed, and the manager may be built within that moment. What was not known is read until it is.
func (w *routeFieldsWatch) follow(ctx context.Context, news <-chan struct{}) error {
	pause, known := w.pause(), w.built.known
	again := time.NewTimer(0)
	defer again.Stop()
	for {
		if pause.Steps > 0 || !known {
			again.Reset(pause.Step())
		} else {
			again.Stop()
		}
		select {
		case <-ctx.Done():
			return nil
		case <-news:
			pause = w.pause()
			continue
		case <-again.C:
		}
		timeouts, err := w.check(ctx)
		known = known || err == nil
		if err == nil && timeouts != w.built.timeouts {
			return fmt.Errorf("failed to go on: %w: the fields of HTTPRoutes are others now", errPlatformChanged)
		}
	}
}

// NeedLeaderElection is false: a standby must be right about its platform before it leads.
func (*routeFieldsWatch) NeedLeaderElection() bool { return false }
