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
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"reflect"
	"regexp"
	"strings"
)

// static are the templates of what is not in config/: the operator's ConfigMap, which belongs to the user, and bindings to readers
// of metrics. Names of Kubernetes objects in them are compared with the code by test/chart.
//
//go:embed all:templates
var static embed.FS

// Conditions of objects.
const (
	clusterWideOnly = "not $.Values.watchNamespaces"
	namespacedOnly  = "$.Values.watchNamespaces"
)

// resourcePolicy is the annotation by which Helm keeps an object.
const resourcePolicy = "helm.sh/resource-policy"

// note is below the licence of a template.
const note = "#\n# Generated from config/ by \"make chart\". Change config/ or hack/chart instead.\n"

// commented makes a comment of YAML one of the template, which is not part of a release.
func commented(text string) string {
	return "{{- /*\n" + regexp.MustCompile("(?m)^# ?").ReplaceAllString(text, "") + "*/ -}}\n"
}

// templates are the templates of the chart, by file name.
func templates(from *sources) (map[string]string, error) {
	drafts := map[string][]*draft{
		"crd.yaml":             crd(from),
		"deployment.yaml":      {deployment(from)},
		"service.yaml":         conditional(ofKind(from.clusterWide, "Service"), "$.Values.metrics.enabled"),
		"pdb.yaml":             conditional(ofKind(from.clusterWide, "PodDisruptionBudget"), ""),
		"rbac.yaml":            rbac(from),
		"rbac-namespaces.yaml": grants(from),
		"admission.yaml":       admission(from),
		"networkpolicy.yaml":   networkPolicy(from),
		"monitoring.yaml":      monitors(from),
		"dashboards.yaml":      dashboards(from),
	}
	if err := complete(from, drafts); err != nil {
		return nil, err
	}
	files := map[string]string{}
	for name, objects := range drafts {
		var text strings.Builder
		text.WriteString(commented(licence + note))
		for _, d := range objects {
			d.common()
			document, err := d.template()
			if err != nil {
				return nil, fmt.Errorf("failed to write %s: %w", name, err)
			}
			text.WriteString(document)
		}
		files[name] = text.String()
	}
	return files, addStatic(files)
}

func addStatic(files map[string]string) error {
	entries, err := fs.ReadDir(static, "templates")
	if err != nil {
		return fmt.Errorf("failed to list the templates: %w", err)
	}
	for _, entry := range entries {
		content, err := static.ReadFile(path.Join("templates", entry.Name()))
		if err != nil {
			return fmt.Errorf("failed to read a template: %w", err)
		}
		files[entry.Name()] = string(content)
	}
	return nil
}

// complete fails if an object of config/ is in no template. The namespace is Helm's: "helm install --create-namespace".
func complete(from *sources, drafts map[string][]*draft) error {
	have := map[string]bool{"Namespace/" + namespace: true}
	for _, objects := range drafts {
		for _, d := range objects {
			have[identity(d.object)] = true
		}
	}
	for _, objects := range [][]object{from.clusterWide, from.namespaced, from.grant, from.monitoring, from.networkPolicy} {
		for _, wanted := range objects {
			if !have[identity(wanted)] {
				return fmt.Errorf("config/ has %s, and the chart does not: add it to hack/chart/templates.go", identity(wanted))
			}
		}
	}
	return nil
}

// conditional makes drafts of objects with one condition.
func conditional(objects []object, when string) []*draft {
	drafts := make([]*draft, 0, len(objects))
	for _, o := range objects {
		d := newDraft(o)
		d.when = when
		drafts = append(drafts, d)
	}
	return drafts
}

// common adds the labels of the user, and the namespace of the release.
func (d *draft) common() {
	if d.object["kind"] == "CustomResourceDefinition" {
		// Its descriptions can have the namespace as an example.
		d.labels("$.Values.commonLabels")
		return
	}
	d.rewrite(namespace, "$.Release.Namespace | quote", "$.Release.Namespace")
	if !d.labelled() {
		d.labels("$.Values.commonLabels")
	}
}

const metadataLabels = "metadata.labels"

// labelled is true if the draft has labels of its own.
func (d *draft) labelled() bool {
	for _, p := range d.places {
		if strings.Contains(p.text, "$.Values.commonLabels") {
			return true
		}
	}
	return false
}

// labels adds the labels of an expression.
func (d *draft) labels(expression string) {
	if at(d.object, metadataLabels) == nil {
		d.setLines(metadataLabels, "{{- with "+expression+" }}\nlabels:\n  {{- toYaml . | nindent +2 }}\n{{- end }}")
		return
	}
	d.extend(metadataLabels, "{{- with "+expression+" }}\n{{- toYaml . | nindent +0 }}\n{{- end }}")
}

// withLabels are the common labels and those of a value.
func withLabels(value string) string {
	return "mergeOverwrite (deepCopy $.Values.commonLabels) $.Values." + value
}

// crd is a template, and not in the folder crds/ of the chart, whose content Helm never upgrades. Its annotation, which it has in
// config/ too, keeps Helm from deleting it, and with it all servers.
func crd(from *sources) []*draft {
	drafts := conditional(ofKind(from.clusterWide, "CustomResourceDefinition"), "$.Values.crds.install")
	for _, d := range drafts {
		annotations, _ := at(d.object, "metadata.annotations").(object)
		if annotations[resourcePolicy] != "keep" {
			d.fail(fmt.Errorf("the CRD in config/crd lacks the annotation %s: keep", resourcePolicy))
		}
		delete(annotations, resourcePolicy)
		d.extend("metadata.annotations", "{{- if $.Values.crds.keep }}\n"+resourcePolicy+": keep\n{{- end }}")
	}
	return drafts
}

// rbac are the ServiceAccount, and the permissions in the cluster and in the operator's namespace.
func rbac(from *sources) []*draft {
	kinds := []string{"ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"}
	clusterWide, namespaced := ofKind(from.clusterWide, kinds...), ofKind(from.namespaced, kinds...)
	drafts := make([]*draft, 0, len(clusterWide)+len(namespaced))
	for _, o := range clusterWide {
		d := newDraft(o)
		if find(namespaced, identity(o)) == nil {
			d.when = clusterWideOnly
		}
		drafts = append(drafts, d)
	}
	for _, o := range namespaced {
		if find(clusterWide, identity(o)) == nil {
			drafts = append(drafts, conditional([]object{o}, namespacedOnly)...)
		}
	}
	return drafts
}

// grants are the permissions in each namespace that the operator watches.
func grants(from *sources) []*draft {
	drafts := conditional(from.grant, "")
	for _, d := range drafts {
		d.each = "$.Values.watchNamespaces"
		if at(d.object, "metadata.namespace") != granted {
			d.fail(fmt.Errorf("the namespace of %s in config/namespaced/grant is not %s", identity(d.object), granted))
		}
		d.setExpression("metadata.namespace", ". | quote")
	}
	return drafts
}

// admission are the policies, each with its binding.
func admission(from *sources) []*draft {
	drafts := conditional(ofKind(from.clusterWide, "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"), "")
	for _, d := range drafts {
		name := strings.TrimPrefix(fmt.Sprint(at(d.object, "metadata.name")), "llama-stack-k8s-operator-")
		d.when = "$.Values.admissionPolicies." + name
	}
	return drafts
}

func networkPolicy(from *sources) []*draft {
	drafts := conditional(from.networkPolicy, "$.Values.networkPolicy.enabled")
	for _, d := range drafts {
		d.set("spec.ingress.0.from", []any{d.lines("{{- toYaml $.Values.networkPolicy.metricsFrom | nindent +0 }}")})
		rule := apiServerRule(d.object)
		if rule < 0 {
			d.fail(errors.New("config/network-policy has no rule for the API server"))
			continue
		}
		d.set(fmt.Sprintf("spec.egress.%d.ports", rule), []any{
			d.lines("{{- range $.Values.networkPolicy.apiServerPorts }}\n- port: {{ . }}\n  protocol: TCP\n{{- end }}"),
		})
	}
	return drafts
}

// https is the port of API servers.
const https = 443

// apiServerRule is the index of the rule of a NetworkPolicy for the API server, the one with port 443; -1 without one.
func apiServerRule(policy object) int {
	for index, rule := range elements(policy, "spec.egress") {
		if numbers := ports(rule); len(numbers) > 0 && reflect.DeepEqual(numbers[0], float64(https)) {
			return index
		}
	}
	return -1
}

func ports(rule any) []any {
	list, _ := at(rule, "ports").([]any)
	numbers := make([]any, 0, len(list))
	for _, port := range list {
		numbers = append(numbers, at(port, "port"))
	}
	return numbers
}

// monitors are what the Prometheus operator reads.
func monitors(from *sources) []*draft {
	values := map[string]string{"ServiceMonitor": "serviceMonitor", "PodMonitor": "podMonitor", "PrometheusRule": "prometheusRule"}
	var drafts []*draft
	for _, o := range from.monitoring {
		value, found := values[fmt.Sprint(o["kind"])]
		if !found {
			continue
		}
		d := newDraft(o)
		d.when = "$.Values.monitoring." + value + ".enabled"
		d.labels(withLabels("monitoring." + value + ".labels"))
		if value == "serviceMonitor" {
			d.verified()
		}
		drafts = append(drafts, d)
	}
	return drafts
}

// verified lets Prometheus verify the operator's certificate, if it has one that can be verified.
func (d *draft) verified() {
	const tlsConfig = "spec.endpoints.0.tlsConfig"
	if !reflect.DeepEqual(at(d.object, tlsConfig), object{"insecureSkipVerify": true}) {
		d.fail(errors.New("the tlsConfig of the ServiceMonitor in config/monitoring is not what the chart replaces"))
	}
	d.setLines(tlsConfig, `
tlsConfig:
{{- if $.Values.metrics.certificateSecret }}
  serverName: llama-stack-k8s-operator-controller-manager-metrics-service.{{ $.Release.Namespace }}.svc
  ca:
    secret:
      name: {{ $.Values.metrics.certificateSecret }}
      key: ca.crt
{{- else }}
  insecureSkipVerify: true
{{- end }}`)
}

// dashboards are ConfigMaps with files of the chart.
func dashboards(from *sources) []*draft {
	drafts := conditional(ofKind(from.monitoring, configMapKind), "$.Values.monitoring.dashboards.enabled")
	for _, d := range drafts {
		d.set(metadataLabels, withoutLabel(d.object, dashboardLabel))
		d.labels(withLabels("monitoring.dashboards.labels"))
		data, _ := d.object["data"].(object)
		for name := range data {
			data[name] = d.expression(fmt.Sprintf(`$.Files.Get %q | toJson`, "dashboards/"+name))
		}
	}
	return drafts
}

// dashboardLabel is the label that Grafana finds dashboards by, a default of the chart.
const dashboardLabel = "grafana_dashboard"

func withoutLabel(o object, label string) object {
	labels, _ := at(o, metadataLabels).(object)
	delete(labels, label)
	return labels
}

// dashboardFiles are the dashboards, by file name.
func dashboardFiles(from *sources) map[string]string {
	files := map[string]string{}
	for _, o := range ofKind(from.monitoring, configMapKind) {
		data, _ := o["data"].(object)
		for name, content := range data {
			files[name] = fmt.Sprint(content)
		}
	}
	return files
}
