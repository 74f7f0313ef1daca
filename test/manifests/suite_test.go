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

// The manifests that people install: what they must satisfy so that a running 0.9.0 can be replaced in place, and so
// that the operator has no more rights than it needs.
package manifests_test

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/api/resource"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// root of the repository, seen from this package.
const root = "../.."

func TestManifests(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Manifests")
}

// build builds a folder of config/ as "kubectl apply -k" does.
func build(folder string) resmap.ResMap {
	GinkgoHelper()
	objects, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), filepath.Join(root, "config", folder))
	Expect(err).NotTo(HaveOccurred())
	return objects
}

// ofKind are the objects of a kind, in the order of the build.
func ofKind(objects resmap.ResMap, kind string) []*resource.Resource {
	var found []*resource.Resource
	for _, object := range objects.Resources() {
		if object.GetKind() == kind {
			found = append(found, object)
		}
	}
	return found
}

// the is the one object of a kind, typed.
func the[T any](objects resmap.ResMap, kind string) *T {
	GinkgoHelper()
	found := ofKind(objects, kind)
	Expect(found).To(HaveLen(1), kind)
	return typed[T](found[0])
}

// named is the object of a kind with a name, typed.
func named[T any](objects resmap.ResMap, kind, name string) *T {
	GinkgoHelper()
	for _, object := range ofKind(objects, kind) {
		if object.GetName() == name {
			return typed[T](object)
		}
	}
	Fail("there is no " + kind + " " + name)
	return nil
}

// typed decodes an object; a field that its type does not have fails the spec.
func typed[T any](object *resource.Resource) *T {
	GinkgoHelper()
	fields, err := object.Map()
	Expect(err).NotTo(HaveOccurred())
	into := new(T)
	Expect(runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(fields, into, true)).To(Succeed(), object.GetName())
	return into
}

// read decodes those fields of an object that its type has.
func read[T any](object *resource.Resource) T {
	GinkgoHelper()
	text, err := object.MarshalJSON()
	Expect(err).NotTo(HaveOccurred())
	var into T
	Expect(json.Unmarshal(text, &into)).To(Succeed())
	return into
}

// names are kind/name of every object.
func names(objects resmap.ResMap) []string {
	var all []string
	for _, object := range objects.Resources() {
		all = append(all, object.GetKind()+"/"+object.GetName())
	}
	return all
}
