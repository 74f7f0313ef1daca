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
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/llamastack/llama-stack-k8s-operator/hack/release/internal/provenance"
	"github.com/llamastack/llama-stack-k8s-operator/hack/release/internal/registry"
	"github.com/llamastack/llama-stack-k8s-operator/hack/release/internal/signing"
	"google.golang.org/protobuf/types/known/structpb"
)

// signer adds the flag of the key.
func signer(set *flag.FlagSet) func(context.Context) (*signing.Signer, error) {
	key := set.String("key", "", "a private key; without it, the identity of the workflow that this runs in")
	return func(ctx context.Context) (*signing.Signer, error) {
		if *key != "" {
			return signing.WithKey(*key)
		}
		return signing.WithIdentity(ctx)
	}
}

// predicate adds the flags of what is said.
func predicate(set *flag.FlagSet) func() (string, *structpb.Struct, error) {
	kind := set.String("type", "", "the type of the predicate, a URI")
	file := set.String("predicate", "", "the file of the predicate, JSON")
	return func() (string, *structpb.Struct, error) {
		text, err := os.ReadFile(*file)
		if err != nil {
			return "", nil, fmt.Errorf("failed to read the predicate: %w", err)
		}
		parsed, err := provenance.Parse(text)
		return *kind, parsed, err
	}
}

func signImages(set *flag.FlagSet) action {
	open := signer(set)
	return func(ctx context.Context, images []string, _ io.Writer) error {
		s, err := open(ctx)
		if err != nil {
			return err
		}
		for _, image := range images {
			if err := s.Image(ctx, image); err != nil {
				return err
			}
		}
		return nil
	}
}

func attest(set *flag.FlagSet) action {
	open, read := signer(set), predicate(set)
	return func(ctx context.Context, images []string, _ io.Writer) error {
		kind, parsed, err := read()
		if err != nil {
			return err
		}
		s, err := open(ctx)
		if err != nil {
			return err
		}
		for _, image := range images {
			if err := s.Attest(ctx, image, kind, parsed); err != nil {
				return err
			}
		}
		return nil
	}
}

func signFile(set *flag.FlagSet) action {
	open := signer(set)
	out := set.String("bundle", "", "where the signature goes")
	return func(ctx context.Context, files []string, _ io.Writer) error {
		if len(files) != 1 {
			return fmt.Errorf("name one file, not %d", len(files))
		}
		s, err := open(ctx)
		if err != nil {
			return err
		}
		return s.File(ctx, files[0], *out)
	}
}

func attestFiles(set *flag.FlagSet) action {
	open, read := signer(set), predicate(set)
	out := set.String("bundle", "", "where the attestation goes")
	return func(ctx context.Context, files []string, _ io.Writer) error {
		kind, parsed, err := read()
		if err != nil {
			return err
		}
		sums := map[string]string{}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				return fmt.Errorf("failed to read what to attest: %w", err)
			}
			sum := sha256.Sum256(data)
			sums[filepath.Base(file)] = "sha256:" + hex.EncodeToString(sum[:])
		}
		s, err := open(ctx)
		if err != nil {
			return err
		}
		return s.AttestFiles(ctx, sums, kind, parsed, *out)
	}
}

func newKey(set *flag.FlagSet) action {
	private := set.String("out", "cosign.key", "where the private key goes")
	public := set.String("public", "cosign.pub", "where the public key goes")
	return func(context.Context, []string, io.Writer) error { return signing.NewKey(*private, *public) }
}

func serve(set *flag.FlagSet) action {
	folder := set.String("folder", "", "where the layers go")
	address := set.String("address", "", "the file that gets the address")
	return func(ctx context.Context, _ []string, _ io.Writer) error {
		return registry.Serve(ctx, *folder, *address)
	}
}

func digests(set *flag.FlagSet) action {
	mirror := set.String("mirror", "", "a registry that has the images of all registries")
	return func(ctx context.Context, images []string, result io.Writer) error {
		for _, image := range images {
			digest, err := registry.Digest(ctx, image, *mirror)
			if err != nil {
				return fmt.Errorf("failed to find the digest of %s: %w", image, err)
			}
			if _, err := fmt.Fprintln(result, image, digest); err != nil {
				return fmt.Errorf("failed to print the digest: %w", err)
			}
		}
		return nil
	}
}

func canPublish(set *flag.FlagSet) action {
	commit := set.String("commit", "", "what the images are built from")
	return func(ctx context.Context, images []string, _ io.Writer) error {
		for _, image := range images {
			if err := registry.CanPublish(ctx, image, *commit); err != nil {
				return err
			}
		}
		return nil
	}
}

func standIns(set *flag.FlagSet) action {
	mirror := set.String("mirror", "", "the registry that they go to")
	return func(ctx context.Context, images []string, _ io.Writer) error {
		for _, image := range images {
			if err := registry.StandIn(ctx, image, *mirror); err != nil {
				return err
			}
		}
		return nil
	}
}
