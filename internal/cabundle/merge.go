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
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Limits of a bundle. The limits for the input and the number of certificates are those of 0.9.0.
const (
	// MaxInputBytes is the maximum size of all keys together, 10 MiB.
	MaxInputBytes = 10 << 20
	// MaxCertificates is the maximum number of certificates, without duplicates.
	MaxCertificates = 1000
	// MaxBundleBytes is the maximum size of the bundle, 1 MiB, which the API server accepts in a ConfigMap.
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
	// Lenient means that invalid content is omitted and reported, and does not end the merge: the spec does not refer
	// to this ConfigMap, and the author of the spec cannot change it.
	Lenient bool
}

// Key is one key of a ConfigMap.
type Key struct {
	// Name of the key.
	Name string
	// PEM is its value. A blank value has no certificates and is no error.
	PEM string
}

// Bundle is a set of certificates.
type Bundle struct {
	// PEM of the certificates, sorted, without duplicates, headers and comments. It is empty without certificates.
	PEM string
	// Certificates is the number of certificates. It is 0 if all keys are blank.
	Certificates int
	// LeftOut describes what was omitted and why, or is empty. It does not depend on the order of the sources.
	LeftOut string
}

// Merge merges all sources into one bundle. It returns the first problem: an *InvalidError for invalid content, a
// *LimitError for an exceeded limit.
//
// A certificate that Go's parser rejects, for example for a negative serial number or an unknown curve, is omitted and
// reported. OpenSSL accepts such certificates, so bundles of companies and countries contain them.
func Merge(sources []Source) (Bundle, error) {
	if err := checkSize(sources); err != nil {
		return Bundle{}, err
	}
	c := collection{found: map[string]struct{}{}, odd: map[string]struct{}{}}
	for _, source := range sources {
		for _, key := range source.Keys {
			if err := c.collect(source, key); err != nil {
				return Bundle{}, err
			}
		}
	}
	merged, err := encode(slices.Sorted(maps.Keys(c.found)))
	merged.LeftOut = c.listLeftOut()
	return merged, err
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

// collection is the intermediate result.
type collection struct {
	// found are certificates in DER. odd are the omitted ones.
	found, odd map[string]struct{}
	leftOut    []string
}

// collect adds the certificates of one key.
func (c *collection) collect(source Source, key Key) error {
	certificates := 0
	for i, text := range blocks(decodeText(key.PEM)) {
		if !strings.HasPrefix(text, beginLine) {
			continue
		}
		certificates++
		if err := c.add(text); err != nil {
			invalid := &InvalidError{ConfigMap: source.ConfigMap, Key: key.Name, Block: i + 1, Err: err}
			if !source.Lenient && !errors.As(err, new(*oddError)) {
				return invalid
			}
			c.leftOut = append(c.leftOut, invalid.where()+": "+invalid.Err.Error())
		}
		if len(c.found) > MaxCertificates {
			return &LimitError{What: "certificates", Found: len(c.found), Limit: MaxCertificates}
		}
	}
	if certificates > 0 || strings.TrimSpace(key.PEM) == "" {
		return nil
	}
	invalid := &InvalidError{ConfigMap: source.ConfigMap, Key: key.Name, Err: ErrNoCertificate}
	if !source.Lenient {
		return invalid
	}
	c.leftOut = append(c.leftOut, invalid.where()+": "+invalid.Err.Error())
	return nil
}

// add adds one CERTIFICATE block. A known certificate is not parsed again.
func (c *collection) add(text string) error {
	block, _ := pem.Decode([]byte(text))
	if block == nil || block.Type != certificateType {
		return ErrNotPEM
	}
	der := string(block.Bytes)
	if _, known := c.found[der]; known {
		return nil
	}
	if _, known := c.odd[der]; known {
		return nil
	}
	_, err := x509.ParseCertificate(block.Bytes)
	if err == nil {
		c.found[der] = struct{}{}
		return nil
	}
	subject, certificate := subjectOf(block.Bytes)
	if !certificate {
		return fmt.Errorf("failed to parse the certificate: %w", err)
	}
	c.odd[der] = struct{}{}
	return &oddError{subject: subject, err: err}
}

// namedCertificates is the maximum number of omitted certificates that a message names.
const namedCertificates = 3

func (c *collection) listLeftOut() string {
	if len(c.leftOut) == 0 {
		return ""
	}
	slices.Sort(c.leftOut)
	names := strings.Join(c.leftOut[:min(len(c.leftOut), namedCertificates)], "; ")
	if more := len(c.leftOut) - namedCertificates; more > 0 {
		names += fmt.Sprintf("; and %d more", more)
	}
	return "certificates are left out of the CA bundle: " + names
}

// blocks splits a text at the first lines of PEM blocks, and drops the text before the first block. The decoder of
// encoding/pem skips invalid blocks, so each block is decoded alone to report which one is invalid. Blanks around a
// line, as in YAML block scalars, are ignored, and so are byte order marks, which concatenated files contain.
func blocks(content string) []string {
	var found []string
	var current strings.Builder
	for line := range strings.Lines(content) {
		line = strings.TrimSpace(strings.TrimPrefix(line, byteOrderMark))
		if strings.HasPrefix(line, beginPrefix) {
			found = append(found, current.String())
			current.Reset()
		}
		current.WriteString(line + "\n")
	}
	return append(found, current.String())[1:]
}

// encode returns the bundle of certificates in DER.
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
