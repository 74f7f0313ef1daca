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

package chart

import (
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/internal/operatorconfig"
)

const (
	// digestLength is the number of hexadecimal digits of a digest.
	digestLength = 64
	// maxRollouts is the bound of the operator for rollouts at the same time.
	maxRollouts = 1000
	maxPort     = 65535
)

// value is a leaf of the chart's values.
type value struct {
	// path has the keys, separated by dots.
	path string
	// doc is Markdown: what the value means.
	doc    string
	schema schema
	def    any
	// example is another valid value. The tests set it to see that a template reads the value.
	example any
}

// section is a mapping of values.
type section struct{ path, doc string }

// sections are the mappings, in their order.
func sections() []section {
	return []section{
		{"image", "The image of the operator."},
		{"distributionImages", "The image of each distribution name, as `RELATED_IMAGE_<NAME>`. More names can be added."},
		{"log", "The operator's log."},
		{"config", "The ConfigMap `" + operatorconfig.Name + "`. It is a part of the release if one of these is not empty; otherwise the " +
			"operator creates it with the defaults. Helm keeps it when you uninstall, or empty all of these."},
		{"metrics", "The metrics of the operator."},
		{monitoringKey, "What collects and shows metrics, of the operator and of all servers."},
		{"monitoring.serviceMonitor", "A ServiceMonitor for the operator. It needs the CRDs of the Prometheus operator."},
		{"monitoring.podMonitor", "A PodMonitor for all servers that have metrics. It needs the CRDs of the Prometheus operator."},
		{"monitoring.prometheusRule", "Alerts, each with a runbook. They need the CRDs of the Prometheus operator."},
		{"monitoring.dashboards", "ConfigMaps with dashboards for Grafana."},
		{"networkPolicy", "A NetworkPolicy for the operator."},
		{"admissionPolicies", "ValidatingAdmissionPolicies, which the API server evaluates."},
		{"crds", "The CRD `llamastackdistributions.llamastack.io`."},
	}
}

// values are the leaves, in the order of values.yaml. Defaults that are not empty come from config/.
func values(from *sources, options Options) ([]value, error) {
	repository, _, err := from.image()
	if err != nil {
		return nil, err
	}
	all := imageValues(repository, options.Digest)
	all = append(all, distributionValues(from, options.Digests)...)
	all = append(all, podValues(from)...)
	all = append(all, operatorValues()...)
	all = append(all, clusterValues(from)...)
	return all, nil
}

func imageValues(repository, digest string) []value {
	return []value{
		{"image.repository", "The repository of the image.", notEmpty(), repository, "registry.example.com/operator"},
		{"image.tag", "The tag of the image. If it is empty, `v` and the `appVersion` of the chart.", text(), "", "v9.9.9"},
		{
			"image.digest", "The digest of the image, which replaces the tag. Charts of releases have it.", matching(digestPattern), digest,
			"sha256:" + strings.Repeat("a", digestLength),
		},
		{"image.pullPolicy", "When nodes pull the image. If it is empty, the default of Kubernetes.", oneOf("", "Always", "IfNotPresent", "Never"), "", "Always"},
		{
			"imagePullSecrets", "Secrets for the image of the operator. Servers have their own: `spec.server.podOverrides.imagePullSecrets`.",
			listOf(structure(schema{nameKey: text()}, nameKey)), []any{}, []any{object{nameKey: "registry"}},
		},
		{
			"imageMirrors", "Mirrors of registries, by the prefix of the image: `docker.io: registry.example.com/docker`. They hold for the image of " +
				"the operator and for `distributionImages`; the longest prefix decides.",
			mapOf(text()), object{}, object{"quay.io": "registry.example.com/quay"},
		},
	}
}

// distributionValues are the images of distribution names, from the variables of the Deployment.
func distributionValues(from *sources, digests map[string]string) []value {
	var all []value
	for _, element := range elements(ofKind(from.clusterWide, deploymentKind)[0], container+".env") {
		name, _ := at(element, "name").(string)
		if !strings.HasPrefix(name, relatedImage) {
			continue
		}
		distribution := distributionOf(name)
		image, _ := at(element, "value").(string)
		if digest, known := digests[image]; known {
			image = image[:strings.LastIndex(image, ":")] + "@" + digest
		}
		all = append(all, value{
			"distributionImages." + distribution, "The image of the name `" + distribution + "`. If it is empty, the one that the operator has built in.",
			text(), image, "registry.example.com/" + distribution + ":1",
		})
	}
	return all
}

// podValues are those of the Deployment and its Pods.
func podValues(from *sources) []value {
	deployment := ofKind(from.clusterWide, deploymentKind)[0]
	return []value{
		{"replicas", "The number of Pods. One leads, the others stand by.", number(0, 10), at(deployment, "spec.replicas"), 5},
		{
			"resources", "Requests and limits of the operator's container. Go collects garbage more often near 800 MiB (`GOMEMLIMIT`).",
			resourceRequirements(), at(deployment, container+".resources"), object{"limits": object{"memory": "2Gi"}},
		},
		{"nodeSelector", "Labels of the nodes that the Pods can run on.", mapOf(text()), object{}, object{"disk": "ssd"}},
		{"tolerations", "Taints of nodes that the Pods tolerate.", listOf(toleration()), []any{}, []any{object{"key": "infra", "operator": "Exists"}}},
		{
			"affinity", "Affinity of the Pods. By default, they run on Linux nodes with an architecture that the image exists for.",
			affinity(), at(deployment, podSpec+".affinity"), object{"podAntiAffinity": object{"preferredDuringSchedulingIgnoredDuringExecution": []any{}}},
		},
		{
			"topologySpreadConstraints", "How the Pods spread over zones and nodes.", listOf(spread()),
			at(deployment, podSpec+".topologySpreadConstraints"),
			[]any{object{"maxSkew": 2, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "ScheduleAnyway"}},
		},
		{"priorityClassName", "The PriorityClass of the Pods.", text(), "", "system-cluster-critical"},
		{"podAnnotations", "Annotations of the Pods.", mapOf(text()), object{}, object{"example.com/team": "ai"}},
		{"podLabels", "Labels of the Pods.", labels(), object{}, object{"example.com/team": "ai"}},
		{"commonLabels", "Labels of all objects of the chart.", labels(), object{}, object{"example.com/owner": "ai"}},
		{"extraArgs", "More [flags](../../docs/configuration.md#flags) of the operator.", listOf(text()), []any{}, []any{"--print-diffs"}},
		{
			"extraEnv", "More [variables](../../docs/configuration.md#environment) of the operator, such as `HTTPS_PROXY`.", listOf(variable()), []any{},
			[]any{object{nameKey: "HTTPS_PROXY", "value": "http://proxy.example.com:3128"}},
		},
	}
}

// operatorValues are what the operator does.
func operatorValues() []value {
	return []value{
		{
			"log.level", "The least important lines: `debug`, `info`, `error`, `panic`, or a number above 0. If it is empty, `info`.",
			schema{"type": []any{"string", "integer"}, "pattern": "^(|debug|info|error|panic|[1-9][0-9]*)$", "minimum": 1}, "", "debug",
		},
		{"log.format", "The format: `json` or `console`. If it is empty, `json`.", oneOf("", "json", "console"), "", "console"},
		{
			"watchNamespaces", "The namespaces whose `LlamaStackDistributions` the operator serves, without a cluster-wide permission and " +
				"without metrics. They must exist. If the list is empty, the operator serves all namespaces.",
			unique(listOf(dnsLabel())), []any{}, []any{"team-a", "team-b"},
		},
		{
			"config." + operatorconfig.KeyFeatureFlags, "`enableNetworkPolicy.enabled: true` creates a NetworkPolicy for every server.",
			structure(schema{"enableNetworkPolicy": structure(schema{"enabled": boolean()}, "enabled")}),
			object{}, object{"enableNetworkPolicy": object{"enabled": true}},
		},
		{
			"config.imageOverrides", "Images by distribution name. They take precedence over `distributionImages`, and take effect without a restart " +
				"of the operator.", mapOf(text()), object{}, object{"starter": "registry.example.com/starter:1"},
		},
		{
			"config.caBundleNamespaces", "Namespaces whose ConfigMaps servers of all namespaces can use as a CA bundle.",
			unique(listOf(dnsLabel())), []any{}, []any{"certificates"},
		},
		{
			"config.rollouts", "How many servers roll at the same time because of the operator: `atOnce` in the cluster (default 5), " +
				"`perNamespace` in each namespace (default 2).",
			structure(schema{"atOnce": number(1, maxRollouts), "perNamespace": number(1, maxRollouts)}),
			object{}, object{"atOnce": 10},
		},
	}
}

// clusterValues are the optional objects.
func clusterValues(from *sources) []value {
	policy := from.networkPolicy[0]
	var apiServerPorts []any
	if rule := apiServerRule(policy); rule >= 0 {
		apiServerPorts = ports(elements(policy, "spec.egress")[rule])
	}
	all := []value{
		{"metrics.enabled", "Serve metrics over HTTPS, for authorized readers.", boolean(), true, false},
		{
			"metrics.readers", "ServiceAccounts that are authorized, such as that of your Prometheus.",
			listOf(structure(schema{nameKey: text(), "namespace": dnsLabel()}, nameKey, "namespace")),
			[]any{}, []any{object{nameKey: "prometheus-k8s", "namespace": "monitoring"}},
		},
		{
			"metrics.certificateSecret", "A Secret with `tls.crt`, `tls.key` and `ca.crt` for the name of the Service " +
				"`llama-stack-k8s-operator-controller-manager-metrics-service`. Without it, Prometheus cannot verify the operator.",
			text(), "", "metrics-certificate",
		},
	}
	for _, name := range []string{"serviceMonitor", "podMonitor", "prometheusRule"} {
		path := "monitoring." + name
		all = append(all,
			value{path + ".enabled", "Create it.", boolean(), false, true},
			value{path + ".labels", "Its labels, by which your Prometheus selects it.", labels(), object{}, object{"release": "prometheus"}})
	}
	return append(all,
		value{"monitoring.dashboards.enabled", "Create them.", boolean(), false, true},
		value{
			"monitoring.dashboards.labels", "Their labels, by which the sidecar of Grafana selects them.", labels(),
			object{dashboardLabel: at(ofKind(from.monitoring, configMapKind)[0], "metadata.labels."+dashboardLabel)}, object{"dashboards": "all"},
		},
		value{"networkPolicy.enabled", "Create it.", boolean(), false, true},
		value{
			"networkPolicy.apiServerPorts", "The ports of the API server, which the operator can connect to.",
			listOf(number(1, maxPort)), apiServerPorts, []any{maxPort},
		},
		value{
			"networkPolicy.metricsFrom", "The peers of the NetworkPolicy that can connect to the metrics.", listOf(anything()),
			elements(policy, "spec.ingress.0.from"),
			[]any{object{"namespaceSelector": object{"matchLabels": object{"kubernetes.io/metadata.name": "monitoring"}}}},
		},
		value{"admissionPolicies.authors", "Authors of `LlamaStackDistributions` cannot gain permissions by them.", boolean(), true, false},
		value{"admissionPolicies.operator", "The operator can only write objects of servers.", boolean(), true, false},
		value{"crds.install", "Install and upgrade the CRD. Without it, apply the CRD of the same version yourself.", boolean(), true, false},
		value{
			"crds.keep", "Keep the CRD when you uninstall. **If it is false, `helm uninstall` deletes all servers**, and their data unless it is retained.",
			boolean(), true, false,
		},
	)
}
