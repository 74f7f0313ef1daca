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

package channels

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/operator-framework/operator-registry/alpha/declcfg"
)

// withdrawn reads the bundles that are withdrawn: none if there is no folder for them.
func (s Source) withdrawn() ([]declcfg.Bundle, error) {
	if s.Withdrawn == "" {
		return nil, nil
	}
	if _, err := os.Stat(s.Withdrawn); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return load(s.Withdrawn)
}

// withdraw takes releases out of every channel. What followed one of them follows its predecessor, and skips it: a cluster
// that runs it is upgraded, and no other is upgraded to it.
func withdraw(catalog *declcfg.DeclarativeConfig, gone []declcfg.Bundle) error {
	for at := range catalog.Channels {
		channel := &catalog.Channels[at]
		before := len(channel.Entries)
		channel.Entries = without(channel.Entries, gone)
		if before > 0 && len(channel.Entries) == 0 {
			return fmt.Errorf("the channel %s would have no release any more: publish a good release in it first", channel.Name)
		}
	}
	return nil
}

// without returns the entries of a channel that are not withdrawn.
func without(entries []declcfg.ChannelEntry, gone []declcfg.Bundle) []declcfg.ChannelEntry {
	lost := map[string]declcfg.ChannelEntry{}
	var kept []declcfg.ChannelEntry
	for _, entry := range entries {
		if slices.ContainsFunc(gone, func(bundle declcfg.Bundle) bool { return bundle.Name == entry.Name }) {
			lost[entry.Name] = entry
		} else {
			kept = append(kept, entry)
		}
	}
	for at := range kept {
		bypass(&kept[at], lost)
	}
	return kept
}

// bypass lets an entry replace what a withdrawn release replaced, and skip that release with all that it skipped.
func bypass(entry *declcfg.ChannelEntry, lost map[string]declcfg.ChannelEntry) {
	for {
		withdrawn, found := lost[entry.Replaces]
		if !found {
			return
		}
		for _, name := range append([]string{withdrawn.Name}, withdrawn.Skips...) {
			if !slices.Contains(entry.Skips, name) {
				entry.Skips = append(entry.Skips, name)
			}
		}
		entry.Replaces = withdrawn.Replaces
		entry.Skips = slices.DeleteFunc(entry.Skips, func(name string) bool { return name == withdrawn.Replaces })
	}
}
