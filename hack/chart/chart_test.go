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

package chart_test

import (
	"crypto/sha256"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/hack/chart"
	"github.com/llamastack/llama-stack-k8s-operator/internal/operatorconfig"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const root = "../.."

// version is that of versions.mk.
func version() string {
	GinkgoHelper()
	content, err := os.ReadFile(filepath.Join(root, "versions.mk"))
	Expect(err).NotTo(HaveOccurred())
	return regexp.MustCompile(`(?m)^VERSION \?= (\S+)$`).FindStringSubmatch(string(content))[1]
}

// config copies config/, with one text of one of its files replaced.
func config(file, before, after string) string {
	GinkgoHelper()
	folder := GinkgoT().TempDir()
	Expect(os.CopyFS(folder, os.DirFS(filepath.Join(root, "config")))).To(Succeed())
	path := filepath.Join(folder, file)
	content, err := os.ReadFile(path)
	Expect(err).NotTo(HaveOccurred())
	changed := strings.Replace(string(content), before, after, 1)
	Expect(changed).NotTo(Equal(string(content)))
	Expect(os.WriteFile(path, []byte(changed), 0o600)).To(Succeed())
	return folder
}

func generate(folder string) (map[string]string, error) {
	return chart.Generate(chart.Options{Config: folder, Version: version()})
}

var _ = Describe("The generator", func() {
	It("writes what is committed", func() {
		files, err := generate(filepath.Join(root, "config"))
		Expect(err).NotTo(HaveOccurred())
		Expect(files).To(And(HaveKey("values.yaml"), HaveKey("templates/crd.yaml"), HaveKey("dashboards/fleet.json")))
		for name, content := range files {
			committed, err := os.ReadFile(filepath.Join(root, "charts", chart.Name, name))
			Expect(err).NotTo(HaveOccurred())
			Expect(sha256.Sum256(committed)).To(Equal(sha256.Sum256([]byte(content))), "run \"make chart\": %s differs", name)
		}
	})

	DescribeTable("follows config/", func(file, before, after, written string, texts ...string) {
		files, err := generate(config(file, before, after))
		Expect(err).NotTo(HaveOccurred())
		for _, text := range texts {
			Expect(files[written]).To(ContainSubstring(text))
		}
	},
		Entry("in a default", "manager/manager.yaml", "memory: 1Gi", "memory: 3Gi", "values.yaml", "memory: 3Gi"),
		Entry("in the documentation of a default", "manager/manager.yaml", "memory: 1Gi", "memory: 3Gi", "README.md", `"memory":"3Gi"`),
		Entry("in a port of the API server", "network-policy/networkpolicy.yaml", "port: 6443", "port: 7443", "values.yaml", "- 7443"),
		Entry("in a new distribution", "manager/manager.yaml", "RELATED_IMAGE_REMOTE_VLLM", "RELATED_IMAGE_NEW_NAME", "values.yaml", "\n  new-name: docker.io/"),
		Entry("in a new flag", "manager/manager.yaml", "- --leader-elect\n", "- --leader-elect\n        - --print-diffs\n", "templates/deployment.yaml",
			"{{- if not $.Values.watchNamespaces }}\n        - --print-diffs\n        {{- end }}"),
		Entry("with braces that are not for Helm", "monitoring/rules.yaml", "{{ $value | humanizePercentage }}", "{{ $other }}", "templates/monitoring.yaml",
			`{{ "{{" }} $other }}`),
		Entry("in a namespace inside of a text", "admission/operator.yaml", "system:serviceaccount:llama-stack-k8s-operator-system", "x:llama-stack-k8s-operator-system",
			"templates/admission.yaml", "x:{{ $.Release.Namespace }}:"),
	)

	DescribeTable("refuses what the chart would not show", func(file, before, after, message string) {
		_, err := generate(config(file, before, after))
		Expect(err).To(MatchError(ContainSubstring(message)))
	},
		Entry("a new object", "manager/metrics_service.yaml", "apiVersion: v1\n", "apiVersion: v1\nkind: Secret\nmetadata: {name: new}\n---\napiVersion: v1\n",
			"Secret/llama-stack-k8s-operator-new"),
		Entry("another version", "manager/kustomization.yaml", "newTag: v", "newTag: v9", "make stamp"),
		Entry("another change of config/namespaced", "namespaced/kustomization.yaml", "    spec:\n      template:\n", "    spec:\n      paused: true\n      template:\n", "args and env"),
		Entry("a field that is gone", "manager/manager.yaml", "  replicas: 2\n", "", "spec.replicas"),
		Entry("another way to scrape", "monitoring/operator_monitor.yaml", "insecureSkipVerify: true", "serverName: a", "tlsConfig"),
	)

	It("has all settings of the operator's ConfigMap", func() {
		files, err := generate(filepath.Join(root, "config"))
		Expect(err).NotTo(HaveOccurred())
		Expect(files["templates/config.yaml"]).To(ContainSubstring("name: " + operatorconfig.Name + "\n"))
		for _, key := range operatorconfig.Keys() {
			Expect(files["templates/config.yaml"]).To(ContainSubstring("\n  " + key + ": |\n"))
		}
	})
})

var _ = Describe("The archive", func() {
	files := map[string]string{"Chart.yaml": "name: a\n", "values.yaml": "{}\n", "templates/a.yaml": "a: b\n"}
	at := time.Date(2026, 1, 2, 3, 4, 5, 6, time.FixedZone("", 3600))

	It("depends on nothing but the files and the time", func() {
		first, err := chart.Archive(files, at)
		Expect(err).NotTo(HaveOccurred())
		for range 10 {
			again, err := chart.Archive(files, at.UTC())
			Expect(err).NotTo(HaveOccurred())
			Expect(again).To(Equal(first))
		}
		later, err := chart.Archive(files, at.Add(time.Second))
		Expect(err).NotTo(HaveOccurred())
		Expect(later).NotTo(Equal(first))
	})
})
