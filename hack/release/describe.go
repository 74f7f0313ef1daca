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
	"strconv"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/llamastack/llama-stack-k8s-operator/hack/release/internal/archive"
	"github.com/llamastack/llama-stack-k8s-operator/hack/release/internal/contents"
	"github.com/llamastack/llama-stack-k8s-operator/hack/release/internal/provenance"
	"github.com/llamastack/llama-stack-k8s-operator/hack/release/internal/sbom"
	"github.com/llamastack/llama-stack-k8s-operator/hack/release/internal/vex"
	"google.golang.org/protobuf/encoding/protojson"
)

const (
	license = "Apache-2.0"
	base    = 10
	bits    = 64
)

// commitTime is that of SOURCE_DATE_EPOCH: the same commit has the same descriptions.
func commitTime() (time.Time, error) {
	seconds, err := strconv.ParseInt(os.Getenv("SOURCE_DATE_EPOCH"), base, bits)
	if err != nil {
		return time.Time{}, fmt.Errorf("failed to read SOURCE_DATE_EPOCH: %w", err)
	}
	return time.Unix(seconds, 0).UTC(), nil
}

// create writes a file.
func create(file string, write func(io.Writer) error) (err error) {
	out, err := os.Create(file)
	if err != nil {
		return fmt.Errorf("failed to create the file: %w", err)
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	return write(out)
}

func pack(set *flag.FlagSet) action {
	out := set.String("out", "", "the archive, .tar.gz or .zip")
	return func(_ context.Context, files []string, _ io.Writer) error {
		modified, err := commitTime()
		if err != nil {
			return err
		}
		return archive.Write(*out, modified, files)
	}
}

func describeImage(set *flag.FlagSet) action {
	version := set.String("version", "", "the version of the release, without the v")
	out := set.String("out", "", "where the SBOM goes")
	return func(ctx context.Context, images []string, _ io.Writer) error {
		if len(images) != 1 {
			return fmt.Errorf("name one image, not %d", len(images))
		}
		created, err := commitTime()
		if err != nil {
			return err
		}
		image, err := contents.Read(images[0], remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain))
		if err != nil {
			return err
		}
		return create(*out, func(w io.Writer) error {
			return sbom.Write(w, image, sbom.Options{Version: *version, Created: created, License: license})
		})
	}
}

func describeArchive(set *flag.FlagSet) action {
	version := set.String("version", "", "the version of the release, without the v")
	return func(_ context.Context, files []string, _ io.Writer) error {
		created, err := commitTime()
		if err != nil {
			return err
		}
		for _, file := range files {
			archive, err := contents.ReadArchive(file)
			if err != nil {
				return err
			}
			if err := create(file+".spdx.json", func(w io.Writer) error {
				return sbom.WriteArchive(w, archive, sbom.Options{Version: *version, Created: created, License: license})
			}); err != nil {
				return err
			}
		}
		return nil
	}
}

func describeVulnerabilities(set *flag.FlagSet) action {
	version := set.String("version", "", "the version of the release, without the v")
	file := set.String("file", "", "the statements")
	out := set.String("out", "", "where the document goes")
	return func(_ context.Context, images []string, _ io.Writer) error {
		issued, err := commitTime()
		if err != nil {
			return err
		}
		id := "https://github.com/llamastack/llama-stack-k8s-operator/releases/download/v" + *version + "/vex.json"
		return create(*out, func(w io.Writer) error { return vex.Write(w, *file, id, issued, images) })
	}
}

// repeated is a flag that can be given several times.
type repeated []string

func (r *repeated) String() string { return strings.Join(*r, ",") }

func (r *repeated) Set(value string) error {
	*r = append(*r, value)
	return nil
}

func describeBuild(set *flag.FlagSet) action {
	build := &provenance.Build{Environment: os.Getenv}
	set.StringVar(&build.Commit, "commit", "", "what was built")
	set.StringVar(&build.Ref, "ref", "", "its tag, such as refs/tags/v1.1.0")
	set.StringVar(&build.Workflow, "workflow", ".github/workflows/release.yaml", "the workflow that builds")
	set.StringVar(&build.Go, "go", "", "the version of the compiler")
	set.Var((*repeated)(&build.Bases), "base", "an image that a Dockerfile starts from")
	out := set.String("out", "", "where the predicate goes")
	return func(context.Context, []string, io.Writer) error {
		build.Started = time.Now().UTC().Truncate(time.Second)
		predicate, err := provenance.Predicate(build)
		if err != nil {
			return err
		}
		text, err := protojson.Marshal(predicate)
		if err != nil {
			return fmt.Errorf("failed to write the predicate: %w", err)
		}
		return create(*out, func(w io.Writer) error {
			_, err := w.Write(text)
			return err //nolint:wrapcheck // create says which file.
		})
	}
}
