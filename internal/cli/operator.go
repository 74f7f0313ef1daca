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

package cli

import (
	"context"
	"slices"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/internal/operatorconfig"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	"github.com/spf13/cobra"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/version"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// How the operator is recognized, however it was installed. Its namespace can have other operators.
const (
	// OperatorNamespace is where the operator runs as it is shipped.
	OperatorNamespace = "llama-stack-k8s-operator-system"

	operatorDeployment = "llama-stack-k8s-operator-controller-manager"
	operatorContainer  = "manager"
	operatorLease      = "54e06e98.llamastack.io"
	// operatorPrefix begins the names of what the operator is installed from and consists of.
	operatorPrefix = "llama-stack-k8s-operator"
)

// ofOperator selects the Deployment, the ReplicaSets and the Pods of the operator.
func ofOperator(namespace string) []client.ListOption {
	return []client.ListOption{client.InNamespace(namespace), client.MatchingLabels(render.OperatorPodLabels())}
}

// addOperatorNamespace adds the option that names the namespace of the operator.
func addOperatorNamespace(cmd *cobra.Command, into *string) {
	cmd.Flags().StringVar(into, "operator-namespace", "", "The namespace of the operator; default where it is found, or "+OperatorNamespace+".")
}

// home is the namespace of the operator: the one that a person names, or the only one that it is found in, or the one in which it
// is installed as it is shipped. To find it requires the right to list Deployments in all namespaces.
func (s *session) home(ctx context.Context, named string) string {
	if named != "" {
		return named
	}
	var found []string
	err := readEach(ctx, s, kinds.deployment, func(item *appsv1.Deployment) { found = append(found, item.Namespace) }, ofOperator(metav1.NamespaceAll)...)
	if err != nil || len(found) != 1 {
		return OperatorNamespace
	}
	return found[0]
}

// operatorSelector is the same for the option -l of kubectl.
func operatorSelector() string { return labels.Set(render.OperatorPodLabels()).String() }

// findOperator is the command that finds the operator in any namespace.
func findOperator() string { return "kubectl get deploy -A -l " + operatorSelector() }

// aboutOperator says whether an Event is about the operator.
func aboutOperator(of *corev1.ObjectReference) bool {
	return strings.HasPrefix(of.Name, operatorPrefix) || of.Name == operatorLease || of.Name == operatorconfig.Name
}

// Variables of the operator: its version, and the image of a distribution, which 0.9.0 does not have.
const (
	versionVariable = "OPERATOR_VERSION"
	imageVariable   = "RELATED_IMAGE_STARTER"
)

// firstRelease is the first one of this operator. The one before is 0.9.0.
const firstRelease = "1.0.0"

// isOld says whether a Deployment of the operator's name is of 0.9.0 or before, and whether that is known. Builds without a
// version can be of either.
func isOld(deployment *appsv1.Deployment) (bool, bool) {
	containers := deployment.Spec.Template.Spec.Containers
	if isVersion(variable(containers, versionVariable)) {
		return olderThan(variable(containers, versionVariable), firstRelease), true
	}
	return false, variable(containers, imageVariable) != ""
}

// variable is the value of a variable of the operator, or "".
func variable(containers []corev1.Container, name string) string {
	for i := range containers {
		for _, one := range containers[i].Env {
			if one.Name == name {
				return one.Value
			}
		}
	}
	return ""
}

// isVersion says whether a text is a version that can be compared.
func isVersion(text string) bool {
	_, err := version.ParseGeneric(text)
	return err == nil
}

// watchFlag limits the operator to namespaces.
const watchFlag = "watch-namespaces"

// watchedNamespaces are those that the operator watches, or all of them, and whether they are known: the Deployment can take them
// from another object.
func watchedNamespaces(containers []corev1.Container) ([]string, bool) {
	for i := range containers {
		words := slices.Concat(containers[i].Command, containers[i].Args)
		for at, word := range words {
			name, list, joined := strings.Cut(strings.TrimLeft(word, "-"), "=")
			if name != watchFlag || name == word {
				continue
			}
			if !joined && at+1 < len(words) {
				list = words[at+1]
			}
			list = expanded(list, containers[i].Env)
			return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' }), !strings.Contains(list, "$(")
		}
	}
	return []string{metav1.NamespaceAll}, true
}

// expanded replaces $(NAME) in an argument by the value of the variable, as the kubelet does. A variable from another object
// stays.
func expanded(word string, variables []corev1.EnvVar) string {
	pairs := []string{"$$", "$"}
	for i := range variables {
		if variables[i].ValueFrom == nil {
			pairs = append(pairs, "$("+variables[i].Name+")", variables[i].Value)
		}
	}
	return strings.NewReplacer(pairs...).Replace(word)
}
