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

// Package servers has the images of real Llama Stack servers, at least one of each era, and of their database. It gets them
// from a registry, or builds them as the published ones are, from Python packages and Debian's.
package servers

import (
	"embed"
	"fmt"
	"io/fs"
	"path"

	"github.com/llamastack/llama-stack-k8s-operator/test/infra/images/internal/archive"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/images/internal/store"
)

// files are, by server: the pinned Python packages, the entrypoint and the bundled configuration. The database has an
// entrypoint only.
//
//go:embed files
var files embed.FS

const (
	packages = "/usr/local/lib/python3.13/dist-packages"
	// recipe must be raised when an image gets other content from the same files.
	recipe = "1"
	// later is the name of Llama Stack from 0.8 on: the package, its module and the archive of its newest release.
	later = "ogx"

	executable = 0o755
	readable   = 0o644
	// shared is for folders that any user id in the group root may write to.
	shared = 0o775
)

// Server is an image of a real server.
type Server struct {
	// Name is that of the folder of its files and of its archive.
	Name string
	// Package is the name of the Python package.
	Package string
	// Version is the package's.
	Version string
	// Ref is the name of the published image.
	Ref string

	config archive.Config
	// module is the folder of the package below packages.
	module string
	// data is the folder of the server's data when its home is /.
	data string
}

// All are the servers that the operator is tested with: the last that was called Llama Stack, in an image that runs as
// root, and two that are called OGX, in images that do not: the newest, and the last of the minor releases before 1.4.
func All() []Server {
	return []Server{
		{
			Name: "llama-stack", Package: "llama-stack", Version: "0.7.3", Ref: "docker.io/llamastack/distribution-starter:0.7.3",
			module: "llama_stack", data: "/.llama",
			config: config("/usr/local/bin/llama-stack-entrypoint.sh", ""),
		},
		{
			Name: later, Package: later, Version: "1.5.0", Ref: "docker.io/ogxai/distribution-starter:1.5.0",
			module: later, data: "/.ogx",
			config: config("/usr/local/bin/ogx-entrypoint.sh", "1001:0", "HOME=/"),
		},
		{
			Name: "ogx-1.3", Package: later, Version: "1.3.1", Ref: "docker.io/ogxai/distribution-starter:1.3.1",
			module: later, data: "/.ogx",
			config: config("/usr/local/bin/ogx-entrypoint.sh", "1001:0", "HOME=/"),
		},
	}
}

func config(entrypoint, user string, environment ...string) archive.Config {
	return archive.Config{
		Entrypoint: []string{entrypoint}, User: user, Folder: "/app",
		Environment: append([]string{
			"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8",
			"PYTHONDONTWRITEBYTECODE=1", "DISTRO_NAME=starter", "RUN_CONFIG_PATH=",
		}, environment...),
		Labels: map[string]string{
			"org.opencontainers.image.description": "Made for tests from the Python packages of the server: the distribution starter, " +
				"reduced to what needs no machine-learning packages",
		},
	}
}

// Key names everything that decides the content of the image, including the given base.
func (s Server) Key(base string) (string, error) {
	parts := [][]byte{[]byte(recipe), []byte(base), fmt.Appendf(nil, "%+v", s)}
	for _, name := range []string{"requirements.txt", "entrypoint.sh", "config.yaml"} {
		content, err := s.file(name)
		if err != nil {
			return "", err
		}
		parts = append(parts, content)
	}
	return s.Version + "-" + store.Key(parts...), nil
}

// entries are the files that the image has besides Debian and the Python packages.
func (s Server) entries() ([]archive.Entry, error) {
	entrypoint, err := s.file("entrypoint.sh")
	if err != nil {
		return nil, err
	}
	configuration, err := s.file("config.yaml")
	if err != nil {
		return nil, err
	}
	return []archive.Entry{
		archive.Folder("/app", shared, 0, 0),
		archive.Folder(s.data, shared, 0, 0),
		archive.Folder("/.cache", shared, 0, 0),
		{Path: "/usr/local/bin/python", Target: "/usr/bin/python3", Mode: executable},
		{Path: s.config.Entrypoint[0], Mode: executable, Content: entrypoint},
		{Path: path.Join(packages, s.module, "distributions/starter/config.yaml"), Mode: readable, Content: configuration},
	}, nil
}

func (s Server) file(name string) ([]byte, error) {
	content, err := fs.ReadFile(files, path.Join("files", s.Name, name))
	if err != nil {
		return nil, fmt.Errorf("failed to read what is built in: %w", err)
	}
	return content, nil
}
