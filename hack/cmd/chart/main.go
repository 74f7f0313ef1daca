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

// Command chart writes the Helm chart from the kustomize tree, as a folder, or as an archive with the digest of the operator's image;
// see the package hack/chart.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/hack/bundle"
	"github.com/llamastack/llama-stack-k8s-operator/hack/chart"
)

const (
	// readable and searchable are the permissions of a file and of a folder in a repository.
	readable   = 0o644
	searchable = 0o755
)

func main() {
	options := chart.Options{}
	flag.StringVar(&options.Config, "config", "config", "the folder of the kustomize tree")
	flag.StringVar(&options.Version, "version", "", "the version, without the v")
	flag.StringVar(&options.Digest, "digest", "", "the digest of the operator's image, sha256:…; by default the image is named by its tag")
	digests := flag.String("digests", "", "a file with an image and its digest a line, for the images of distributions; by default they are named by their tags")
	charts := flag.String("charts", "charts", "the folder into which the chart is written")
	archives := flag.String("package", "", "the folder into which an archive of the chart is written, instead of the chart")
	created := flag.String("created", "", "when the version was released, in RFC 3339: the time of the files in the archive")
	flag.Parse()
	if err := run(options, *digests, *charts, *archives, *created); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(options chart.Options, digests, charts, archives, created string) error {
	if options.Digest != "" && !regexp.MustCompile(`^sha256:[0-9a-f]{64}$`).MatchString(options.Digest) {
		return fmt.Errorf("the digest %q is not sha256: and 64 hexadecimal digits", options.Digest)
	}
	if digests != "" {
		text, err := os.ReadFile(digests)
		if err != nil {
			return fmt.Errorf("failed to read the digests: %w", err)
		}
		if options.Digests, err = bundle.ParseDigests(string(text)); err != nil {
			return fmt.Errorf("failed to read %s: %w", digests, err)
		}
	}
	files, err := chart.Generate(options)
	if err != nil {
		return fmt.Errorf("failed to generate the chart: %w", err)
	}
	if archives == "" {
		return write(filepath.Join(charts, chart.Name), files)
	}
	if created == "" {
		return errors.New("an archive needs -created")
	}
	at, err := time.Parse(time.RFC3339, created)
	if err != nil {
		return fmt.Errorf("failed to read -created: %w", err)
	}
	content, err := chart.Archive(files, at)
	if err != nil {
		return fmt.Errorf("failed to pack the chart: %w", err)
	}
	path := filepath.Join(archives, chart.Name+"-"+options.Version+".tgz")
	return write(archives, map[string]string{filepath.Base(path): string(content)})
}

// write writes files into a folder. The folder of a chart then has no others.
func write(folder string, files map[string]string) error {
	if filepath.Base(folder) == chart.Name {
		if err := os.RemoveAll(folder); err != nil {
			return fmt.Errorf("failed to remove the last chart: %w", err)
		}
	}
	for name, content := range files {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), searchable); err != nil {
			return fmt.Errorf("failed to create a folder: %w", err)
		}
		if err := os.WriteFile(path, []byte(content), readable); err != nil {
			return fmt.Errorf("failed to write a file: %w", err)
		}
	}
	return nil
}
