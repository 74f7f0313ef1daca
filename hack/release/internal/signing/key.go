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

package signing

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"os"

	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
)

const (
	private = 0o600
	// Kinds of blocks in PEM.
	privateBlock, publicBlock = "PRIVATE KEY", "PUBLIC KEY"
)

// keypair is a key that is kept in a file, of the kind that cosign makes: ECDSA on P-256 with SHA-256.
type keypair struct {
	key    *ecdsa.PrivateKey
	public []byte
}

// NewKey writes a private and a public key.
func NewKey(privateFile, publicFile string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("failed to make a key: %w", err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("failed to write the private key: %w", err)
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return fmt.Errorf("failed to write the public key: %w", err)
	}
	if err := os.WriteFile(privateFile, pem.EncodeToMemory(&pem.Block{Type: privateBlock, Bytes: secret}), private); err != nil {
		return fmt.Errorf("failed to write the private key: %w", err)
	}
	if err := os.WriteFile(publicFile, pem.EncodeToMemory(&pem.Block{Type: publicBlock, Bytes: public}), readable); err != nil {
		return fmt.Errorf("failed to write the public key: %w", err)
	}
	return nil
}

func readKey(file string) (*keypair, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("failed to read the key: %w", err)
	}
	block, _ := pem.Decode(text)
	if block == nil || block.Type != privateBlock {
		return nil, fmt.Errorf("%s has no %s in PEM", file, privateBlock)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("failed to parse the key: %w", err)
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil, errors.New("the key is not of ECDSA on P-256")
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return nil, fmt.Errorf("failed to write the public key: %w", err)
	}
	return &keypair{key: key, public: public}, nil
}

func (*keypair) GetHashAlgorithm() protocommon.HashAlgorithm {
	return protocommon.HashAlgorithm_SHA2_256
}

func (*keypair) GetSigningAlgorithm() protocommon.PublicKeyDetails {
	return protocommon.PublicKeyDetails_PKIX_ECDSA_P256_SHA_256
}

// GetHint names the key in a bundle.
func (k *keypair) GetHint() []byte {
	sum := sha256.Sum256(k.public)
	return []byte(base64.StdEncoding.EncodeToString(sum[:]))
}

func (*keypair) GetKeyAlgorithm() string { return "ECDSA" }

func (k *keypair) GetPublicKey() crypto.PublicKey { return k.key.Public() }

func (k *keypair) GetPublicKeyPem() (string, error) {
	return string(pem.EncodeToMemory(&pem.Block{Type: publicBlock, Bytes: k.public})), nil
}

// SignData returns the signature and the digest that was signed.
func (k *keypair) SignData(_ context.Context, data []byte) ([]byte, []byte, error) {
	sum := sha256.Sum256(data)
	signature, err := ecdsa.SignASN1(rand.Reader, k.key, sum[:])
	if err != nil {
		return nil, nil, fmt.Errorf("failed to sign: %w", err)
	}
	return signature, sum[:], nil
}
