# Copyright 2026 The llama-stack-k8s-operator Authors.
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.
"""Declared configurations, as the operator renders them: each typed form, and the servers that people ask for most."""

PATH = "spec.server.config"

# The environment that the scenarios are compiled and checked in. No value may appear in a finding.
ENVIRONMENT = {
    "LLSD_INFERENCE_VLLM_API_TOKEN": "token-of-vllm",
    "LLSD_INFERENCE_OPENAI_API_KEY": "key-of-openai",
    "LLSD_VECTOR_IO_PGVECTOR_PASSWORD": "password-of-pgvector",
    "LLSD_STORAGE_PASSWORD": "password-of-storage",
    "LLSD_STORAGE_URI": "postgresql://llsd:p%40ss-of-uri@pg.example:5433/state?sslmode=require",
    "LLSD_API_KEY_0": "first-api-key",
    "LLSD_API_KEY_1": "second-api-key",
}

# A base with comments, quotes and an unknown key: all of it has to stay.
BASE = """\
# The platform team's base.
version: '2'
image_name: base    # before 0.5
distro_name: base
x-owner: "platform"  # kept, whatever it is
apis: [inference, vector_io]
providers:
  inference:
  # The local one.
  - provider_id: ${env.VLLM_URL:+vllm}
    provider_type: remote::vllm
    config:
      url: http://old:8000/v1
      base_url: http://old:8000/v1
      max_tokens: 4096  # enough

  - provider_id: second
    provider_type: remote::vllm
    config: {url: "http://second:8000/v1", base_url: "http://second:8000/v1"}
  vector_io: []
storage:  # needed from 0.3 on
  backends:
    kv_default: {type: kv_sqlite, db_path: /data/kv.db}
    sql_default:
      type: sql_sqlite
      db_path: /data/sql.db
  stores:
    metadata: {namespace: registry, backend: kv_default}
server:
  port: 8321
"""


def overlay(base="Empty", **parts):
    return {"version": 1, "base": base, "port": 8321, "dataDir": "/data", **parts}


def providers(*declared):
    return [{"path": f"{PATH}.providers[{i}]", **provider} for i, provider in enumerate(declared)]


def provider(api, name, kind=None, **config):
    declared = {"api": api, "id": name, "config": config}
    return {**declared, "type": kind} if kind else declared


def models(*declared):
    return [{"path": f"{PATH}.models[{i}]", **model} for i, model in enumerate(declared)]


def model(name, by, **more):
    return {"id": name, "provider": by, **more}


VLLM = provider("inference", "vllm", "remote::vllm", base_url="http://vllm:8000/v1", api_token="${env.LLSD_INFERENCE_VLLM_API_TOKEN}")
OPENAI = provider("inference", "openai", "remote::openai", api_key="${env.LLSD_INFERENCE_OPENAI_API_KEY}")
EMBEDDER = provider("inference", "embedder", "inline::sentence-transformers")
FAISS = provider("vector_io", "faiss", "inline::faiss")
FILES = provider("files", "local", "inline::localfs")
SEARCH = provider("tool_runtime", "search", "inline::file-search")
PGVECTOR = provider(
    "vector_io", "pgvector", "remote::pgvector", host="pg.example", port=5432, db="vectors", user="llsd",
    password="${env.LLSD_VECTOR_IO_PGVECTOR_PASSWORD}",
)  # fmt: skip
POSTGRES = {
    "path": f"{PATH}.storage.postgres", "type": "postgres", "host": "pg.example", "port": 5432, "database": "state",
    "user": "llsd", "password": "${env.LLSD_STORAGE_PASSWORD}",
}  # fmt: skip
URI = {"path": f"{PATH}.storage.postgres", "type": "postgres", "uriEnv": "LLSD_STORAGE_URI"}
REDIS = {"path": f"{PATH}.storage.redis", "type": "redis", "host": "redis.example", "port": 6379}
SQLITE = {"path": f"{PATH}.storage.sqlite", "type": "sqlite"}


def auth(**parts):
    return {"path": f"{PATH}.auth", **parts}


RAG = providers(VLLM, EMBEDDER, PGVECTOR, FILES, SEARCH)
EMBEDDING = model("nomic", "embedder", providerModelID="nomic-ai/nomic-embed-text-v1.5", type="embedding", embeddingDimension=768)

# The scenarios of the successor of this operator, in our form.
SUCCESSOR = {
    "plain-base": (BASE, overlay("UserConfig", providers=providers(OPENAI))),
    "base-url": (BASE, overlay("UserConfig", providers=providers(provider("inference", "second", base_url="http://new:8000/v1")))),
    "network": ("", overlay(providers=providers({**VLLM, "config": {**VLLM["config"], "network": {
        "tls": {"verify": False, "min_version": "TLSv1.2"}, "timeout": {"connect": 5, "read": 60},
        "proxy": {"https": "http://proxy.example:3128", "no_proxy": [".svc"]}}}}))),
    "batches": ("", overlay(providers=providers(VLLM, FILES, provider("batches", "batches", "inline::reference", max_concurrent_batches=2)))),
    "file-processors": ("", overlay(providers=providers(VLLM, FILES, provider("file_processors", "pypdf", "inline::pypdf")))),
    "file-search": ("", overlay(providers=RAG)),
    "inference-fields": ("", overlay(providers=providers({**VLLM, "config": {
        **VLLM["config"], "allowed_models": ["a"], "refresh_models": True, "max_tokens": 4096, "network": {"headers": {"x-team": "a"}}}}))),
    "milvus": ("", overlay(providers=providers(
        VLLM, EMBEDDER, FILES, provider("vector_io", "milvus", "remote::milvus", uri="http://milvus:19530")))),
    "pgvector": ("", overlay(providers=providers(VLLM, EMBEDDER, FILES, PGVECTOR))),
    "qdrant": ("", overlay(providers=providers(VLLM, EMBEDDER, FILES, provider("vector_io", "qdrant", "remote::qdrant", url="http://qdrant:6333")))),
    "model-metadata": ("", overlay(providers=providers(VLLM), models=models(
        model("llama", "vllm", metadata={"quantization": "fp8", "context_length": 32768})))),
    "responses": ("", overlay(providers=[*RAG, *providers(provider("responses", "agents", "inline::builtin"))])),
    "models-added": (BASE, overlay("UserConfig", models=models(model("llama", "second"), model("mistral", "second")))),
    "custom-port": ("", overlay(port=9000, providers=providers(VLLM))),
    "apis-away": (BASE, overlay("UserConfig", apis=["inference"])),
    "inference-replaced": (BASE, overlay("UserConfig", providers=providers(
        {"api": "inference", "id": "vllm", "disabled": True}, {"api": "inference", "id": "second", "disabled": True}, OPENAI))),
    "storage-replaced": (BASE, overlay("UserConfig", storage=POSTGRES, keyValue=REDIS)),
    "several": (BASE, overlay("UserConfig", providers=RAG, models=models(model("llama", "vllm"), EMBEDDING), storage=POSTGRES,
                              patch={"server": {"host": "::"}})),
}  # fmt: skip

# Each typed form that those do not have.
FORMS = {
    "nothing-but-empty": ("", overlay()),
    "bedrock": ("", overlay(providers=providers(provider("inference", "bedrock", "remote::bedrock", region_name="eu-west-1")))),
    "openai-and-embeddings": ("", overlay(providers=providers(OPENAI, EMBEDDER), models=models(EMBEDDING, model("gpt", "openai", providerModelID="gpt-4o")))),
    "vector-stores-inline": ("", overlay(providers=providers(
        VLLM, EMBEDDER, FILES, FAISS, provider("vector_io", "sqlite", "inline::sqlite-vec"), provider("vector_io", "lite", "inline::milvus")))),
    "files-s3": ("", overlay(providers=providers(VLLM, provider("files", "s3", "remote::s3", bucket_name="files", region="eu-west-1")))),
    "messages": ("", overlay(providers=providers(
        VLLM, provider("messages", "messages", "inline::builtin"), provider("interactions", "interactions", "inline::builtin"),
        FILES, provider("skills", "skills", "inline::builtin")))),
    "rerank": ("", overlay(providers=providers(VLLM), models=models(model("ranker", "vllm", type="rerank")))),
    "resources": ("", overlay(providers=RAG, models=models(EMBEDDING), resources={"vector_stores": [
        {"vector_store_id": "docs", "provider_id": "pgvector", "embedding_model": "nomic", "embedding_dimension": 768}]})),
    "resources-of-some": ("", overlay(providers=providers(VLLM), resources={"benchmarks": [
        {"benchmark_id": "b", "dataset_id": "d", "scoring_functions": ["s"], "provider_id": "p"}]})),
    "storage-sqlite": ("", overlay(providers=providers(VLLM), storage=SQLITE)),
    "storage-postgres": ("", overlay(providers=RAG, storage=POSTGRES)),
    "storage-postgres-tls": ("", overlay(providers=providers(VLLM), storage={**POSTGRES, "sslMode": "require"})),
    "storage-uri": ("", overlay(providers=providers(VLLM), storage=URI)),
    "storage-redis": ("", overlay(providers=providers(VLLM, EMBEDDER, FILES, FAISS), storage=POSTGRES, keyValue=REDIS)),
    "apis-declared": ("", overlay(apis=["inference"], providers=RAG, storage=POSTGRES)),
    "auth-api-keys": ("", overlay(providers=providers(VLLM), auth=auth(apiKeys={"env": ["LLSD_API_KEY_0", "LLSD_API_KEY_1"]}))),
    "auth-oauth2": ("", overlay(providers=providers(VLLM), auth=auth(oauth2={
        "issuer": "https://sso.example", "audience": "llsd", "jwksURI": "https://sso.example/jwks", "claimsMapping": {"groups": "teams"}}))),
    "auth-kubernetes": ("", overlay(providers=providers(VLLM), auth=auth(kubernetes={
        "apiServerURL": "https://kubernetes.default.svc", "caFile": "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt"}, access=[
            {"permit": {"actions": ["read"]}, "description": "everybody reads"}]))),
    "serving": ("", overlay(providers=providers(VLLM), workers=2, serving={"certFile": "/tls/tls.crt", "keyFile": "/tls/tls.key"})),
    "three-providers": ("", overlay(providers=providers(VLLM, OPENAI, {**VLLM, "id": "other"}), models=models(
        model("llama", "vllm"), model("gpt", "openai"), model("mistral", "other")), auth=auth(apiKeys={"env": ["LLSD_API_KEY_0"]}))),
    "patch": (BASE, overlay("UserConfig", patch={"x-owner": None, "providers": {"inference": [
        {"provider_id": "second", "config": {"max_tokens": 1}}]}, "logging": {"category_levels": {"core": "debug"}}})),
}  # fmt: skip

SCENARIOS = {**SUCCESSOR, **FORMS}

# What people get wrong: the place and the beginning of what is said of it, for servers from 0.7 on.
MISTAKES = {
    "key": (overlay(providers=providers(OPENAI, {**VLLM, "config": {"base_ur": "http://vllm:8000/v1"}})),
            "spec.server.config.providers[1].config.base_ur", "unknown key, did you mean base_url?"),
    "type": (overlay(providers=providers({**VLLM, "type": "remote::vlm"})),
             "spec.server.config.providers[0].type", "has no provider of type remote::vlm; did you mean remote::vllm?"),
    "api": (overlay(providers=providers({**VLLM, "api": "inferense"})),
            "spec.server.config.providers[0].api", "has no API inferense; did you mean inference?"),
    "variable": (overlay(providers=providers({**VLLM, "config": {"base_url": "${env.NOT_SET}"}})),
                 "spec.server.config.providers[0].config.base_url", "nothing sets the variable NOT_SET"),
    "required": (overlay(providers=providers(provider("vector_io", "milvus", "remote::milvus"))),
                 "spec.server.config.providers[0].config.uri", "it is required"),
    "value": (overlay(providers=providers({**PGVECTOR, "config": {"port": "many"}})),
              "spec.server.config.providers[0].config.port", "Input should be a valid integer"),
    "nested-key": (overlay(providers=providers({**VLLM, "config": {"base_url": "http://v/v1", "network": {"timeout": {"conect": 1}}}})),
                   "spec.server.config.providers[0].config.network.timeout.conect", "unknown key, did you mean connect?"),
    "model": (overlay(providers=providers(VLLM), models=models(model("a", "vlm"))),
              "spec.server.config.models[0].provider", "there is no provider vlm of inference; did you mean vllm?"),
    "patch-key": (overlay(providers=providers(VLLM), patch={"server": {"prt": 1}}),
                  "spec.server.config.patch.server.prt", "unknown key"),
    "patch-value": (overlay(providers=providers(VLLM), patch={"server": {"port": "x"}}),
                    "spec.server.config.patch.server.port", "Input should be a valid integer"),
    "no-type": (overlay(providers=providers({"api": "inference", "id": "new", "config": {}})),
                "spec.server.config.providers[0]", "the base has no provider new of inference: set its type"),
    "uri": (overlay(providers=providers(VLLM), storage={**URI, "uriEnv": "NOT_SET"}),
            "spec.server.config.storage.postgres", ""),
}  # fmt: skip
