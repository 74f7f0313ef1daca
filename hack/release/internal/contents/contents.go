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

// Package contents reads what is in an image of a registry: its platforms, their files, and the modules that Go programs among them
// were built from.
package contents

import (
	"archive/tar"
	"bytes"
	"crypto/sha1" //nolint:gosec // SPDX 2.3 requires it beside SHA-256.
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// Image is an image, or a list of images with one for each platform.
type Image struct {
	// Repository is its name without tag and digest, and Digest that of the image or of the list.
	Repository, Digest string
	Platforms          []Platform
}

// Platform is the image of one platform.
type Platform struct {
	// Name is such as linux/amd64.
	Name, Digest string
	Files        []File
}

// File is a regular file.
type File struct {
	// Path is absolute.
	Path         string
	SHA1, SHA256 string
	// Go is what a Go program was built from; nil for all other files.
	Go *buildinfo.BuildInfo
}

// Read reads the image that a reference names.
func Read(reference string, options ...remote.Option) (*Image, error) {
	ref, err := name.ParseReference(reference)
	if err != nil {
		return nil, fmt.Errorf("failed to parse the reference %s: %w", reference, err)
	}
	found, err := remote.Get(ref, options...)
	if err != nil {
		return nil, fmt.Errorf("failed to read %s: %w", reference, err)
	}
	image := &Image{Repository: ref.Context().Name(), Digest: found.Digest.String()}
	images, err := members(found)
	if err != nil {
		return nil, fmt.Errorf("failed to read the images of %s: %w", reference, err)
	}
	for _, member := range images {
		platform, err := readPlatform(member)
		if err != nil {
			return nil, fmt.Errorf("failed to read %s: %w", reference, err)
		}
		image.Platforms = append(image.Platforms, *platform)
	}
	return image, nil
}

// members are the images of a list, in its order, or the one image that is no list.
func members(found *remote.Descriptor) ([]v1.Image, error) {
	if !found.MediaType.IsIndex() {
		image, err := found.Image()
		if err != nil {
			return nil, fmt.Errorf("failed to read the image: %w", err)
		}
		return []v1.Image{image}, nil
	}
	index, err := found.ImageIndex()
	if err != nil {
		return nil, fmt.Errorf("failed to read the list: %w", err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, fmt.Errorf("failed to read the list: %w", err)
	}
	images := make([]v1.Image, 0, len(manifest.Manifests))
	for _, entry := range manifest.Manifests {
		image, err := index.Image(entry.Digest)
		if err != nil {
			return nil, fmt.Errorf("failed to read the image %s: %w", entry.Digest, err)
		}
		images = append(images, image)
	}
	return images, nil
}

func readPlatform(image v1.Image) (*Platform, error) {
	digest, err := image.Digest()
	if err != nil {
		return nil, fmt.Errorf("failed to read the digest of an image: %w", err)
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, fmt.Errorf("failed to read the configuration of %s: %w", digest, err)
	}
	files, err := readFiles(image)
	if err != nil {
		return nil, fmt.Errorf("failed to read the files of %s: %w", digest, err)
	}
	return &Platform{Name: config.OS + "/" + config.Architecture, Digest: digest.String(), Files: files}, nil
}

// readFiles reads the files that a container of the image sees.
func readFiles(image v1.Image) ([]File, error) {
	content := mutate.Extract(image)
	files, err := fromArchive(content)
	return files, errors.Join(err, content.Close())
}

func fromArchive(content io.Reader) ([]File, error) {
	var files []File
	archive := tar.NewReader(content)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		} else if err != nil {
			return nil, fmt.Errorf("failed to read an entry: %w", err)
		}
		if header.Typeflag != tar.TypeReg {
			continue
		}
		data, err := io.ReadAll(archive)
		if err != nil {
			return nil, fmt.Errorf("failed to read %s: %w", header.Name, err)
		}
		files = append(files, New(path.Clean("/"+header.Name), data))
	}
}

// New describes a file of the given content.
func New(name string, data []byte) File {
	short, long := sha1.Sum(data), sha256.Sum256(data) //nolint:gosec // SPDX 2.3 requires it beside SHA-256.
	file := File{Path: name, SHA1: hex.EncodeToString(short[:]), SHA256: hex.EncodeToString(long[:])}
	if info, err := buildinfo.Read(bytes.NewReader(data)); err == nil {
		file.Go = info
	}
	return file
}
