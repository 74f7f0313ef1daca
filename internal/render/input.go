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
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
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
	// Config is the declared configuration; nil: none is declared.
	Config *Config `json:"config,omitempty"`
	// Serving is the certificate that the server shows; nil: none, or the configuration's own.
	Serving *Serving `json:"serving,omitempty"`
	// CABundle is the certificate authorities that the server trusts; nil: the image's own.
	CABundle *CABundle `json:"caBundle,omitempty"`
	// References are the contents that the Pods use and that roll them; nil: none does.
	References *References `json:"references,omitempty"`
	// Labels that the objects inherit from the LlamaStackDistribution, from InheritedLabels.
	Labels map[string]string `json:"labels,omitempty"`
	// OpenShift leaves user and group ids to the platform's security context constraints.
	OpenShift bool `json:"openShift,omitempty"`
	// NetworkPolicy asks for a NetworkPolicy.
	NetworkPolicy bool `json:"networkPolicy,omitempty"`
	// OperatorNamespace may reach the server where a NetworkPolicy is.
	OperatorNamespace string `json:"operatorNamespace,omitempty"`
	// Selector of the live Deployment, which is immutable; empty: the default.
	Selector map[string]string `json:"selector,omitempty"`
	// NoRouteTimeouts says that the cluster's HTTPRoutes have no timeouts.
	NoRouteTimeouts bool `json:"noRouteTimeouts,omitempty"`
	// RestartedAt is a text that the Pods carry, so that another one restarts the server; empty: none.
	RestartedAt string `json:"restartedAt,omitempty"`
	// Resuming says that the live Deployment was suspended while its number of replicas was an autoscaler's, which
	// leaves one of 0 replicas alone: it starts with the lower bound.
	Resuming bool `json:"resuming,omitempty"`
	// PVCModes are the access modes of the live PVC, where they differ from the spec's. They cannot change. Empty:
	// the modes of the spec count.
	PVCModes []corev1.PersistentVolumeAccessMode `json:"claimModes,omitempty"`
	// PVCSize is the size that the live PVC requests. A PVC never shrinks. nil: there is no live PVC.
	PVCSize *resource.Quantity `json:"claimSize,omitempty"`
	// RequestedSize is the largest size that the same LlamaStackDistribution has asked for before. The PVC records it,
	// and it never goes down. nil: it has asked for none.
	RequestedSize *resource.Quantity `json:"requestedSize,omitempty"`
	// ForeignFiles says that another user than the server's may have written to its volume: the kubelet hands all files to
	// the Pods' group whenever it mounts it.
	ForeignFiles bool `json:"foreignFiles,omitempty"`
}

// Demand is what decides which objects the server has.
func (in Input) Demand() children.Demand {
	return children.Demand{Spec: &in.Spec, NetworkPolicy: in.NetworkPolicy, CABundle: in.CABundle != nil}
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
	// NamesToken says that it refers to the token of the Kubernetes API.
	NamesToken bool `json:"namesToken,omitempty"`
}

// Config is the configuration that the LlamaStackDistribution declares. The init container merges it into UserConfig or
// into the configuration in the image.
type Config struct {
	// CopyName of the immutable ConfigMap with it, from ConfigCopyName.
	CopyName string `json:"copyName"`
	// Hash of its content, which the Pods carry.
	Hash string `json:"hash"`
	// Env are the variables with the values of Secrets.
	Env []corev1.EnvVar `json:"env,omitempty"`
	// TLS, TCPProbe and NamesToken are as in UserConfig.
	TLS        bool `json:"tls,omitempty"`
	TCPProbe   bool `json:"tcpProbe,omitempty"`
	NamesToken bool `json:"namesToken,omitempty"`
}

// Serving is a certificate from a Secret.
type Serving struct {
	// SecretName of the Secret, with tls.crt and tls.key.
	SecretName string `json:"secretName"`
	// Unused says that the configuration names its own files, so that the launcher does not watch these.
	Unused bool `json:"unused,omitempty"`
	// Rolls says that the Pods are replaced when the Secret changes, so that the launcher does not watch the files.
	Rolls bool `json:"rolls,omitempty"`
	// Version of the Secret, a short text that the Pods carry where Rolls is set; empty: it is not known.
	Version string `json:"version,omitempty"`
}

// References are the contents of other ConfigMaps and Secrets that the Pods use.
type References struct {
	// ConfigMaps and Secrets are hashes, which the Pods carry; empty: there are none.
	ConfigMaps string `json:"configMaps,omitempty"`
	Secrets    string `json:"secrets,omitempty"`
	// Record is what the Deployment keeps of them.
	Record string `json:"record"`
}

// TLS says that the server listens with TLS: by its configuration, or because its command receives a certificate.
func (in Input) TLS() bool {
	return in.Serving != nil || in.UserConfig != nil && in.UserConfig.TLS || in.Config != nil && in.Config.TLS
}

// tcpProbe says that the kubelet can only probe whether the server listens.
func (in Input) tcpProbe() bool {
	return in.UserConfig != nil && in.UserConfig.TCPProbe || in.Config != nil && in.Config.TCPProbe
}

// CABundle is the merged bundle, in the ConfigMap <name>-ca-bundle.
type CABundle struct {
	// Hash of what of its content restarts the Pods, which carry it.
	Hash string `json:"hash"`
}

// Hash is a hex text, the same for inputs that differ in nothing that Render reads, and different for all others. The
// names in references (of the distribution, of the user's ConfigMaps) do not count: what they resolve to does. The
// retention policy of the PVC counts, because it decides the owner reference, which is applied together with the
// objects. Hashes of different releases of the operator cannot be compared: releases may render differently.
func (in Input) Hash() string {
	in.Spec.Server.Distribution = v1alpha1.DistributionType{}
	in.Spec.Server.UserConfig = nil
	in.Spec.Server.Config = nil
	in.Spec.Server.TLSConfig = nil
	text, err := json.Marshal(in)
	if err != nil {
		// What has no JSON form cannot be rendered either; Render says why.
		text = []byte(err.Error())
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
