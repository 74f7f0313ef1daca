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
	"slices"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	corev1 "k8s.io/api/core/v1"
)

// automountToken is the field of Pods and ServiceAccounts that says whether containers get a token of the Kubernetes API.
const automountToken = "automountServiceAccountToken"

// tokenPath is part of every path to the token and its certificate, with or without the link /var/run.
const tokenPath = "/run/secrets/kubernetes.io/serviceaccount" //nolint:gosec // it is a path

// NamesToken says that a text refers to the token of the Kubernetes API that a container can have, or to the certificate
// beside it.
func NamesToken(text string) bool {
	return strings.Contains(text, tokenPath)
}

// podMountsToken leaves it to a ServiceAccount that the CR chose whether its Pods get a token: it was chosen for its rights.
func podMountsToken(s *server) any {
	if s.overrides.AutomountServiceAccountToken == nil && s.overrides.ServiceAccountName != "" {
		return nil
	}
	return s.mountsToken()
}

// mountsToken says that the Pods get a token: the CR says so, or what it starts reads the files.
func (s *server) mountsToken() bool {
	if declared := s.overrides.AutomountServiceAccountToken; declared != nil {
		return *declared
	}
	container := &s.Spec.Server.ContainerSpec
	return s.UserConfig != nil && s.UserConfig.NamesToken || s.Config != nil && s.Config.NamesToken ||
		slices.ContainsFunc(container.Command, NamesToken) || slices.ContainsFunc(container.Args, NamesToken) ||
		slices.ContainsFunc(container.Env, variableNamesToken) || slices.ContainsFunc(s.overrides.InitContainers, initNamesToken)
}

func variableNamesToken(variable corev1.EnvVar) bool {
	return NamesToken(variable.Value)
}

func initNamesToken(container v1alpha1.InitContainer) bool {
	names := func(word v1alpha1.Argument) bool { return NamesToken(string(word)) }
	return slices.ContainsFunc(container.Command, names) || slices.ContainsFunc(container.Args, names) ||
		slices.ContainsFunc(container.Env, variableNamesToken)
}
