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

package operator_test

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// inOverlay means that a field is in the declared configuration that the Pods mount.
const inOverlay = "overlay"

// configFields are the fields of a declared configuration.
func configFields() []fieldCase {
	const (
		withPatch = "server: {config: {patch: {a: 1}}}"
		withAPIs  = "server: {config: {apis: [inference]}}"
		withAuth  = "server: {config: {auth: {access: [{forbid: {actions: [read]}}]}}}"
	)
	declared := func(path, with, value, without, shows string) fieldCase {
		return fieldCase{path: "server.config." + path, value: value, without: without, with: with, in: inOverlay, shows: ContainSubstring(shows)}
	}
	fields := []fieldCase{
		declared("base", withPatch, "Empty", "", `"base":"Empty"`),
		declared("apis", withPatch, "[inference]", "", `"apis":["inference"]`),
		declared("providers", withPatch, "[{api: inference, id: a, type: 'remote::vllm'}]", "", `"type":"remote::vllm"`),
		declared("models", withPatch, "[{id: a, provider: b}]", "", `"models":[{`),
		declared("resources", withPatch, "{shields: [{shield_id: a}]}", "", `"resources":{"shields":[{"shield_id":"a"}]}`),
		declared("patch", withAPIs, "{logging: {a: b}}", "", `"logging":{"a":"b"}`),
		declared("auth.apiKeys", withAuth, "[{name: a, key: b}]", "", `"apiKeys":{"env":["LLSD_API_KEY_0"]}`),
		declared("auth.access", withAuth, "[{permit: {actions: [read]}}]", "[{forbid: {actions: [read]}}]", `"access":[{"permit":{"actions":["read"]}}]`),
	}
	return append(append(fields, storageFields()...), authFields()...)
}

func storageFields() []fieldCase {
	const (
		withRedis    = "server: {config: {storage: {redis: {host: before, port: 7000}}}}"
		withURI      = "server: {config: {storage: {postgres: {uriSecretRef: {name: before, key: before}}}}}"
		withPostgres = "server: {config: {storage: {postgres: {host: before, database: before, user: before, passwordSecretRef: {name: before, key: before}}}}}"
	)
	variable := func(path, with, name, at string) fieldCase {
		return fieldCase{
			path: "server.config.storage." + path, value: "after", without: "before", with: with, in: inDeployment, shows: "after",
			at: fmt.Sprintf("%s.env[?(@.name==%q)].valueFrom.secretKeyRef.%s}", atContainer, name, at),
		}
	}
	stored := func(path, with, value, without, shows string) fieldCase {
		return fieldCase{
			path: "server.config.storage." + path, value: value, without: without, with: with, in: inOverlay, shows: ContainSubstring(shows),
		}
	}
	return []fieldCase{
		stored("sqlite", withRedis, "{}", "", `"type":"sqlite"`),
		variable("postgres.uriSecretRef.name", withURI, "LLSD_STORAGE_URI", "name"),
		variable("postgres.uriSecretRef.key", withURI, "LLSD_STORAGE_URI", "key"),
		stored("postgres.host", withPostgres, "after", "before", `"host":"after"`),
		stored("postgres.port", withPostgres, "6000", "", `"port":6000`),
		stored("postgres.database", withPostgres, "after", "before", `"database":"after"`),
		stored("postgres.user", withPostgres, "after", "before", `"user":"after"`),
		variable("postgres.passwordSecretRef.name", withPostgres, "LLSD_STORAGE_PASSWORD", "name"),
		variable("postgres.passwordSecretRef.key", withPostgres, "LLSD_STORAGE_PASSWORD", "key"),
		stored("postgres.sslMode", withPostgres, "require", "", `"sslMode":"require"`),
		stored("redis.host", withRedis, "after", "before", `"host":"after"`),
		stored("redis.port", withRedis, "6000", "7000", `"port":6000`),
	}
}

func authFields() []fieldCase {
	const (
		withOAuth2     = "server: {config: {auth: {oauth2: {jwksURI: 'https://before'}}}}"
		withKubernetes = "server: {config: {auth: {kubernetes: {}, access: [{permit: {actions: [read]}}]}}}"
	)
	auth := func(path, with, value, without, shows string) fieldCase {
		return fieldCase{
			path: "server.config.auth." + path, value: value, without: without, with: with, in: inOverlay, shows: ContainSubstring(shows),
		}
	}
	return []fieldCase{
		auth("oauth2.issuer", withOAuth2, "after", "", `"issuer":"after"`),
		auth("oauth2.audience", withOAuth2, "after", "", `"audience":"after"`),
		auth("oauth2.jwksURI", withOAuth2, "'https://after'", "'https://before'", `"jwksURI":"https://after"`),
		auth("oauth2.claimsMapping", withOAuth2, "{sub: roles}", "", `"claimsMapping":{"sub":"roles"}`),
		auth("kubernetes.apiServerURL", withKubernetes, "'https://after'", "", `"apiServerURL":"https://after"`),
		auth("kubernetes.claimsMapping", withKubernetes, "{groups: roles}", "", `"claimsMapping":{"groups":"roles"}`),
	}
}

// overlayOf reads the declared configuration that the Pods of server x mount.
func overlayOf(ctx context.Context, namespace string) string {
	GinkgoHelper()
	for _, volume := range get(ctx, namespace, "x", &appsv1.Deployment{}).Spec.Template.Spec.Volumes {
		if volume.Name == "configure" {
			return get(ctx, namespace, volume.ConfigMap.Name, &corev1.ConfigMap{}).Data["overlay.json"]
		}
	}
	return "none"
}
