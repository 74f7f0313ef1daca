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

package overlay_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/overlay"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// The limits of a document.
const (
	mostLevels = 64
	mostBytes  = 256 << 10
)

// nested is a text in that many lists or objects.
func nested(levels int, before, after string) string {
	return strings.Repeat(before, levels) + "1" + strings.Repeat(after, levels)
}

// lists is a text in that many lists.
func lists(levels int) string { return nested(levels, "[", "]") }

// withSecret is a provider with a configuration and the field of a secret.
func withSecret(config string, fields ...string) overlay.Input {
	in := overlay.Input{Server: &v1alpha1.ServerSpec{Config: &v1alpha1.ServerConfig{Providers: []v1alpha1.ConfigProvider{{API: "a", ID: "b"}}}}}
	one := &in.Server.Config.Providers[0]
	if config != "" {
		one.Config = &apiextensionsv1.JSON{Raw: []byte(config)}
	}
	for i, field := range fields {
		one.Secrets = append(one.Secrets, v1alpha1.ConfigSecret{Field: field, SecretKeyRef: v1alpha1.SecretKey{Name: "s", Key: strconv.Itoa(i)}})
	}
	return in
}

// refused is the problem of a configuration that cannot be used.
func refused(in overlay.Input) *overlay.Error {
	GinkgoHelper()
	built, err := overlay.Build(in)
	Expect(built).To(BeZero())
	invalid, ok := errors.AsType[*overlay.Error](err)
	Expect(ok).To(BeTrue(), "%v", err)
	return invalid
}

// configsOf are the configurations of the providers, as the server reads them.
func configsOf(built overlay.Overlay) []any {
	GinkgoHelper()
	var document struct {
		Providers []struct {
			Config any `json:"config"`
		} `json:"providers"`
	}
	Expect(json.Unmarshal([]byte(built.JSON), &document)).To(Succeed())
	var configs []any
	for _, provider := range document.Providers {
		configs = append(configs, provider.Config)
	}
	return configs
}

// configOf is the configuration of the first provider.
func configOf(built overlay.Overlay) any {
	GinkgoHelper()
	return configsOf(built)[0]
}

var _ = Describe("A hostile configuration", func() {
	// Each place where an author can write any object.
	places := []struct{ field, config string }{
		{".providers[0].config", "providers: [{api: a, id: b, config: %s}]"},
		{".models[0].metadata", "models: [{id: a, provider: b, metadata: %s}]"},
		{".resources", "resources: %s"},
		{".auth.access", "auth: {access: [{}, %s]}"},
		{".patch", "patch: %s"},
	}
	for _, place := range places {
		// The kind of a resource is the list, and its entries are objects.
		deep := func(levels int) string { return fmt.Sprintf(place.config, "{a: [{a: "+lists(levels-3)+"}]}") }
		It("is nested as deep as allowed in "+place.field, func() {
			build(input(deep(mostLevels)))
		})

		It("is refused where it is nested deeper in "+place.field, func() {
			Expect(refused(input(deep(mostLevels + 1)))).To(Equal(&overlay.Error{
				Field: "spec.server.config" + place.field, Message: "objects and lists are nested more than 64 deep; make it flatter",
			}))
		})

		DescribeTable("is refused where "+place.field+" is no object, but", func(value string) {
			Expect(refused(input(fmt.Sprintf(place.config, value)))).To(Equal(&overlay.Error{
				Field: "spec.server.config" + place.field, Message: "it must be an object",
			}))
		},
			Entry("a list", "[{}]"),
			Entry("a text", "text"),
			Entry("a number", "1e400"),
			Entry("a truth", "true"),
		)
	}

	DescribeTable("is refused where JSON itself is", func(raw string) {
		in := input("apis: [a]")
		in.Server.Config.Patch = &apiextensionsv1.JSON{Raw: []byte(raw)}
		Expect(refused(in).Field).To(Equal("spec.server.config.patch"))
	},
		Entry("nested so deep that a parser overflows", `{"a": `+lists(1<<20)+"}"),
		Entry("nested so deep in objects", nested(1<<20, `{"a":`, "}")),
		Entry("cut off", `{"a": [`),
		Entry("no JSON", "\x00\xff"),
	)

	DescribeTable("has no more than nothing where it is", func(raw string) {
		in := input("apis: [a]")
		in.Server.Config.Patch = &apiextensionsv1.JSON{Raw: []byte(raw)}
		Expect(build(in)).To(Equal(build(input("apis: [a]"))))
	},
		Entry("empty", ""),
		Entry("null", "null"),
		Entry("an object without keys", "{}"),
	)

	DescribeTable("is refused where resources are no lists of objects, but", func(resources, kind string) {
		Expect(refused(input("resources: {a: [{}], " + resources + "}"))).To(Equal(&overlay.Error{
			Field: "spec.server.config.resources." + kind, Message: "it must be a list of objects, as in registered_resources of the server's configuration",
		}))
	},
		Entry("null", "shields: null", "shields"),
		Entry("a text", "shields: text", "shields"),
		Entry("one list has null", "shields: [{}, null]", "shields"),
		Entry("one list has a list", "shields: [[{}]]", "shields"),
		Entry("two are wrong, of which the first by name is reported", "shields: 1, models: 1", "models"),
	)

	DescribeTable("is as long as the text that the Pod gets, to the byte, with", func(letter string, bytes int) {
		patch := func(letters int) overlay.Input {
			in := input("apis: [a]")
			raw, err := json.Marshal(map[string]string{"a": "", "b": strings.Repeat(letter, letters)})
			Expect(err).NotTo(HaveOccurred())
			in.Server.Config.Patch = &apiextensionsv1.JSON{Raw: raw}
			return in
		}
		rest := len(build(patch(0)).JSON)
		most := (mostBytes - rest) / bytes
		Expect(len(build(patch(most)).JSON)).To(BeNumerically("~", mostBytes, bytes-1))
		problem := refused(patch(most + 1))
		Expect(problem.Field).To(Equal("spec.server.config"))
		Expect(problem.Message).To(HavePrefix("it has %d bytes, and at most 262144 are allowed; ", rest+(most+1)*bytes))
	},
		Entry("letters", "a", 1),
		Entry("letters of several bytes", "é", 2),
		Entry("characters that are escaped", "\x01", 6),
		Entry("characters that HTML would escape", "<", 1),
	)

	It("is refused where many small parts are too large together", func() {
		in := input("apis: [a]")
		for i := range 100 {
			in.Server.Config.Models = append(in.Server.Config.Models, v1alpha1.ConfigModel{
				ID: strconv.Itoa(i), Provider: "a", Metadata: &apiextensionsv1.JSON{Raw: []byte(`{"a":"` + strings.Repeat("a", 3000) + `"}`)},
			})
		}
		Expect(refused(in).Field).To(Equal("spec.server.config"))
		in.Server.Config.Models = in.Server.Config.Models[:80]
		build(in)
	})

	It("keeps numbers that no machine can hold", func() {
		const numbers = `{"a":1e999999,"b":-0.0,"c":123456789012345678901234567890,"d":0.1000}`
		in := input("apis: [a]")
		in.Server.Config.Patch = &apiextensionsv1.JSON{Raw: []byte(numbers)}
		Expect(build(in).JSON).To(ContainSubstring(`"patch":` + numbers))
	})
})

var _ = Describe("The field of a secret", func() {
	DescribeTable("leads to", func(config string, fields []string, want string) {
		var wanted any
		Expect(json.Unmarshal([]byte(want), &wanted)).To(Succeed())
		Expect(configOf(build(withSecret(config, fields...)))).To(BeComparableTo(wanted))
	},
		Entry("a new object", "", []string{"x.y"}, `{"x":{"y":"${env.LLSD_A_B_X_Y}"}}`),
		Entry("an object of two secrets", "", []string{"x.y", "x.z"}, `{"x":{"y":"${env.LLSD_A_B_X_Y}","z":"${env.LLSD_A_B_X_Z}"}}`),
		Entry("a value that is null", `{"x":null}`, []string{"x"}, `{"x":"${env.LLSD_A_B_X}"}`),
		Entry("an object that is null", `{"x":null}`, []string{"x.y"}, `{"x":{"y":"${env.LLSD_A_B_X_Y}"}}`),
		Entry("the keys of objects that are numbers", `{"x":{}}`, []string{"x.0", "x.-1"},
			`{"x":{"0":"${env.LLSD_A_B_X_0}","-1":"${env.LLSD_A_B_X__1}"}}`),
		Entry("a list in a list, which grows", `{"x":[[],["a"]]}`, []string{"x.1.1", "x.1.2", "x.0.0"},
			`{"x":[["${env.LLSD_A_B_X_0_0}"],["a","${env.LLSD_A_B_X_1_1}","${env.LLSD_A_B_X_1_2}"]]}`),
		Entry("a list in an object of a list", `{"x":[{"y":[]}]}`, []string{"x.0.y.0"}, `{"x":[{"y":["${env.LLSD_A_B_X_0_Y_0}"]}]}`),
		Entry("keys that mean something elsewhere", "", []string{`__proto__`, `$ref`, `a"b\`, `${env.HOME}`}, `{"__proto__":"${env.LLSD_A_B___PROTO__}",`+
			`"$ref":"${env.LLSD_A_B__REF}","a\"b\\":"${env.LLSD_A_B_A_B_}","${env":{"HOME}":"${env.LLSD_A_B___ENV_HOME_}"}}`),
		Entry("keys of other alphabets", "", []string{"é", "ключ.ы"}, `{"é":"${env.LLSD_A_B__}","ключ":{"ы":"${env.LLSD_A_B_______}"}}`),
	)

	DescribeTable("is refused where it leads to", func(config string, fields []string, problem string) {
		last := len(fields) - 1
		Expect(refused(withSecret(config, fields...))).To(Equal(&overlay.Error{
			Field: fmt.Sprintf("spec.server.config.providers[0].secrets[%d].field", last), Message: fmt.Sprintf("%q does not fit config: %s", fields[last], problem),
		}))
	},
		Entry("an index before the list", `{"x":[1]}`, []string{"x.-1"}, `x is a list with 1 entries, and "-1" is no index of it`),
		Entry("an index beyond numbers", `{"x":[1]}`, []string{"x.99999999999999999999"}, `x is a list with 1 entries, and "99999999999999999999" is no index of it`),
		Entry("an index in hexadecimal", `{"x":[1]}`, []string{"x.0x0"}, `x is a list with 1 entries, and "0x0" is no index of it`),
		Entry("an index in other digits", `{"x":[1]}`, []string{"x.٠"}, `x is a list with 1 entries, and "٠" is no index of it`),
		Entry("the second entry of an empty list", `{"x":[]}`, []string{"x.1"}, `x is a list with 0 entries, and "1" is no index of it`),
		Entry("a list in the entry after the last", `{"x":[]}`, []string{"x.0.0"}, `x is a list with 0 entries, and "0" is no index of it`),
		Entry("an entry that is null, as if it were an object", `{"x":[null]}`, []string{"x.0.y"}, "x.0 is neither an object nor a list"),
		Entry("a value that is false", `{"x":false}`, []string{"x"}, "config already sets x; remove it from config or from secrets"),
		Entry("a value that is empty", `{"x":""}`, []string{"x"}, "config already sets x; remove it from config or from secrets"),
		Entry("an object", `{"x":{}}`, []string{"x"}, "config already sets x; remove it from config or from secrets"),
		Entry("the value of another secret", "", []string{"x.y", "x.y"}, "config already sets x.y; remove it from config or from secrets"),
		Entry("an object that another secret created", "", []string{"x.y", "x"}, "config already sets x; remove it from config or from secrets"),
		Entry("a key of a number", `{"x":{"y":1}}`, []string{"x.y.z"}, "x.y is neither an object nor a list"),
	)
})

// A generated configuration has names that are one variable's name in different spellings, and fields that lead into each
// other.
var (
	spelledAPIs   = []string{"a", "a_b", "api"}
	spelledIDs    = []string{"b", "B", "b.c", "b-c", "b_c", "key"}
	spelledFields = []string{"c", "c.d", "c_d", "C", "é", "c.0", "c.1", "d.0.e", "0", "c.d.e"}
	freeConfigs   = []string{"", "{}", `{"c":null}`, `{"c":[]}`, `{"c":{"d":null}}`, `{"d":[{}]}`, `{"c":"${env.LLSD_A_B_C}x"}`, `{"c":1}`}
	nameOfEnv     = regexp.MustCompile(`^[A-Z][A-Z0-9_]*$`)
)

func generate(random *rand.Rand) overlay.Input {
	in := overlay.Input{Server: &v1alpha1.ServerSpec{Config: &v1alpha1.ServerConfig{}}}
	one := func(of []string) string { return of[random.IntN(len(of))] }
	seen := map[string]bool{}
	for range 1 + random.IntN(6) {
		provider := v1alpha1.ConfigProvider{API: one(spelledAPIs), ID: one(spelledIDs), Config: &apiextensionsv1.JSON{Raw: []byte(one(freeConfigs))}}
		if id := provider.API + "/" + provider.ID; !seen[id] {
			seen[id] = true
			provider.Secrets = secretsOf(random, id)
			in.Server.Config.Providers = append(in.Server.Config.Providers, provider)
		}
	}
	if random.IntN(2) == 0 {
		in.Server.Config.Auth = &v1alpha1.ConfigAuth{APIKeys: []v1alpha1.SecretKey{{Name: "keys", Key: "0"}, {Name: "keys", Key: "1"}}}
	}
	return in
}

// secretsOf are secrets whose names are the fields that have them.
func secretsOf(random *rand.Rand, id string) []v1alpha1.ConfigSecret {
	var secrets []v1alpha1.ConfigSecret
	for _, i := range random.Perm(len(spelledFields))[:random.IntN(3)] {
		secrets = append(secrets, v1alpha1.ConfigSecret{Field: spelledFields[i], SecretKeyRef: v1alpha1.SecretKey{Name: id, Key: spelledFields[i]}})
	}
	return secrets
}

// at is the value at a path, as the server finds it.
func at(value any, path string) any {
	for key := range strings.SplitSeq(path, ".") {
		switch inner := value.(type) {
		case map[string]any:
			value = inner[key]
		case []any:
			index, err := strconv.Atoi(key)
			Expect(err).NotTo(HaveOccurred())
			value = inner[index]
		}
	}
	return value
}

// matches checks that each secret is where its field says, as the variable with its value, which nothing else has.
func matches(in overlay.Input, built overlay.Overlay) {
	GinkgoHelper()
	from := map[string]string{}
	for _, variable := range built.Env {
		Expect(variable.Name).To(MatchRegexp(nameOfEnv.String()))
		from["${env."+variable.Name+"}"] = variable.ValueFrom.SecretKeyRef.Name + "/" + variable.ValueFrom.SecretKeyRef.Key
	}
	count := 0
	configs := configsOf(built)
	for i, provider := range in.Server.Config.Providers {
		for _, secret := range provider.Secrets {
			count++
			Expect(from).To(HaveKeyWithValue(at(configs[i], secret.Field), secret.SecretKeyRef.Name+"/"+secret.SecretKeyRef.Key))
		}
	}
	if in.Server.Config.Auth != nil {
		count += len(in.Server.Config.Auth.APIKeys)
	}
	Expect(built.Env).To(HaveLen(count), "each secret has a variable of its own")
}

var _ = DescribeTable("Each secret of a generated configuration has a variable of its own, where its field leads, in any order of providers: part", func(part int) {
	random := rand.New(rand.NewPCG(1, uint64(part))) //nolint:gosec // the same configurations each time
	accepted, declined := 0, 0
	for range 500 {
		in := generate(random)
		before := in.Server.DeepCopy()
		built, err := overlay.Build(in)
		Expect(in.Server).To(Equal(before), "what was declared stays as it is")
		if err != nil {
			declined++
			Expect(refused(in).Field).To(MatchRegexp(`^spec\.server\.config\.providers\[\d\]\.secrets\[\d\]\.field$`))
			continue
		}
		accepted++
		matches(in, built)
		Expect(json.Valid([]byte(built.Sketch))).To(BeTrue())
		random.Shuffle(len(in.Server.Config.Providers), func(i, j int) {
			providers := in.Server.Config.Providers
			providers[i], providers[j] = providers[j], providers[i]
		})
		Expect(build(in).Env).To(Equal(built.Env), "another order does not restart Pods")
	}
	Expect(accepted).To(BeNumerically(">", 100))
	Expect(declined).To(BeNumerically(">", 20))
},
	Entry("1", 1), Entry("2", 2), Entry("3", 3), Entry("4", 4),
)
