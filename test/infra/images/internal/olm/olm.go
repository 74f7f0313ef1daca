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

// Package olm has the content of the images that the Operator Lifecycle Manager uses: its own, that of opm, catalogs
// and bundles.
package olm

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/test/infra/images/internal/archive"
	"go.yaml.in/yaml/v3"
)

const (
	executable = 0o755
	readable   = 0o644
	// worldWritable is the mode of /tmp.
	worldWritable = 0o1777
	// user is the user id of OLM's own Pods.
	user = "1001"
	// configs is where a catalog's files are.
	configs = "/configs"
	// configsLabel is the label of a file-based catalog, with the path of its files.
	configsLabel = "operators.operatorframework.io.index.configs.v1"
	// annotations describe a bundle; they are also the labels of its image.
	annotations = "metadata/annotations.yaml"
)

// commands are those that OLM and operator-sdk run in their helper containers: a copy of the program that unpacks
// bundles, a shell that serves a catalog, and one that decompresses it.
func commands() []string { return []string{"sh", "cp", "cat", "gzip"} }

// Image is the image of OLM, of the static programs at the given paths.
func Image(programs []string, busybox string) (archive.Config, []archive.Entry, error) {
	entries, err := tools(busybox)
	if err != nil {
		return archive.Config{}, nil, err
	}
	for _, path := range programs {
		entry, err := program(path, filepath.Base(path))
		if err != nil {
			return archive.Config{}, nil, err
		}
		entries = append(entries, entry)
	}
	return archive.Config{Entrypoint: []string{"/bin/olm"}, User: user, Environment: path()}, entries, nil
}

// OPMImage is the image of opm, of the static programs at the given paths. It is a catalog without anything in it.
func OPMImage(opm, probe, busybox string) (archive.Config, []archive.Entry, error) {
	entries, err := tools(busybox)
	if err != nil {
		return archive.Config{}, nil, err
	}
	for _, needed := range []struct{ name, path string }{
		{"grpc_health_probe", probe}, // the name by which the probes of a CatalogSource run it
		{"opm", opm},
	} {
		entry, err := program(needed.path, needed.name)
		if err != nil {
			return archive.Config{}, nil, err
		}
		entries = append(entries, entry)
	}
	return CatalogConfig(), append(entries, archive.Folder(configs, executable, 0, 0)), nil
}

// CatalogConfig is how a catalog's image serves it.
func CatalogConfig() archive.Config {
	return archive.Config{
		Entrypoint:  []string{"/bin/opm"},
		Command:     []string{"serve", configs, "--cache-dir=/tmp/cache", "--cache-enforce-integrity=false"},
		User:        user,
		Environment: path(),
		Labels:      map[string]string{configsLabel: configs},
	}
}

// CatalogFiles are the files of a file-based catalog, for a layer on top of the image of opm.
func CatalogFiles(folder string) ([]archive.Entry, error) { return tree(folder, configs) }

// Bundle is the image of a bundle: its files, and its annotations as labels.
func Bundle(folder string) (archive.Config, []archive.Entry, error) {
	text, err := os.ReadFile(filepath.Join(folder, annotations))
	if err != nil {
		return archive.Config{}, nil, fmt.Errorf("failed to read the bundle's annotations: %w", err)
	}
	var metadata struct {
		Annotations map[string]string `yaml:"annotations"`
	}
	if err := yaml.Unmarshal(text, &metadata); err != nil {
		return archive.Config{}, nil, fmt.Errorf("failed to parse %s of the bundle: %w", annotations, err)
	}
	entries, err := tree(folder, "")
	return archive.Config{Labels: metadata.Annotations}, entries, err
}

// tools are busybox, its commands, and the folder that programs write to.
func tools(busybox string) ([]archive.Entry, error) {
	entry, err := program(busybox, "busybox")
	if err != nil {
		return nil, err
	}
	entries := []archive.Entry{archive.Folder("/tmp", worldWritable, 0, 0), archive.Folder("/bin", executable, 0, 0), entry}
	for _, name := range commands() {
		entries = append(entries, archive.Entry{Path: "/bin/" + name, Target: "busybox"})
	}
	return entries, nil
}

// program is the file at path as a program in the image.
func program(path, name string) (archive.Entry, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return archive.Entry{}, fmt.Errorf("failed to read the program %s: %w", name, err)
	}
	return archive.Entry{Path: "/bin/" + name, Mode: executable, Content: content}, nil
}

func path() []string { return []string{"PATH=/bin"} }

// tree is a folder with its content, in the order of the names, below prefix in the image.
func tree(folder, prefix string) ([]archive.Entry, error) {
	var entries []archive.Entry
	files := os.DirFS(folder)
	err := fs.WalkDir(files, ".", func(path string, found fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := strings.TrimSuffix(prefix+"/"+path, ".")
		switch {
		case name == "/":
			return nil
		case found.IsDir():
			entries = append(entries, archive.Folder(name, executable, 0, 0))
			return nil
		}
		content, err := fs.ReadFile(files, path)
		if err != nil {
			return err //nolint:wrapcheck // It is wrapped below.
		}
		entries = append(entries, archive.Entry{Path: name, Mode: readable, Content: content})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("failed to read the files of the image: %w", err)
	}
	return entries, nil
}
