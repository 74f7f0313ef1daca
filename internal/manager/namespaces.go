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
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/cache"
)

// errNamespace is that of a list of namespaces which has something else in it.
var errNamespace = errors.New("it is a list of names of namespaces, separated by commas")

// ReadNamespaces is what the flag --watch-namespaces reads: names with commas between them, each once and in order.
func ReadNamespaces(into *[]string) func(string) error {
	return func(text string) error {
		*into = nil
		for name := range strings.SplitSeq(text, ",") {
			name = strings.TrimSpace(name)
			if len(validation.IsDNS1123Label(name)) > 0 {
				return fmt.Errorf("failed to read %q: %w", name, errNamespace)
			}
			*into = append(*into, name)
		}
		slices.Sort(*into)
		*into = slices.Compact(*into)
		return nil
	}
}

// only limits a cache to namespaces; none is no limit.
func only(namespaces []string) map[string]cache.Config {
	if len(namespaces) == 0 {
		return nil
	}
	configs := make(map[string]cache.Config, len(namespaces))
	for _, namespace := range namespaces {
		configs[namespace] = cache.Config{}
	}
	return configs
}

// checkEvery is how often an operator without any permission in the whole cluster checks whether a kind of another API has
// appeared: it may not watch the signs of that.
const checkEvery = 5 * time.Minute

// optionalPoll stands for the watches of the signs where those are not allowed. It ends the manager when a kind turns out
// to be served or missing where the manager was built for another state.
type optionalPoll struct {
	built Optional
	check func(ctx context.Context) Optional
	every time.Duration
}

func newOptionalPoll(built Optional, through rest.Interface, namespaces []string) *optionalPoll {
	return &optionalPoll{built: built, every: checkEvery, check: func(ctx context.Context) Optional {
		return findOptional(ctx, through, namespaces)
	}}
}

// Start implements manager.Runnable.
func (p *optionalPoll) Start(ctx context.Context) error {
	ticker := time.NewTicker(p.every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		for kind, found := range p.check(ctx) {
			if built := p.built[kind]; ctx.Err() == nil && found != built && (built != Served || found != Unavailable) {
				return fmt.Errorf("failed to go on: %w: %s is %s now", errPlatformChanged, kind, found)
			}
		}
	}
}

// NeedLeaderElection is false: a standby must be right about its platform before it leads.
func (*optionalPoll) NeedLeaderElection() bool { return false }
