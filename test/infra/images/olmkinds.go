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
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/images/internal/archive"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/images/internal/olm"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/images/internal/store"
)

// olmRecipe must be raised when one of these images gets other content from the same files.
const olmRecipe = "1"

// fileImage is an image of files, with its configuration.
type fileImage struct {
	// name is that of the archive, ref that of the image.
	name, ref string
	// base is the path of an archive whose layers come first; empty is none.
	base    string
	config  archive.Config
	entries []archive.Entry
}

// olmImage is the image of the Operator Lifecycle Manager.
func olmImage(set *flag.FlagSet) func(context.Context, job) error {
	ref := set.String("ref", "", "name of the image, such as quay.io/operator-framework/olm:v0.40.0")
	folder := set.String("programs", "", "folder with OLM's static programs (hack/olm-tools.sh)")
	busybox := set.String("busybox", "", "a static busybox (hack/busybox.sh)")

	return func(_ context.Context, j job) error {
		programs, err := filepath.Glob(filepath.Join(*folder, "*"))
		if err != nil {
			return fmt.Errorf("failed to find programs: %w", err)
		}
		config, entries, err := olm.Image(programs, *busybox)
		if err != nil {
			return err
		}
		return fileImage{name: "olm", ref: *ref, config: config, entries: entries}.make(j)
	}
}

// opmImage is the image of opm, which serves catalogs and unpacks bundles.
func opmImage(set *flag.FlagSet) func(context.Context, job) error {
	ref := set.String("ref", "", "name of the image, such as quay.io/operator-framework/opm:v1.65.0")
	opm := set.String("opm", "", "the static program opm (hack/tool.sh opm)")
	probe := set.String("health-probe", "", "the static program grpc_health_probe (hack/tool.sh grpc-health-probe)")
	busybox := set.String("busybox", "", "a static busybox (hack/busybox.sh)")

	return func(_ context.Context, j job) error {
		config, entries, err := olm.OPMImage(*opm, *probe, *busybox)
		if err != nil {
			return err
		}
		return fileImage{name: "opm", ref: *ref, config: config, entries: entries}.make(j)
	}
}

// catalogImage is the image of a catalog: that of opm, and the catalog's files.
func catalogImage(set *flag.FlagSet) func(context.Context, job) error {
	image := fileImage{config: olm.CatalogConfig()}
	set.StringVar(&image.name, "name", "catalog", "name of the archive")
	set.StringVar(&image.ref, "ref", "", "name of the image")
	set.StringVar(&image.base, "base", "bin/images/opm.tar", "archive of the image of opm")
	from := set.String("from", "catalog", "folder of a file-based catalog")

	return func(_ context.Context, j job) error {
		var err error
		if image.entries, err = olm.CatalogFiles(*from); err != nil {
			return err
		}
		return image.make(j)
	}
}

// bundleImage is the image of a bundle, one layer with its files.
func bundleImage(set *flag.FlagSet) func(context.Context, job) error {
	image := fileImage{}
	set.StringVar(&image.name, "name", "bundle", "name of the archive")
	set.StringVar(&image.ref, "ref", "", "name of the image")
	from := set.String("from", "bundle", "folder of a bundle, with manifests/ and metadata/ in it")

	return func(_ context.Context, j job) error {
		var err error
		if image.config, image.entries, err = olm.Bundle(*from); err != nil {
			return err
		}
		return image.make(j)
	}
}

func (f fileImage) make(j job) error {
	if f.ref == "" {
		return usageError{errors.New("set --ref to the name of the image")}
	}
	key, err := f.key()
	if err != nil {
		return err
	}
	path, found := j.store.Find(f.name, key)
	if found {
		return errors.Join(j.store.Link(f.name, key), j.report(f.ref, path))
	}
	err = j.log.Step("making the image "+f.ref, func(io.Writer) error {
		_, err := j.store.Add(f.name, key, f.write)
		return err
	})
	if err != nil {
		return err
	}
	return j.report(f.ref, path)
}

// key names what the image is made from. The name of the base archive identifies its content.
func (f fileImage) key() (string, error) {
	base := ""
	if f.base != "" {
		resolved, err := filepath.EvalSymlinks(f.base)
		if err != nil {
			return "", fmt.Errorf("failed to find the image to build on: %w", err)
		}
		base = filepath.Base(resolved)
	}
	parts := [][]byte{[]byte(olmRecipe), fmt.Appendf(nil, "%+v", f.config), []byte(f.ref), []byte(base)}
	for _, entry := range f.entries {
		parts = append(parts, fmt.Appendf(nil, "%s %o %s", entry.Path, entry.Mode, entry.Target), entry.Content)
	}
	return store.Key(parts...), nil
}

func (f fileImage) write(w io.Writer) error {
	var layers []v1.Layer
	if f.base != "" {
		var err error
		if layers, err = archive.Layers(f.base); err != nil {
			return err
		}
	}
	layer, err := archive.Layer(f.entries...)
	if err != nil {
		return err
	}
	image, err := archive.Image(f.config, append(layers, layer)...)
	if err != nil {
		return err
	}
	return archive.Write(w, f.ref, image)
}
