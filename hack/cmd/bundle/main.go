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

// Command bundle completes the ClusterServiceVersion of a bundle in place; see the package hack/bundle.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/llamastack/llama-stack-k8s-operator/hack/bundle"
)

// readable are the permissions of a file in a repository.
const readable = 0o644

func main() {
	csv := flag.String("csv", "", "the file of the ClusterServiceVersion")
	icon := flag.String("icon", "", "the file of the icon, an SVG image")
	digests := flag.String("digests", "", "a file with an image and its digest a line")
	createdAt := flag.String("created-at", "", "when the version was released, in RFC 3339")
	flag.Parse()
	if err := complete(*csv, *icon, *digests, *createdAt); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func complete(csvFile, iconFile, digestsFile, createdAt string) error {
	icon, err := os.ReadFile(iconFile)
	if err != nil {
		return fmt.Errorf("failed to read the icon: %w", err)
	}
	text, err := os.ReadFile(digestsFile)
	if err != nil {
		return fmt.Errorf("failed to read the digests: %w", err)
	}
	digests, err := bundle.ParseDigests(string(text))
	if err != nil {
		return fmt.Errorf("failed to read %s: %w", digestsFile, err)
	}
	before, err := os.ReadFile(csvFile)
	if err != nil {
		return fmt.Errorf("failed to read the ClusterServiceVersion: %w", err)
	}
	after, err := bundle.Complete(before, bundle.Options{CreatedAt: createdAt, Icon: icon, Digests: digests})
	if err != nil {
		return fmt.Errorf("failed to complete %s: %w", csvFile, err)
	}
	if err := os.WriteFile(csvFile, after, readable); err != nil {
		return fmt.Errorf("failed to write the ClusterServiceVersion: %w", err)
	}
	return nil
}
