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

package overlay

import (
	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"k8s.io/utils/ptr"
)

// The types of storage.
const (
	typeSQLite   = "sqlite"
	typePostgres = "postgres"
	typeRedis    = "redis"
)

// Default ports.
const (
	postgresPort int32 = 5432
	redisPort    int32 = 6379
)

// Where it comes from.
const (
	storagePath = configPath + ".storage"
	authPath    = configPath + ".auth"
)

type storage struct {
	Path     string `json:"path"`
	Type     string `json:"type"`
	Host     string `json:"host,omitempty"`
	Port     int32  `json:"port,omitempty"`
	Database string `json:"database,omitempty"`
	User     string `json:"user,omitempty"`
	Password string `json:"password,omitempty"`
	SSLMode  string `json:"sslMode,omitempty"`
	URIEnv   string `json:"uriEnv,omitempty"`
}

type keyValue struct {
	Path string `json:"path"`
	Type string `json:"type"`
	Host string `json:"host"`
	Port int32  `json:"port"`
}

func (b *builder) addStorage() {
	declared := b.config.Storage
	if declared == nil {
		return
	}
	switch {
	case declared.SQLite != nil:
		b.document.Storage = &storage{Path: storagePath + ".sqlite", Type: typeSQLite}
	case declared.Postgres != nil:
		b.document.Storage = b.postgres(declared.Postgres)
	}
	if redis := declared.Redis; redis != nil {
		b.document.KeyValue = &keyValue{
			Path: storagePath + ".redis", Type: typeRedis, Host: redis.Host, Port: ptr.Deref(redis.Port, redisPort),
		}
	}
}

func (b *builder) postgres(declared *v1alpha1.ConfigPostgres) *storage {
	one := &storage{Path: storagePath + ".postgres", Type: typePostgres}
	if declared.URISecretRef != nil {
		one.URIEnv = b.variables.add(storageURI, *declared.URISecretRef)
		return one
	}
	one.Host, one.Port, one.Database = declared.Host, ptr.Deref(declared.Port, postgresPort), declared.Database
	one.User, one.SSLMode = declared.User, declared.SSLMode
	one.Password = b.secret(storagePassword, declared.PasswordSecretRef)
	return one
}

// secret adds a variable and returns its placeholder; both only if there is a Secret.
func (b *builder) secret(name string, key *v1alpha1.SecretKey) string {
	if key == nil {
		return ""
	}
	return placeholder(b.variables.add(name, *key))
}

type auth struct {
	Path       string           `json:"path"`
	APIKeys    *apiKeys         `json:"apiKeys,omitempty"`
	OAuth2     *oauth2          `json:"oauth2,omitempty"`
	Kubernetes *kubernetes      `json:"kubernetes,omitempty"`
	Access     []map[string]any `json:"access,omitempty"`
}

type apiKeys struct {
	Env []string `json:"env"`
}

type oauth2 struct {
	Issuer        string                              `json:"issuer,omitempty"`
	Audience      string                              `json:"audience,omitempty"`
	JWKSURI       string                              `json:"jwksURI"` //nolint:tagliatelle // as in the spec
	ClaimsMapping map[string]v1alpha1.ConfigAttribute `json:"claimsMapping,omitempty"`
}

type kubernetes struct {
	APIServerURL  string                              `json:"apiServerURL,omitempty"` //nolint:tagliatelle // as in the spec
	CAFile        string                              `json:"caFile"`
	ClaimsMapping map[string]v1alpha1.ConfigAttribute `json:"claimsMapping,omitempty"`
}

func (b *builder) addAuth() error {
	declared := b.config.Auth
	if declared == nil {
		return nil
	}
	one := &auth{Path: authPath}
	switch {
	case len(declared.APIKeys) > 0:
		one.APIKeys = &apiKeys{}
		for i, key := range declared.APIKeys {
			one.APIKeys.Env = append(one.APIKeys.Env, b.variables.add(apiKeyName(i), key))
		}
	case declared.OAuth2 != nil:
		one.OAuth2 = &oauth2{
			Issuer: declared.OAuth2.Issuer, Audience: declared.OAuth2.Audience, JWKSURI: declared.OAuth2.JWKSURI, ClaimsMapping: declared.OAuth2.ClaimsMapping,
		}
	case declared.Kubernetes != nil:
		one.Kubernetes = &kubernetes{APIServerURL: declared.Kubernetes.APIServerURL, CAFile: b.CAFile, ClaimsMapping: declared.Kubernetes.ClaimsMapping}
	}
	for i := range declared.Access {
		rule, err := object(&declared.Access[i], authPath+".access")
		if err != nil {
			return err
		}
		one.Access = append(one.Access, rule)
	}
	b.document.Auth = one
	return nil
}
