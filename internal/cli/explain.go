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
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/shell"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The rights to list and to patch objects.
const (
	verbList  = "list"
	verbPatch = "patch"
)

// serverResource is the name of LlamaStackDistributions in the API.
const serverResource = "llamastackdistributions"

// denied is what the API server answers to a request that no role allows: user, verb, resource, and the namespace if
// there is one.
var denied = regexp.MustCompile(`User "([^"]*)" cannot (\S+) resource "([^"]+)" in API group "[^"]*" (?:in the namespace "([^"]*)"|at the cluster scope)`)

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
	user, verb, what, namespace := found[1], found[2], found[3], found[4]
	if namespace == "" {
		return fmt.Errorf("you cannot %s %s in all namespaces; choose one namespace with -n, or let an administrator run: %s",
			verb, what, shell.Command("kubectl", "create", "clusterrolebinding", "llamastack-"+roleFor(verb), "--clusterrole="+roleFor(verb), subject(user)))
	}
	return fmt.Errorf("you cannot %s %s in namespace %s; to allow it, an administrator can run: %s",
		verb, what, namespace, shell.Command("kubectl", "-n", namespace, "create", "rolebinding", "llamastack-"+roleFor(verb), "--clusterrole="+roleFor(verb), subject(user)))
}

// roleFor is the role of Kubernetes that the operator's roles for LlamaStackDistributions are part of.
func roleFor(verb string) string {
	switch verb {
	case "get", verbList, "watch":
		return "view"
	}
	return "edit"
}

// subject is the option of "kubectl create rolebinding" for a user.
func subject(user string) string {
	account, ok := strings.CutPrefix(user, "system:serviceaccount:")
	if ok {
		return "--serviceaccount=" + account
	}
	return "--user=" + cmp.Or(user, "USER")
}
