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

// Package image builds images from Go programs and moves tar archives of images to where the node finds them.
package image

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/cluster/internal/config"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/cluster/internal/system"
)

const (
	// executable is the mode of the program in an image.
	executable = 0o755
	// publicFolder is the mode of the registry's folder.
	publicFolder = 0o755
	// headerTimeout bounds how long the registry waits for a request's headers.
	headerTimeout = 10 * time.Second
)

// ErrNoNames is returned for an archive whose images have no name.
var ErrNoNames = errors.New("names no image; write it with a tag, as `docker save NAME:TAG` does")

// Build packs the static program at binary into an image that has nothing else, run by the numeric user, and writes
// it as an archive called tag to path.
func Build(binary, tag, user, path string) error {
	reference, err := name.NewTag(tag)
	if err != nil {
		return fmt.Errorf("failed to parse the image name: %w", err)
	}

	layer, err := programLayer(binary)
	if err != nil {
		return err
	}

	picture, err := mutate.AppendLayers(empty.Image, layer)
	if err != nil {
		return fmt.Errorf("failed to add a program to an image: %w", err)
	}

	picture, err = configure(picture, user)
	if err != nil {
		return err
	}

	if err := tarball.WriteToFile(path, reference, picture); err != nil {
		return fmt.Errorf("failed to write the image %s: %w", tag, err)
	}

	return nil
}

// Import hands an archive, in the form of docker save or of the OCI, to the node's containerd, under the name that
// the archive gives.
func Import(ctx context.Context, node config.Node, archive string) error {
	_, err := system.Run(ctx, node.Binary("ctr"), "--address", node.ContainerdSocket(), "--namespace", "k8s.io",
		"images", "import", archive)
	if err != nil {
		return fmt.Errorf("failed to import %s: %w", archive, err)
	}

	return nil
}

// Push uploads every image of an archive in docker save's form to the registry at address (plain HTTP), under its own repository
// and tag, and returns the new names.
func Push(ctx context.Context, address, archive string) ([]string, error) {
	manifest, err := tarball.LoadManifest(func() (io.ReadCloser, error) { return os.Open(archive) })
	if err != nil {
		return nil, fmt.Errorf("failed to read %s as an archive of `docker save`: %w", archive, err)
	}

	var pushed []string

	for _, descriptor := range manifest {
		for _, tag := range descriptor.RepoTags {
			target, err := push(ctx, address, archive, tag)
			if err != nil {
				return pushed, err
			}

			pushed = append(pushed, target)
		}
	}

	if len(pushed) == 0 {
		return nil, fmt.Errorf("failed to read the image: %s %w", archive, ErrNoNames)
	}

	return pushed, nil
}

// Registry is an image registry that keeps layers in a folder and everything else in memory.
type Registry struct {
	// Address (host:port) is where it speaks plain HTTP, SecureAddress where it speaks TLS.
	Address, SecureAddress string
	// Certificate and Key are the paths of what it uses for TLS.
	Certificate, Key string
	// Folder keeps the layers.
	Folder string
}

// Serve runs the registry until ctx ends.
func (r Registry) Serve(ctx context.Context) error {
	if err := os.MkdirAll(r.Folder, publicFolder); err != nil {
		return fmt.Errorf("failed to create the registry's folder: %w", err)
	}

	handler := registry.New(registry.WithBlobHandler(registry.NewDiskBlobHandler(r.Folder)))
	plain := &http.Server{Addr: r.Address, Handler: handler, ReadHeaderTimeout: headerTimeout}
	secure := &http.Server{Addr: r.SecureAddress, Handler: handler, ReadHeaderTimeout: headerTimeout}

	ended := make(chan error)

	go func() { ended <- plain.ListenAndServe() }()
	go func() { ended <- secure.ListenAndServeTLS(r.Certificate, r.Key) }()

	stop := context.AfterFunc(ctx, func() { _ = errors.Join(plain.Close(), secure.Close()) })
	defer stop()

	first := <-ended // when one cannot serve, the other shall not, either
	_ = errors.Join(plain.Close(), secure.Close())
	second := <-ended

	for _, err := range []error{first, second} {
		if !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("failed to serve images: %w", err)
		}
	}

	return nil
}

func push(ctx context.Context, address, archive, tag string) (string, error) {
	source, err := name.NewTag(tag)
	if err != nil {
		return "", fmt.Errorf("failed to parse the image name %q in %s: %w", tag, archive, err)
	}

	target, err := name.NewTag(address+"/"+source.RepositoryStr()+":"+source.TagStr(), name.Insecure)
	if err != nil {
		return "", fmt.Errorf("failed to name the image in the node's registry: %w", err)
	}

	picture, err := tarball.ImageFromPath(archive, &source)
	if err != nil {
		return "", fmt.Errorf("failed to read the image %s from %s: %w", tag, archive, err)
	}

	if err := remote.Write(target, picture, remote.WithContext(ctx)); err != nil {
		return "", fmt.Errorf("failed to push %s: %w", target, err)
	}

	return target.String(), nil
}

func programLayer(binary string) (v1.Layer, error) {
	content, err := os.ReadFile(binary)
	if err != nil {
		return nil, fmt.Errorf("failed to read the program for an image: %w", err)
	}

	var archive bytes.Buffer

	writer := tar.NewWriter(&archive)
	header := &tar.Header{Name: "program", Mode: executable, Size: int64(len(content)), Typeflag: tar.TypeReg}

	if err := writeEntry(writer, header, content); err != nil {
		return nil, fmt.Errorf("failed to archive %s: %w", binary, err)
	}

	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(archive.Bytes())), nil
	})
	if err != nil {
		return nil, fmt.Errorf("failed to make a layer of %s: %w", binary, err)
	}

	return layer, nil
}

func writeEntry(writer *tar.Writer, header *tar.Header, content []byte) error {
	if err := writer.WriteHeader(header); err != nil {
		return fmt.Errorf("failed to write an entry's header: %w", err)
	}

	if _, err := writer.Write(content); err != nil {
		return fmt.Errorf("failed to write an entry: %w", err)
	}

	if err := writer.Close(); err != nil {
		return fmt.Errorf("failed to end an archive: %w", err)
	}

	return nil
}

func configure(picture v1.Image, user string) (v1.Image, error) {
	current, err := picture.ConfigFile()
	if err != nil {
		return nil, fmt.Errorf("failed to read the configuration of an image: %w", err)
	}

	changed := current.DeepCopy()
	changed.OS, changed.Architecture = "linux", runtime.GOARCH
	changed.Config = v1.Config{Entrypoint: []string{"/program"}, User: user}

	picture, err = mutate.ConfigFile(picture, changed)
	if err != nil {
		return nil, fmt.Errorf("failed to configure an image: %w", err)
	}

	return picture, nil
}
