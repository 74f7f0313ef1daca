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
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	corev1 "k8s.io/api/core/v1"
)

// prefix of the names of variables, and the names that do not depend on a provider.
const (
	prefix          = "LLSD_"
	storagePassword = prefix + "STORAGE_PASSWORD"
	storageURI      = prefix + "STORAGE_URI"
	apiKeyPrefix    = prefix + "API_KEY_"
)

// hashLength is how many hexadecimal digits distinguish variables that would have the same name.
const hashLength = 8

// variables are environment variables with values of Secrets.
type variables struct {
	// uses is how many values would have a name. The names for stores have fewer words than any of a provider.
	uses map[string]int
	set  map[string]v1alpha1.SecretKey
}

func newVariables(config *v1alpha1.ServerConfig) *variables {
	v := &variables{uses: map[string]int{}, set: map[string]v1alpha1.SecretKey{}}
	if config.Auth != nil {
		for i := range config.Auth.APIKeys {
			v.uses[apiKeyName(i)]++
		}
	}
	for i := range config.Providers {
		for j := range config.Providers[i].Secrets {
			provider, secret := &config.Providers[i], &config.Providers[i].Secrets[j]
			v.uses[nameOf(provider, secret)]++
			v.uses[hashedName(provider, secret)]++ // it can be what another one is called
		}
	}
	return v
}

// ofProvider adds the variable of a provider's secret, and returns its name. Names do not depend on the order of the
// providers, so that another order does not restart Pods for a new name.
func (v *variables) ofProvider(provider *v1alpha1.ConfigProvider, secret *v1alpha1.ConfigSecret) string {
	name := nameOf(provider, secret)
	if v.uses[name] > 1 {
		name = hashedName(provider, secret)
	}
	return v.add(name, secret.SecretKeyRef)
}

func (v *variables) add(name string, key v1alpha1.SecretKey) string {
	v.set[name] = key
	return name
}

// sorted returns the variables by name.
func (v *variables) sorted() []corev1.EnvVar {
	env := make([]corev1.EnvVar, 0, len(v.set))
	for _, name := range sortedKeys(v.set) {
		key := v.set[name]
		env = append(env, corev1.EnvVar{Name: name, ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{
			LocalObjectReference: corev1.LocalObjectReference{Name: key.Name}, Key: key.Key,
		}}})
	}
	return env
}

// nameOf is the name that a variable has if no other has the same.
func nameOf(provider *v1alpha1.ConfigProvider, secret *v1alpha1.ConfigSecret) string {
	return prefix + word(provider.API) + "_" + word(provider.ID) + "_" + word(secret.Field)
}

// hashedName is the name of a variable whose short name another one has.
func hashedName(provider *v1alpha1.ConfigProvider, secret *v1alpha1.ConfigSecret) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q/%q/%q", provider.API, provider.ID, secret.Field))
	return nameOf(provider, secret) + "_" + strings.ToUpper(hex.EncodeToString(sum[:])[:hashLength])
}

func apiKeyName(i int) string { return fmt.Sprintf("%s%d", apiKeyPrefix, i) }

// word is a text in the characters of a variable's name.
func word(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
			return r
		default:
			return '_'
		}
	}, text)
}

// placeholder is what the server replaces by the value of a variable.
func placeholder(name string) string { return "${env." + name + "}" }

func sortedKeys[V any](values map[string]V) []string { return slices.Sorted(maps.Keys(values)) }
