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

package references

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Record is which contents the Pods were last requested with. A Deployment keeps it, so that what cannot be seen any more,
// be it deleted or forbidden, stays as it was, also for another process of the operator.
type Record struct {
	// Author identifies what the author of the server had requested when the contents last became others; empty while they
	// are the first ones.
	Author string
	// ConfigMaps and Secrets have a short hash of each content, by a short hash of the name.
	ConfigMaps, Secrets Contents
}

// Contents are short hashes of contents by short hashes of names.
type Contents map[string]string

// Lengths of the short hashes, in bytes: a name is one of a few, and a content differs from the last one.
const (
	nameBytes    = 4
	contentBytes = 8
)

const (
	partSeparator  = ";"
	entrySeparator = ","
	valueSeparator = ":"
)

func short(text string, length int) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:length])
}

// AuthorOf identifies what the author of a server requests.
func AuthorOf(generation int64, restartedAt string) string {
	return short(fmt.Sprintf("%d/%s", generation, restartedAt), contentBytes)
}

// Read is the record that String wrote. It is empty for any other text.
func Read(text string) Record {
	parts := strings.Split(text, partSeparator)
	const count = 3
	if len(parts) != count {
		return Record{}
	}
	return Record{Author: parts[0], ConfigMaps: readContents(parts[1]), Secrets: readContents(parts[2])}
}

func readContents(text string) Contents {
	read := Contents{}
	for entry := range strings.SplitSeq(text, entrySeparator) {
		if name, content, ok := strings.Cut(entry, valueSeparator); ok {
			read[name] = content
		}
	}
	return read
}

// String is the same for the same record.
func (r Record) String() string {
	return strings.Join([]string{r.Author, r.ConfigMaps.String(), r.Secrets.String()}, partSeparator)
}

// String is the same for the same contents, and empty for none.
func (c Contents) String() string {
	entries := make([]string, 0, len(c))
	for _, name := range slices.Sorted(maps.Keys(c)) {
		entries = append(entries, name+valueSeparator+c[name])
	}
	return strings.Join(entries, entrySeparator)
}

// Hash of all contents, which Pods carry; empty for none.
func (c Contents) Hash() string {
	if len(c) == 0 {
		return ""
	}
	const length = 16
	return short(c.String(), length)
}

// Seen is the content of each reference by its name, in a text of its own; "" is one that is not known, or is not there.
type Seen map[string]string

// Next is the record after what was seen. A reference of which nothing is known keeps its content of before: nothing rolls
// because a reference was deleted, or because the operator may not watch it any more.
func (r Record) Next(author string, configMaps, secrets Seen) Record {
	next := Record{Author: r.Author, ConfigMaps: r.ConfigMaps.next(configMaps), Secrets: r.Secrets.next(secrets)}
	first := len(r.ConfigMaps)+len(r.Secrets) == 0
	if !first && (!maps.Equal(next.ConfigMaps, r.ConfigMaps) || !maps.Equal(next.Secrets, r.Secrets)) {
		next.Author = author
	}
	return next
}

func (c Contents) next(seen Seen) Contents {
	next := Contents{}
	for name, content := range seen {
		name = short(name, nameBytes)
		if content != "" {
			next[name] = short(content, contentBytes)
		} else if before := c[name]; before != "" {
			next[name] = before
		}
	}
	return next
}

// Waits says that new contents wait for the end of the rollout that is under way, because contents have caused it. One that
// changes again and again never replaces Pods before they were ready, and a new request of the author takes all of them.
func (r Record) Waits(author string, rolling bool) bool { return rolling && r.Author == author }
