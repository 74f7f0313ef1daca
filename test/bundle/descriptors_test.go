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

package bundle_test

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	operatorsv1alpha1 "github.com/operator-framework/api/pkg/operators/v1alpha1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// field is one that a type of this API declares.
type field struct {
	path, owner, name string
}

// fields are those below a type, as paths of descriptors: dots between fields, [0] for an entry of a list. Types of
// Kubernetes are not checked.
func fields(of reflect.Type, path string) []field {
	for of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	if of.Kind() == reflect.Slice {
		return fields(of.Elem(), path+"[0]")
	}
	if of.Kind() != reflect.Struct || of.PkgPath() != reflect.TypeFor[v1alpha1.LlamaStackDistribution]().PkgPath() {
		return nil
	}
	var all []field
	for member := range of.Fields() {
		if member.Anonymous { // its fields stand beside the others
			all = append(all, fields(member.Type, path)...)
			continue
		}
		name, _, _ := strings.Cut(member.Tag.Get("json"), ",")
		below := strings.TrimPrefix(path+"."+name, ".")
		all = append(all, field{path: below, owner: of.Name(), name: member.Name})
		all = append(all, fields(member.Type, below)...)
	}
	return all
}

// descriptor is what spec and status descriptors have in common.
type descriptor struct {
	path, displayName, description string
	xDescriptors                   []string
}

func owned() operatorsv1alpha1.CRDDescription {
	GinkgoHelper()
	all := load().CSV.Spec.CustomResourceDefinitions.Owned
	Expect(all).To(HaveLen(1))
	return all[0]
}

func specDescriptors() []descriptor {
	var all []descriptor
	for _, d := range owned().SpecDescriptors {
		all = append(all, descriptor{d.Path, d.DisplayName, d.Description, d.XDescriptors})
	}
	return all
}

func statusDescriptors() []descriptor {
	var all []descriptor
	for _, d := range owned().StatusDescriptors {
		all = append(all, descriptor{d.Path, d.DisplayName, d.Description, d.XDescriptors})
	}
	return all
}

// missing says which fields have no descriptor, and how to give them one.
func missing(kind string, declared []field, descriptors []descriptor) []string {
	known := map[string]bool{}
	for _, d := range descriptors {
		known[d.path] = true
	}
	var all []string
	for _, f := range declared {
		if !known[f.path] {
			all = append(all, fmt.Sprintf("%s.%s has no descriptor in the bundle. In api/v1alpha1, directly above the field "+
				"%s of the type %s, add the line\n\t// +operator-sdk:csv:customresourcedefinitions:type=%s,"+
				"displayName=%q,xDescriptors={\"urn:alm:descriptor:com.tectonic.ui:text\"}\n"+
				"(or :number, :booleanSwitch, :select:A and :select:B, :resourceRequirements, :advanced, :fieldGroup:NAME, or "+
				"urn:alm:descriptor:io.kubernetes:Secret) and run \"make generate\"", kind, f.path, f.name, f.owner, kind, f.name))
		}
	}
	return all
}

// known are the words that consoles understand; those that end with a colon are followed by a word of the author.
var known = []string{
	"com.tectonic.ui:advanced", "com.tectonic.ui:arrayFieldGroup:", "com.tectonic.ui:booleanSwitch",
	"com.tectonic.ui:fieldDependency:", "com.tectonic.ui:fieldGroup:", "com.tectonic.ui:hidden",
	"com.tectonic.ui:imagePullPolicy", "com.tectonic.ui:label", "com.tectonic.ui:namespaceSelector",
	"com.tectonic.ui:nodeAffinity", "com.tectonic.ui:number", "com.tectonic.ui:podAffinity",
	"com.tectonic.ui:podAntiAffinity", "com.tectonic.ui:podCount", "com.tectonic.ui:podStatuses",
	"com.tectonic.ui:resourceRequirements", "com.tectonic.ui:select:", "com.tectonic.ui:text",
	"io.kubernetes.conditions", "io.kubernetes.phase", "io.kubernetes:", "org.w3:link",
}

// understood reports whether consoles understand an x-descriptor.
func understood(text string) bool {
	word, ok := strings.CutPrefix(text, "urn:alm:descriptor:")
	for _, k := range known {
		if ok && (word == k || strings.HasSuffix(k, ":") && strings.HasPrefix(word, k) && len(word) > len(k)) {
			return true
		}
	}
	return false
}

var _ = Describe("the descriptors", func() {
	spec := fields(reflect.TypeFor[v1alpha1.LlamaStackDistributionSpec](), "")
	status := fields(reflect.TypeFor[v1alpha1.LlamaStackDistributionStatus](), "")

	It("are there for every field of the spec and of the status", func() {
		Expect(len(spec)).To(BeNumerically(">", 40))
		Expect(len(status)).To(BeNumerically(">", 15))
		lacking := append(missing("spec", spec, specDescriptors()), missing("status", status, statusDescriptors())...)
		Expect(lacking).To(BeEmpty(), strings.Join(lacking, "\n\n"))
	})

	It("are there once, and for nothing else", func() {
		Expect(specDescriptors()).To(HaveLen(len(spec)))
		Expect(statusDescriptors()).To(HaveLen(len(status)))
	})

	It("describe a field, and say how a console shows it", func() {
		names := map[string]string{}
		for _, d := range append(specDescriptors(), statusDescriptors()...) {
			Expect(d.displayName).To(MatchRegexp(`^[A-Z][A-Za-z ()]+$`), d.path)
			Expect(len(d.description)).To(BeNumerically(">", 10), d.path)
			Expect(d.xDescriptors).NotTo(BeEmpty(), d.path)
			for _, text := range d.xDescriptors {
				Expect(understood(text)).To(BeTrue(), d.path+": "+text)
			}
			names[d.path] = d.displayName
		}
		Expect(names).To(HaveKeyWithValue("server.distribution.name", "Distribution Name"))
	})

	It("start with the required fields", func() {
		Expect(specDescriptors()[0].path).To(Equal("server"))
		Expect(specDescriptors()[1].path).To(Equal("server.distribution"))
	})

	It("that is new is reported as missing", func() {
		some := []field{{path: "server.port", owner: "ServerSpec", name: "Port"}, {path: "replicas", owner: "Spec", name: "Replicas"}}
		Expect(missing("spec", some, []descriptor{{path: "replicas"}})).To(ConsistOf(And(
			ContainSubstring("spec.server.port"), ContainSubstring("field Port of the type ServerSpec"), ContainSubstring("type=spec"))))
	})
})

var _ = Describe("the resources of the kind", func() {
	It("are those that a server consists of", func() {
		var kinds []string
		for _, resource := range owned().Resources {
			Expect(resource.Version).NotTo(BeEmpty())
			kinds = append(kinds, resource.Kind)
		}
		Expect(kinds).To(ConsistOf("Deployment", "ReplicaSet", "Pod", "Service", "ServiceAccount", "PersistentVolumeClaim",
			"ConfigMap", "HorizontalPodAutoscaler", "PodDisruptionBudget", "NetworkPolicy", "Ingress", "HTTPRoute", "Route", "Event"))
	})

	It("has a name and a description", func() {
		Expect(owned().DisplayName).To(Equal("Llama Stack Distribution"))
		Expect(owned().Description).To(ContainSubstring("Llama Stack server"))
	})
})
