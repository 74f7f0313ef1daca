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

// Package pki makes the keys and certificates of a node and the kubeconfig files that carry them.
package pki

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"time"

	"sigs.k8s.io/yaml"
)

const (
	// validity is how long every certificate is valid; a test cluster does not exist that long.
	validity = 365 * 24 * time.Hour
	// clockSkew is how far the certificates start in the past, for clocks that are set back.
	clockSkew = time.Hour
	// serialBits is the size of a random serial number, as the CA/Browser Forum requires at least 64.
	serialBits = 128
	// privateFile is the mode of every file written here.
	privateFile = 0o600
)

// errKeyType is returned for an authority that this package has not made.
var errKeyType = errors.New("its key is not of the type ECDSA")

// Pair is a certificate and its private key, both PEM.
type Pair struct {
	Cert, Key []byte
}

// Authority issues certificates.
type Authority struct {
	// Pair is the authority's own.
	Pair

	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// Subject is the holder of a certificate.
type Subject struct {
	// User is the common name: for Kubernetes, the user's name.
	User string
	// Groups are the organizations: for Kubernetes, the user's groups.
	Groups []string
	// Hosts are the IP addresses and DNS names under which the holder serves.
	Hosts []string
}

// NewAuthority makes a self-signed authority called name.
func NewAuthority(name string) (*Authority, error) {
	template, err := newTemplate(name)
	if err != nil {
		return nil, err
	}

	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature

	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("failed to generate the key of authority %s: %w", name, err)
	}

	pair, err := sign(template, template, key, key)
	if err != nil {
		return nil, err
	}

	return &Authority{Pair: pair, cert: template, key: key}, nil
}

// LoadAuthority reads an authority that Pair.Write has written to base.
func LoadAuthority(base string) (*Authority, error) {
	certificate, err := os.ReadFile(base + ".crt")
	if err != nil {
		return nil, fmt.Errorf("failed to read the authority's certificate: %w", err)
	}

	key, err := os.ReadFile(base + ".key")
	if err != nil {
		return nil, fmt.Errorf("failed to read the authority's key: %w", err)
	}

	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		return nil, fmt.Errorf("failed to parse the authority %s: %w", base, err)
	}

	private, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("failed to use the authority %s: %w", base, errKeyType)
	}

	return &Authority{Pair: Pair{Cert: certificate, Key: key}, cert: pair.Leaf, key: private}, nil
}

// Issue creates a key and a certificate that is valid for clients and for servers.
func (a *Authority) Issue(subject Subject) (Pair, error) {
	template, err := newTemplate(subject.User)
	if err != nil {
		return Pair{}, err
	}

	template.Subject.Organization = subject.Groups
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}

	for _, host := range subject.Hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}

	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Pair{}, fmt.Errorf("failed to generate the key of %s: %w", subject.User, err)
	}

	return sign(template, a.cert, key, a.key)
}

// SigningKey makes the key with which ServiceAccount tokens are signed: Key is the private half, Cert the public one.
func SigningKey() (Pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Pair{}, fmt.Errorf("failed to generate the token signing key: %w", err)
	}

	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return Pair{}, fmt.Errorf("failed to encode the token verification key: %w", err)
	}

	private, err := encodeKey(key)

	return Pair{Cert: pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}), Key: private}, err
}

// Write stores the pair as base.crt and base.key, readable by the owner alone.
func (p Pair) Write(base string) error {
	for suffix, content := range map[string][]byte{".crt": p.Cert, ".key": p.Key} {
		if err := os.WriteFile(base+suffix, content, privateFile); err != nil {
			return fmt.Errorf("failed to write a certificate or key: %w", err)
		}
	}

	return nil
}

// Kubeconfig returns a kubeconfig file for the API server at the URL server, trusted by ca (PEM), used by the
// holder of user. It carries everything inline, so that it can be copied.
func Kubeconfig(server string, ca []byte, user Pair) ([]byte, error) {
	const name = "llama-stack-cluster"

	content, err := yaml.Marshal(map[string]any{
		"apiVersion":      "v1",
		"kind":            "Config",
		"current-context": name,
		"clusters":        []any{map[string]any{"name": name, "cluster": map[string]any{"server": server, "certificate-authority-data": ca}}},
		"users":           []any{map[string]any{"name": name, "user": map[string]any{"client-certificate-data": user.Cert, "client-key-data": user.Key}}},
		"contexts":        []any{map[string]any{"name": name, "context": map[string]any{"cluster": name, "user": name}}},
	})
	if err != nil {
		return nil, fmt.Errorf("failed to encode a kubeconfig: %w", err)
	}

	return content, nil
}

func newTemplate(name string) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), serialBits))
	if err != nil {
		return nil, fmt.Errorf("failed to draw a serial number for %s: %w", name, err)
	}

	now := time.Now()

	return &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    now.Add(-clockSkew),
		NotAfter:     now.Add(validity),
	}, nil
}

func sign(template, parent *x509.Certificate, key, parentKey *ecdsa.PrivateKey) (Pair, error) {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), parentKey)
	if err != nil {
		return Pair{}, fmt.Errorf("failed to sign the certificate of %s: %w", template.Subject.CommonName, err)
	}

	private, err := encodeKey(key)

	return Pair{Cert: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), Key: private}, err
}

func encodeKey(key *ecdsa.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("failed to encode a private key: %w", err)
	}

	return pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}), nil
}
