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
	"io/fs"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/images/internal/archive"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/images/internal/debian"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/images/internal/store"
)

const (
	// databaseName is that of the archive.
	databaseName = "database"
	// databaseRecipe must be raised when the image gets other content from the same files.
	databaseRecipe = "1"
	// databaseUser is the user id of PostgreSQL, which is that of the published image.
	databaseUser = "999"
)

// Database is an image of PostgreSQL with the type for vectors, which servers keep their data in.
type Database struct {
	// Ref is the name of the published image.
	Ref string
}

// Postgres is the database that the operator is tested with.
func Postgres() Database { return Database{Ref: "docker.io/pgvector/pgvector:pg17"} }

// packages are those of Debian.
func (Database) packages() []string { return []string{"postgresql-17", "postgresql-17-pgvector"} }

// config is that of the published image, as far as tests use it.
func (Database) config() archive.Config {
	return archive.Config{
		Entrypoint: []string{"/usr/local/bin/docker-entrypoint.sh"}, Command: []string{"postgres"}, User: databaseUser, Folder: "/",
		Environment: []string{
			"PATH=/usr/lib/postgresql/17/bin:/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8", "PGDATA=/var/lib/postgresql/data",
		},
		Ports:  []string{"5432/tcp"},
		Labels: map[string]string{"org.opencontainers.image.description": "Made for tests from Debian's packages of PostgreSQL and pgvector"},
	}
}

// MakeDatabase returns the path of the database's archive, which it pulls or builds if it does not exist.
func (m *Maker) MakeDatabase(ctx context.Context, database Database) (string, error) {
	entrypoint, err := fs.ReadFile(files, "files/database/entrypoint.sh")
	if err != nil {
		return "", fmt.Errorf("failed to read what is built in: %w", err)
	}
	recipe := fmt.Appendf(nil, "%s %s %+v", databaseRecipe, debian.Recipe(database.packages()...), database.config())
	key := store.Key(recipe, []byte(database.Ref), entrypoint)
	if path, found := m.Store.Find(databaseName, key); found {
		return path, m.Store.Link(databaseName, key)
	}
	if m.Pull {
		path, err := m.pull(ctx, database.Ref, databaseName, key)
		if err == nil || ctx.Err() != nil {
			return path, err
		}
		m.Log.Printf("%s cannot be pulled (%v); building it", database.Ref, err)
	}

	layer, err := m.installDatabase(ctx, database)
	if err != nil {
		return "", unavailable(ctx, database.Ref, err)
	}
	return m.add("archiving "+database.Ref, databaseName, key, func(w io.Writer) error { return database.write(w, layer, entrypoint) })
}

// installDatabase makes a root filesystem with the database, and returns the path of its layer.
func (m *Maker) installDatabase(ctx context.Context, database Database) (string, error) {
	if err := m.startWork(ctx); err != nil {
		return "", err
	}
	root := debian.Root{Folder: filepath.Join(m.work, databaseName)}
	mirror := debian.Mirror("/etc")
	err := m.Log.Step("building a Debian root with PostgreSQL", func(out io.Writer) error {
		if err := root.Build(ctx, out, mirror, database.packages()...); err != nil {
			return err
		}
		return root.Run(ctx, out, nil, "/usr/sbin/usermod", "--non-unique", "--uid", databaseUser, "postgres")
	})
	if err != nil {
		return "", err
	}
	layer := filepath.Join(m.work, databaseName+".layer")
	return layer, m.Log.Step("compressing it", func(io.Writer) error { return archive.CreateFile(layer, root.WriteLayer) })
}

// write writes the archive of the image.
func (d Database) write(w io.Writer, layer string, entrypoint []byte) error {
	debianLayer, err := archive.LayerFrom(layer)
	if err != nil {
		return err
	}
	last, err := archive.Layer(archive.Entry{Path: d.config().Entrypoint[0], Mode: executable, Content: entrypoint})
	if err != nil {
		return err
	}
	image, err := archive.Image(d.config(), []v1.Layer{debianLayer, last}...)
	if err != nil {
		return err
	}
	return archive.Write(w, d.Ref, image)
}
