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

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/test/infra/images/internal/archive"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/images/internal/servers"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/images/internal/store"
)

const (
	// binaryRecipe must be raised when an image gets other content from the same binary.
	binaryRecipe = "1"

	executable = 0o755
	readable   = 0o644
)

// operator is the operator's image: nothing but its static binary and its licence.
func operator(set *flag.FlagSet) func(context.Context, job) error {
	image := binaryImage{
		inside: "/manager", config: archive.Config{
			Entrypoint: []string{"/manager"}, User: "65532:65532", Folder: "/",
		},
	}
	set.StringVar(&image.name, "name", "operator", "name of the archive")
	set.StringVar(&image.binary, "binary", "bin/manager", "the operator's static binary")
	set.StringVar(&image.license, "license", "LICENSE", "the licence to put into /licenses")
	set.StringVar(&image.ref, "ref", "", "name of the image, such as quay.io/llamastack/llama-stack-k8s-operator:v1.0.0")

	return func(ctx context.Context, j job) error {
		image.config.Labels = operatorLabels(image.ref)
		return image.make(ctx, j)
	}
}

// operatorLabels are those of the Dockerfile, which OpenShift's preflight asks for. The version is the image's tag.
func operatorLabels(ref string) map[string]string {
	const name, summary = "llama-stack-k8s-operator", "Runs Llama Stack servers on Kubernetes"
	version := strings.TrimPrefix(ref[strings.LastIndexAny(ref, ":/")+1:], "v")
	return map[string]string{
		"name": name, "vendor": "Llama Stack", "maintainer": "The llama-stack-k8s-operator Authors",
		"version": version, "release": "1", "summary": summary,
		"description":                       "The operator of LlamaStackDistributions: it runs the Llama Stack servers that they declare.",
		"org.opencontainers.image.title":    name,
		"org.opencontainers.image.version":  version,
		"org.opencontainers.image.licenses": "Apache-2.0",
		"org.opencontainers.image.source":   "https://github.com/llamastack/llama-stack-k8s-operator",
	}
}

// standIn is the image of the stand-ins. Without arguments it is the server, as a real image would be. It is the shell of the
// image, too: the operator starts a server with a configuration by a script.
func standIn(set *flag.FlagSet) func(context.Context, job) error {
	image := binaryImage{
		inside: "/stand-in", config: archive.Config{
			Entrypoint: []string{"/stand-in"}, User: "1001:0", Folder: "/", Environment: []string{"HOME=/"},
			Ports: []string{"8321/tcp"},
		},
		more: []archive.Entry{archive.Folder("/bin", executable, 0, 0), {Path: "/bin/sh", Target: "/stand-in", Mode: executable}},
	}
	set.StringVar(&image.name, "name", "stand-in", "name of the archive")
	set.StringVar(&image.binary, "binary", "bin/stand-in", "the static binary of test/infra/standin")
	set.StringVar(&image.license, "license", "LICENSE", "the licence to put into /licenses")
	set.StringVar(&image.ref, "ref", "localhost/llama-stack-stand-in:dev", "name of the image")

	return image.make
}

// binaryImage is an image of one static binary.
type binaryImage struct {
	name, ref, binary, license string
	// inside is where the binary is in the image.
	inside string
	// more are entries beside the binary.
	more   []archive.Entry
	config archive.Config
}

func (b *binaryImage) make(_ context.Context, j job) error {
	if b.ref == "" {
		return usageError{errors.New("set --ref to the name of the image")}
	}
	binary, err := os.ReadFile(b.binary)
	if err != nil {
		return fmt.Errorf("failed to read the binary: %w", err)
	}
	license, err := os.ReadFile(b.license)
	if err != nil {
		return fmt.Errorf("failed to read the licence: %w", err)
	}

	parts := [][]byte{[]byte(binaryRecipe), fmt.Appendf(nil, "%+v", b.config), []byte(b.ref), binary, license}
	for _, entry := range b.more {
		parts = append(parts, fmt.Appendf(nil, "%s %o %s", entry.Path, entry.Mode, entry.Target), entry.Content)
	}
	key := store.Key(parts...)
	path, found := j.store.Find(b.name, key)
	if found {
		return errors.Join(j.store.Link(b.name, key), j.report(b.ref, path))
	}
	err = j.log.Step("making the image "+b.ref, func(io.Writer) error {
		_, err := j.store.Add(b.name, key, func(w io.Writer) error { return b.write(w, binary, license) })
		return err
	})
	if err != nil {
		return err
	}
	return j.report(b.ref, path)
}

func (b *binaryImage) write(w io.Writer, binary, license []byte) error {
	layer, err := archive.Layer(append([]archive.Entry{
		archive.Folder("/licenses", executable, 0, 0),
		{Path: "/licenses/" + filepath.Base(b.license), Mode: readable, Content: license},
		{Path: b.inside, Mode: executable, Content: binary},
	}, b.more...)...)
	if err != nil {
		return err
	}
	image, err := archive.Image(b.config, layer)
	if err != nil {
		return err
	}
	return archive.Write(w, b.ref, image)
}

// database is the image of the database that real servers keep their data in.
func database(set *flag.FlagSet) func(context.Context, job) error {
	pull := set.Bool("pull", true, "try registries before building")

	return func(ctx context.Context, j job) (err error) {
		maker := &servers.Maker{Store: j.store, Log: j.log, Pull: *pull}
		defer func() { err = errors.Join(err, maker.Close()) }()

		path, err := maker.MakeDatabase(ctx, servers.Postgres())
		if err != nil {
			return err
		}
		return j.report(servers.Postgres().Ref, path)
	}
}

// realServers are the images of real servers.
func realServers(set *flag.FlagSet) func(context.Context, job) error {
	only := set.String("only", "", "some of the servers, separated by commas: "+strings.Join(serverNames(), ", "))
	pull := set.Bool("pull", true, "try registries before building")

	return func(ctx context.Context, j job) (err error) {
		wanted := serverNames()
		if *only != "" {
			wanted = strings.Split(*only, ",")
		}
		for _, name := range wanted {
			if !slices.Contains(serverNames(), name) {
				return usageError{fmt.Errorf("unknown server %q: write %s", name, strings.Join(serverNames(), " or "))}
			}
		}

		maker := &servers.Maker{Store: j.store, Log: j.log, Pull: *pull}
		defer func() { err = errors.Join(err, maker.Close()) }()

		for _, server := range servers.All() {
			if !slices.Contains(wanted, server.Name) {
				continue
			}
			path, err := maker.Make(ctx, server)
			if err != nil {
				return err
			}
			if err := j.report(server.Ref, path); err != nil {
				return err
			}
		}
		return nil
	}
}

func serverNames() []string {
	all := servers.All()
	names := make([]string, len(all))
	for i, server := range all {
		names[i] = server.Name
	}
	return names
}
