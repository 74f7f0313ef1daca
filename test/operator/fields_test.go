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

package operator_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/jsonpath"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// sharedNamespace is another namespace that CA bundles may come from, for this file.
const sharedNamespace = "shared-certificates"

// fieldCase is one field of a spec and what it does. Its LlamaStackDistribution is called x.
type fieldCase struct {
	// path of the field in the spec, with dots.
	path string
	// value that is set, and with, the rest of the spec that it needs, as YAML.
	value, with string
	// without is what the field becomes in the end; "" removes it.
	without string
	// in is the child that shows the field, as "kind suffix", and at is a JSONPath in it; or in is inOverlay.
	in, at string
	// shows is what is there while the field is set, a text or a matcher.
	shows any
	// stays, where the child does not go back to what it was: what it shows in the end.
	stays string
}

const (
	inDeployment = "Deployment "
	inPVC        = "PersistentVolumeClaim -pvc"
	inBudget     = "PodDisruptionBudget -pdb"
	inAutoscaler = "HorizontalPodAutoscaler -hpa"
	inPolicy     = "NetworkPolicy -network-policy"
	inBundle     = "ConfigMap -ca-bundle"
	inItself     = "LlamaStackDistribution "

	atPod       = "{.spec.template.spec"
	atContainer = atPod + ".containers[0]"
	atProbe     = atContainer + ".startupProbe"

	withAutoscaling = "server: {autoscaling: {maxReplicas: 5}}"
	withStorage     = "server: {storage: {}}"
	withConfig      = "server: {userConfig: {configMapName: config}}"
	withCABundle    = "server: {tlsConfig: {caBundle: {configMapName: ca}}}"
)

// fieldCases has every field.
func fieldCases() []fieldCase {
	return slices.Concat(serverFields(), containerFields(), podFields(), addedPodFields(), probeFields(), scalingFields(),
		operationFields(), contentFields(), networkFields(), addedNetworkFields(), configFields(), telemetryFields())
}

func serverFields() []fieldCase {
	return []fieldCase{
		{path: "metadata.labels", value: "{cost-center: a}", in: inDeployment, at: "{.metadata.labels.cost-center}", shows: "a"},
		{path: "metadata.annotations", value: "{owner: a}", in: inDeployment, at: "{.metadata.annotations.owner}", shows: "a"},
		{path: "replicas", value: "3", in: inDeployment, at: "{.spec.replicas}", shows: "3"},
		{
			path: "server.distribution.name", value: "postgres-demo", without: "starter",
			in: inDeployment, at: atContainer + ".image}", shows: ContainSubstring("distribution-postgres-demo"),
		},
		{
			path: "server.distribution.image", value: "quay.io/a/b:c", with: "server: {distribution: {name: null, image: 'quay.io/a/b:b'}}", without: "quay.io/a/b:b",
			in: inDeployment, at: atContainer + ".image}", shows: "quay.io/a/b:c",
		},
		{
			path: "server.workers", value: "2",
			in: inDeployment, at: atContainer + ".env[?(@.name=='OGX_WORKERS')].value}{.spec.template.spec.containers[0].resources.limits.cpu}", shows: "22",
		},
		{path: "server.launch", value: "Image", with: withConfig, in: inDeployment, at: atContainer + ".command}", shows: ""},
		{path: "server.storage.size", value: "20Gi", with: withStorage, in: inPVC, at: "{.spec.resources.requests.storage}", shows: "20Gi", stays: "20Gi"},
		{path: "server.storage.mountPath", value: "/data", with: withStorage, in: inDeployment, at: atContainer + ".volumeMounts[?(@.mountPath=='/data')].name}", shows: "lls-storage"},
		{
			path: "server.storage.storageClassName", value: "fast", without: "standard", with: "server: {storage: {storageClassName: standard}}",
			in: inItself, at: "{.status.conditions[?(@.type=='Ready')].reason}", shows: string(v1alpha1.ReasonImmutableField),
		},
		{
			path: "server.storage.accessModes", value: "[ReadWriteMany]", with: withStorage,
			in: inItself, at: "{.status.conditions[?(@.type=='Ready')].reason}", shows: string(v1alpha1.ReasonImmutableField),
		},
		{
			path: "server.storage.existingClaim", value: "other-data", without: "data", with: "server: {storage: {existingClaim: data}}",
			in: inDeployment, at: atPod + ".volumes[?(@.name=='lls-storage')].persistentVolumeClaim.claimName}", shows: "other-data",
		},
		{
			path: "server.storage.ephemeral.size", value: "5Gi", with: "server: {storage: {ephemeral: {}}}",
			in: inDeployment, at: atPod + ".volumes[?(@.name=='lls-storage')].emptyDir.sizeLimit}", shows: "5Gi",
		},
		{path: "server.storage.retentionPolicy", value: "Retain", with: withStorage, in: inPVC, at: "{.metadata.ownerReferences[*].name}", shows: ""},
	}
}

func containerFields() []fieldCase {
	container := func(name, value, at string, shows any) fieldCase {
		return fieldCase{path: "server.containerSpec." + name, value: value, in: inDeployment, at: at, shows: shows}
	}
	return []fieldCase{
		container("name", "main", atContainer+".name}", "main"),
		container("port", "9000", atContainer+".ports[0].containerPort}", "9000"),
		container("resources", "{limits: {memory: 4Gi}}", atContainer+".resources.limits.memory}", "4Gi"),
		container("env", "[{name: A, value: b}]", atContainer+".env[?(@.name=='A')].value}", "b"),
		container("command", "[/run]", atContainer+".command[*]}", "/run"),
		container("args", "[--fast]", atContainer+".args[*]}", "--fast"),
		container("securityContext", "{readOnlyRootFilesystem: true}", atContainer+".securityContext.readOnlyRootFilesystem}", "true"),
		container("startupProbe.initialDelaySeconds", "0", atProbe+".initialDelaySeconds}", BeElementOf("", "0")),
		container("startupProbe.periodSeconds", "7", atProbe+".periodSeconds}", "7"),
		container("startupProbe.timeoutSeconds", "7", atProbe+".timeoutSeconds}", "7"),
		container("startupProbe.failureThreshold", "70", atProbe+".failureThreshold}{.spec.progressDeadlineSeconds}", "701000"),
	}
}

func podFields() []fieldCase {
	pod := func(name, value, at string, shows any) fieldCase {
		return fieldCase{path: "server.podOverrides." + name, value: value, in: inDeployment, at: at, shows: shows}
	}
	mounts := pod("volumeMounts", "[{name: extra, mountPath: /extra}]", atContainer+".volumeMounts[?(@.name=='extra')].mountPath}", "/extra")
	mounts.with = "server: {podOverrides: {volumes: [{name: extra, emptyDir: {}}]}}"
	return []fieldCase{
		pod("serviceAccountName", "mine", atPod+".serviceAccountName}", "mine"),
		pod("terminationGracePeriodSeconds", "60", atPod+".terminationGracePeriodSeconds}", "60"),
		pod("volumes", "[{name: extra, emptyDir: {}}]", atPod+".volumes[?(@.name=='extra')].emptyDir}", "{}"),
		mounts,
		pod("securityContext", "{supplementalGroups: [7]}", atPod+".securityContext.supplementalGroups}", "[7]"),
		{
			path: "server.topologySpreadConstraints", value: "[{maxSkew: 2, topologyKey: rack, whenUnsatisfiable: DoNotSchedule}]",
			in: inDeployment, at: atPod + ".topologySpreadConstraints[*].topologyKey}", shows: "rack",
		},
	}
}

func scalingFields() []fieldCase {
	return []fieldCase{
		{
			path: "server.podDisruptionBudget.minAvailable", value: "50%",
			in: inBudget, at: "{.spec.minAvailable}{.spec.maxUnavailable}", shows: "50%", with: "server: {podDisruptionBudget: {}}",
		},
		{
			path: "server.podDisruptionBudget.maxUnavailable", value: "2",
			in: inBudget, at: "{.spec.minAvailable}{.spec.maxUnavailable}", shows: "2", with: "server: {podDisruptionBudget: {}}",
		},
		{path: "server.autoscaling.minReplicas", value: "2", with: withAutoscaling, in: inAutoscaler, at: "{.spec.minReplicas}", shows: "2"},
		{path: "server.autoscaling.maxReplicas", value: "7", without: "5", with: withAutoscaling, in: inAutoscaler, at: "{.spec.maxReplicas}", shows: "7"},
		{
			path: "server.autoscaling.targetCPUUtilizationPercentage", value: "55", with: withAutoscaling,
			in: inAutoscaler, at: "{.spec.metrics[*].resource.name}{.spec.metrics[*].resource.target.averageUtilization}", shows: "cpu55",
		},
		{
			path: "server.autoscaling.targetMemoryUtilizationPercentage", value: "66", with: withAutoscaling,
			in: inAutoscaler, at: "{.spec.metrics[*].resource.name}{.spec.metrics[*].resource.target.averageUtilization}", shows: "memory66",
		},
	}
}

func contentFields() []fieldCase {
	return []fieldCase{
		{
			path: "server.userConfig.configMapName", value: "other-config", without: "config", with: withConfig,
			in: inDeployment, at: "{.spec.template.metadata.annotations.configmap\\.hash/user-config}", shows: HaveLen(64),
		},
		{
			path: "server.userConfig.configMapNamespace", value: sharedNamespace, with: withConfig,
			in: inItself, at: "{.status.conditions[?(@.type=='Ready')].reason}", shows: string(v1alpha1.ReasonUserConfigOtherNS),
		},
		{
			path: "server.tlsConfig.serving.secretName", value: "other-tls", without: "tls", in: inDeployment,
			with: "server: {userConfig: {configMapName: config}, tlsConfig: {caBundle: {configMapName: ca}, serving: {secretName: tls}}}",
			at:   atPod + `.volumes[?(@.name=="serving-tls")].secret.secretName}`, shows: "other-tls",
		},
		{
			path: "server.tlsConfig.serving.onRenewal", value: "Roll", in: inDeployment,
			with: "server: {userConfig: {configMapName: config}, tlsConfig: {caBundle: {configMapName: ca}, serving: {secretName: tls}}}",
			at:   atContainer + ".command[-1:]}", shows: "never",
		},
		{
			path: "server.tlsConfig.caBundle.configMapName", value: "other-ca", without: "ca", with: withCABundle,
			in: inBundle, at: "{.data.ca-bundle\\.crt}", shows: ContainSubstring("BEGIN CERTIFICATE"),
		},
		{
			path: "server.tlsConfig.caBundle.configMapNamespace", value: sharedNamespace, with: withCABundle,
			in: inBundle, at: "{.data.ca-bundle\\.crt}", shows: ContainSubstring("BEGIN CERTIFICATE"),
		},
		{
			path: "server.tlsConfig.caBundle.configMapKeys", value: "[second.crt]", with: withCABundle,
			in: inBundle, at: "{.data.ca-bundle\\.crt}", shows: ContainSubstring("BEGIN CERTIFICATE"),
		},
		{
			path: "server.tlsConfig.caBundle.includeSystemRoots", value: "true", with: withCABundle,
			in: inBundle, at: "{.data.ca-bundle\\.crt}", shows: WithTransform(certificatesIn, BeNumerically(">", 100)),
		},
	}
}

func networkFields() []fieldCase {
	return []fieldCase{
		{path: "network.exposeRoute", value: "true", in: "Ingress -ingress", at: "{.spec.rules[0].http.paths[0].backend.service.name}", shows: "x-service"},
		{
			path: "network.allowedFrom.namespaces", value: "[frontend]", with: "network: {allowedFrom: {}}",
			in: inPolicy, at: "{.spec.ingress[0].from[*].namespaceSelector.matchLabels}", shows: ContainSubstring("frontend"),
		},
		{
			path: "network.allowedFrom.labels", value: "[team/authorized]", with: "network: {allowedFrom: {}}",
			in: inPolicy, at: "{.spec.ingress[0].from[*].namespaceSelector.matchExpressions}", shows: ContainSubstring("team/authorized"),
		},
	}
}

var _ = Describe("A field of the spec", Ordered, ContinueOnFailure, func() {
	BeforeAll(func(ctx context.Context) {
		Expect(client.IgnoreAlreadyExists(admin.Create(ctx, namespaceObject(sharedNamespace)))).To(Succeed())
		create(ctx, configMap(sharedNamespace, "ca", map[string]string{"ca-bundle.crt": harness.NewCertificate("shared")}))
		configureOperator(ctx, map[string]string{
			"featureFlags":         "enableNetworkPolicy:\n  enabled: true\n",
			"ca-bundle-namespaces": "- " + sharedNamespace + "\n",
		})
	})

	var entries []any
	for _, one := range fieldCases() {
		entries = append(entries, Entry(one.path, one))
	}
	DescribeTable("is set in the server's objects, and removed from them with the field", append([]any{func(ctx context.Context, field fieldCase) {
		namespace := newNamespace(ctx, false)
		trusted := harness.NewCertificate("a")
		if strings.Contains(field.with, "serving") {
			trusted = servers.ReplaceTLS(namespace, "x", healthy())
		}
		create(ctx,
			configMap(namespace, "config", map[string]string{"config.yaml": "version: '2'\n"}),
			configMap(namespace, "other-config", map[string]string{"config.yaml": "version: '3'\n"}),
			configMap(namespace, "ca", map[string]string{"ca-bundle.crt": trusted, "second.crt": harness.NewCertificate("b")}),
			configMap(namespace, "other-ca", map[string]string{"ca-bundle.crt": harness.NewCertificate("c")}))
		instance := llsdtest.Make("x").Namespace(namespace).Obj()
		withSpec(instance, field.with)
		create(ctx, instance)
		becomeReady(ctx, instance)
		before := field.read(ctx, namespace)()

		field.patch(ctx, instance, field.value)
		Eventually(field.read(ctx, namespace)).Should(And(Not(Equal(before)), field.matcher()))
		field.patch(ctx, instance, field.without)
		if field.stays != "" {
			before = field.stays
		}
		Eventually(field.read(ctx, namespace)).Should(Equal(before))
	}}, entries...)...)

	It("is in the table above", func() {
		var covered []string
		for _, one := range fieldCases() {
			covered = append(covered, one.path)
		}
		Expect(covered).To(ConsistOf(leaves(reflect.TypeFor[v1alpha1.LlamaStackDistributionSpec](), "")))
	})
})

func (f fieldCase) matcher() OmegaMatcher {
	if matcher, ok := f.shows.(OmegaMatcher); ok {
		return matcher
	}
	return Equal(f.shows)
}

// patch sets the field, or removes it where the value is "", as kubectl patch would.
func (f fieldCase) patch(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, value string) {
	GinkgoHelper()
	if value == "" {
		value = "null"
	}
	text := value
	for _, part := range slices.Backward(append([]string{"spec"}, strings.Split(f.path, ".")...)) {
		text = fmt.Sprintf("{%s: %s}", part, text)
	}
	patch, err := yaml.YAMLToJSON([]byte(text))
	Expect(err).NotTo(HaveOccurred())
	Expect(admin.Patch(ctx, instance, client.RawPatch(types.MergePatchType, patch))).To(Succeed())
}

// read reads what the child shows; "" is what it does not have, and "none" where it does not exist.
func (f fieldCase) read(ctx context.Context, namespace string) func() string {
	if f.in == inOverlay {
		return func() string { return overlayOf(ctx, namespace) }
	}
	kind, suffix, _ := strings.Cut(f.in, " ")
	return func() string {
		GinkgoHelper()
		object := &unstructured.Unstructured{}
		object.SetGroupVersionKind(kindOf(kind))
		err := admin.Get(ctx, client.ObjectKey{Namespace: namespace, Name: "x" + suffix}, object)
		if apierrors.IsNotFound(err) {
			return "none"
		}
		Expect(err).NotTo(HaveOccurred())
		path := jsonpath.New(f.path).AllowMissingKeys(true)
		Expect(path.Parse(f.at)).To(Succeed())
		var text strings.Builder
		Expect(path.Execute(&text, object.Object)).To(Succeed())
		return text.String()
	}
}

// withSpec merges YAML into a spec.
func withSpec(instance *v1alpha1.LlamaStackDistribution, text string) {
	GinkgoHelper()
	before, err := json.Marshal(instance.Spec)
	Expect(err).NotTo(HaveOccurred())
	var base, extra map[string]any
	Expect(json.Unmarshal(before, &base)).To(Succeed())
	Expect(yaml.Unmarshal([]byte(text), &extra)).To(Succeed())
	merged, err := json.Marshal(mergeMaps(base, extra))
	Expect(err).NotTo(HaveOccurred())
	instance.Spec = v1alpha1.LlamaStackDistributionSpec{}
	Expect(json.Unmarshal(merged, &instance.Spec)).To(Succeed())
}

func mergeMaps(base, extra map[string]any) map[string]any {
	out := maps.Clone(base)
	for key, value := range extra {
		inner, isMap := value.(map[string]any)
		current, wasMap := out[key].(map[string]any)
		switch {
		case isMap && wasMap:
			out[key] = mergeMaps(current, inner)
		case value == nil:
			delete(out, key)
		default:
			out[key] = value
		}
	}
	return out
}

// leaves are the fields of an API type, without those of other packages' types.
func leaves(of reflect.Type, prefix string) []string {
	var found []string
	for field := range of.Fields() {
		path := prefix + strings.Split(field.Tag.Get("json"), ",")[0]
		inner := field.Type
		if inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		if inner.Kind() == reflect.Struct && inner.NumField() > 0 && strings.HasSuffix(inner.PkgPath(), "/api/v1alpha1") {
			found = append(found, leaves(inner, path+".")...)
			continue
		}
		found = append(found, path)
	}
	return found
}
