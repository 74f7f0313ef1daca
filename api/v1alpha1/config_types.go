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

package v1alpha1

import (
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// ServerConfig declares the server's configuration. Before the server starts, an init container merges it into a base
// and writes it in the schema of the server's version.
// +kubebuilder:validation:MinProperties=1
// +kubebuilder:validation:XValidation:rule="!has(self.base) || self.base != 'Empty' || has(self.providers) && size(self.providers) > 0 || has(self.patch)",message="base Empty has no providers; add providers or patch, or use another base",fieldPath=".base"
type ServerConfig struct {
	// Base is what the rest is merged into: UserConfig (default with userConfig), Image (default without it: the
	// configuration in the image), or Empty.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Base",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:select:Image","urn:alm:descriptor:com.tectonic.ui:select:UserConfig","urn:alm:descriptor:com.tectonic.ui:select:Empty"}
	Base ConfigBase `json:"base,omitempty"`
	// APIs that the server serves, such as inference. Default: those of the base. What declared providers and stores
	// need is added.
	// +kubebuilder:validation:MaxItems=50
	// +kubebuilder:validation:items:MaxLength=63
	// +kubebuilder:validation:items:Pattern=`^[a-z][a-z0-9_]*$`
	// +listType=set
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="APIs",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	APIs []string `json:"apis,omitempty"`
	// Providers are merged into those of the base by api and id, at most 100.
	// +kubebuilder:validation:MaxItems=100
	// +listType=map
	// +listMapKey=api
	// +listMapKey=id
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Providers"
	Providers []ConfigProvider `json:"providers,omitempty"`
	// Models are registered in addition to those of the base, at most 100.
	// +kubebuilder:validation:MaxItems=100
	// +listType=map
	// +listMapKey=id
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Models"
	Models []ConfigModel `json:"models,omitempty"`
	// Resources are further registered resources: lists by kind, as in registered_resources of the server's
	// configuration, such as vector_stores.
	// +kubebuilder:validation:Type=object
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Registered Resources",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	Resources *apiextensionsv1.JSON `json:"resources,omitempty"`
	// Storage is where the server keeps what clients create. Default: the stores of the base; with base Empty, SQLite.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Stores"
	Storage *ConfigStorage `json:"storage,omitempty"`
	// Auth is how clients authenticate, and what they may do. Default: that of the base, usually no authentication.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Authentication"
	Auth *ConfigAuth `json:"auth,omitempty"`
	// Patch is merged last, in the form of the server's configuration. Null removes a key; lists of providers and models
	// are merged by id, other lists are replaced.
	// +kubebuilder:validation:Type=object
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Patch",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	Patch *apiextensionsv1.JSON `json:"patch,omitempty"`
}

// ConfigBase is the configuration that the declared one is merged into.
// +kubebuilder:validation:Enum=Image;UserConfig;Empty
type ConfigBase string

const (
	// ConfigBaseImage is the configuration in the image.
	ConfigBaseImage ConfigBase = "Image"
	// ConfigBaseUserConfig is the configuration in the ConfigMap of userConfig.
	ConfigBaseUserConfig ConfigBase = "UserConfig"
	// ConfigBaseEmpty is a configuration without providers.
	ConfigBaseEmpty ConfigBase = "Empty"
)

// ConfigProvider is a provider of the server.
type ConfigProvider struct {
	// API of the provider, in the server's spelling, such as inference or vector_io.
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z][a-z0-9_]*$`
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="API",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:text"}
	API string `json:"api"`
	// ID of the provider. If the base has a provider with this id, the two are merged.
	// +kubebuilder:validation:MaxLength=128
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9][A-Za-z0-9._-]*$`
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Provider ID",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:text"}
	ID string `json:"id"`
	// Type of the provider, such as remote::vllm or inline::faiss. It is required if the base has no provider with this
	// id.
	// +kubebuilder:validation:MaxLength=128
	// +kubebuilder:validation:Pattern=`^(remote|inline)::[A-Za-z0-9][A-Za-z0-9._:-]*$`
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Provider Type",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:text"}
	Type string `json:"type,omitempty"`
	// Disabled removes the provider of the base.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Disabled",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	Disabled bool `json:"disabled,omitempty"`
	// Config of the provider, merged key by key. Null removes a key of the base. ${env.NAME} is a variable of the
	// container.
	// +kubebuilder:validation:Type=object
	// +optional
	Config *apiextensionsv1.JSON `json:"config,omitempty"`
	// Secrets are values of config that are in Secrets, at most 16. They reach the server as environment variables.
	// +kubebuilder:validation:MaxItems=16
	// +listType=map
	// +listMapKey=field
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Provider Secrets"
	Secrets []ConfigSecret `json:"secrets,omitempty"`
}

// ConfigSecret is a value in a Secret.
type ConfigSecret struct {
	// Field is the path of the value in config, such as api_token, headers.x-api-key, or keys.0 for the first entry of a
	// list.
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[^.\s]+(\.[^.\s]+)*$`
	Field string `json:"field"`
	// SecretKeyRef is the key of the Secret that has the value. A change of the Secret restarts Pods only with
	// rollout.onReferenceChange Roll.
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Secret Key"
	SecretKeyRef SecretKey `json:"secretKeyRef"`
}

// SecretKey is a key of a Secret in the namespace of the LlamaStackDistribution.
type SecretKey struct {
	// Name of the Secret.
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$`
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Secret",xDescriptors={"urn:alm:descriptor:io.kubernetes:Secret"}
	Name string `json:"name"`
	// Key of the value.
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[-._A-Za-z0-9]+$`
	Key string `json:"key"`
}

// ConfigModel is a model that the server registers.
// +kubebuilder:validation:XValidation:rule="(has(self.type) && self.type == 'embedding') == has(self.embeddingDimension)",message="set embeddingDimension for type embedding, and for no other type",fieldPath=".embeddingDimension"
type ConfigModel struct {
	// ID of the model. Clients use the id in status.models, such as provider/providerModelID or provider/id.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Model ID",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:text"}
	ID string `json:"id"`
	// Provider is the id of the inference provider that serves the model.
	// +kubebuilder:validation:MaxLength=128
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9][A-Za-z0-9._-]*$`
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Provider",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:text"}
	Provider string `json:"provider"`
	// ProviderModelID is what the provider calls the model. Default: id.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +optional
	ProviderModelID string `json:"providerModelID,omitempty"`
	// Type of the model: llm (default), embedding or rerank.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Model Type",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:select:llm","urn:alm:descriptor:com.tectonic.ui:select:embedding","urn:alm:descriptor:com.tectonic.ui:select:rerank"}
	Type ConfigModelType `json:"type,omitempty"`
	// EmbeddingDimension is the size of the vectors of an embedding model.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000000
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Embedding Dimension",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:number","urn:alm:descriptor:com.tectonic.ui:fieldDependency:server.config.models[0].type:embedding"}
	EmbeddingDimension *int32 `json:"embeddingDimension,omitempty"`
	// Metadata of the model, in the form of the server's configuration.
	// +kubebuilder:validation:Type=object
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Model Metadata",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	Metadata *apiextensionsv1.JSON `json:"metadata,omitempty"`
}

// ConfigModelType is the type of a model.
// +kubebuilder:validation:Enum=llm;embedding;rerank
type ConfigModelType string

// ConfigStorage is where the server keeps what clients create. It applies to every store of the server's version.
// +kubebuilder:validation:MinProperties=1
// +kubebuilder:validation:XValidation:rule="!(has(self.sqlite) && has(self.postgres))",message="set sqlite or postgres, not both"
type ConfigStorage struct {
	// SQLite keeps the data in files on the server's volume.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="SQLite",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	SQLite *ConfigSQLite `json:"sqlite,omitempty"`
	// Postgres keeps the data in a PostgreSQL database, which replicas and workers share.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="PostgreSQL"
	Postgres *ConfigPostgres `json:"postgres,omitempty"`
	// Redis keeps the key-value stores; sqlite or postgres keeps the others. Default: sqlite or postgres keeps all
	// stores.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Redis",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	Redis *ConfigRedis `json:"redis,omitempty"`
}

// ConfigSQLite has no fields yet.
type ConfigSQLite struct{}

// ConfigPostgres is a PostgreSQL database: a URI in a Secret, or host, database, user and password.
// +kubebuilder:validation:XValidation:rule="has(self.uriSecretRef) != has(self.host)",message="set either uriSecretRef or host"
// +kubebuilder:validation:XValidation:rule="!has(self.host) || has(self.database) && has(self.user) && has(self.passwordSecretRef)",message="host requires database, user and passwordSecretRef"
// +kubebuilder:validation:XValidation:rule="!has(self.uriSecretRef) || has(self.host) || !(has(self.port) || has(self.database) || has(self.user) || has(self.passwordSecretRef) || has(self.sslMode))",message="the URI has the port, database, user, password and sslMode; remove them",fieldPath=".uriSecretRef"
type ConfigPostgres struct {
	// URISecretRef is a key with a URI such as postgresql://user:password@host:5432/database, such as the key uri of a
	// CloudNativePG Secret.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="URI"
	URISecretRef *SecretKey `json:"uriSecretRef,omitempty"`
	// Host of the database.
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$`
	// +optional
	Host string `json:"host,omitempty"`
	// Port of the database. Default: 5432.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=65535
	// +optional
	Port *int32 `json:"port,omitempty"`
	// Database is its name.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +optional
	Database string `json:"database,omitempty"`
	// User of the database.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +optional
	User string `json:"user,omitempty"`
	// PasswordSecretRef is the key with the user's password.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Password"
	PasswordSecretRef *SecretKey `json:"passwordSecretRef,omitempty"`
	// SSLMode is how the connection is encrypted, as in libpq. Default: the server's.
	// +kubebuilder:validation:Enum=disable;allow;prefer;require;verify-ca;verify-full
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="SSL Mode",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	SSLMode string `json:"sslMode,omitempty"`
}

// ConfigRedis is a Redis database without password and TLS, because no version of the server has these settings.
type ConfigRedis struct {
	// Host of the database.
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$`
	Host string `json:"host"`
	// Port of the database. Default: 6379.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=65535
	// +optional
	Port *int32 `json:"port,omitempty"`
}

// ConfigAuth is how clients authenticate, by one means, and what they may do.
// +kubebuilder:validation:MinProperties=1
// +kubebuilder:validation:XValidation:rule="[has(self.apiKeys), has(self.oauth2), has(self.kubernetes)].filter(set, set).size() <= 1",message="set one of apiKeys, oauth2 and kubernetes"
type ConfigAuth struct {
	// APIKeys are the keys that clients can send as bearer tokens, at most 16. They require server version 1.4.0 or
	// later.
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	// +listType=map
	// +listMapKey=name
	// +listMapKey=key
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="API Keys"
	APIKeys []SecretKey `json:"apiKeys,omitempty"`
	// OAuth2 accepts tokens of an issuer.
	// +optional
	OAuth2 *ConfigOAuth2 `json:"oauth2,omitempty"`
	// Kubernetes accepts tokens of the Kubernetes API, such as those of ServiceAccounts.
	// +optional
	Kubernetes *ConfigKubernetesAuth `json:"kubernetes,omitempty"`
	// Access is the access policy: rules in the form of the server's configuration, at most 100.
	// +kubebuilder:validation:MaxItems=100
	// +kubebuilder:validation:items:Type=object
	// +listType=atomic
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Access Policy",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	Access []apiextensionsv1.JSON `json:"access,omitempty"`
}

// ConfigOAuth2 is an issuer of tokens.
type ConfigOAuth2 struct {
	// Issuer of the tokens.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	Issuer string `json:"issuer,omitempty"`
	// Audience of the tokens. Default: the server's.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +optional
	Audience string `json:"audience,omitempty"`
	// JWKSURI is the URL of the issuer's public keys.
	// +kubebuilder:validation:MaxLength=1024
	// +kubebuilder:validation:Pattern=`^https?://[^\s]+$`
	JWKSURI string `json:"jwksURI"`
	// ClaimsMapping maps fields of the token to attributes that access uses, such as sub to roles. At most 32.
	// +kubebuilder:validation:MaxProperties=32
	// +optional
	ClaimsMapping map[string]ConfigAttribute `json:"claimsMapping,omitempty"`
}

// ConfigKubernetesAuth is a Kubernetes API server that knows the clients.
type ConfigKubernetesAuth struct {
	// APIServerURL is the URL of the API server. Default: that of this cluster.
	// +kubebuilder:validation:MaxLength=1024
	// +kubebuilder:validation:Pattern=`^https://[^\s]+$`
	// +optional
	APIServerURL string `json:"apiServerURL,omitempty"`
	// ClaimsMapping maps username and groups to attributes that access uses, such as groups to roles. At most 32.
	// +kubebuilder:validation:MaxProperties=32
	// +optional
	ClaimsMapping map[string]ConfigAttribute `json:"claimsMapping,omitempty"`
}

// ConfigAttribute is an attribute of a client, such as roles.
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=63
type ConfigAttribute string

// ConfigBase returns what the declared configuration is merged into, or an empty string if none is declared.
func (s *ServerSpec) ConfigBase() ConfigBase {
	switch {
	case s.Config == nil:
		return ""
	case s.Config.Base != "":
		return s.Config.Base
	case s.UserConfig != nil:
		return ConfigBaseUserConfig
	default:
		return ConfigBaseImage
	}
}
