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

package operatorconfig

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/llamastack/llama-stack-k8s-operator/internal/bound"
	"go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/util/validation"
)

// Keys inside featureFlags.
const (
	flagNetworkPolicy = "enableNetworkPolicy"
	flagEnabled       = "enabled"
)

// Keys inside rollouts, and the limits of their values.
const (
	rolloutsAtOnce       = "atOnce"
	rolloutsPerNamespace = "perNamespace"
	fewestRollouts       = 1
	mostRollouts         = 1000
)

// Valid values, for messages.
const (
	wantFlags      = flagNetworkPolicy + ": {" + flagEnabled + ": true} or {" + flagEnabled + ": false}"
	wantOverrides  = "a mapping of distribution names to images, such as starter: registry.example.com/team/starter:1.0"
	wantNamespaces = "a list of namespace names, such as [shared-certificates]"
	wantRollouts   = rolloutsAtOnce + ": 5 and " + rolloutsPerNamespace + ": 2, each a whole number from 1 to 1000"
)

// networkPolicy parses featureFlags. Unknown flags are problems, but do not affect the known ones.
func (p *problems) networkPolicy(text string) (bool, error) {
	flags, err := mapping(text)
	if err != nil {
		return false, fmt.Errorf("failed to read the feature flags: %w: write %s", err, wantFlags)
	}
	p.unknown(KeyFeatureFlags, wantFlags, flags, flagNetworkPolicy)
	flag, err := entries(flags[flagNetworkPolicy])
	if err != nil {
		return false, fmt.Errorf("failed to read %s: %w: write %s", flagNetworkPolicy, err, wantFlags)
	}
	p.unknown(KeyFeatureFlags, wantFlags, flag, flagEnabled)
	enabled, err := boolean(flag[flagEnabled])
	if err != nil {
		return false, fmt.Errorf("failed to read %s.%s: %w: write true or false", flagNetworkPolicy, flagEnabled, err)
	}
	return enabled, nil
}

// unknown reports unknown keys.
func (p *problems) unknown(key, want string, m map[string]yaml.Node, known ...string) {
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if !slices.Contains(known, name) {
			node := m[name]
			p.add(key, fmt.Sprintf("line %d: %q is unknown and ignored: write %s", node.Line, name, want))
		}
	}
}

// rollouts parses the limits of rollouts. Absent values have their defaults.
func (p *problems) rollouts(text string) (Rollouts, error) {
	values, err := mapping(text)
	if err != nil {
		return Rollouts{}, fmt.Errorf("failed to read the limits of rollouts: %w: write %s", err, wantRollouts)
	}
	p.unknown(KeyRollouts, wantRollouts, values, rolloutsAtOnce, rolloutsPerNamespace)
	limits := DefaultRollouts()
	if err := whole(values[rolloutsAtOnce], &limits.AtOnce); err != nil {
		return Rollouts{}, fmt.Errorf("failed to read %s: %w: write %s", rolloutsAtOnce, err, wantRollouts)
	}
	if err := whole(values[rolloutsPerNamespace], &limits.PerNamespace); err != nil {
		return Rollouts{}, fmt.Errorf("failed to read %s: %w: write %s", rolloutsPerNamespace, err, wantRollouts)
	}
	return limits, nil
}

// overrides is image-overrides, split into valid and invalid entries.
type overrides struct {
	images, invalid map[string]string
}

// overrides parses image-overrides. An invalid entry keeps its last image, so that a mistake does not change a server
// to the built-in image.
func (p *problems) overrides(text string, last map[string]string) (overrides, error) {
	nodes, err := mapping(text)
	if err != nil {
		return overrides{}, fmt.Errorf("failed to read the image overrides: %w: write %s", err, wantOverrides)
	}
	found := overrides{images: map[string]string{}, invalid: map[string]string{}}
	for _, distribution := range slices.Sorted(maps.Keys(nodes)) {
		image, err := reference(distribution, nodes[distribution])
		if err == nil {
			found.images[distribution] = image
			continue
		}
		why := err.Error() + "; the entry is ignored until then"
		if kept, ok := last[distribution]; ok {
			found.images[distribution] = kept
			why = err.Error() + "; " + kept + " is used until then"
		}
		found.invalid[distribution] = bound.Text(why, maxMessage)
		p.add(KeyImageOverrides, why)
	}
	return found, nil
}

// reference returns the image of one entry.
func reference(distribution string, node yaml.Node) (string, error) {
	image, ok := text(node)
	switch {
	case strings.TrimSpace(distribution) == "":
		return "", fmt.Errorf("line %d: an entry has no distribution name: write %s", node.Line, wantOverrides)
	case !ok:
		return "", fmt.Errorf("line %d: the image of %q is not text: write %s", node.Line, distribution, wantOverrides)
	}
	if _, err := name.ParseReference(image, name.WeakValidation); err != nil {
		return "", fmt.Errorf("line %d: the image of %q is not a reference: %s: write %s", node.Line, distribution, err.Error(), wantOverrides)
	}
	return image, nil
}

// namespaces parses ca-bundle-namespaces. An invalid name is a problem and is omitted; the other names are used.
func (p *problems) namespaces(content string) ([]string, error) {
	nodes, err := list(content)
	if err != nil {
		return nil, fmt.Errorf("failed to read the namespaces: %w: write %s", err, wantNamespaces)
	}
	found := []string{}
	for _, node := range nodes {
		namespace, ok := text(node)
		if !ok {
			return nil, fmt.Errorf("failed to read the namespaces: line %d: an entry is not text: write %s", node.Line, wantNamespaces)
		}
		if why := validation.IsDNS1123Label(namespace); len(why) > 0 {
			p.add(KeyCABundleNamespaces, fmt.Sprintf("line %d: %q is not the name of a namespace and is ignored: %s",
				node.Line, namespace, strings.Join(why, "; ")))
			continue
		}
		found = append(found, namespace)
	}
	slices.Sort(found)
	return slices.Compact(found), nil
}
