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

package render

import (
	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	"sigs.k8s.io/kustomize/api/resmap"
)

// Defaults of the startup probe: what is in the base, for what follows from it.
const (
	defaultInitialDelay     int32 = 15
	defaultPeriod           int32 = 10
	defaultFailureThreshold int32 = 30
)

// Defaults of the other probes. A server that reads a large document answers nobody for a while, so it leaves the
// Service late and restarts very late. A server has these probes only where the CR asks for them: the health endpoint
// shows only that the server has started, and a server with a quota answers 429 to a kubelet that asks too often.
const (
	defaultTimeout           int32 = 30
	defaultReadinessFailures int32 = 6
	defaultLivenessPeriod    int32 = 30
	defaultLivenessFailures  int32 = 10
)

// healthPath is where a server says that it has started.
const healthPath = "/v1/health"

// setProbe points the probes at the server and sets their numbers.
type setProbe struct{ *server }

// Transform implements resmap.Transformer.
func (t setProbe) Transform(m resmap.ResMap) error {
	e := edit(m, children.Deployment)
	declared := t.Spec.Server.ContainerSpec
	startup := v1alpha1.Probe{}
	if declared.StartupProbe != nil {
		startup = v1alpha1.Probe(*declared.StartupProbe)
	}
	t.set(e, "startupProbe", startup)
	if probe := declared.ReadinessProbe; probe != nil {
		t.set(e, "readinessProbe", withDefaults(*probe, defaultPeriod, defaultReadinessFailures))
	}
	if probe := declared.LivenessProbe; probe != nil {
		t.set(e, "livenessProbe", withDefaults(*probe, defaultLivenessPeriod, defaultLivenessFailures))
	}
	return e.err
}

// withDefaults fills in what a probe does not say.
func withDefaults(probe v1alpha1.Probe, period, failures int32) v1alpha1.Probe {
	probe.PeriodSeconds = new(valueOr(probe.PeriodSeconds, period))
	probe.TimeoutSeconds = new(valueOr(probe.TimeoutSeconds, defaultTimeout))
	probe.FailureThreshold = new(valueOr(probe.FailureThreshold, failures))
	return probe
}

// set replaces what a probe of the container does, and those of its numbers that are given.
func (t setProbe) set(e *editor, name string, probe v1alpha1.Probe) {
	path := containerPath + "/" + name
	e.set(path, "httpGet", nil)
	kind, action := t.action(probe)
	e.set(path, kind, action)
	override(e, path, "initialDelaySeconds", probe.InitialDelaySeconds)
	override(e, path, "periodSeconds", probe.PeriodSeconds)
	override(e, path, "timeoutSeconds", probe.TimeoutSeconds)
	override(e, path, "failureThreshold", probe.FailureThreshold)
}

// action is what the CR chose, or what the server's configuration leaves: to ask for its health, or to see whether it
// listens.
func (t setProbe) action(probe v1alpha1.Probe) (string, any) {
	switch {
	case probe.Exec != nil:
		command := make([]any, 0, len(probe.Exec.Command))
		for _, word := range probe.Exec.Command {
			command = append(command, string(word))
		}
		return "exec", map[string]any{"command": command}
	case probe.TCPSocket != nil, probe.HTTPGet == nil && t.tcpProbe():
		return "tcpSocket", map[string]any{portKey: t.port}
	default:
		get := map[string]any{"path": healthPath, portKey: t.port, "scheme": t.scheme()}
		if probe.HTTPGet != nil && probe.HTTPGet.Path != "" {
			get["path"] = probe.HTTPGet.Path
		}
		return "httpGet", get
	}
}

func override(e *editor, path, key string, value *int32) {
	if value != nil {
		e.set(path, key, *value)
	}
}

// startupBudget is how long a server may take to start, in seconds.
func (s *server) startupBudget() int32 {
	probe := s.Spec.Server.ContainerSpec.StartupProbe
	if probe == nil {
		probe = &v1alpha1.StartupProbe{}
	}
	return valueOr(probe.InitialDelaySeconds, defaultInitialDelay) +
		valueOr(probe.FailureThreshold, defaultFailureThreshold)*valueOr(probe.PeriodSeconds, defaultPeriod)
}

func valueOr(value *int32, otherwise int32) int32 {
	if value == nil {
		return otherwise
	}
	return *value
}
