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

// Package signing signs images, files and what is said of them, as cosign does: with the identity of a workflow, or with a key.
package signing

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/llamastack/llama-stack-k8s-operator/hack/release/internal/provenance"
	"github.com/sigstore/cosign/v3/pkg/cosign"
	"github.com/sigstore/cosign/v3/pkg/cosign/bundle"
	ociremote "github.com/sigstore/cosign/v3/pkg/oci/remote"
	"github.com/sigstore/cosign/v3/pkg/providers"
	"github.com/sigstore/cosign/v3/pkg/types"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/sign"
	"google.golang.org/protobuf/types/known/structpb"

	// What states the identity of a workflow of GitHub.
	_ "github.com/sigstore/cosign/v3/pkg/providers/github"
)

const readable = 0o644

// Signer signs.
type Signer struct {
	// keypair makes the signature. Without a key of a person's, it is made for one run, and a certificate says who had it.
	keypair sign.Keypair
	// token is the identity that the certificate is issued for; empty for a key.
	token   string
	config  *root.SigningConfig
	trusted root.TrustedMaterial
}

// WithKey signs with the key of a file, and publishes nothing about it.
func WithKey(file string) (*Signer, error) {
	keypair, err := readKey(file)
	if err != nil {
		return nil, err
	}
	config, err := root.NewSigningConfig(root.SigningConfigMediaType02, nil, nil, nil, root.ServiceConfiguration{}, nil, root.ServiceConfiguration{})
	if err != nil {
		return nil, fmt.Errorf("failed to make the configuration: %w", err)
	}
	return &Signer{keypair: keypair, config: config}, nil
}

// WithIdentity signs with the identity of the workflow that this runs in: Fulcio issues the certificate, and Rekor keeps a public record.
func WithIdentity(ctx context.Context) (*Signer, error) {
	token, err := providers.Provide(ctx, "sigstore")
	if err != nil {
		return nil, fmt.Errorf("failed to get the identity of the workflow: %w", err)
	}
	config, err := cosign.SigningConfig()
	if err != nil {
		return nil, fmt.Errorf("failed to read the configuration of Sigstore: %w", err)
	}
	trusted, err := cosign.TrustedRoot()
	if err != nil {
		return nil, fmt.Errorf("failed to read the certificates of Sigstore: %w", err)
	}
	keypair, err := sign.NewEphemeralKeypair(nil)
	if err != nil {
		return nil, fmt.Errorf("failed to make a key: %w", err)
	}
	return &Signer{keypair: keypair, token: token, config: config, trusted: trusted}, nil
}

// Image signs an image, named by digest.
func (s *Signer) Image(ctx context.Context, image string) error {
	return s.Attest(ctx, image, types.CosignSignPredicateType, &structpb.Struct{})
}

// Attest signs what is said of an image, and puts it beside the image.
func (s *Signer) Attest(ctx context.Context, image, predicateType string, predicate *structpb.Struct) error {
	digest, err := name.NewDigest(image)
	if err != nil {
		return fmt.Errorf("failed to read %s as an image with its digest: %w", image, err)
	}
	statement, err := provenance.Statement(map[string]string{digest.Repository.Name(): digest.DigestStr()}, predicateType, predicate)
	if err != nil {
		return err
	}
	signed, err := s.sign(ctx, &sign.DSSEData{Data: statement, PayloadType: types.IntotoPayloadType})
	if err != nil {
		return fmt.Errorf("failed to sign %s of %s: %w", predicateType, image, err)
	}
	options := ociremote.WithRemoteOptions(remote.WithAuthFromKeychain(authn.DefaultKeychain), remote.WithContext(ctx))
	if err := ociremote.WriteAttestationNewBundleFormat(digest, signed, predicateType, options); err != nil {
		return fmt.Errorf("failed to push %s of %s: %w", predicateType, image, err)
	}
	return nil
}

// File signs a file into a bundle beside it.
func (s *Signer) File(ctx context.Context, file, out string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("failed to read what to sign: %w", err)
	}
	return s.write(ctx, &sign.PlainData{Data: data}, out)
}

// AttestFiles signs what is said of files, digests by name, into a bundle.
func (s *Signer) AttestFiles(ctx context.Context, files map[string]string, predicateType string, predicate *structpb.Struct, out string) error {
	if len(files) == 0 {
		return errors.New("there are no files")
	}
	statement, err := provenance.Statement(files, predicateType, predicate)
	if err != nil {
		return err
	}
	return s.write(ctx, &sign.DSSEData{Data: statement, PayloadType: types.IntotoPayloadType}, out)
}

func (s *Signer) write(ctx context.Context, content sign.Content, out string) error {
	signed, err := s.sign(ctx, content)
	if err != nil {
		return fmt.Errorf("failed to sign %s: %w", out, err)
	}
	if err := os.WriteFile(out, signed, readable); err != nil {
		return fmt.Errorf("failed to write the signature: %w", err)
	}
	return nil
}

func (s *Signer) sign(ctx context.Context, content sign.Content) ([]byte, error) {
	signed, err := bundle.SignData(ctx, content, s.keypair, s.token, nil, nil, s.config, s.trusted, bundle.SignOptions{})
	if err != nil {
		return nil, fmt.Errorf("failed to make the bundle: %w", err)
	}
	return signed, nil
}
