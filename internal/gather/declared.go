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

package gather

import (
	"context"
	"slices"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/inputs"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
)

// declared adds the declared configuration to that of the user, which may be its base.
func (g *Gatherer) declared(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, f *Found) error {
	if instance.Spec.Server.Config == nil {
		return nil
	}
	found, err := g.Contents.Declared(ctx, instance)
	if err != nil {
		return err
	}
	if found.Problem != nil {
		f.Problems = append(f.Problems, *found.Problem)
		return nil
	}
	f.ConfigDigest = found.Digest
	f.Authenticated = f.Authenticated || found.Facts.Authenticated
	f.Input.Config = &render.Config{
		CopyName: render.ConfigCopyName(instance.Name, found.Hash), Hash: found.Hash, Env: found.Env,
		TLS: found.Facts.TLS, TCPProbe: !found.Facts.HTTPProbe(), NamesToken: found.Token,
	}
	if found.OwnCertificate && f.Input.Serving != nil {
		f.Input.Serving.Unused = true
		f.Noticef("spec.server.config.patch names server.tls_certfile, which the server shows instead of Secret %s", f.Input.Serving.SecretName)
	}
	f.State = stateWith(f.State, found, &instance.Spec.Server)
	return nil
}

// stateWith is where the server keeps its state, from the state of the base and what is declared. The declared stores
// replace all stores of the base, but not the providers that keep state themselves.
func stateWith(base status.State, found inputs.Declared, server *v1alpha1.ServerSpec) status.State {
	state := base
	stores := server.Config.Storage
	switch server.ConfigBase() {
	case v1alpha1.ConfigBaseEmpty:
		state.Known = true
	case v1alpha1.ConfigBaseImage:
		// What the providers of the image keep is not known.
		state.Unread = stores != nil
	case v1alpha1.ConfigBaseUserConfig:
		state.Local = slices.DeleteFunc(slices.Clone(base.Local), func(place string) bool { return replaced(place, server.Config) })
	}
	state.Unread = state.Unread || found.Unread
	state.Known = state.Known && !state.Unread
	state.Local, state.Forgotten = union(state.Local, found.Local), union(base.Forgotten, found.Forgotten)
	vectors := slices.DeleteFunc(slices.Clone(base.Vectors), func(place string) bool { return replaced(place, server.Config) })
	state.Vectors = union(vectors, found.Vectors)
	// The program in the Pod adds a metadata_store to the providers that are declared.
	state.Separate = slices.DeleteFunc(slices.Clone(base.Separate), func(place string) bool { return declares(server.Config, place) })
	if found.Facts.Workers != nil {
		state.Workers = found.Facts.Workers
	}
	return state
}

// declares says that the provider at a place, such as "providers.vector_io.pg (remote::pgvector)", is declared.
func declares(config *v1alpha1.ServerConfig, place string) bool {
	return slices.ContainsFunc(config.Providers, func(one v1alpha1.ConfigProvider) bool {
		return strings.HasPrefix(place, "providers."+one.API+"."+one.ID+" (")
	})
}

// union is the places of both lists, each once.
func union(places, more []string) []string {
	all := slices.Clone(places)
	for _, place := range more {
		if !slices.Contains(all, place) {
			all = append(all, place)
		}
	}
	return all
}

// replaced says that a place with local state in the base, such as "storage.backends.kv_default (kv_sqlite)", is no longer
// used: the store or the provider is declared.
func replaced(place string, config *v1alpha1.ServerConfig) bool {
	for i := range config.Providers {
		if one := &config.Providers[i]; (one.Disabled || one.Type != "") && strings.HasPrefix(place, "providers."+one.API+"."+one.ID+" (") {
			return true
		}
	}
	stores := config.Storage
	switch {
	case stores == nil || strings.HasPrefix(place, "providers."):
		return false
	case stores.SQLite != nil || stores.Postgres != nil:
		return true
	default:
		return strings.HasSuffix(place, "(kv_sqlite)")
	}
}
