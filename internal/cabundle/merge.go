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

package cabundle

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Limits of a bundle. Those of the input and of the number are those of 0.9.0.
const (
	// MaxInputBytes is the size of all keys together, 10 MiB.
	MaxInputBytes = 10 << 20
	// MaxCertificates is the number of certificates, duplicates not counted.
	MaxCertificates = 1000
	// MaxBundleBytes is the size of the bundle, 1 MiB: what the API server accepts in a ConfigMap.
	MaxBundleBytes = 1 << 20
)

const (
	certificateType = "CERTIFICATE"
	beginPrefix     = "-----BEGIN "
	beginLine       = beginPrefix + certificateType + "-----"
)

// Source is a ConfigMap with certificates.
type Source struct {
	// ConfigMap as namespace/name, for messages.
	ConfigMap string
	// Keys of the ConfigMap to read.
	Keys []Key
}

// Key is one key of a ConfigMap.
type Key struct {
	// Name of the key.
	Name string
	// PEM is its value. A blank one holds no certificates and is no error.
	PEM string
}

// Bundle is a set of certificates.
type Bundle struct {
	// PEM of the certificates, sorted, without duplicates, without headers and comments; empty where there are none.
	PEM string
	// Certificates is their number; 0 where all keys were blank.
	Certificates int
}

// Merge makes one bundle of all sources. The first thing wrong ends it: an *InvalidError for content that is not
// certificates, a *LimitError for too much of it.
func Merge(sources []Source) (Bundle, error) {
	if err := checkSize(sources); err != nil {
		return Bundle{}, err
	}
	found := map[string]struct{}{}
	for _, source := range sources {
		for _, key := range source.Keys {
			if err := collect(found, source.ConfigMap, key); err != nil {
				return Bundle{}, err
			}
		}
	}
	return encode(slices.Sorted(maps.Keys(found)))
}

func checkSize(sources []Source) error {
	size := 0
	for _, source := range sources {
		for _, key := range source.Keys {
			size += len(key.PEM)
		}
	}
	if size > MaxInputBytes {
		return &LimitError{What: "bytes", Found: size, Limit: MaxInputBytes}
	}
	return nil
}

// collect adds the DER of the certificates of one key to found.
func collect(found map[string]struct{}, configMap string, key Key) error {
	certificates := 0
	for i, text := range blocks(key.PEM) {
		if !strings.HasPrefix(text, beginLine) {
			continue
		}
		certificates++
		der, err := decode(text, found)
		if err != nil {
			return &InvalidError{ConfigMap: configMap, Key: key.Name, Block: i + 1, Err: err}
		}
		found[der] = struct{}{}
		if len(found) > MaxCertificates {
			return &LimitError{What: "certificates", Found: len(found), Limit: MaxCertificates}
		}
	}
	if certificates == 0 && strings.TrimSpace(key.PEM) != "" {
		return &InvalidError{ConfigMap: configMap, Key: key.Name, Err: ErrNoCertificate}
	}
	return nil
}

// blocks splits a text at the lines that begin a PEM block, and drops what stands before the first. The decoder of
// encoding/pem passes over a block that it cannot read; only block by block can one say which that was. Blanks around
// a line, which a YAML block scalar leaves easily, mean nothing.
func blocks(content string) []string {
	var found []string
	var current strings.Builder
	for line := range strings.Lines(content) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, beginPrefix) {
			found = append(found, current.String())
			current.Reset()
		}
		current.WriteString(line + "\n")
	}
	return append(found, current.String())[1:]
}

// decode gives the DER of one CERTIFICATE block. One that is in known was parsed before.
func decode(text string, known map[string]struct{}) (string, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil || block.Type != certificateType {
		return "", ErrNotPEM
	}
	if _, ok := known[string(block.Bytes)]; !ok {
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return "", fmt.Errorf("failed to parse the certificate: %w", err)
		}
	}
	return string(block.Bytes), nil
}

// encode makes the bundle of certificates in DER.
func encode(certificates []string) (Bundle, error) {
	if len(certificates) == 0 {
		return Bundle{}, nil
	}
	var out bytes.Buffer
	for _, der := range certificates {
		out.Write(pem.EncodeToMemory(&pem.Block{Type: certificateType, Bytes: []byte(der)}))
	}
	if out.Len() > MaxBundleBytes {
		return Bundle{}, &LimitError{What: "bytes in its certificates", Found: out.Len(), Limit: MaxBundleBytes}
	}
	return Bundle{PEM: out.String(), Certificates: len(certificates)}, nil
}
