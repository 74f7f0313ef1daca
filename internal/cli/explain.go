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
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/shell"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// The rights to read, to list and to patch objects.
const (
	verbGet   = "get"
	verbList  = "list"
	verbPatch = "patch"
)

// The names of LlamaStackDistributions and of Pods in the API.
const (
	serverResource = "llamastackdistributions"
	podResource    = "pods"
)

// denied is what the API server answers to a request that no role allows: user, verb, resource, group, and the namespace if
// there is one.
var denied = regexp.MustCompile(`User "([^"]*)" cannot (\S+) resource "([^"]+)" in API group "([^"]*)" (?:in the namespace "([^"]*)"|at the cluster scope)`)

// reasonOf is an error in words that a table or a report can have.
func reasonOf(err error) string { return clean(explain(err).Error()) }

// explain turns what the API server answers into what a person can do. Other errors stay as they are.
func explain(err error) error {
	answer := apierrors.APIStatus(nil)
	if !errors.As(err, &answer) {
		return err
	}
	status := answer.Status()
	switch {
	case status.Reason == metav1.StatusReasonForbidden:
		return missingRight(err, status.Message)
	case status.Reason == metav1.StatusReasonNotFound && isUnserved(err):
		return fmt.Errorf("the CRD is not installed: the cluster does not serve %s.%s; install the operator, or choose another cluster with --context",
			serverResource, v1alpha1.GroupVersion.Group)
	case status.Reason == metav1.StatusReasonNotFound && status.Details != nil && status.Details.Kind == serverResource:
		return fmt.Errorf("%s %s does not exist in this namespace; to list those of all namespaces, run: %s status -A", v1alpha1.Kind, status.Details.Name, Name)
	}
	return err
}

// isUnserved says that the API server does not know the resource at all.
func isUnserved(err error) bool {
	return apierrors.IsNotFound(err) && apierrors.HasStatusCause(err, metav1.CauseTypeUnexpectedServerResponse)
}

// missingRight names the right that a request lacked, and the command that grants it. Admission can forbid a request, too:
// its message stays.
func missingRight(err error, message string) error {
	found := denied.FindStringSubmatch(message)
	if found == nil {
		return err
	}
	right := missing{user: found[1], verb: found[2], resource: found[3], group: found[4], namespace: found[5]}
	switch {
	case right.namespace != "":
		return fmt.Errorf("you cannot %s %s in namespace %s; to allow it, an administrator can run: %s", right.verb, right.resource, right.namespace, right.grant())
	case right.isOfCluster():
		return fmt.Errorf("you cannot %s %s; to allow it, an administrator can run: %s", right.verb, right.resource, right.grant())
	}
	return fmt.Errorf("you cannot %s %s in all namespaces; choose one namespace with -n, or let an administrator run: %s", right.verb, right.resource, right.grant())
}

// missing is a right that a user lacks, in a namespace or in the cluster.
type missing struct{ user, verb, resource, group, namespace string }

// isOfCluster says whether the objects are in no namespace.
func (m *missing) isOfCluster() bool {
	name, _, _ := strings.Cut(m.resource, "/")
	mapper := newMapper()
	kind, err := mapper.KindFor(schema.GroupVersionResource{Group: m.group, Resource: name})
	if err != nil {
		return false
	}
	mapping, err := mapper.RESTMapping(kind.GroupKind(), kind.Version)
	return err == nil && mapping.Scope.Name() == meta.RESTScopeNameRoot
}

// grant is the command that grants the right: by the role of Kubernetes that has it, or else by a role of this right only.
func (m *missing) grant() string {
	words := []string{"kubectl"}
	role, binding := "clusterrole", "clusterrolebinding"
	if m.namespace != "" {
		words, role, binding = append(words, "-n", m.namespace), "role", "rolebinding"
	}
	words = append(words, "create")
	if name := roleWith(m.verb, m.group, m.resource); name != "" {
		return shell.Command(append(words, binding, "llamastack-"+name, "--clusterrole="+name, subject(m.user))...)
	}
	name := "llamastack-" + m.verb + "-" + strings.ReplaceAll(m.resource, "/", "-")
	resource := m.resource
	if m.group != "" {
		plural, sub, _ := strings.Cut(m.resource, "/")
		resource = strings.TrimSuffix(plural+"."+m.group+"/"+sub, "/")
	}
	return shell.Command(append(slices.Clone(words), role, name, "--verb="+m.verb, "--resource="+resource)...) + " && " +
		shell.Command(append(words, binding, name, "--"+role+"="+name, subject(m.user))...)
}

// viewed and edited are what the roles "view" and "edit" of Kubernetes allow of what the commands need, the operator's part
// of them included. The role "edit" allows what "view" allows.
var (
	viewed = map[string][]string{ //nolint:gochecknoglobals // nobody changes it
		"": {
			"configmaps", "events", "limitranges", "persistentvolumeclaims", podResource, "pods/log", "resourcequotas", "serviceaccounts", "services",
		},
		"apps": {"deployments", "replicasets"}, "autoscaling": {"horizontalpodautoscalers"}, "batch": {"jobs"},
		"discovery.k8s.io": {"endpointslices"}, "networking.k8s.io": {"ingresses", "networkpolicies"}, "policy": {"poddisruptionbudgets"},
		v1alpha1.GroupVersion.Group: {serverResource},
	}
	edited = map[string][]string{ //nolint:gochecknoglobals // nobody changes it
		"": {"pods/portforward", "pods/proxy"}, v1alpha1.GroupVersion.Group: {serverResource},
	}
)

// roleWith is the role of Kubernetes that has a right, or "".
func roleWith(verb, group, resource string) string {
	reads := slices.Contains([]string{verbGet, verbList, "watch"}, verb)
	switch {
	case reads && slices.Contains(viewed[group], resource):
		return "view"
	case slices.Contains(edited[group], resource):
		return "edit"
	}
	return ""
}

// subject is the option of "kubectl create rolebinding" for a user.
func subject(user string) string {
	account, ok := strings.CutPrefix(user, "system:serviceaccount:")
	if ok {
		return "--serviceaccount=" + account
	}
	return "--user=" + cmp.Or(user, "USER")
}
