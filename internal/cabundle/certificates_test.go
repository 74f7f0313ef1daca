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

package cabundle_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"time"
)

// authority is a certificate authority that signed itself. It is the same for the same number: its key is made of the
// number, and ed25519 signs without chance.
func authority(number int64) []byte { return authorityWith(number, nil) }

// authorityWith pads the certificate with an extension of its own.
func authorityWith(number int64, padding []byte) []byte {
	seed := make([]byte, ed25519.SeedSize)
	big.NewInt(number).FillBytes(seed)
	key := ed25519.NewKeyFromSeed(seed)
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(number),
		Subject:               pkix.Name{CommonName: "authority " + big.NewInt(number).String()},
		NotBefore:             time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:              time.Date(2046, time.January, 1, 0, 0, 0, 0, time.UTC),
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	if padding != nil {
		template.ExtraExtensions = []pkix.Extension{{Id: []int{1, 2, 3, 4}, Value: padding}}
	}
	der, err := x509.CreateCertificate(nil, template, template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	return der
}

// certificate is the PEM of authority(number).
func certificate(number int64) string { return block("CERTIFICATE", authority(number)) }

func block(kind string, content []byte) string {
	var out bytes.Buffer
	if err := pem.Encode(&out, &pem.Block{Type: kind, Bytes: content}); err != nil {
		panic(err)
	}
	return out.String()
}
