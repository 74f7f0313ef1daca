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

// Package verifying verifies signatures as the commands of cosign do, with cosign's own library. It has the commands and the flags that
// docs/verify.md uses, so that a dry run can execute them where compiling all of cosign takes too long.
package verifying

import (
	"bytes"
	"context"
	"crypto"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/sigstore/cosign/v3/pkg/cosign"
	"github.com/sigstore/cosign/v3/pkg/oci"
	ociremote "github.com/sigstore/cosign/v3/pkg/oci/remote"
	"github.com/sigstore/cosign/v3/pkg/types"
	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"github.com/sigstore/sigstore/pkg/signature"
)

// command is one with its flags.
type command struct {
	set                                          *flag.FlagSet
	key, identity, issuer, predicate, bundlePath string
	ignoreLog                                    bool
	result                                       io.Writer
}

// Run runs a command, such as: verify --key cosign.pub IMAGE. It prints what was verified.
func Run(ctx context.Context, args []string, result io.Writer) error {
	commands := map[string]func(*command, context.Context) error{
		"verify": (*command).image, "verify-attestation": (*command).image,
		"verify-blob": (*command).file, "verify-blob-attestation": (*command).file,
	}
	if len(args) == 0 || commands[args[0]] == nil {
		return errors.New("write verify, verify-attestation, verify-blob or verify-blob-attestation")
	}
	c := &command{set: flag.NewFlagSet(args[0], flag.ContinueOnError), result: result}
	c.set.StringVar(&c.key, "key", "", "the public key")
	c.set.StringVar(&c.identity, "certificate-identity", "", "who signed")
	c.set.StringVar(&c.issuer, "certificate-oidc-issuer", "", "who states the identity")
	c.set.StringVar(&c.predicate, "type", "", "the type of the attestation")
	c.set.StringVar(&c.bundlePath, "bundle", "", "the file with the signature")
	c.set.BoolVar(&c.ignoreLog, "insecure-ignore-tlog", false, "do not ask for an entry in the public record")
	if err := c.set.Parse(args[1:]); err != nil {
		return fmt.Errorf("failed to read the flags: %w", err)
	}
	if c.set.NArg() != 1 {
		return errors.New("name one image or file")
	}
	return commands[args[0]](c, ctx)
}

// options are those of the verification.
func (c *command) options(ctx context.Context) (*cosign.CheckOpts, error) {
	options := &cosign.CheckOpts{
		RegistryClientOpts: []ociremote.Option{
			ociremote.WithRemoteOptions(remote.WithAuthFromKeychain(authn.DefaultKeychain), remote.WithContext(ctx)),
		},
		IgnoreTlog: c.ignoreLog, NewBundleFormat: true, ClaimVerifier: cosign.IntotoSubjectClaimVerifier,
	}
	if c.key == "" {
		if c.identity == "" || c.issuer == "" {
			return nil, errors.New("set --key, or --certificate-identity and --certificate-oidc-issuer")
		}
		options.Identities = []cosign.Identity{{Subject: c.identity, Issuer: c.issuer}}
		trusted, err := cosign.TrustedRoot()
		if err != nil {
			return nil, fmt.Errorf("failed to read the certificates of Sigstore: %w", err)
		}
		options.TrustedMaterial = trusted
		return options, nil
	}
	text, err := os.ReadFile(c.key)
	if err != nil {
		return nil, fmt.Errorf("failed to read the key: %w", err)
	}
	key, err := cryptoutils.UnmarshalPEMToPublicKey(text)
	if err != nil {
		return nil, fmt.Errorf("failed to read the key: %w", err)
	}
	if options.SigVerifier, err = signature.LoadVerifier(key, crypto.SHA256); err != nil {
		return nil, fmt.Errorf("failed to use the key: %w", err)
	}
	return options, nil
}

// image verifies the signature of an image, or what is said of it in attestations of one type.
func (c *command) image(ctx context.Context) error {
	wanted := types.CosignSignPredicateType
	if c.set.Name() == "verify-attestation" {
		wanted = c.wanted()
	}
	ref, err := name.ParseReference(c.set.Arg(0))
	if err != nil {
		return fmt.Errorf("failed to parse the reference: %w", err)
	}
	options, err := c.options(ctx)
	if err != nil {
		return err
	}
	found, _, err := cosign.VerifyImageAttestations(ctx, ref, options)
	if err != nil {
		return fmt.Errorf("failed to verify %s: %w", ref, err)
	}
	for _, attestation := range found {
		envelope, kind, err := statement(attestation)
		if err != nil {
			return err
		}
		if kind == wanted {
			fmt.Fprintln(os.Stderr, "verified", wanted, "of", ref)
			_, err := c.result.Write(append(envelope, '\n'))
			return err //nolint:wrapcheck // It is standard output.
		}
	}
	return fmt.Errorf("%s has no verified attestation of the type %s", ref, wanted)
}

// wanted is the type of attestation that is asked for, by its name or as it is.
func (c *command) wanted() string {
	switch c.predicate {
	case "slsaprovenance1":
		return "https://slsa.dev/provenance/v1"
	case "spdxjson":
		return "https://spdx.dev/Document"
	case "openvex":
		return "https://openvex.dev/ns"
	default:
		return c.predicate
	}
}

// statement is the envelope of an attestation and the type of its predicate.
func statement(attestation oci.Signature) ([]byte, string, error) {
	envelope, err := attestation.Payload()
	if err != nil {
		return nil, "", fmt.Errorf("failed to read an attestation: %w", err)
	}
	var outer struct {
		Payload string `json:"payload"`
	}
	if err := json.Unmarshal(envelope, &outer); err != nil {
		return nil, "", fmt.Errorf("failed to read an envelope: %w", err)
	}
	inner, err := base64.StdEncoding.DecodeString(outer.Payload)
	if err != nil {
		return nil, "", fmt.Errorf("failed to read a payload: %w", err)
	}
	var typed struct {
		PredicateType string `json:"predicateType"`
	}
	if err := json.Unmarshal(inner, &typed); err != nil {
		return nil, "", fmt.Errorf("failed to read a statement: %w", err)
	}
	return envelope, typed.PredicateType, nil
}

// file verifies the signature of a file, or what is said of it.
func (c *command) file(ctx context.Context) error {
	data, err := os.ReadFile(c.set.Arg(0))
	if err != nil {
		return fmt.Errorf("failed to read the file: %w", err)
	}
	signed, err := bundle.LoadJSONFromPath(c.bundlePath)
	if err != nil {
		return fmt.Errorf("failed to read the signature: %w", err)
	}
	options, err := c.options(ctx)
	if err != nil {
		return err
	}
	verified, err := cosign.VerifyNewBundle(ctx, options, verify.WithArtifact(bytes.NewReader(data)), signed)
	if err != nil {
		return fmt.Errorf("failed to verify %s: %w", c.set.Arg(0), err)
	}
	if c.set.Name() == "verify-blob-attestation" && (verified.Statement == nil || verified.Statement.GetPredicateType() != c.wanted()) {
		return fmt.Errorf("the attestation of %s is not of the type %s", c.set.Arg(0), c.wanted())
	}
	fmt.Fprintln(os.Stderr, "verified", c.set.Arg(0))
	return nil
}
