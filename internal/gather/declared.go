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

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/inputs"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	"github.com/llamastack/llama-stack-k8s-operator/internal/serverconfig"
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
	f.State = stateWith(f.State, f.places, found, &instance.Spec.Server)
	return nil
}

// places are where a configuration keeps state, as in status.State.
type places struct{ local, forgotten, vectors, separate []serverconfig.Place }

// of returns a state with the places as texts.
func (p places) of(state status.State) status.State {
	state.Local, state.Forgotten, state.Vectors, state.Separate = texts(p.local), texts(p.forgotten), texts(p.vectors), texts(p.separate)
	return state
}

// texts are the places, each once.
func texts(places []serverconfig.Place) []string {
	var all []string
	for _, place := range places {
		if text := place.String(); !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	return all
}

// stateWith is where the server keeps its state, from the state of the base and what is declared. The declared stores
// replace all stores of the base, but not the providers that keep state themselves.
func stateWith(base status.State, in places, found inputs.Declared, server *v1alpha1.ServerSpec) status.State {
	state := base
	isReplaced := func(place serverconfig.Place) bool { return replaced(place, server.Config) }
	switch server.ConfigBase() {
	case v1alpha1.ConfigBaseEmpty:
		state.Known = true
	case v1alpha1.ConfigBaseImage:
		// What the providers of the image keep is not known.
		state.Unread = server.Config.Storage != nil
	case v1alpha1.ConfigBaseUserConfig:
		in.local = without(in.local, isReplaced)
	}
	state.Unread = state.Unread || found.Unread
	state.Known = state.Known && !state.Unread
	if found.Facts.Workers != nil {
		state.Workers = found.Facts.Workers
	}
	return places{
		local: slices.Concat(in.local, found.Local), forgotten: slices.Concat(in.forgotten, found.Forgotten),
		vectors: slices.Concat(without(in.vectors, isReplaced), found.Vectors),
		// The program in the Pod adds a metadata_store to the providers that are declared.
		separate: without(in.separate, func(place serverconfig.Place) bool {
			return slices.ContainsFunc(server.Config.Providers, func(one v1alpha1.ConfigProvider) bool { return isAt(&one, place) })
		}),
	}.of(state)
}

// without returns the places for which the function is false. The others are shared, and stay.
func without(places []serverconfig.Place, gone func(serverconfig.Place) bool) []serverconfig.Place {
	return slices.DeleteFunc(slices.Clone(places), gone)
}

// isAt says that a place is that of a declared provider.
func isAt(provider *v1alpha1.ConfigProvider, place serverconfig.Place) bool {
	return place.Store == "" && provider.API == place.API && provider.ID == place.ID
}

// replaced says that a place in the base is no longer used: the store or the provider is declared.
func replaced(place serverconfig.Place, config *v1alpha1.ServerConfig) bool {
	stores := config.Storage
	switch {
	case place.Store == "":
		return slices.ContainsFunc(config.Providers, func(one v1alpha1.ConfigProvider) bool {
			return (one.Disabled || one.Type != "") && isAt(&one, place)
		})
	case stores == nil:
		return false
	case stores.SQLite != nil || stores.Postgres != nil:
		return true
	default:
		return place.Type == "kv_sqlite"
	}
}
