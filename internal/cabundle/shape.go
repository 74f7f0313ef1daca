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
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"

	"github.com/llamastack/llama-stack-k8s-operator/internal/bound"
)

// shape is the structure of any X.509 certificate.
type shape struct {
	Signed struct {
		Version    int `asn1:"optional,explicit,default:0,tag:0"`
		Serial     *big.Int
		Algorithm  pkix.AlgorithmIdentifier
		Issuer     asn1.RawValue
		Validity   asn1.RawValue
		Subject    asn1.RawValue
		PublicKey  asn1.RawValue
		IssuerID   asn1.BitString  `asn1:"optional,tag:1"`
		SubjectID  asn1.BitString  `asn1:"optional,tag:2"`
		Extensions []asn1.RawValue `asn1:"omitempty,optional,explicit,tag:3"`
	}
	Algorithm pkix.AlgorithmIdentifier
	Signature asn1.BitString
}

// maxSubject is the maximum length of a subject in a message, in bytes.
const maxSubject = 128

// subjectOf returns the subject of a certificate in DER, and whether it has the structure of a certificate.
func subjectOf(der []byte) (string, bool) {
	var found shape
	if rest, err := asn1.Unmarshal(der, &found); err != nil || len(rest) > 0 {
		return "", false
	}
	var names pkix.RDNSequence
	if rest, err := asn1.Unmarshal(found.Signed.Subject.FullBytes, &names); err != nil || len(rest) > 0 {
		return "", true
	}
	return bound.Text(names.String(), maxSubject), true
}
