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

package archive

import (
	"fmt"
	"io"
	"os"
	"runtime"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// Config is how an image runs.
type Config struct {
	Entrypoint, Command []string
	// Environment has entries of the form NAME=value.
	Environment []string
	// User is USER or USER:GROUP; empty is root.
	User string
	// Folder is the working directory; empty is /.
	Folder string
	Labels map[string]string
	// Ports are those that the image declares, such as 8321/tcp.
	Ports []string
}

// Image is an image for this machine's architecture of the given layers.
func Image(config Config, layers ...v1.Layer) (v1.Image, error) {
	image, err := mutate.AppendLayers(empty.Image, layers...)
	if err != nil {
		return nil, fmt.Errorf("failed to add the layers: %w", err)
	}

	file, err := image.ConfigFile()
	if err != nil {
		return nil, fmt.Errorf("failed to read the image's configuration: %w", err)
	}
	file = file.DeepCopy()
	file.Architecture, file.OS, file.Created = runtime.GOARCH, "linux", v1.Time{Time: epoch()}
	file.Config = v1.Config{
		Entrypoint: config.Entrypoint, Cmd: config.Command, Env: config.Environment, User: config.User,
		WorkingDir: config.Folder, Labels: config.Labels,
	}
	if len(config.Ports) > 0 {
		file.Config.ExposedPorts = map[string]struct{}{}
	}
	for _, port := range config.Ports {
		file.Config.ExposedPorts[port] = struct{}{}
	}

	image, err = mutate.ConfigFile(image, file)
	if err != nil {
		return nil, fmt.Errorf("failed to configure the image: %w", err)
	}
	return image, nil
}

// LayerFrom is the layer in a file that WriteTree wrote.
func LayerFrom(path string) (v1.Layer, error) {
	layer, err := tarball.LayerFromFile(path)
	if err != nil {
		return nil, fmt.Errorf("failed to read the layer %s: %w", path, err)
	}
	return layer, nil
}

// Layers are those of the one image in an archive that Write wrote.
func Layers(path string) ([]v1.Layer, error) {
	image, err := tarball.ImageFromPath(path, nil)
	if err != nil {
		return nil, fmt.Errorf("failed to read the image %s: %w", path, err)
	}
	layers, err := image.Layers()
	if err != nil {
		return nil, fmt.Errorf("failed to read the layers of %s: %w", path, err)
	}
	return layers, nil
}

// Write writes the image, tagged ref, to w as the kind of archive that "docker save" writes; "ctr images import"
// and "crane push" read it.
func Write(w io.Writer, ref string, image v1.Image) error {
	tag, err := name.NewTag(ref, name.StrictValidation)
	if err != nil {
		return fmt.Errorf("failed to parse the image name, write it as registry/repository:tag: %w", err)
	}
	if err := tarball.Write(tag, image, w); err != nil {
		return fmt.Errorf("failed to write the archive of %s: %w", ref, err)
	}
	return nil
}

// CreateFile writes the file path by means of fill. A fill that fails leaves what was there before.
func CreateFile(path string, fill func(io.Writer) error) error {
	unfinished := path + ".unfinished"
	file, err := os.Create(unfinished)
	if err != nil {
		return fmt.Errorf("failed to create: %w", err)
	}
	defer os.Remove(unfinished) //nolint:errcheck // It is gone when all went well.

	err = fill(file)
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return fmt.Errorf("failed to write %s: %w", path, err)
	}
	if err := os.Rename(unfinished, path); err != nil {
		return fmt.Errorf("failed to finish: %w", err)
	}
	return nil
}
