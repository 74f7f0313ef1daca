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
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/test/infra/images/internal/archive"
)

// searchPath is the PATH in images that run a program by its name.
const searchPath = "PATH=/usr/local/bin:/usr/bin:/bin"

// scorecardTests is the image of the project's own scorecard tests: their binary, and the catalog that one of them
// checks.
func scorecardTests(set *flag.FlagSet) func(context.Context, job) error {
	image := binaryImage{
		name: "scorecard", inside: "/scorecard-tests",
		config: archive.Config{Entrypoint: []string{"/scorecard-tests"}, User: "65532:65532", Folder: "/"},
	}
	set.StringVar(&image.binary, "binary", "bin/scorecard-tests", "the static binary of test/scorecard")
	set.StringVar(&image.license, "license", "LICENSE", "the licence to put into /licenses")
	set.StringVar(&image.ref, "ref", "", "name of the image")
	catalog := set.String("catalog", "catalog", "the catalog to put into /catalog")

	return func(ctx context.Context, j job) error {
		var err error
		if image.more, err = tree(*catalog, "/catalog"); err != nil {
			return err
		}
		return image.make(ctx, j)
	}
}

// scorecardDefaults is the image of operator-sdk's own tests, whose entrypoint scorecard's configuration runs from the
// PATH.
func scorecardDefaults(set *flag.FlagSet) func(context.Context, job) error {
	image := binaryImage{
		name: "scorecard-test", inside: "/usr/local/bin/scorecard-test",
		config: archive.Config{Entrypoint: []string{"/usr/local/bin/scorecard-test"}, User: "1001", Folder: "/", Environment: []string{searchPath}},
	}
	set.StringVar(&image.binary, "binary", "", "operator-sdk's static program scorecard-test (hack/scorecard-test.sh)")
	set.StringVar(&image.license, "license", "LICENSE", "the licence to put into /licenses, the same for both projects")
	set.StringVar(&image.ref, "ref", "", "name of the image, such as quay.io/operator-framework/scorecard-test:v1.42.3")

	return image.make
}

// scorecardUntar is the image with which scorecard unpacks the bundle in a test's Pod: it runs tar.
func scorecardUntar(set *flag.FlagSet) func(context.Context, job) error {
	image := binaryImage{
		name: "scorecard-untar", inside: "/bin/busybox", more: []archive.Entry{{Path: "/bin/tar", Target: "/bin/busybox", Mode: executable}},
		config: archive.Config{User: "1001", Folder: "/", Environment: []string{searchPath}},
	}
	set.StringVar(&image.binary, "busybox", "", "a static busybox (hack/busybox.sh)")
	set.StringVar(&image.license, "license", "LICENSE", "the licence to put into /licenses")
	set.StringVar(&image.ref, "ref", "localhost/scorecard-untar:dev", "name of the image")

	return image.make
}

// tree are the files below a folder, with their paths below another one in an image.
func tree(folder, inside string) ([]archive.Entry, error) {
	entries := []archive.Entry{archive.Folder(inside, executable, 0, 0)}
	err := fs.WalkDir(os.DirFS(folder), ".", func(name string, found fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name == "." || strings.HasPrefix(found.Name(), "."):
			return nil
		case found.IsDir():
			entries = append(entries, archive.Folder(path.Join(inside, name), executable, 0, 0))
			return nil
		}
		content, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			return fmt.Errorf("failed to read it: %w", err)
		}
		entries = append(entries, archive.Entry{Path: path.Join(inside, name), Mode: readable, Content: content})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("failed to read the files of the image: %w", err)
	}
	return entries, nil
}
