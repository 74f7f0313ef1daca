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
	"maps"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
)

// server is an Input with what follows from it, computed once for all transformers.
type server struct {
	Input

	// port that the server listens on.
	port int32
	// workers is the number of processes in each Pod.
	workers int32
	// replicas that are declared; the autoscaler's lower bound where there is one.
	replicas int32
	// minReplicas and maxReplicas that can run.
	minReplicas, maxReplicas int32
	// autoscaled says that the number of replicas is the autoscaler's.
	autoscaled bool
	// mountPath of the data.
	mountPath string
	// selector of the Pods, and their labels, which always contain it.
	selector, podLabels map[string]string
	// overrides is never nil.
	overrides v1alpha1.PodOverrides
}

func newServer(in Input) *server {
	s := &server{
		Input:     in,
		port:      v1alpha1.DefaultPort,
		workers:   1,
		mountPath: in.Spec.Server.MountPath(),
	}
	if port := in.Spec.Server.ContainerSpec.Port; port != 0 {
		s.port = port
	}
	if workers := in.Spec.Server.Workers; workers != nil {
		s.workers = *workers
	}
	if overrides := in.Spec.Server.PodOverrides; overrides != nil {
		s.overrides = *overrides
	}
	s.scale()
	s.label()
	return s
}

// scale finds out how many replicas can run. An autoscaler without an upper bound has nothing to do, and the
// Deployment keeps the declared number.
func (s *server) scale() {
	s.replicas = 1
	if s.Spec.Replicas != nil {
		s.replicas = *s.Spec.Replicas
	}
	s.minReplicas, s.maxReplicas = s.replicas, s.Spec.MaxReplicas()
	s.autoscaled = s.Spec.Server.Autoscaled()
	if !s.autoscaled {
		return
	}
	s.minReplicas = max(1, s.replicas)
	if declared := s.Spec.Server.Autoscaling.MinReplicas; declared != nil {
		s.minReplicas = max(s.minReplicas, *declared)
	}
}

// label decides the selector. A live Deployment's is immutable and stays, whatever it is; the Pods carry it, and
// everything that finds the Pods uses it. The CR's own labels are added to the Pods, and replace none of these.
func (s *server) label() {
	own := map[string]string{v1alpha1.LabelApp: v1alpha1.AppName, v1alpha1.LabelInstance: s.Name}
	s.selector = own
	if len(s.Selector) > 0 {
		s.selector = s.Selector
	}
	s.podLabels = make(map[string]string, len(s.overrides.Labels)+len(own))
	for key, value := range s.overrides.Labels {
		s.podLabels[key] = string(value)
	}
	maps.Copy(s.podLabels, own)
	maps.Copy(s.podLabels, s.selector)
}

// replicated says that more than one replica can run at a time: declared, or by the autoscaler.
func (s *server) replicated() bool {
	return s.maxReplicas > 1
}

// scheme of the server's port, in the spelling of a probe.
func (s *server) scheme() string {
	if s.TLS() {
		return "HTTPS"
	}
	return "HTTP"
}

// podSelector is the LabelSelector of the Pods.
func (s *server) podSelector() map[string]any {
	return map[string]any{matchLabelsKey: anyMap(s.selector)}
}

// anyMap turns a map of strings into one that an editor takes.
func anyMap[V ~string](values map[string]V) map[string]any {
	result := make(map[string]any, len(values))
	for key, value := range values {
		result[key] = string(value)
	}
	return result
}
