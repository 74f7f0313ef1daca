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

package manifests_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// renamedKustomization gives every object another name: a prefix, and what is generated a hash.
const renamedKustomization = `namePrefix: team-
resources: [server.yaml, others.yaml]
configurations: [namereference.yaml]
configMapGenerator:
- {name: config, literals: [config.yaml=version]}
secretGenerator:
- {name: secret, literals: [a=b]}
`

const renamedOthers = `{apiVersion: v1, kind: ServiceAccount, metadata: {name: account}}
---
{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: data}}
`

// renamedServer refers to all of them, wherever a LlamaStackDistribution can.
const renamedServer = `apiVersion: llamastack.io/v1alpha1
kind: LlamaStackDistribution
metadata: {name: demo}
spec:
  network: {ingress: {host: a.example.com, tls: {secretName: secret}}}
  server:
    distribution: {name: starter}
    userConfig: {configMapName: config}
    tlsConfig:
      caBundle: {configMapName: config}
      serving: {secretName: secret}
    storage: {existingClaim: data}
    containerSpec:
      env:
      - {name: A, valueFrom: {configMapKeyRef: {name: config, key: a}}}
      - {name: B, valueFrom: {secretKeyRef: {name: secret, key: a}}}
      envFrom:
      - {configMapRef: {name: config}}
      - {secretRef: {name: secret}}
    podOverrides:
      serviceAccountName: account
      imagePullSecrets:
      - {name: secret}
      initContainers:
      - name: first
        env:
        - {name: A, valueFrom: {configMapKeyRef: {name: config, key: a}}}
        - {name: B, valueFrom: {secretKeyRef: {name: secret, key: a}}}
      volumes:
      - {name: one, configMap: {name: config}}
      - {name: two, secret: {secretName: secret}}
      - {name: three, persistentVolumeClaim: {claimName: data}}
      - {name: four, projected: {sources: [{configMap: {name: config}}, {secret: {name: secret}}]}}
`

var _ = Describe("config/kustomize/namereference.yaml", func() {
	It("has the names that kustomize changes followed, in every field that has one", func() {
		files := filesys.MakeFsInMemory()
		configuration, err := os.ReadFile(filepath.Join(root, "config", "kustomize", "namereference.yaml"))
		Expect(err).NotTo(HaveOccurred())
		for name, text := range map[string]string{
			"kustomization.yaml": renamedKustomization, "server.yaml": renamedServer, "others.yaml": renamedOthers, "namereference.yaml": string(configuration),
		} {
			Expect(files.WriteFile(name, []byte(text))).To(Succeed())
		}
		objects, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(files, ".")
		Expect(err).NotTo(HaveOccurred())

		names := map[string]string{}
		for _, object := range objects.Resources() {
			names[object.GetKind()] = object.GetName()
		}
		Expect(names["ConfigMap"]).To(MatchRegexp("^team-config-[a-z0-9]+$"))
		want := strings.NewReplacer(": config}", ": "+names["ConfigMap"]+"}", ": config,", ": "+names["ConfigMap"]+",", ": secret}", ": "+names["Secret"]+"}",
			": secret,", ": "+names["Secret"]+",", ": account\n", ": "+names["ServiceAccount"]+"\n", ": data}", ": "+names["PersistentVolumeClaim"]+"}").Replace(renamedServer)
		expected := &v1alpha1.LlamaStackDistribution{}
		Expect(yaml.UnmarshalStrict([]byte(want), expected)).To(Succeed())
		text, err := ofKind(objects, v1alpha1.Kind)[0].MarshalJSON()
		Expect(err).NotTo(HaveOccurred())
		got := &v1alpha1.LlamaStackDistribution{}
		Expect(json.Unmarshal(text, got)).To(Succeed())
		Expect(got.Name).To(Equal("team-demo"))
		Expect(got.Spec).To(Equal(expected.Spec))
	})
})
