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

package render

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// Input is everything that a rendering depends on.
type Input struct {
	// Name and Namespace of the LlamaStackDistribution. The name must pass CheckName.
	Name      string `json:"name"`
	Namespace string `json:"namespace"`
	// Spec of the LlamaStackDistribution, as read: defaults that the API server did not set are applied here.
	Spec v1alpha1.LlamaStackDistributionSpec `json:"spec"`
	// Image that the distribution stands for.
	Image string `json:"image"`
	// UserConfig is the server's configuration; nil: the image's own applies.
	UserConfig *UserConfig `json:"userConfig,omitempty"`
	// Serving is the certificate that the server shows; nil: none, or the configuration's own.
	Serving *Serving `json:"serving,omitempty"`
	// CABundle is the certificate authorities that the server trusts; nil: the image's own.
	CABundle *CABundle `json:"caBundle,omitempty"`
	// OpenShift leaves user and group ids to the platform's security context constraints.
	OpenShift bool `json:"openShift,omitempty"`
	// NetworkPolicy asks for a NetworkPolicy.
	NetworkPolicy bool `json:"networkPolicy,omitempty"`
	// OperatorNamespace may reach the server where a NetworkPolicy is.
	OperatorNamespace string `json:"operatorNamespace,omitempty"`
	// Selector of the live Deployment, which is immutable; empty: the default.
	Selector map[string]string `json:"selector,omitempty"`
	// RestartedAt is a text that the Pods carry, so that another one restarts the server; empty: none.
	RestartedAt string `json:"restartedAt,omitempty"`
	// Resuming says that the live Deployment was suspended while its number of replicas was an autoscaler's, which
	// leaves one of 0 replicas alone: it starts with the lower bound.
	Resuming bool `json:"resuming,omitempty"`
	// ClaimModes are the live claim's access modes, which cannot change, where they are others than the spec's. Empty:
	// those of the spec count.
	ClaimModes []corev1.PersistentVolumeAccessMode `json:"claimModes,omitempty"`
	// ClaimSize is what the live claim requests; a claim is never asked to shrink. nil: there is none.
	ClaimSize *resource.Quantity `json:"claimSize,omitempty"`
	// RequestedSize is the largest size that the same LlamaStackDistribution has asked for before, which the claim
	// records; it never goes down. nil: it has asked for none.
	RequestedSize *resource.Quantity `json:"requestedSize,omitempty"`
}

// UserConfig is the server's configuration as it is mounted.
type UserConfig struct {
	// CopyName of the immutable ConfigMap, from ConfigCopyName.
	CopyName string `json:"copyName"`
	// Hash of its content, which the Pods carry.
	Hash string `json:"hash"`
	// TLS says that the configuration makes the server listen with TLS.
	TLS bool `json:"tls,omitempty"`
	// TCPProbe says that the kubelet cannot ask for the server's health (client certificates, a route policy that
	// denies it) and only probes whether it listens.
	TCPProbe bool `json:"tcpProbe,omitempty"`
}

// Serving is a certificate from a Secret.
type Serving struct {
	// SecretName of the Secret, with tls.crt and tls.key.
	SecretName string `json:"secretName"`
	// Unused says that the configuration names files of its own, so that the server need not look for new ones here.
	Unused bool `json:"unused,omitempty"`
	// Rolls says that the Pods are replaced when the Secret changes, so that the server need not look for new files.
	Rolls bool `json:"rolls,omitempty"`
	// Version of the Secret, a short text that the Pods carry where Rolls is set; empty: it is not known.
	Version string `json:"version,omitempty"`
}

// TLS says that the server listens with TLS: its configuration makes it, or a command that is told of a certificate.
func (in Input) TLS() bool {
	return in.Serving != nil || in.UserConfig != nil && in.UserConfig.TLS
}

// CABundle is the merged bundle, in the ConfigMap <name>-ca-bundle.
type CABundle struct {
	// Hash of what of its content restarts the Pods, which carry it.
	Hash string `json:"hash"`
}

// Hash is the same for inputs that differ in nothing that Render reads, and different, in hex, for all others. How
// references are spelled (the distribution's name, the names of the user's ConfigMaps) does not count: what they
// resolved to does. The claim's retention policy counts, because the owner reference that it decides is applied
// together with the objects. A hash says nothing across releases of the operator, which may render differently.
func (in Input) Hash() string {
	in.Spec.Server.Distribution = v1alpha1.DistributionType{}
	in.Spec.Server.UserConfig = nil
	in.Spec.Server.TLSConfig = nil
	text, err := json.Marshal(in)
	if err != nil {
		// What has no JSON form cannot be rendered either; Render says why.
		text = []byte(err.Error())
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
