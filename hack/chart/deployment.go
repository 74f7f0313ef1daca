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
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// Paths in the Deployment.
const (
	podTemplate = "spec.template"
	podSpec     = podTemplate + ".spec"
	container   = podSpec + ".containers.0"
)

// relatedImage is the prefix of the variables with images of distributions.
const relatedImage = "RELATED_IMAGE_"

// metricsFlag is the flag that an operator with cluster-wide permissions serves metrics with.
const metricsFlag = "--metrics-bind-address=:8443"

// deployment is the operator, with permissions in the cluster or in some namespaces.
func deployment(from *sources) *draft {
	d := newDraft(ofKind(from.clusterWide, deploymentKind)[0])
	other := newDraft(ofKind(from.namespaced, deploymentKind)[0])
	d.setExpression("spec.replicas", "$.Values.replicas")
	for _, list := range []string{"args", "env"} {
		path := container + "." + list
		merged, err := d.merge(elements(d.object, path), elements(other.object, path))
		d.fail(err)
		d.set(path, merged)
		other.set(path, elements(newDraft(ofKind(from.clusterWide, deploymentKind)[0]).object, path))
	}
	if !reflect.DeepEqual(other.object, newDraft(ofKind(from.clusterWide, deploymentKind)[0]).object) {
		d.fail(errors.New("config/namespaced changes more of the Deployment than args and env of its container"))
	}
	d.manager()
	d.pod()
	return d
}

func elements(from object, path string) []any {
	list, _ := at(from, path).([]any)
	return slices.Clone(list)
}

// merge joins two lists with the same order. What only one has depends on watchNamespaces.
func (d *draft) merge(clusterWide, namespaced []any) ([]any, error) {
	var merged []any
	for len(clusterWide) > 0 || len(namespaced) > 0 {
		switch {
		case len(clusterWide) > 0 && !has(namespaced, clusterWide[0]):
			merged = append(merged, d.only("not $.Values.watchNamespaces", clusterWide[0]))
			clusterWide = clusterWide[1:]
		case len(namespaced) > 0 && !has(clusterWide, namespaced[0]):
			merged = append(merged, d.only("$.Values.watchNamespaces", namespaced[0]))
			namespaced = namespaced[1:]
		case len(clusterWide) > 0 && len(namespaced) > 0 && reflect.DeepEqual(clusterWide[0], namespaced[0]):
			merged = append(merged, clusterWide[0])
			clusterWide, namespaced = clusterWide[1:], namespaced[1:]
		default:
			return nil, fmt.Errorf("config/namespaced has another order than config/default at %v", clusterWide[0])
		}
	}
	return merged, nil
}

func has(list []any, element any) bool {
	return slices.ContainsFunc(list, func(candidate any) bool { return reflect.DeepEqual(candidate, element) })
}

// only is an element of a list under a condition.
func (d *draft) only(condition string, element any) string {
	text, err := yaml.Marshal([]any{element})
	d.fail(err)
	line := strings.TrimSpace(string(text))
	line = strings.ReplaceAll(line, metricsFlag, `--metrics-bind-address={{ ternary ":8443" "0" $.Values.metrics.enabled }}`)
	if variable, _ := element.(object); variable[nameKey] == "WATCH_NAMESPACES" {
		line = "- name: WATCH_NAMESPACES\n  value: {{ join \",\" $.Values.watchNamespaces | quote }}"
	}
	return d.lines("{{- if " + condition + " }}\n" + line + "\n{{- end }}")
}

// manager gives the values of the container their places.
func (d *draft) manager() {
	d.setExpression(container+".image", `include "llama-stack-operator.image" $ | quote`)
	d.setLines(container+".imagePullPolicy", "{{- with $.Values.image.pullPolicy }}\nimagePullPolicy: {{ . }}\n{{- end }}")
	d.optional(container+".resources", "resources")
	d.extend(container+".args", `
{{- with $.Values.log.level }}
- {{ printf "--zap-log-level=%v" . | quote }}
{{- end }}
{{- with $.Values.log.format }}
- --zap-encoder={{ . }}
{{- end }}
{{- if $.Values.metrics.certificateSecret }}
- --metrics-cert-dir=/etc/metrics-certificate
{{- end }}
{{- range $.Values.extraArgs }}
- {{ . | quote }}
{{- end }}`)
	d.setLines(container+".volumeMounts", `
{{- if $.Values.metrics.certificateSecret }}
volumeMounts:
- name: metrics-certificate
  mountPath: /etc/metrics-certificate
  readOnly: true
{{- end }}`)
	d.distributions()
	d.extend(container+".env", "{{- with $.Values.extraEnv }}\n{{- toYaml . | nindent +0 }}\n{{- end }}")
}

// distributions replaces the images of distributions. Those of config/ keep their places, so that the Pods of an installation by
// kustomize and by Helm are the same. Others follow.
func (d *draft) distributions() {
	env := elements(d.object, container+".env")
	last := -1
	var known []string
	for index, element := range env {
		variable, _ := element.(object)
		name, _ := variable[nameKey].(string)
		if !strings.HasPrefix(name, relatedImage) {
			continue
		}
		distribution := distributionOf(name)
		known = append(known, fmt.Sprintf("%q", distribution))
		env[index] = d.lines(fmt.Sprintf("{{- with index $.Values.distributionImages %q }}\n- name: %s\n"+
			"  value: {{ include \"llama-stack-operator.mirrored\" (list $ .) | quote }}\n{{- end }}", distribution, name))
		last = index
	}
	others := d.lines(fmt.Sprintf("{{- range $name, $image := omit $.Values.distributionImages %s }}\n"+
		"- name: "+relatedImage+"{{ $name | upper | replace \"-\" \"_\" }}\n"+
		"  value: {{ include \"llama-stack-operator.mirrored\" (list $ $image) | quote }}\n{{- end }}", strings.Join(known, " ")))
	d.set(container+".env", slices.Insert(env, last+1, any(others)))
}

// distributionOf is the name of the distribution that a variable has the image of.
func distributionOf(variable string) string {
	return strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(variable, relatedImage), "_", "-"))
}

// pod gives the values of the Pods their places.
func (d *draft) pod() {
	for _, field := range []string{"affinity", "topologySpreadConstraints", "nodeSelector", "tolerations", "imagePullSecrets"} {
		d.optional(podSpec+"."+field, field)
	}
	d.setLines(podSpec+".priorityClassName", "{{- with $.Values.priorityClassName }}\npriorityClassName: {{ . }}\n{{- end }}")
	d.setLines(podSpec+".volumes", `
{{- with $.Values.metrics.certificateSecret }}
volumes:
- name: metrics-certificate
  secret:
    secretName: {{ . }}
{{- end }}`)
	for field, value := range map[string]string{"labels": "podLabels", "annotations": "podAnnotations"} {
		d.extend(podTemplate+".metadata."+field, "{{- with $.Values."+value+" }}\n{{- toYaml . | nindent +0 }}\n{{- end }}")
	}
}
