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

// Command krew writes the manifest for krew, with the checksums of the archives of "kubectl llamastack" in a folder:
//
//	go run ./hack/cmd/krew -version 1.0.0 dist/assets
//
// hack/release-plugin.sh writes the archives.
package main

import (
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"text/template"
)

const (
	plugin       = "kubectl-llamastack"
	manifestFile = "llamastack.yaml"
	templateFile = "config/hubs/krew.yaml.tmpl"
	textMode     = 0o644
)

// platformOf finds the platform in the name of an archive.
var platformOf = regexp.MustCompile(`^` + plugin + `_([a-z]+)_([a-z0-9]+)\.(?:tar\.gz|zip)$`)

// archive is one for a platform, as the template needs it.
type archive struct{ OS, Arch, File, Binary, SHA256 string }

// release is what the template is filled in with.
type release struct {
	Version  string
	Archives []archive
}

func main() {
	if err := run(".", os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// run writes the manifest. The template is below root.
func run(root string, args []string) error {
	flags := flag.NewFlagSet("krew", flag.ContinueOnError)
	version := flags.String("version", "", "the version of the release, without the v")
	if err := flags.Parse(args); err != nil {
		return fmt.Errorf("failed to read the flags: %w", err)
	}
	if *version == "" || flags.NArg() != 1 {
		return errors.New("usage: krew -version VERSION FOLDER")
	}
	archives, err := archivesIn(flags.Arg(0))
	if err != nil {
		return err
	}
	return write(root, flags.Arg(0), release{Version: *version, Archives: archives})
}

// archivesIn are the archives in a folder, in the order of their names.
func archivesIn(folder string) ([]archive, error) {
	files, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("failed to find the archives: %w", err)
	}
	var archives []archive
	for _, file := range files {
		platform := platformOf.FindStringSubmatch(file.Name())
		if platform == nil {
			continue
		}
		content, err := os.ReadFile(filepath.Join(folder, file.Name()))
		if err != nil {
			return nil, fmt.Errorf("failed to read an archive: %w", err)
		}
		found := archive{OS: platform[1], Arch: platform[2], File: file.Name(), Binary: plugin, SHA256: fmt.Sprintf("%x", sha256.Sum256(content))}
		if found.OS == "windows" {
			found.Binary += ".exe"
		}
		archives = append(archives, found)
	}
	if len(archives) == 0 {
		return nil, fmt.Errorf("%s has no archive of the plugin; write them with hack/release-plugin.sh", folder)
	}
	return archives, nil
}

// write fills in the template.
func write(root, folder string, filled release) error {
	parsed, err := template.ParseFiles(filepath.Join(root, templateFile))
	if err != nil {
		return fmt.Errorf("failed to read the template: %w", err)
	}
	var text strings.Builder
	if err := parsed.Execute(&text, filled); err != nil {
		return fmt.Errorf("failed to fill in the template: %w", err)
	}
	if err := os.WriteFile(filepath.Join(folder, manifestFile), []byte(text.String()), textMode); err != nil {
		return fmt.Errorf("failed to write the manifest: %w", err)
	}
	return nil
}
