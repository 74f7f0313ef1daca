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

package servers

import (
	"context"
	"fmt"
	"io"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/images/internal/archive"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/images/internal/debian"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/images/internal/progress"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/images/internal/store"
)

// UnavailableError means that an image can neither be pulled nor built here. It is not an error of this program.
type UnavailableError struct {
	// Ref is the image.
	Ref string
	// Err is why it cannot be built.
	Err error
}

// Error implements error.
func (e *UnavailableError) Error() string {
	return fmt.Sprintf("failed to come by %s: no registry has it for this machine, and it cannot be built: %v", e.Ref, e.Err)
}

// Unwrap implements the interface of package errors.
func (e *UnavailableError) Unwrap() error { return e.Err }

// unavailable is err as an UnavailableError, unless the context has ended.
func unavailable(ctx context.Context, ref string, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("failed to build %s: %w", ref, context.Cause(ctx))
	}
	return &UnavailableError{Ref: ref, Err: err}
}

// Maker creates the archives of servers. Close it at the end.
type Maker struct {
	Store *store.Store
	Log   *progress.Log
	// Pull is true if registries are tried.
	Pull bool

	// work is the folder of root; both are empty until an image has to be built.
	work string
	root debian.Root
}

// baseName is the archive of the layer that the built images share.
const baseName = "debian"

// Make returns the path of the server's archive, which it pulls or builds if it does not exist.
func (m *Maker) Make(ctx context.Context, server Server) (string, error) {
	base := store.Key([]byte(debian.Recipe(debian.Python()...)))
	key, err := server.Key(base)
	if err != nil {
		return "", err
	}
	if path, found := m.Store.Find(server.Name, key); found {
		return path, m.Store.Link(server.Name, key)
	}

	if m.Pull {
		path, err := m.pull(ctx, server.Ref, server.Name, key)
		if err == nil || ctx.Err() != nil {
			return path, err
		}
		m.Log.Printf("%s cannot be pulled (%v); building it", server.Ref, err)
	}
	return m.build(ctx, server, base, key)
}

func (m *Maker) pull(ctx context.Context, ref, name, key string) (string, error) {
	if err := published(ctx, ref); err != nil {
		return "", err
	}
	return m.add("pulling "+ref, name, key, func(w io.Writer) error { return fetch(ctx, w, ref) })
}

// build makes the image of three layers: Debian, which all servers share, the Python packages, and the rest.
func (m *Maker) build(ctx context.Context, server Server, base, key string) (string, error) {
	debianLayer, err := m.prepare(ctx, base)
	if err != nil {
		return "", unavailable(ctx, server.Ref, err)
	}
	pythonLayer, err := m.install(ctx, server)
	if err != nil {
		return "", unavailable(ctx, server.Ref, err)
	}

	return m.add("archiving "+server.Ref, server.Name, key, func(w io.Writer) error {
		return server.write(w, debianLayer, pythonLayer)
	})
}

// add is the step that makes an archive of the store.
func (m *Maker) add(title, name, key string, fill func(io.Writer) error) (string, error) {
	var path string
	err := m.Log.Step(title, func(io.Writer) error {
		var err error
		path, err = m.Store.Add(name, key, fill)
		return err
	})
	return path, err
}

// prepare creates a root filesystem if there is none, and returns the path of its layer.
func (m *Maker) prepare(ctx context.Context, base string) (string, error) {
	layer, found := m.Store.Find(baseName, base)
	if m.root.Folder != "" {
		return layer, nil
	}
	if err := m.startWork(ctx); err != nil {
		return "", err
	}
	root := debian.Root{Folder: filepath.Join(m.work, "root")}

	var err error
	if found {
		err = m.Log.Step("unpacking Debian", func(out io.Writer) error { return root.Unpack(ctx, out, layer) })
	} else {
		err = m.bootstrap(ctx, root, base)
	}
	if err != nil {
		return "", err
	}
	m.root = root
	return layer, nil
}

// startWork makes the folder that images are built in, once.
func (m *Maker) startWork(ctx context.Context) error {
	if m.work != "" {
		return nil
	}
	if err := m.Log.Step("checking the tools for the build", func(out io.Writer) error { return debian.EnsureTools(ctx, out) }); err != nil {
		return err
	}
	work, err := m.Store.Work()
	m.work = work
	return err
}

// bootstrap makes a root filesystem and the layer of it.
func (m *Maker) bootstrap(ctx context.Context, root debian.Root, base string) error {
	mirror := debian.Mirror("/etc")
	err := m.Log.Step("building a Debian root with Python", func(out io.Writer) error {
		if err := root.Build(ctx, out, mirror, debian.Python()...); err != nil {
			return err
		}
		return root.Compile(ctx, out, "/usr/lib", "")
	})
	if err != nil {
		return err
	}
	_, err = m.add("archiving Debian", baseName, base, root.WriteLayer)
	return err
}

// install installs the server's Python packages and returns the path of their layer.
func (m *Maker) install(ctx context.Context, server Server) (string, error) {
	requirements, err := server.file("requirements.txt")
	if err != nil {
		return "", err
	}
	inside := "/layers/" + server.Name
	title := fmt.Sprintf("installing %s %s and the Python packages it needs", server.Package, server.Version)
	err = m.Log.Step(title, func(out io.Writer) error { return m.root.InstallPython(ctx, out, requirements, inside) })
	if err != nil {
		return "", err
	}

	layer := filepath.Join(m.work, server.Name+".layer")
	err = m.Log.Step("compressing them", func(io.Writer) error {
		return archive.CreateFile(layer, func(w io.Writer) error {
			return archive.WriteTree(w, filepath.Join(m.root.Folder, inside), func(string) bool { return false })
		})
	})
	return layer, err
}

// write writes the archive of the server's image, whose first layers are in the files that are named.
func (s Server) write(w io.Writer, layers ...string) error {
	entries, err := s.entries()
	if err != nil {
		return err
	}
	var all []v1.Layer
	for _, path := range layers {
		layer, err := archive.LayerFrom(path)
		if err != nil {
			return err
		}
		all = append(all, layer)
	}
	last, err := archive.Layer(entries...)
	if err != nil {
		return err
	}

	image, err := archive.Image(s.config, append(all, last)...)
	if err != nil {
		return err
	}
	return archive.Write(w, s.Ref, image)
}

// Close removes what was needed for building only.
func (m *Maker) Close() error {
	if m.work == "" {
		return nil
	}
	return store.Discard(m.work)
}
