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

package v1alpha1_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/sets"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var update = flag.Bool("update", false, "write the golden files anew")

const (
	// applyLimit is what all annotations of an object may add up to. Client-side "kubectl apply" keeps the whole
	// object in one.
	applyLimit = 262144
	// sizeLimit is what the CustomResourceDefinition may have, which leaves space for later fields.
	sizeLimit = 200_000
	// descriptionLimit is where controller-gen cuts descriptions, so that Kubernetes' own do not take all the space.
	descriptionLimit = 200
)

// foreign are the fields whose types are Kubernetes' own. Their bounds are those of the Kubernetes version.
func foreign() sets.Set[string] {
	return sets.New("env", "resources", "volumes", "volumeMounts", "topologySpreadConstraints", "securityContext", "conditions",
		"envFrom", "tolerations", "affinity")
}

// bounds are all that the schema demands of our own fields, a line for each.
func bounds(path string, schema *apiextensions.JSONSchemaProps) []string {
	lines := demands(path, schema)
	for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
		child := schema.Properties[name]
		switch {
		case path == "" && name != "spec" && name != "status":
		case foreign().Has(name):
			lines = append(lines, path+"."+name+": "+child.Type+" of Kubernetes")
		default:
			lines = append(lines, bounds(path+"."+name, &child)...)
		}
	}
	if schema.Items != nil {
		lines = append(lines, bounds(path+"[]", schema.Items.Schema)...)
	}
	return lines
}

func demands(path string, schema *apiextensions.JSONSchemaProps) []string {
	var words []string
	add := func(word string, value any) { words = append(words, fmt.Sprintf("%s=%v", word, value)) }
	if len(schema.Required) > 0 {
		add("required", strings.Join(schema.Required, ","))
	}
	if schema.Default != nil {
		add("default", *schema.Default)
	}
	if len(schema.Enum) > 0 {
		add("enum", schema.Enum)
	}
	for word, bound := range map[string]*float64{"minimum": schema.Minimum, "maximum": schema.Maximum} {
		if bound != nil {
			add(word, *bound)
		}
	}
	for word, bound := range map[string]*int64{
		"minLength": schema.MinLength, "maxLength": schema.MaxLength, "minItems": schema.MinItems, "maxItems": schema.MaxItems,
		"minProperties": schema.MinProperties, "maxProperties": schema.MaxProperties,
	} {
		if bound != nil {
			add(word, *bound)
		}
	}
	if schema.Pattern != "" {
		add("pattern", schema.Pattern)
	}
	if schema.XPreserveUnknownFields != nil {
		add("any", *schema.XPreserveUnknownFields)
	}
	slices.Sort(words)
	kind := schema.Type
	if schema.XIntOrString {
		kind = "integer or string"
	}
	return []string{strings.TrimSpace(fmt.Sprintf("%s: %s %s", path, kind, strings.Join(words, " ")))}
}

// comments are the comments of all fields of our own types, without markers.
func comments() map[string]string {
	GinkgoHelper()
	files, err := filepath.Glob("*_types.go")
	Expect(err).NotTo(HaveOccurred())
	found := map[string]string{}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		Expect(err).NotTo(HaveOccurred())
		ast.Inspect(file, func(node ast.Node) bool {
			if field, ok := node.(*ast.Field); ok && field.Tag != nil && len(field.Names) == 1 && field.Names[0].Name != "ObjectMeta" {
				found[name+": "+field.Names[0].Name] = commentOf(field.Doc)
			}
			return true
		})
	}
	return found
}

// commentOf is the text of a comment on one line.
func commentOf(group *ast.CommentGroup) string {
	var words []string
	for line := range strings.Lines(group.Text()) {
		if !strings.HasPrefix(line, "+") {
			words = append(words, strings.Fields(line)...)
		}
	}
	return strings.Join(words, " ")
}

var _ = Describe("The CustomResourceDefinition", func() {
	It("is valid", func() {
		crd := internalCRD()
		crd.Status.StoredVersions = []string{v1alpha1.GroupVersion.Version}
		Expect(validation.ValidateCustomResourceDefinition(GinkgoT().Context(), crd)).To(BeEmpty())
	})

	It("can be applied by every means", func() {
		data, err := json.Marshal(generatedCRD())
		Expect(err).NotTo(HaveOccurred())
		GinkgoWriter.Printf("%d bytes\n", len(data))
		Expect(len(data)).To(BeNumerically("<", sizeLimit))
		Expect(sizeLimit).To(BeNumerically("<", applyLimit))
	})

	It("says of every field all that its comment says", func() {
		found := comments()
		Expect(len(found)).To(BeNumerically(">", 50))
		for field, text := range found {
			Expect(len(text)).To(BeNumerically("<=", descriptionLimit), "controller-gen cuts the description of "+field)
		}
	})

	// A bound that is new on a field that 0.9.0 had, or tighter than in the last release, makes OLM refuse the
	// upgrade of a cluster where one object breaks it. Check twice before you write this file again.
	It("demands of its own fields what the golden file says", func() {
		const golden = "testdata/bounds.txt"
		got := strings.Join(bounds("", schemaOf(internalCRD())), "\n") + "\n"
		if *update {
			Expect(os.WriteFile(golden, []byte(got), 0o600)).To(Succeed())
		}
		want, err := os.ReadFile(golden)
		Expect(err).NotTo(HaveOccurred())
		Expect(got).To(Equal(string(want)))
	})

	It("is what the Go types say", func() {
		scheme := runtime.NewScheme()
		Expect(v1alpha1.AddToScheme(scheme)).To(Succeed())
		crd := generatedCRD()
		kind := v1alpha1.GroupVersion.WithKind(crd.Spec.Names.Kind)
		Expect(scheme.Recognizes(kind)).To(BeTrue())
		Expect(scheme.Recognizes(v1alpha1.GroupVersion.WithKind(crd.Spec.Names.ListKind))).To(BeTrue())
		Expect(kind.Kind).To(Equal(v1alpha1.Kind))
		Expect(crd.Spec.Group).To(Equal(v1alpha1.GroupVersion.Group))
		Expect(crd.Spec.Names.ShortNames).To(ConsistOf("llsd"))
	})
})

var _ = Describe("Defaults", func() {
	It("are those of 0.9.0", func() {
		Expect(llsdtest.Make("a").Obj().ServerPort()).To(Equal(int32(8321)))
		Expect(llsdtest.Make("a").Obj().WantedReplicas()).To(Equal(int32(1)))
	})

	It("give way to what is set", func() {
		Expect(llsdtest.Make("a").Port(9000).Obj().ServerPort()).To(Equal(int32(9000)))
		Expect(llsdtest.Make("a").Replicas(0).Obj().WantedReplicas()).To(BeZero())
		Expect(llsdtest.Make("a").Replicas(3).Obj().WantedReplicas()).To(Equal(int32(3)))
	})
})

var _ = Describe("Copies", func() {
	It("share nothing with the original", func() {
		var want, got v1alpha1.LlamaStackDistribution
		for _, older := range llsdtest.FromOlder() {
			Expect(runtime.DefaultUnstructuredConverter.FromUnstructured(older.Object("apps").Object, &want)).To(Succeed())
			list := v1alpha1.LlamaStackDistributionList{Items: []v1alpha1.LlamaStackDistribution{want}}
			copied, ok := list.DeepCopyObject().(*v1alpha1.LlamaStackDistributionList)
			Expect(ok).To(BeTrue())
			got = copied.Items[0]
			Expect(got).To(Equal(want))
			got.Spec.Replicas = nil
			meta := metav1.Now()
			got.Status.Version.LastUpdated = meta
			for i := range got.Status.Conditions {
				got.Status.Conditions[i].Message = "changed"
			}
			for name := range got.Status.DistributionConfig.AvailableDistributions {
				got.Status.DistributionConfig.AvailableDistributions[name] = "changed"
			}
			Expect(list.Items[0]).To(Equal(want))
			Expect(want.Status.Conditions).NotTo(ContainElement(HaveField("Message", "changed")))
		}
	})
})
