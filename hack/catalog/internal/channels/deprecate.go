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
	"cmp"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/operator-framework/operator-registry/alpha/declcfg"
	"sigs.k8s.io/yaml"
)

// wholePackage is what is deprecated if it is neither a release nor a channel.
const wholePackage = "package"

// readable is the mode of a source file.
const readable = 0o644

// release is the version of a release: a semantic version without the v.
var release = regexp.MustCompile(`^\d+\.\d+\.\d+`)

// deprecations adds those of the file to the catalog, without those of releases that are withdrawn.
func (s Source) deprecations(catalog *declcfg.DeclarativeConfig, gone []declcfg.Bundle) error {
	if s.Deprecations == "" {
		return nil
	}
	_, declared, err := readDeprecations(s.Deprecations)
	if err != nil {
		return err
	}
	declared.Entries = slices.DeleteFunc(declared.Entries, func(entry declcfg.DeprecationEntry) bool {
		return entry.Reference.Schema == declcfg.SchemaBundle &&
			slices.ContainsFunc(gone, func(bundle declcfg.Bundle) bool { return bundle.Name == entry.Reference.Name })
	})
	if len(declared.Entries) > 0 {
		catalog.Deprecations = append(catalog.Deprecations, *declared)
	}
	return nil
}

// Deprecate sets the message that users of a release, a channel or the package read, in a file of deprecations. An empty
// message removes it.
func Deprecate(file, what, message string) error {
	comment, declared, err := readDeprecations(file)
	if err != nil {
		return err
	}
	target := reference(declared.Package, what)
	declared.Entries = slices.DeleteFunc(declared.Entries, func(entry declcfg.DeprecationEntry) bool { return entry.Reference == target })
	if message != "" {
		declared.Entries = append(declared.Entries, declcfg.DeprecationEntry{Reference: target, Message: message})
	}
	slices.SortFunc(declared.Entries, func(a, b declcfg.DeprecationEntry) int {
		return cmp.Or(cmp.Compare(a.Reference.Schema, b.Reference.Schema), cmp.Compare(a.Reference.Name, b.Reference.Name))
	})
	text, err := yaml.Marshal(declared)
	if err != nil {
		return fmt.Errorf("failed to write %s: %w", file, err)
	}
	if err := os.WriteFile(file, append([]byte(comment), text...), readable); err != nil {
		return fmt.Errorf("failed to write %s: %w", file, err)
	}
	return nil
}

// reference is how a catalog calls a version, a channel, or "package".
func reference(packageName, what string) declcfg.PackageScopedReference {
	switch {
	case what == wholePackage:
		return declcfg.PackageScopedReference{Schema: declcfg.SchemaPackage}
	case release.MatchString(what):
		return declcfg.PackageScopedReference{Schema: declcfg.SchemaBundle, Name: packageName + ".v" + what}
	default:
		return declcfg.PackageScopedReference{Schema: declcfg.SchemaChannel, Name: what}
	}
}

// readDeprecations returns the comment that a file begins with, and what it declares.
func readDeprecations(file string) (string, *declcfg.Deprecation, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", nil, fmt.Errorf("failed to read the deprecations: %w", err)
	}
	comment := strings.Builder{}
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "#") {
			break
		}
		comment.WriteString(line)
	}
	declared := &declcfg.Deprecation{}
	if err := yaml.UnmarshalStrict(text, declared); err != nil {
		return "", nil, fmt.Errorf("failed to parse %s: %w", file, err)
	}
	if declared.Schema != declcfg.SchemaDeprecation || declared.Package == "" {
		return "", nil, errors.New("failed to parse " + file + ": it must have the schema " + declcfg.SchemaDeprecation + ", and name a package")
	}
	return comment.String(), declared, nil
}
