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

// Package scraping scrapes real targets and answers queries about them, with the code of Prometheus: its scraping, its storage, its
// queries and its rules. The configuration is what the Prometheus operator makes from monitors; the caller discovers the targets.
package scraping

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/test/monitoring/grafana"
	"github.com/prometheus/common/model"
	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/util/strutil"
	"sigs.k8s.io/yaml"
)

// Interval is the time between two scrapes of a target.
const Interval = "2s"

// The kinds of objects that are read, apart from ConfigMaps with dashboards.
const (
	kindPods     = "PodMonitor"
	kindServices = "ServiceMonitor"
	kindRules    = "PrometheusRule"
)

// Objects are those of config/monitoring that make a difference.
type Objects struct {
	Dashboards []grafana.Dashboard
	monitors   []monitor
	rules      []byte
}

type object struct {
	Kind     string `json:"kind"`
	Metadata struct {
		Name      string            `json:"name"`
		Namespace string            `json:"namespace"`
		Labels    map[string]string `json:"labels"`
	} `json:"metadata"`
	Data map[string]string `json:"data"`
}

// A monitor has the fields that our monitors use. Another field is an error, so that none is ignored.
type monitor struct {
	APIVersion string         `json:"apiVersion"`
	Kind       string         `json:"kind"`
	Metadata   map[string]any `json:"metadata"`
	Spec       struct {
		JobLabel          string `json:"jobLabel"`
		NamespaceSelector struct {
			Any bool `json:"any"`
		} `json:"namespaceSelector"`
		Selector            selector   `json:"selector"`
		Endpoints           []endpoint `json:"endpoints"`
		PodMetricsEndpoints []endpoint `json:"podMetricsEndpoints"`
	} `json:"spec"`
}

type selector struct {
	MatchLabels      map[string]string `json:"matchLabels"`
	MatchExpressions []struct {
		Key      string   `json:"key"`
		Operator string   `json:"operator"`
		Values   []string `json:"values"`
	} `json:"matchExpressions"`
}

type endpoint struct {
	Port            string `json:"port"`
	Path            string `json:"path"`
	Scheme          string `json:"scheme"`
	HonorLabels     bool   `json:"honorLabels"`
	BearerTokenFile string `json:"bearerTokenFile"`
	TLSConfig       struct {
		InsecureSkipVerify bool `json:"insecureSkipVerify"`
	} `json:"tlsConfig"`
	Relabelings []struct {
		SourceLabels []string `json:"sourceLabels"`
		TargetLabel  string   `json:"targetLabel"`
		Replacement  string   `json:"replacement"`
	} `json:"relabelings"`
}

// Read reads objects as kustomize writes them.
func Read(content []byte) (Objects, error) {
	var all Objects
	for text := range bytes.SplitSeq(content, []byte("\n---\n")) {
		if err := all.add(text); err != nil {
			return Objects{}, err
		}
	}
	return all, nil
}

func (o *Objects) add(text []byte) error {
	var one object
	if err := yaml.Unmarshal(text, &one); err != nil {
		return fmt.Errorf("failed to read an object: %w", err)
	}
	switch one.Kind {
	case kindPods, kindServices:
		var read monitor
		if err := yaml.UnmarshalStrict(text, &read); err != nil {
			return fmt.Errorf("failed to read the %s %s: %w", one.Kind, one.Metadata.Name, err)
		}
		o.monitors = append(o.monitors, read)
	case kindRules:
		var read struct {
			Spec map[string]any `json:"spec"`
		}
		if err := yaml.Unmarshal(text, &read); err != nil {
			return fmt.Errorf("failed to read the rules: %w", err)
		}
		rules, err := yaml.Marshal(read.Spec)
		if err != nil {
			return fmt.Errorf("failed to write the rules: %w", err)
		}
		o.rules = rules
	case "ConfigMap":
		for name, content := range one.Data {
			board, err := grafana.Parse([]byte(content))
			if err != nil {
				return fmt.Errorf("failed to read the dashboard %s: %w", name, err)
			}
			o.Dashboards = append(o.Dashboards, board)
		}
	}
	return nil
}

// A job is a scrape configuration, and whether its targets are Pods.
type job struct {
	name   string
	ofPods bool
}

// configure makes the configuration of Prometheus from the monitors, as the Prometheus operator does. A token that a monitor
// expects in a Pod is in a file of its own.
func (o *Objects) configure(tokenFile string) (*config.Config, []job, error) {
	var (
		jobs    []job
		scrapes []any
	)
	for i := range o.monitors {
		m := &o.monitors[i]
		ends := slices.Concat(m.Spec.Endpoints, m.Spec.PodMetricsEndpoints)
		for at := range ends {
			end := &ends[at]
			one := job{fmt.Sprintf("%s/%v/%v/%d", m.Kind, m.Metadata["namespace"], m.Metadata["name"], at), m.Kind == kindPods}
			scrape := map[string]any{"job_name": one.name, "honor_labels": end.HonorLabels, "relabel_configs": m.relabel(end)}
			for key, value := range map[string]string{"metrics_path": end.Path, "scheme": end.Scheme} {
				if value != "" {
					scrape[key] = value
				}
			}
			if end.BearerTokenFile != "" {
				scrape["authorization"] = map[string]any{"credentials_file": tokenFile}
			}
			scrape["tls_config"] = map[string]any{"insecure_skip_verify": end.TLSConfig.InsecureSkipVerify}
			jobs, scrapes = append(jobs, one), append(scrapes, scrape)
		}
	}
	text, err := yaml.Marshal(map[string]any{
		"global": map[string]any{"scrape_interval": Interval, "scrape_timeout": Interval}, "scrape_configs": scrapes,
	})
	if err != nil {
		return nil, nil, fmt.Errorf("failed to write the configuration of Prometheus: %w", err)
	}
	loaded, err := config.Load(string(text), promslog.NewNopLogger())
	if err != nil {
		return nil, nil, fmt.Errorf("failed to load the configuration of Prometheus: %w", err)
	}
	return loaded, jobs, nil
}

const (
	metaNamespace = "__meta_kubernetes_namespace"
	metaService   = "__meta_kubernetes_service_"
	metaPod       = "__meta_kubernetes_pod_"

	action, keep, regex   = "action", "keep", "regex"
	sources, target, with = "source_labels", "target_label", "replacement"
)

// relabel are the rules for the targets of a monitor, in the order of the Prometheus operator.
func (m *monitor) relabel(end *endpoint) []map[string]any {
	ofPods, meta, port := m.Kind == kindPods, metaService, "__meta_kubernetes_endpoint_port_name"
	if ofPods {
		meta, port = metaPod, metaPod+"container_port_name"
	}
	copied := func(from, to string) map[string]any { return map[string]any{sources: []string{from}, target: to} }

	rules := m.Spec.Selector.rules(meta)
	if !m.Spec.NamespaceSelector.Any {
		rules = append(rules, map[string]any{action: keep, sources: []string{metaNamespace}, regex: m.Metadata["namespace"]})
	}
	rules = append(rules,
		map[string]any{action: "drop", sources: []string{metaPod + "phase"}, regex: "(Failed|Succeeded)"},
		map[string]any{action: keep, sources: []string{port}, regex: end.Port},
		copied(metaNamespace, "namespace"), copied(metaPod+"container_name", "container"), copied(metaPod+"name", "pod"))
	if ofPods {
		rules = append(rules, map[string]any{target: "job", with: fmt.Sprintf("%v/%v", m.Metadata["namespace"], m.Metadata["name"])})
	} else {
		rules = append(rules, copied(metaService+"name", "service"), copied(metaService+"name", "job"))
	}
	if m.Spec.JobLabel != "" {
		rules = append(rules, map[string]any{sources: []string{meta + "label_" + strutil.SanitizeLabelName(m.Spec.JobLabel)}, regex: "(.+)", target: "job"})
	}
	rules = append(rules, map[string]any{target: "endpoint", with: end.Port})
	for _, own := range end.Relabelings {
		rule := map[string]any{target: own.TargetLabel}
		if len(own.SourceLabels) > 0 {
			rule[sources] = own.SourceLabels
		}
		if own.Replacement != "" {
			rule[with] = own.Replacement
		}
		rules = append(rules, rule)
	}
	return rules
}

// rules keep the targets that a selector selects.
func (s *selector) rules(meta string) []map[string]any {
	var rules []map[string]any
	one := func(act, key, value string) {
		name := strutil.SanitizeLabelName(key)
		rules = append(rules, map[string]any{
			action: act, sources: []string{meta + "label_" + name, meta + "labelpresent_" + name}, regex: "(" + value + ");true",
		})
	}
	for key, value := range s.MatchLabels {
		one(keep, key, value)
	}
	for _, wanted := range s.MatchExpressions {
		switch wanted.Operator {
		case "In":
			one(keep, wanted.Key, strings.Join(wanted.Values, "|"))
		case "NotIn":
			one("drop", wanted.Key, strings.Join(wanted.Values, "|"))
		case "Exists":
			one(keep, wanted.Key, ".*")
		default:
			one("drop", wanted.Key, ".*")
		}
	}
	return rules
}

// Discovered are targets as Prometheus' discovery describes them in labels: the ports of Pods, and those of the endpoints of
// Services.
type Discovered struct {
	Pods      []model.LabelSet `json:"pods"`
	Endpoints []model.LabelSet `json:"endpoints"`
}
