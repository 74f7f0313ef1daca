//go:build olm

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

package olm_test

import (
	"cmp"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"sigs.k8s.io/yaml"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// The images that the releases are made of; run.sh puts them into the node's registry. The operator of the next
// release was built from other base manifests: its objects have another annotation, and Deployments another default.
const (
	firstOperator = "registry.test/operator:first"
	nextOperator  = "registry.test/operator:next"
	firstServer   = "registry.test/server:first"
	nextServer    = "registry.test/server:next"
)

// release is a version of the operator as it is published: the repository's bundle, with the differences.
type release struct {
	version string
	// operator is the operator's image.
	operator string
	// related are the servers' images by the name of the distribution.
	related map[string]string
	// undeclared says that it has no spec.server.config yet: its definition does not have the field, nor its operator the
	// rights of the Jobs that check it.
	undeclared bool
}

// The releases that the specs publish. The second moves one distribution to another image.
var (
	release100 = release{"1.0.0", firstOperator, map[string]string{"starter": firstServer, "remote-vllm": firstServer}, true}
	release110 = release{"1.1.0", nextOperator, map[string]string{"starter": nextServer, "remote-vllm": firstServer}, false}
	release120 = release{"1.2.0", nextOperator, map[string]string{"starter": nextServer, "remote-vllm": firstServer}, false}
)

// csv is the name of the release's ClusterServiceVersion.
func (r release) csv() string { return packageName + ".v" + r.version }

// bundleImage is the image of its bundle, in the registry of the given address.
func (r release) bundleImage(registry string) string { return registry + "/bundle:v" + r.version }

// image is what the release runs for a server.
func (r release) image(server *v1alpha1.LlamaStackDistribution) string {
	distribution := server.Spec.Server.Distribution
	return cmp.Or(distribution.Image, r.related[distribution.Name])
}

// variable is the operator's environment variable for the image of a distribution.
func variable(distribution string) string {
	return "RELATED_IMAGE_" + strings.ToUpper(strings.ReplaceAll(distribution, "-", "_"))
}

// pushBundle makes the release's bundle and its image, and returns the bundle's folder.
func (r release) pushBundle(ctx context.Context) string {
	GinkgoHelper()
	folder := filepath.Join(GinkgoT().TempDir(), "bundle")
	Expect(os.CopyFS(folder, os.DirFS(filepath.Join(root, "bundle")))).To(Succeed())
	rewrite(folder, "manifests/*.clusterserviceversion.yaml", r.edit)
	if r.undeclared {
		rewrite(folder, "manifests/llamastack.io_llamastackdistributions.yaml", withoutConfig)
	}

	images(ctx, "bundle", "bundle", r.bundleImage("registry.test"), "--from", folder)
	return folder
}

// rewrite changes the one file of a pattern.
func rewrite(folder, pattern string, change func(map[string]any)) {
	GinkgoHelper()
	manifests, err := fs.Glob(os.DirFS(folder), pattern)
	Expect(err).NotTo(HaveOccurred())
	Expect(manifests).To(HaveLen(1))

	path := filepath.Join(folder, manifests[0])
	text, err := os.ReadFile(path)
	Expect(err).NotTo(HaveOccurred())
	var content map[string]any
	Expect(yaml.Unmarshal(text, &content)).To(Succeed())
	change(content)
	text, err = yaml.Marshal(content)
	Expect(err).NotTo(HaveOccurred())
	Expect(os.WriteFile(path, text, 0o600)).To(Succeed())
}

// withoutConfig takes spec.server.config out of a definition, with the rules that name it.
func withoutConfig(definition map[string]any) {
	GinkgoHelper()
	for _, version := range list(object(definition, "spec"), "versions") {
		server := object(version.(map[string]any), "schema", "openAPIV3Schema", "properties", "spec", "properties", "server")
		fields := object(server, "properties")
		Expect(fields).To(HaveKey("config"))
		delete(fields, "config")
		const rules = "x-kubernetes-validations"
		server[rules] = slices.DeleteFunc(list(server, rules), func(rule any) bool {
			return strings.Contains(rule.(map[string]any)["rule"].(string), "has(self.config)")
		})
	}
}

// withoutJobs takes the rights to use Jobs away from the operator.
func withoutJobs(csv map[string]any) {
	GinkgoHelper()
	for _, permission := range list(object(csv, "spec", "install", "spec"), "clusterPermissions") {
		granted := permission.(map[string]any)
		granted["rules"] = slices.DeleteFunc(list(granted, "rules"), func(rule any) bool {
			return slices.Contains(list(rule.(map[string]any), "resources"), any("jobs"))
		})
	}
}

// edit changes the ClusterServiceVersion to that of the release.
func (r release) edit(csv map[string]any) {
	GinkgoHelper()
	object(csv, "metadata")["name"] = r.csv()
	spec := object(csv, "spec")
	spec["version"] = r.version
	delete(spec, "replaces")
	if r.undeclared {
		withoutJobs(csv)
	}

	deployments := list(object(spec, "install", "spec"), "deployments")
	Expect(deployments).To(HaveLen(1))
	containers := list(object(deployments[0].(map[string]any), "spec", "template", "spec"), "containers")
	manager := containers[0].(map[string]any)
	Expect(manager).To(HaveKeyWithValue("name", "manager"))
	manager["image"] = r.operator
	manager["env"] = r.environment(list(manager, "env"))
}

// environment is the manager's, with the release's version and images.
func (r release) environment(shipped []any) []any {
	values := map[string]string{"OPERATOR_VERSION": r.version}
	for distribution, image := range r.related {
		values[variable(distribution)] = image
	}
	env := slices.DeleteFunc(shipped, func(entry any) bool {
		_, own := values[entry.(map[string]any)["name"].(string)]
		return own
	})
	for name, value := range values {
		env = append(env, map[string]any{"name": name, "value": value})
	}
	return env
}

// object is the object at a path, which must be there.
func object(from map[string]any, path ...string) map[string]any {
	GinkgoHelper()
	for _, key := range path {
		next, isObject := from[key].(map[string]any)
		Expect(isObject).To(BeTrue(), "there is no object %v", path)
		from = next
	}
	return from
}

// list is the list under a key, which must be there.
func list(from map[string]any, key string) []any {
	GinkgoHelper()
	found, isList := from[key].([]any)
	Expect(isList).To(BeTrue(), "there is no list %s", key)
	return found
}

// catalog is what one image of a catalog offers: its channel is made by the program that makes the catalog of the releases.
type catalog struct {
	// tag of the image.
	tag string
	// releases are all that the channel has or had.
	releases []release
	// withdrawn are those of them that are not offered any more.
	withdrawn []release
	// deprecated has the messages for the users of a version, or of the channel.
	deprecated map[string]string
	// registry is the address that its images are named by; the node's registry has them by any.
	registry string
}

// at is the address of the registry.
func (c catalog) at() string { return cmp.Or(c.registry, "registry.test") }

// image is the name of the catalog's image.
func (c catalog) image() string { return c.at() + "/catalog:" + c.tag }

// rendered are bundles as a catalog has them, by the names of their images. Each is pushed and rendered once.
var rendered = map[string]string{}

// render pushes the release's bundle, and returns it as a catalog has it.
func (r release) render(ctx context.Context, registry string) string {
	GinkgoHelper()
	image := r.bundleImage(registry)
	if rendered[image] == "" {
		rendered[image] = command(ctx, nil, os.Getenv("OPM"), "render", r.pushBundle(ctx), "--output=yaml",
			"--migrate-level=bundle-object-to-csv-metadata", "--alpha-image-ref-template="+image)
	}
	return rendered[image]
}

// push makes the catalog and its image.
func (c catalog) push(ctx context.Context) {
	GinkgoHelper()
	work := GinkgoT().TempDir()
	folder, withdrawn := filepath.Join(work, "catalog"), filepath.Join(work, "withdrawn")
	for _, path := range []string{folder, withdrawn} {
		Expect(os.Mkdir(path, 0o700)).To(Succeed())
	}
	var template strings.Builder
	template.WriteString("schema: olm.semver\ngenerateMajorChannels: true\nstable:\n  bundles:\n")
	for _, r := range c.releases {
		template.WriteString("  - image: " + r.bundleImage(c.at()) + "\n")
		at := folder
		if slices.ContainsFunc(c.withdrawn, func(gone release) bool { return gone.version == r.version }) {
			at = withdrawn
		}
		write(filepath.Join(at, "v"+r.version+".yaml"), r.render(ctx, c.at()))
	}
	write(filepath.Join(work, "template.yaml"), template.String())
	deprecations := filepath.Join(work, "deprecations.yaml")
	write(deprecations, "schema: olm.deprecations\npackage: "+packageName+"\nentries: []\n")
	for what, message := range c.deprecated {
		command(ctx, nil, "bin/catalog-tool", "-deprecations="+deprecations, "-deprecate="+what, "-message="+message)
	}
	write(filepath.Join(folder, "channels.yaml"), command(ctx, nil, "bin/catalog-tool", "-template="+filepath.Join(work, "template.yaml"),
		"-bundles="+folder, "-withdrawn="+withdrawn, "-deprecations="+deprecations, "-icon=config/manifests/icon.svg"))
	command(ctx, nil, os.Getenv("OPM"), "validate", folder)
	images(ctx, "catalog", "catalog", catalog{tag: c.tag}.image(), "--from", folder)
}

// write writes a file.
func write(path, text string) {
	GinkgoHelper()
	Expect(os.WriteFile(path, []byte(text), 0o600)).To(Succeed())
}
