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

package convert

import (
	"maps"
	"slices"
	"strings"
)

// APIs of the server that have several kinds of providers.
const (
	inference      = "inference"
	toolRuntime    = "tool_runtime"
	vectorIO       = "vector_io"
	fileProcessors = "file_processors"
)

// sqlite is a type of store.
const sqlite = "sqlite"

// baseURL is the address of a provider in its configuration.
const baseURL = "base_url"

// kind is a typed provider of the successor.
type kind struct {
	// path of the list or the object below spec.providers.
	path string
	// api and typ are those of the server.
	api, typ string
	// fields maps fields to keys of the provider's configuration, secrets those that refer to a Secret.
	fields, secrets map[string]string
	// adapt converts what is more than a field with another name.
	adapt func(source, config *tree)
	// fill adds keys that the server requires and the successor's kind does not have.
	fill func(id string) map[string]any
}

// remote are fields of a remote provider of inference, with those that all of them have.
func remote(fields map[string]string) map[string]string {
	all := map[string]string{
		"allowedModels": "allowed_models", "refreshModels": "refresh_models",
		"network.tls.verify": "network.tls.verify", "network.tls.minVersion": "network.tls.min_version", "network.tls.ciphers": "network.tls.ciphers",
		"network.proxy.url": "network.proxy.url", "network.proxy.http": "network.proxy.http", "network.proxy.https": "network.proxy.https",
		"network.proxy.cacert": "network.proxy.cacert", "network.proxy.noProxy": "network.proxy.no_proxy",
		"network.timeout.connect": "network.timeout.connect", "network.timeout.read": "network.timeout.read",
		"network.headers": "network.headers",
	}
	maps.Copy(all, fields)
	return all
}

// persistence is where a vector store keeps what it registered. The successor uses the provider's id, or the kind's name.
func persistence(name string) func(string) map[string]any {
	return func(id string) map[string]any {
		if id == "remote-"+name {
			id = name
		}
		return map[string]any{"persistence": map[string]any{"namespace": "vector_io::" + id, "backend": "kv_default"}}
	}
}

// table is a reference to a table of the SQL store, at a key.
func table(name string, path ...string) func(string) map[string]any {
	return func(string) map[string]any {
		var value any = map[string]any{"backend": "sql_default", "table_name": name}
		for _, key := range slices.Backward(path) {
			value = map[string]any{key: value}
		}
		return value.(map[string]any) //nolint:forcetypeassert // path has at least one key
	}
}

// kinds is the table of typed providers. The keys are those of the configuration classes of server 1.5.0.
func kinds() []kind {
	one := func(name, key string) map[string]string { return map[string]string{name: key} }
	chunks := map[string]string{"defaultChunkSizeTokens": "default_chunk_size_tokens", "defaultChunkOverlapTokens": "default_chunk_overlap_tokens"}
	return []kind{
		{path: "inference.remote.vllm", api: inference, typ: "remote::vllm", secrets: one("apiToken", "api_token"),
			fields: remote(map[string]string{"endpoint": baseURL, "maxTokens": "max_tokens"})},
		{path: "inference.remote.openai", api: inference, typ: "remote::openai", secrets: one("apiKey", "api_key"), fields: remote(one("endpoint", baseURL))},
		{path: "inference.remote.azure", api: inference, typ: "remote::azure", secrets: one("apiKey", "api_key"),
			fields: remote(map[string]string{"endpoint": baseURL, "apiVersion": "api_version", "apiType": "api_type"})},
		{path: "inference.remote.bedrock", api: inference, typ: "remote::bedrock", fields: remote(bedrockFields()), secrets: map[string]string{
			"apiKey": "api_key", "awsAccessKeyId": "aws_access_key_id", "awsSecretAccessKey": "aws_secret_access_key", "awsSessionToken": "aws_session_token",
		}},
		{path: "inference.remote.vertexai", api: inference, typ: "remote::vertexai", fields: remote(map[string]string{"project": "project", "location": "location"})},
		{path: "inference.remote.watsonx", api: inference, typ: "remote::watsonx", secrets: one("apiKey", "api_key"),
			fields: remote(map[string]string{"endpoint": baseURL, "projectId": "project_id", "timeout": "timeout"})},
		{path: "vectorIo.remote.pgvector", api: vectorIO, typ: "remote::pgvector", secrets: one("password", "password"), adapt: vectorIndex, fill: persistence("pgvector"),
			fields: map[string]string{"host": "host", "port": "port", "db": "db", "user": "user", "distanceMetric": "distance_metric"}},
		{path: "vectorIo.remote.milvus", api: vectorIO, typ: "remote::milvus", secrets: one("token", "token"),
			fields: map[string]string{"uri": "uri", "consistencyLevel": "consistency_level"}, fill: persistence("milvus")},
		{path: "vectorIo.remote.qdrant", api: vectorIO, typ: "remote::qdrant", secrets: one("apiKey", "api_key"), fill: persistence("qdrant"),
			fields: map[string]string{
				"url": "url", "host": "host", "port": "port", "location": "location", "grpcPort": "grpc_port", "preferGrpc": "prefer_grpc",
				"https": "https", "prefix": "prefix", "timeout": "timeout",
			}},
		{path: "toolRuntime.remote.braveSearch", api: toolRuntime, typ: "remote::brave-search", secrets: one("apiKey", "api_key"), fields: one("maxResults", "max_results")},
		{path: "toolRuntime.remote.tavilySearch", api: toolRuntime, typ: "remote::tavily-search", secrets: one("apiKey", "api_key"), fields: one("maxResults", "max_results")},
		{path: "toolRuntime.remote.modelContextProtocol", api: toolRuntime, typ: "remote::model-context-protocol"},
		{path: "toolRuntime.inline.fileSearch", api: toolRuntime, typ: "inline::file-search"},
		{path: "files.remote.s3", api: "files", typ: "remote::s3", fill: table("files_metadata", "metadata_store"),
			fields:  map[string]string{"bucketName": "bucket_name", "region": "region", "endpointUrl": "endpoint_url", "autoCreateBucket": "auto_create_bucket"},
			secrets: map[string]string{"awsAccessKeyId": "aws_access_key_id", "awsSecretAccessKey": "aws_secret_access_key"}},
		{path: "files.inline.localfs", api: "files", typ: "inline::localfs", fields: one("ttlSecs", "ttl_secs"), fill: localFiles},
		{path: "batches.inline.reference", api: "batches", typ: "inline::reference", fill: table("batches", "sqlstore"), fields: map[string]string{
			"maxConcurrentBatches": "max_concurrent_batches", "maxConcurrentRequestsPerBatch": "max_concurrent_requests_per_batch",
		}},
		{path: "responses.inline.builtin", api: "responses", typ: "inline::builtin", fill: table("responses", "persistence", "responses")},
		{path: "fileProcessors.remote.doclingServe", api: fileProcessors, typ: "remote::docling-serve", secrets: one("apiKey", "api_key"),
			fields: map[string]string{"baseUrl": baseURL, "defaultChunkSizeTokens": "default_chunk_size_tokens"}},
		{path: "fileProcessors.inline.auto", api: fileProcessors, typ: "inline::auto", fields: chunks},
		{path: "fileProcessors.inline.pypdf", api: fileProcessors, typ: "inline::pypdf", fields: chunks},
		{path: "fileProcessors.inline.markitdown", api: fileProcessors, typ: "inline::markitdown", fields: chunks},
		{path: "fileProcessors.inline.docling", api: fileProcessors, typ: "inline::docling", fields: chunks},
	}
}

// bedrockFields are those of Amazon Bedrock.
func bedrockFields() map[string]string {
	return map[string]string{
		"region": "region_name", "awsRoleArn": "aws_role_arn", "awsWebIdentityTokenFile": "aws_web_identity_token_file",
		"awsRoleSessionName": "aws_role_session_name", "profileName": "profile_name", "totalMaxAttempts": "total_max_attempts",
		"retryMode": "retry_mode", "connectTimeout": "connect_timeout", "readTimeout": "read_timeout", "sessionTTL": "session_ttl",
	}
}

// vectorIndex takes the index of pgvector. That of the server has a type, and no object for each. Two exclude each other.
func vectorIndex(source, config *tree) {
	const hnsw, ivfFlat, target = "vectorIndex.hnsw", "vectorIndex.ivfFlat", "vector_index"
	index, typ, fields := hnsw, "HNSW", map[string]string{"m": "m", "efConstruction": "ef_construction", "efSearch": "ef_search"}
	if source.has(ivfFlat) {
		index, typ, fields = ivfFlat, "IVFFlat", map[string]string{"nlist": "lists", "nprobe": "probes"}
	}
	value, _ := source.get(index)
	object := asMap(value)
	if object == nil || source.has(hnsw) && source.has(ivfFlat) {
		return
	}
	config.set(target+".type", typ)
	if len(object) == 0 {
		source.take(index)
	}
	for name, key := range fields {
		if value, ok := source.take(index + "." + name); ok {
			config.set(target+"."+key, value)
		}
	}
}

// localFiles fills in where files and their metadata are, as the starter distribution has them.
func localFiles(id string) map[string]any {
	filled := table("files_metadata", "metadata_store")(id)
	filled["storage_dir"] = "${env.FILES_STORAGE_DIR:=~/.ogx/files}"
	return filled
}

// serverAPI is the server's spelling of an API: vectorIo is vector_io.
func serverAPI(name string) string {
	var spelled strings.Builder
	for _, letter := range name {
		if letter >= 'A' && letter <= 'Z' {
			spelled.WriteByte('_')
			letter += 'a' - 'A'
		}
		spelled.WriteRune(letter)
	}
	return spelled.String()
}
