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

package cli

import (
	"cmp"
	"context"
	"crypto/x509"
	"encoding/pem"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// certificateKind is the kind of the certificates that cert-manager renews.
var certificateKind = schema.GroupVersionKind{Group: "cert-manager.io", Version: "v1", Kind: "Certificate"} //nolint:gochecknoglobals // nobody changes it

// certificate is as much of a Certificate of cert-manager as is needed. It has the dates of a certificate that is in a Secret,
// which doctor does not read.
type certificate struct {
	metav1.ObjectMeta `json:"metadata"`

	Spec struct {
		SecretName string `json:"secretName"`
	} `json:"spec"`
	Status struct {
		NotAfter    metav1.Time `json:"notAfter"`
		RenewalTime metav1.Time `json:"renewalTime"`
	} `json:"status"`
}

// Certificates end soon in the days of the alert LlamaStackCertificateExpires. One that is renewed later than its issuer says is
// overdue.
const (
	endsSoon = 7 * 24 * time.Hour
	overdue  = time.Hour
)

// readCertificates reads the CA bundle of a server, and the Certificate behind its Secret. Not every cluster has cert-manager, so
// one that cannot be read is no finding.
func (s *session) readCertificates(ctx context.Context, f *patient) {
	if bundle := f.server.Spec.Server.CABundle(); bundle != nil {
		data := s.bundle(ctx, f.cluster, client.ObjectKey{Namespace: cmp.Or(bundle.ConfigMapNamespace, f.server.Namespace), Name: bundle.ConfigMapName})
		keys := bundle.ConfigMapKeys
		if len(keys) == 0 {
			keys = []string{v1alpha1.DefaultCABundleKey}
		}
		for _, key := range keys {
			f.authorities = append(f.authorities, parsed(data[key])...)
		}
	}
	if secret := f.server.Spec.Server.ServingSecret(); secret != "" {
		_ = readEach(ctx, s, certificateKind, func(found *certificate) {
			if found.Spec.SecretName == secret {
				f.serving = found
			}
		}, client.InNamespace(f.server.Namespace))
	}
}

// bundle reads the ConfigMap of a CA bundle, once for all servers that use it.
func (s *session) bundle(ctx context.Context, c *clusterFacts, key client.ObjectKey) map[string]string {
	if data, ok := c.bundles[key]; ok {
		return data
	}
	found, err := s.core.ConfigMaps(key.Namespace).Get(ctx, key.Name, metav1.GetOptions{})
	if err != nil { // the check of references has it
		found = &corev1.ConfigMap{}
	}
	c.bundles[key] = found.Data
	return found.Data
}

// parsed are the certificates of a text.
func parsed(text string) []*x509.Certificate {
	var found []*x509.Certificate
	for block, rest := pem.Decode([]byte(text)); block != nil; block, rest = pem.Decode(rest) {
		if one, err := x509.ParseCertificate(block.Bytes); err == nil {
			found = append(found, one)
		}
	}
	return found
}

// endingCertificates reports certificates that have ended, or do so soon.
func (f *patient) endingCertificates() []finding {
	var found []finding
	const fix = "renew it in the ConfigMap of tlsConfig.caBundle, or remove it if no provider needs it"
	for _, one := range f.authorities {
		left, ends := one.NotAfter.Sub(f.now), "ends"
		if left <= 0 {
			ends = "ended"
		}
		if left < endsSoon {
			found = append(found, warning(fix, "certificate %s of the CA bundle %s at %s", one.Subject, ends, one.NotAfter.UTC().Format(time.RFC3339)))
		}
	}
	if len(found) > mostShown {
		found = append(found[:mostShown], warning(fix, "%d more certificates of the CA bundle have ended, or end soon", len(found)-mostShown))
	}
	if f.serving == nil || f.serving.Status.NotAfter.IsZero() {
		return found
	}
	ends, renewal := f.serving.Status.NotAfter, f.serving.Status.RenewalTime
	see := "find out why it is not renewed: kubectl describe certificate " + f.serving.Name + " -n " + f.server.Namespace + "; see " +
		docs("runbooks/LlamaStackCertificateExpires.md")
	switch left := ends.Sub(f.now); {
	case left <= 0:
		found = append(found, failure(see, "the certificate in Secret %s ended at %s", f.serving.Spec.SecretName, ends.UTC().Format(time.RFC3339)))
	case left < endsSoon && f.now.Sub(renewal.Time) > overdue:
		found = append(found, warning(see, "the certificate in Secret %s ends at %s, and is not renewed", f.serving.Spec.SecretName, ends.UTC().Format(time.RFC3339)))
	}
	return found
}
