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
	"runtime"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/images/internal/archive"
)

const (
	// findTimeout limits how long a registry may take to answer whether it has an image. Without a registry, the build
	// starts this much later.
	findTimeout = 10 * time.Second
	// pullTimeout limits the download. The published images have gigabytes.
	pullTimeout = 15 * time.Minute
)

// published returns no error if the registry has the image.
func published(ctx context.Context, ref string) error {
	tag, err := name.NewTag(ref, name.StrictValidation)
	if err != nil {
		return fmt.Errorf("failed to parse %s: %w", ref, err)
	}
	ctx, cancel := context.WithTimeout(ctx, findTimeout)
	defer cancel()

	if _, err := remote.Head(tag, remote.WithContext(ctx)); err != nil {
		return fmt.Errorf("failed to ask its registry: %w", err)
	}
	return nil
}

// fetch downloads the image for this machine's architecture, anonymously, and writes its archive to w.
func fetch(ctx context.Context, w io.Writer, ref string) error {
	tag, err := name.NewTag(ref, name.StrictValidation)
	if err != nil {
		return fmt.Errorf("failed to parse %s: %w", ref, err)
	}
	ctx, cancel := context.WithTimeout(ctx, pullTimeout)
	defer cancel()

	image, err := remote.Image(tag, remote.WithContext(ctx), remote.WithPlatform(v1.Platform{OS: "linux", Architecture: runtime.GOARCH}))
	if err != nil {
		return fmt.Errorf("failed to download %s: %w", ref, err)
	}
	return archive.Write(w, ref, image)
}
