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

package operatorconfig_test

import (
	"os"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/internal/operatorconfig"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const (
	starterImage = "registry.example.com/team/starter:1.0"
	otherImage   = "registry.example.com/team/other@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
)

// known is a configuration that differs from the defaults in every setting.
func known() operatorconfig.Config {
	return operatorconfig.Config{
		NetworkPolicy:      operatorconfig.Setting[bool]{Value: true, Known: true},
		ImageOverrides:     operatorconfig.Setting[map[string]string]{Value: map[string]string{"starter": starterImage}, Known: true},
		CABundleNamespaces: operatorconfig.Setting[[]string]{Value: []string{"shared"}, Known: true},
		Rollouts:           operatorconfig.Setting[operatorconfig.Rollouts]{Value: operatorconfig.Rollouts{AtOnce: 7, PerNamespace: 3}, Known: true},
		InvalidOverrides:   map[string]string{"bad": "because"},
	}
}

func key(name, value string) map[string]string { return map[string]string{name: value} }

var _ = Describe("Parse of what 0.9.0 left", func() {
	It("reads the recorded ConfigMap", func() {
		content, err := os.ReadFile("testdata/0.9.0-configmaps.json")
		Expect(err).NotTo(HaveOccurred())
		var list corev1.ConfigMapList
		Expect(yaml.UnmarshalStrict(content, &list)).To(Succeed())
		Expect(list.Items).To(HaveLen(1))
		Expect(list.Items[0].Name).To(Equal(operatorconfig.Name))

		c, problems := operatorconfig.Parse(list.Items[0].Data, operatorconfig.Config{})

		Expect(problems).To(BeEmpty())
		Expect(c.NetworkPolicy).To(Equal(operatorconfig.Setting[bool]{Value: true, Known: true}))
		Expect(c.ImageOverrides.Value).To(Equal(map[string]string{"starter": "docker.io/llamastack/distribution-starter:0.7.3"}))
		Expect(c.CABundleNamespaces).To(Equal(operatorconfig.Setting[[]string]{Value: []string{}, Known: true}))
		Expect(c.InvalidOverrides).To(BeEmpty())
	})

	It("reads its own defaults as those of an absent ConfigMap", func() {
		absent, _ := operatorconfig.Parse(nil, operatorconfig.Config{})

		c, problems := operatorconfig.Parse(operatorconfig.Defaults(), operatorconfig.Config{})

		Expect(problems).To(BeEmpty())
		Expect(c).To(Equal(absent))
	})

	It("creates the key that 0.9.0 created, and no other", func() {
		Expect(operatorconfig.Defaults()).To(Equal(map[string]string{"featureFlags": "enableNetworkPolicy:\n  enabled: false\n"}))
	})
})

var _ = DescribeTable("Parse of featureFlags",
	func(content string, want bool) {
		c, problems := operatorconfig.Parse(key(operatorconfig.KeyFeatureFlags, content), operatorconfig.Config{})

		Expect(problems).To(BeEmpty())
		Expect(c.NetworkPolicy).To(Equal(operatorconfig.Setting[bool]{Value: want, Known: true}))
	},
	Entry("on", "enableNetworkPolicy:\n  enabled: true\n", true),
	Entry("off", "enableNetworkPolicy:\n  enabled: false\n", false),
	Entry("as 0.9.0 wrote it", "enableNetworkPolicy:\n    enabled: false\n", false),
	Entry("in flow style", "enableNetworkPolicy: {enabled: true}", true),
	Entry("as JSON", `{"enableNetworkPolicy": {"enabled": true}}`, true),
	Entry("in YAML 1.1's words", "enableNetworkPolicy: {enabled: yes}", true),
	Entry("with a document marker", "---\nenableNetworkPolicy: {enabled: true}\n", true),
	Entry("with Windows line ends", "enableNetworkPolicy:\r\n  enabled: true\r\n", true),
	Entry("through an alias", "enableNetworkPolicy: {enabled: &on true}", true),
	Entry("empty", "", false),
	Entry("blank", " \n\n", false),
	Entry("a comment only", "# enableNetworkPolicy: {enabled: true}\n", false),
	Entry("null", "null", false),
	Entry("a flag without a value", "enableNetworkPolicy:\n", false),
	Entry("a flag that is empty", "enableNetworkPolicy: {}\n", false),
	Entry("enabled without a value", "enableNetworkPolicy:\n  enabled:\n", false),
)

var _ = DescribeTable("Parse of malformed content",
	func(name, content, wantMessage string) {
		fromNothing, problems := operatorconfig.Parse(key(name, content), operatorconfig.Config{})
		Expect(problems).To(HaveLen(1))
		Expect(problems[0].Key).To(Equal(name))
		Expect(problems[0].Message).To(ContainSubstring(wantMessage))
		Expect(problems[0].Message).NotTo(ContainSubstring("\n"))

		Expect(problems[0].Message).To(HaveSuffix("; objects on the cluster stay unchanged until then"))

		kept, problems := operatorconfig.Parse(key(name, content), known())
		Expect(problems).To(HaveExactElements(HaveField("Message", HaveSuffix("; the last valid value is used until then"))))
		switch name {
		case operatorconfig.KeyFeatureFlags:
			Expect(fromNothing.NetworkPolicy.Known).To(BeFalse())
			Expect(kept.NetworkPolicy).To(Equal(known().NetworkPolicy))
		case operatorconfig.KeyImageOverrides:
			Expect(fromNothing.ImageOverrides.Known).To(BeFalse())
			Expect(kept.ImageOverrides).To(Equal(known().ImageOverrides))
			Expect(kept.InvalidOverrides).To(Equal(known().InvalidOverrides))
		case operatorconfig.KeyCABundleNamespaces:
			Expect(fromNothing.CABundleNamespaces.Known).To(BeFalse())
			Expect(kept.CABundleNamespaces).To(Equal(known().CABundleNamespaces))
		case operatorconfig.KeyRollouts:
			Expect(fromNothing.Rollouts.Known).To(BeFalse())
			Expect(kept.Rollouts).To(Equal(known().Rollouts))
		}
	},
	Entry("flags: a key twice", operatorconfig.KeyFeatureFlags,
		"enableNetworkPolicy: {enabled: true}\nenableNetworkPolicy: {enabled: false}\n",
		`line 2: mapping key "enableNetworkPolicy" already defined at line 1`),
	Entry("flags: enabled twice", operatorconfig.KeyFeatureFlags,
		"enableNetworkPolicy:\n  enabled: true\n  enabled: false\n", `line 3: mapping key "enabled" already defined at line 2`),
	Entry("flags: text for a boolean", operatorconfig.KeyFeatureFlags,
		"enableNetworkPolicy:\n  enabled: maybe\n", "enableNetworkPolicy.enabled: failed to read a boolean: line 2: cannot unmarshal"),
	Entry("flags: quoted boolean", operatorconfig.KeyFeatureFlags, `enableNetworkPolicy: {enabled: "true"}`, "write true or false"),
	Entry("flags: number for a boolean", operatorconfig.KeyFeatureFlags, "enableNetworkPolicy: {enabled: 1}", "write true or false"),
	Entry("flags: list for a boolean", operatorconfig.KeyFeatureFlags, "enableNetworkPolicy: {enabled: [true]}", "write true or false"),
	Entry("flags: the short form of early releases", operatorconfig.KeyFeatureFlags, "enableNetworkPolicy: true\n",
		"failed to read enableNetworkPolicy: it is not a mapping: write enableNetworkPolicy: {enabled: true}"),
	Entry("flags: a list", operatorconfig.KeyFeatureFlags, "- enableNetworkPolicy\n", "it is not a mapping"),
	Entry("flags: text", operatorconfig.KeyFeatureFlags, "enableNetworkPolicy", "it is not a mapping"),
	Entry("flags: not YAML", operatorconfig.KeyFeatureFlags, "enableNetworkPolicy: {enabled: true", "failed to parse YAML"),
	Entry("flags: a tab", operatorconfig.KeyFeatureFlags, "enableNetworkPolicy:\n\tenabled: true", "failed to parse YAML"),
	Entry("flags: two documents", operatorconfig.KeyFeatureFlags,
		"enableNetworkPolicy: {enabled: true}\n---\nenableNetworkPolicy: {enabled: false}\n", "line 2: a second YAML document starts here"),
	Entry("flags: a broken second document", operatorconfig.KeyFeatureFlags,
		"enableNetworkPolicy: {enabled: true}\n---\n{", "failed to parse YAML"),
	Entry("flags: contains itself", operatorconfig.KeyFeatureFlags, "enableNetworkPolicy: &a {enabled: *a}", "failed to read"),
	Entry("overrides: a list", operatorconfig.KeyImageOverrides, "- starter\n", "write a mapping of distribution names to images"),
	Entry("overrides: a key twice", operatorconfig.KeyImageOverrides, "starter: a\nstarter: b\n", `"starter" already defined at line 1`),
	Entry("overrides: not YAML", operatorconfig.KeyImageOverrides, "starter: a: b", "failed to parse YAML"),
	Entry("overrides: a key that is no scalar", operatorconfig.KeyImageOverrides, "[a, b]: c", "failed to read a mapping"),
	Entry("namespaces: a mapping", operatorconfig.KeyCABundleNamespaces, "shared: true", "it is not a list"),
	Entry("namespaces: text", operatorconfig.KeyCABundleNamespaces, "shared", "it is not a list: write a list of namespace names"),
	Entry("namespaces: a list in the list", operatorconfig.KeyCABundleNamespaces, "- shared\n- [other]\n", "line 2: an entry is not text"),
	Entry("namespaces: a number", operatorconfig.KeyCABundleNamespaces, "- 7\n", "line 1: an entry is not text"),
	Entry("namespaces: not YAML", operatorconfig.KeyCABundleNamespaces, "[", "failed to parse YAML"),
	Entry("rollouts: a number", operatorconfig.KeyRollouts, "7", "it is not a mapping: write atOnce: 5 and perNamespace: 2, each a whole number from 1 to 1000"),
	Entry("rollouts: none", operatorconfig.KeyRollouts, "atOnce: 0", "failed to read atOnce: it is out of bounds"),
	Entry("rollouts: too many", operatorconfig.KeyRollouts, "atOnce: 1001", "failed to read atOnce: it is out of bounds"),
	Entry("rollouts: fewer than none", operatorconfig.KeyRollouts, "perNamespace: -1", "failed to read perNamespace: it is out of bounds"),
	Entry("rollouts: text", operatorconfig.KeyRollouts, "perNamespace: many", "failed to read perNamespace: it is not a whole number"),
	Entry("rollouts: quoted", operatorconfig.KeyRollouts, `atOnce: "5"`, "failed to read atOnce: it is not a whole number"),
	Entry("rollouts: half of one", operatorconfig.KeyRollouts, "atOnce: 1.5", "failed to read atOnce: it is not a whole number"),
	Entry("rollouts: beyond all bounds", operatorconfig.KeyRollouts, "atOnce: 99999999999999999999", "failed to read atOnce: it is not a whole number"),
)

var _ = Describe("Parse of features that it does not know", func() {
	It("reports them, sorted, and reads those that it knows", func() {
		content := "enableWarpDrive: {enabled: true}\nEnableNetworkPolicy: {enabled: false}\nenableNetworkPolicy: {enabled: true, since: 1}\n"

		c, problems := operatorconfig.Parse(key(operatorconfig.KeyFeatureFlags, content), operatorconfig.Config{})

		Expect(c.NetworkPolicy).To(Equal(operatorconfig.Setting[bool]{Value: true, Known: true}))
		Expect(problems).To(HaveExactElements(
			HaveField("Message", HavePrefix(`line 2: "EnableNetworkPolicy" is unknown and ignored: write enableNetworkPolicy: `)),
			HaveField("Message", HavePrefix(`line 1: "enableWarpDrive" is unknown`)),
			HaveField("Message", HavePrefix(`line 3: "since" is unknown`)),
		))
	})

	It("reads no other key of the ConfigMap", func() {
		_, problems := operatorconfig.Parse(key("notes", "{"), operatorconfig.Config{})

		Expect(problems).To(BeEmpty())
	})
})

var _ = Describe("Parse of image-overrides", func() {
	parse := func(content string, last operatorconfig.Config) (operatorconfig.Config, []operatorconfig.Problem) {
		return operatorconfig.Parse(key(operatorconfig.KeyImageOverrides, content), last)
	}

	It("reads tags, digests, short names and names of its own", func() {
		c, problems := parse("starter: "+starterImage+"\npostgres-demo: \""+otherImage+"\"\nour_own: server\n", operatorconfig.Config{})

		Expect(problems).To(BeEmpty())
		Expect(c.InvalidOverrides).To(BeEmpty())
		Expect(c.ImageOverrides).To(Equal(operatorconfig.Setting[map[string]string]{Known: true, Value: map[string]string{
			"starter": starterImage, "postgres-demo": otherImage, "our_own": "server",
		}}))
	})

	DescribeTable("leaves out an invalid entry, says why, and reads the others",
		func(entry, name, why string) {
			c, problems := parse("starter: "+starterImage+"\n"+entry, operatorconfig.Config{})

			Expect(c.ImageOverrides.Value).To(Equal(map[string]string{"starter": starterImage}))
			Expect(c.InvalidOverrides).To(HaveLen(1))
			Expect(c.InvalidOverrides).To(HaveKeyWithValue(name, And(ContainSubstring(why), HaveSuffix("; the entry is ignored until then"))))
			Expect(problems).To(Equal([]operatorconfig.Problem{
				{Key: operatorconfig.KeyImageOverrides, Message: c.InvalidOverrides[name]},
			}))
		},
		Entry("blanks in the image", `bad: "not an image"`, "bad", `line 2: the image of "bad" is not a reference: `),
		Entry("upper case", "bad: Registry/IMAGE", "bad", "is not a reference"),
		Entry("empty", `bad: ""`, "bad", "is not a reference"),
		Entry("null", "bad:", "bad", `the image of "bad" is not text`),
		Entry("number", "bad: 5", "bad", "is not text"),
		Entry("mapping", "bad: {image: x}", "bad", "is not text"),
		Entry("list", "bad: [x]", "bad", "is not text"),
		Entry("no name", `"": x`, "", "line 2: an entry has no distribution name"),
	)

	It("keeps the image that an entry had before it became invalid", func() {
		last, _ := parse("starter: "+starterImage+"\npostgres-demo: "+otherImage, operatorconfig.Config{})

		c, problems := parse("starter: not an image\n", last)

		Expect(c.ImageOverrides.Value).To(Equal(map[string]string{"starter": starterImage}))
		Expect(c.InvalidOverrides).To(HaveKey("starter"))
		Expect(problems).To(HaveExactElements(HaveField("Message", HaveSuffix("; "+starterImage+" is used until then"))))
	})

	It("forgets an entry that is gone", func() {
		last, _ := parse("starter: "+starterImage, operatorconfig.Config{})

		c, _ := parse("", last)

		Expect(c.ImageOverrides).To(Equal(operatorconfig.Setting[map[string]string]{Value: map[string]string{}, Known: true}))
	})

	It("follows an alias", func() {
		c, problems := parse("starter: &image "+starterImage+"\nother: *image\n", operatorconfig.Config{})

		Expect(problems).To(BeEmpty())
		Expect(c.ImageOverrides.Value).To(HaveKeyWithValue("other", starterImage))
	})

	It("limits what it quotes, and truncates between characters", func() {
		c, problems := parse("bad: "+strings.Repeat("ü", 3000), operatorconfig.Config{})

		Expect(len(problems[0].Message)).To(BeNumerically("<=", 520))
		Expect(problems[0].Message).To(And(HaveSuffix("ü…"), HavePrefix("line 1: ")))
		Expect(c.InvalidOverrides["bad"]).To(Equal(problems[0].Message))
	})
})

var _ = Describe("Parse of ca-bundle-namespaces", func() {
	It("sorts and removes duplicates", func() {
		c, problems := operatorconfig.Parse(key(operatorconfig.KeyCABundleNamespaces, "[b, a, b]"), operatorconfig.Config{})

		Expect(problems).To(BeEmpty())
		Expect(c.CABundleNamespaces).To(Equal(operatorconfig.Setting[[]string]{Value: []string{"a", "b"}, Known: true}))
	})

	DescribeTable("ignores what cannot be the name of a namespace, and reports it",
		func(entry string) {
			c, problems := operatorconfig.Parse(key(operatorconfig.KeyCABundleNamespaces, "- "+entry+"\n- good\n"), known())

			Expect(c.CABundleNamespaces.Value).To(Equal([]string{"good"}))
			Expect(problems).To(HaveExactElements(HaveField("Message", ContainSubstring("line 1: "+entry+" is not the name of a namespace"))))
		},
		Entry("all of them", `"*"`),
		Entry("upper case", `"Shared"`),
		Entry("empty", `""`),
		Entry("a path", `"a/b"`),
	)
})

var _ = DescribeTable("Parse of rollouts",
	func(content string, atOnce, perNamespace int) {
		c, problems := operatorconfig.Parse(key(operatorconfig.KeyRollouts, content), operatorconfig.Config{})

		Expect(problems).To(BeEmpty())
		Expect(c.Rollouts).To(Equal(operatorconfig.Setting[operatorconfig.Rollouts]{
			Value: operatorconfig.Rollouts{AtOnce: atOnce, PerNamespace: perNamespace}, Known: true,
		}))
	},
	Entry("blank", "\n", 5, 2),
	Entry("both", "atOnce: 20\nperNamespace: 10\n", 20, 10),
	Entry("in the cluster alone", "{atOnce: 1}", 1, 2),
	Entry("in a namespace alone", "perNamespace: 1000", 5, 1000),
	Entry("null", "atOnce:\nperNamespace: ~\n", 5, 2),
)

var _ = Describe("Parse of several keys", func() {
	It("parses each on its own, with problems in the order of the documentation", func() {
		data := map[string]string{
			operatorconfig.KeyCABundleNamespaces: "no list",
			operatorconfig.KeyImageOverrides:     "starter: " + starterImage,
			operatorconfig.KeyFeatureFlags:       "[",
		}

		c, problems := operatorconfig.Parse(data, operatorconfig.Config{})

		Expect(problems).To(HaveExactElements(
			HaveField("Key", operatorconfig.KeyFeatureFlags),
			HaveField("Key", operatorconfig.KeyCABundleNamespaces),
		))
		Expect(c.ImageOverrides.Known).To(BeTrue())
		Expect(c.NetworkPolicy.Known).To(BeFalse())
		Expect(c.CABundleNamespaces.Known).To(BeFalse())
	})
})

var _ = Describe("Parse of a ConfigMap that would cost much", func() {
	It("reports ten problems of a key and that there are more", func() {
		_, problems := operatorconfig.Parse(map[string]string{
			operatorconfig.KeyCABundleNamespaces: strings.Repeat("- Not_A_Namespace\n", 5000),
			operatorconfig.KeyFeatureFlags:       "a: 1\n",
		}, operatorconfig.Config{})

		Expect(problems).To(HaveLen(12))
		Expect(problems).To(ContainElement(And(HaveField("Key", operatorconfig.KeyCABundleNamespaces), HaveField("Message", ContainSubstring("there are more problems")))))
	})

	It("follows merge keys, and prefers what the mapping has itself", func() {
		config, problems := operatorconfig.Parse(map[string]string{
			operatorconfig.KeyImageOverrides: "<<: [{a: x/first, b: x/b}, {a: x/second, c: x/c}]\nb: x/own\n",
		}, operatorconfig.Config{})

		Expect(problems).To(BeEmpty())
		Expect(config.ImageOverrides.Value).To(Equal(map[string]string{"a": "x/first", "b": "x/own", "c": "x/c"}))
	})

	DescribeTable("keeps the last good value and says which limit is exceeded", func(overrides, want string) {
		config, problems := operatorconfig.Parse(map[string]string{operatorconfig.KeyImageOverrides: overrides}, known())

		Expect(config.ImageOverrides).To(Equal(known().ImageOverrides))
		Expect(problems).To(ConsistOf(HaveField("Message", ContainSubstring(want))))
	},
		Entry("aliases", "a: &a [x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\n"+
			"d: &d [*c,*c,*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*d,*d,*d,*d,*d,*d,*d,*d]\n", "line 6: with its aliases expanded it has more than 50000 values"),
		Entry("bytes", strings.Repeat("#", 300_000), "it has 300000 bytes"),
		Entry("one key many times", strings.Repeat("a: b\n", 20_000), `line 2: mapping key "a" already defined at line 1`),
	)
})
