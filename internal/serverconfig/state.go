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

package serverconfig

import (
	"slices"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/internal/yamlbudget"
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

// The keys under which a configuration says where it keeps what clients create.
const (
	keyStorage      = "storage"
	keyBackends     = "backends"
	keyProviders    = "providers"
	keyProviderID   = "provider_id"
	keyProviderType = "provider_type"
	keyConfig       = "config"
	keyType         = "type"
)

// maxPlaces is how many places LocalState names.
const maxPlaces = 5

// legacyStores are where servers before 0.3 kept what others keep under storage.
func legacyStores() []string {
	return []string{"metadata_store", "inference_store", "conversations_store"}
}

// localTypes are the stores and providers that keep what they are given in files or in the memory of one process. Two
// replicas, and for most of them two workers, do not see what the other has.
func localTypes() []string {
	return []string{
		"sqlite", "kv_sqlite", "sql_sqlite",
		"inline::faiss", "inline::meta-reference", "inline::sqlite-vec", "inline::sqlite_vec", "inline::milvus", "inline::chromadb",
		"inline::qdrant", "inline::localfs", "inline::reference",
	}
}

// statefulAPIs are those whose providers keep what they are given themselves. Others name the stores that they use.
func statefulAPIs() []string {
	return []string{"vector_io", "files", "batches"}
}

// Place is where a configuration keeps state: in a store of the server, or with a provider.
type Place struct {
	// Store is the path of a store, such as storage.backends.kv_default; empty for a provider.
	Store string
	// API and ID are those of a provider; empty for a store.
	API, ID string
	// Type is that of the store or the provider, or of the store in the provider's configuration, such as kv_sqlite. It is
	// empty where no store is set.
	Type string
}

// String returns the place as in a message, such as "storage.backends.kv_default (kv_sqlite)".
func (p Place) String() string {
	switch {
	case p.Type == "":
		return p.Store + " (not set, which is sqlite)"
	case p.Store != "":
		return yamlbudget.Shorten(p.Store) + " (" + yamlbudget.Shorten(p.Type) + ")"
	default:
		return yamlbudget.Shorten(keyProviders+"."+p.API+"."+p.ID) + " (" + yamlbudget.Shorten(p.Type) + ")"
	}
}

// Size is the size of the texts, in bytes.
func (p Place) Size() int { return len(p.Store) + len(p.API) + len(p.ID) + len(p.Type) }

// maxPlaceText is how many bytes of a text of a place are kept, which is more than a spec can declare.
const maxPlaceText = 256

// bounded returns a text that does not keep the whole configuration in memory.
func bounded(text string) string { return strings.Clone(text[:min(len(text), maxPlaceText)]) }

// LocalState lists where a configuration keeps what clients create in files or in the memory of one process: at most five
// places, in the order of the file. It is empty for one that keeps everything where several processes can share it. What
// only the environment decides does not count.
func (d *Document) LocalState() []Place {
	root := rootOf(d.node)
	places := append(localStores(root), localProviders(root)...)
	return places[:min(len(places), maxPlaces)]
}

// localStores are those of the server itself. Without a word about them they are SQLite files.
func localStores(root *yaml.Node) []Place {
	var places []Place
	backends := lookup(lookup(root, keyStorage), keyBackends)
	for name, backend := range entries(backends) {
		places = appendLocal(places, Place{Store: keyStorage + "." + keyBackends + "." + bounded(name)}, lookup(backend, keyType))
	}
	said := backends != nil
	for _, name := range legacyStores() {
		if store := lookup(root, name); store != nil {
			said = true
			places = appendLocal(places, Place{Store: name}, lookup(store, keyType))
		}
	}
	if !said {
		return []Place{{Store: keyStorage}}
	}
	return places
}

// ForgottenState lists the providers that lose what is registered with them at every restart of a server before 1.4.0.
func (d *Document) ForgottenState() []Place {
	var places []Place
	for place, provider := range providers(rootOf(d.node)) {
		places = appendOf(forgottenTypes(), places, place, lookup(provider, keyProviderType))
	}
	return places
}

// VectorStores lists the providers of vector_io that several processes can use, at most five, and those of them
// that have no metadata_store. Before 1.0 each process only knows the vector stores that clients created there; from 1.0 on, that
// is so with those in the second list.
func (d *Document) VectorStores() ([]Place, []Place) {
	var all, separate []Place
	for place, provider := range providers(rootOf(d.node)) {
		kind := valueOf(lookup(provider, keyProviderType))
		if place.API != "vector_io" || !strings.HasPrefix(kind, "remote::") || len(all) == maxPlaces {
			continue
		}
		place.Type = bounded(kind)
		all = append(all, place)
		if lookup(lookup(provider, keyConfig), "metadata_store") == nil {
			separate = append(separate, place)
		}
	}
	return all, separate
}

// forgottenTypes keep the vectors in a database of their own, and which vector stores there are in memory.
func forgottenTypes() []string {
	return []string{"remote::milvus", "remote::chroma", "remote::chromadb", "remote::weaviate"}
}

// localProviders are the providers that are local by their type, or by a store in their own configuration.
func localProviders(root *yaml.Node) []Place {
	var places []Place
	for place, provider := range providers(root) {
		before := len(places)
		if slices.Contains(statefulAPIs(), place.API) {
			places = appendLocal(places, place, lookup(provider, keyProviderType))
		}
		for _, store := range entries(lookup(provider, keyConfig)) {
			if len(places) == before {
				places = appendLocal(places, place, lookup(store, keyType))
			}
		}
	}
	return places
}

// providers are those of all APIs, each with its place. One that is there only when a variable is set does not count.
func providers(root *yaml.Node) func(yield func(Place, *yaml.Node) bool) {
	return func(yield func(Place, *yaml.Node) bool) {
		for api, list := range entries(lookup(root, keyProviders)) {
			if list.Kind != yaml.SequenceNode {
				continue
			}
			for _, provider := range list.Content {
				id := valueOf(lookup(provider, keyProviderID))
				if strings.HasPrefix(id, "${") {
					continue
				}
				if !yield(Place{API: bounded(api), ID: bounded(id)}, provider) {
					return
				}
			}
		}
	}
}

// appendLocal adds a place where its type is a local one.
func appendLocal(places []Place, place Place, kind *yaml.Node) []Place {
	return appendOf(localTypes(), places, place, kind)
}

// appendOf adds a place where its type is one of these, and there are not enough yet.
func appendOf(types []string, places []Place, place Place, kind *yaml.Node) []Place {
	if len(places) == maxPlaces {
		return places
	}
	if i := slices.Index(types, valueOf(kind)); i >= 0 {
		place.Type = types[i]
		return append(places, place)
	}
	return places
}

// entries are the keys and values of a mapping, without what it merges.
func entries(node *yaml.Node) func(yield func(string, *yaml.Node) bool) {
	return func(yield func(string, *yaml.Node) bool) {
		if node = resolve(node); node == nil || node.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i+1 < len(node.Content); i += 2 {
			if !yield(node.Content[i].Value, resolve(node.Content[i+1])) {
				return
			}
		}
	}
}

// valueOf is the text of a scalar, or nothing.
func valueOf(node *yaml.Node) string {
	if node = resolve(node); node == nil || node.Kind != yaml.ScalarNode {
		return ""
	}
	return node.Value
}
