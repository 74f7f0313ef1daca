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
	"sigs.k8s.io/kustomize/api/resmap"
)

// Defaults of the startup probe: what is in the base, for what follows from it.
const (
	defaultInitialDelay     int32 = 15
	defaultPeriod           int32 = 10
	defaultFailureThreshold int32 = 30
)

// probePath is the startup probe's place in the Deployment.
const probePath = containerPath + "/startupProbe"

// setProbe points the startup probe at the server and sets its numbers.
type setProbe struct{ *server }

// Transform implements resmap.Transformer.
func (t setProbe) Transform(m resmap.ResMap) error {
	e := edit(m, kindDeployment)
	if t.UserConfig != nil && t.UserConfig.TCPProbe {
		e.set(probePath, "httpGet", nil)
		e.set(probePath, "tcpSocket", map[string]any{"port": t.port})
	} else {
		e.set(probePath+"/httpGet", "port", t.port)
		e.set(probePath+"/httpGet", "scheme", t.scheme())
	}
	if probe := t.Spec.Server.ContainerSpec.StartupProbe; probe != nil {
		override(e, "initialDelaySeconds", probe.InitialDelaySeconds)
		override(e, "periodSeconds", probe.PeriodSeconds)
		override(e, "timeoutSeconds", probe.TimeoutSeconds)
		override(e, "failureThreshold", probe.FailureThreshold)
	}
	return e.err
}

func override(e *editor, key string, value *int32) {
	if value != nil {
		e.set(probePath, key, *value)
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
