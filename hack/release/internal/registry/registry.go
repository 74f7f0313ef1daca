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

// Package registry serves images for a dry run, and finds digests.
package registry

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

const (
	readable = 0o644
	// patience is how long a client may take to send the header of a request.
	patience = 10 * time.Second
)

// Serve is a registry on a free port of this machine until the context ends. It writes its address to a file once it listens.
func Serve(ctx context.Context, folder, addressFile string) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("failed to listen: %w", err)
	}
	handler := registry.New(registry.WithReferrersSupport(true), registry.WithBlobHandler(registry.NewDiskBlobHandler(folder)),
		registry.Logger(log.New(os.Stderr, "", 0)))
	server := &http.Server{Handler: handler, ReadHeaderTimeout: patience}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := os.WriteFile(addressFile, []byte(listener.Addr().String()), readable); err != nil {
		return errors.Join(fmt.Errorf("failed to write the address: %w", err), listener.Close())
	}
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("failed to serve: %w", err)
	}
	return nil
}

// at is a reference in a mirror, if there is one: the mirror has the repositories of all registries under their own paths.
func at(reference, mirror string) (name.Reference, error) {
	ref, err := name.ParseReference(reference)
	if err != nil {
		return nil, fmt.Errorf("failed to parse the reference %s: %w", reference, err)
	}
	if mirror == "" || ref.Context().RegistryStr() == mirror {
		return ref, nil
	}
	repository := mirror + "/" + ref.Context().RepositoryStr()
	separator := ":"
	if strings.HasPrefix(ref.Identifier(), "sha256:") {
		separator = "@"
	}
	mirrored, err := name.ParseReference(repository + separator + ref.Identifier())
	if err != nil {
		return nil, fmt.Errorf("failed to name the mirror of %s: %w", reference, err)
	}
	return mirrored, nil
}

// Digest is that of an image, in its registry or in a mirror of it.
func Digest(ctx context.Context, reference, mirror string, options ...remote.Option) (v1.Hash, error) {
	ref, err := at(reference, mirror)
	if err != nil {
		return v1.Hash{}, err
	}
	found, err := remote.Head(ref, append(options, remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain))...)
	if err != nil {
		return v1.Hash{}, fmt.Errorf("failed to ask for %s: %w", ref, err)
	}
	return found.Digest, nil
}

// revision is the label with the commit that an image was built from.
const revision = "org.opencontainers.image.revision"

// CanPublish fails if an image cannot be pushed with the credentials of this machine, or is there already from another commit.
func CanPublish(ctx context.Context, reference, commit string) error {
	ref, err := name.ParseReference(reference)
	if err != nil {
		return fmt.Errorf("failed to parse the reference %s: %w", reference, err)
	}
	if err := remote.CheckPushPermission(ref, authn.DefaultKeychain, remote.DefaultTransport); err != nil {
		return fmt.Errorf("failed to write to %s: %w", ref.Context(), err)
	}
	image, err := remote.Image(ref, remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain))
	var answer *transport.Error
	if errors.As(err, &answer) && answer.StatusCode == http.StatusNotFound {
		return nil
	} else if err != nil {
		return fmt.Errorf("failed to ask for %s: %w", reference, err)
	}
	config, err := image.ConfigFile()
	if err != nil {
		return fmt.Errorf("failed to read %s: %w", reference, err)
	}
	if from := config.Config.Labels[revision]; from != commit {
		return fmt.Errorf("%s was published from the commit %s, and this is %s; a release is never changed", reference, from, commit)
	}
	return nil
}

// StandIn puts an image with nothing but a label into a mirror, for an image that a dry run cannot reach.
func StandIn(ctx context.Context, reference, mirror string) error {
	ref, err := at(reference, mirror)
	if err != nil {
		return err
	}
	image, err := mutate.Config(empty.Image, v1.Config{Labels: map[string]string{"stand-in-for": reference}})
	if err != nil {
		return fmt.Errorf("failed to make a stand-in for %s: %w", reference, err)
	}
	if err := remote.Write(ref, image, remote.WithContext(ctx)); err != nil {
		return fmt.Errorf("failed to push a stand-in for %s: %w", reference, err)
	}
	return nil
}
