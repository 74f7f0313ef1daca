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

package manager

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

const (
	namespaceVariable = "OPERATOR_NAMESPACE"
	namespaceFile     = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"
	versionVariable   = "OPERATOR_VERSION"
)

var errNoNamespace = errors.New("set " + namespaceVariable + " to the namespace of the operator's ConfigMap and lease when it does not run in a Pod")

// Namespace of the operator: OPERATOR_NAMESPACE, or else that of the Pod's ServiceAccount.
func Namespace(getenv func(string) string) (string, error) {
	if namespace := getenv(namespaceVariable); namespace != "" {
		return namespace, nil
	}
	content, err := os.ReadFile(namespaceFile)
	if errors.Is(err, os.ErrNotExist) {
		return "", errNoNamespace
	}
	if err != nil {
		return "", fmt.Errorf("failed to read the namespace of the ServiceAccount: %w", err)
	}
	return strings.TrimSpace(string(content)), nil
}

// Version of the operator: OPERATOR_VERSION, which the manifests set, or else what was built in.
func Version(getenv func(string) string, built string) string {
	if version := getenv(versionVariable); version != "" {
		return version
	}
	return built
}
