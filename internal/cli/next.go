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
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/shell"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// OperatorNamespace is where the operator runs as it is shipped.
const OperatorNamespace = "llama-stack-k8s-operator-system"

// nothingToDo is the next step of a server that is as declared.
const nothingToDo = "nothing to do"

// next is what a person does next, in one line.
func next(server *v1alpha1.LlamaStackDistribution) string {
	ready := meta.FindStatusCondition(server.Status.Conditions, string(v1alpha1.ConditionReady))
	switch {
	case server.DeletionTimestamp != nil:
		return "wait until it is deleted; what is left is in the conditions"
	case server.Paused():
		return "let the operator work again when you are done: " + command("unpause", server)
	case ready == nil || server.Status.ObservedGeneration < server.Generation:
		return "wait for the operator; if this stays, see whether it runs: kubectl -n " + OperatorNamespace + " get deploy,lease"
	case ready.Reason == string(v1alpha1.ReasonScaledToZero) && server.Spec.Suspend:
		return "start it again when you need it: " + command("resume", server)
	case ready.Reason == string(v1alpha1.ReasonScaledToZero):
		return "start it again when you need it: " + scaleUp(server)
	case ready.Status != metav1.ConditionTrue:
		return step(server, ready)
	}
	for i := range server.Status.Conditions {
		if condition := &server.Status.Conditions[i]; stateOf(condition) == stateBad {
			return step(server, condition)
		}
	}
	return nothingToDo
}

// step is what to do about a condition: a command where there is one for its reason, else what its message says.
func step(server *v1alpha1.LlamaStackDistribution, condition *metav1.Condition) string {
	switch v1alpha1.Reason(condition.Reason) {
	case v1alpha1.ReasonProgressing:
		return "wait until its Pods run; to follow it, run: " + command("events", server)
	case v1alpha1.ReasonRolloutFailed:
		if strings.Contains(condition.Message, "CrashLoopBackOff") || strings.Contains(condition.Message, "Restarted") {
			return "find out why the new Pods end: " + command("logs", server) + " --previous"
		}
	case v1alpha1.ReasonRolledBack:
		return "correct the spec; to try the same again, run: " + command("restart", server)
	case v1alpha1.ReasonProviderError:
		return "find out why a provider has an error: " + command("providers", server)
	case v1alpha1.ReasonUnhealthy, v1alpha1.ReasonHealthCheckFailed:
		return "find out why the server is not healthy: " + command("logs", server)
	case v1alpha1.ReasonNoAuthentication:
		return "set spec.server.config.auth, or authenticate clients in front of the server"
	case v1alpha1.ReasonAPIUnavailable:
		return "find out why the API does not answer: kubectl get apiservice v1.route.openshift.io"
	default: // the message says what to change
	}
	return condition.Reason + ": " + clean(firstLine(condition.Message))
}

// command is a command of this program for a server.
func command(name string, server *v1alpha1.LlamaStackDistribution) string {
	return Name + " " + shell.Command(name, server.Name, "-n", server.Namespace)
}

// scaleUp starts a server that has no replicas.
func scaleUp(server *v1alpha1.LlamaStackDistribution) string {
	return shell.Command("kubectl", "scale", "llsd/"+server.Name, "-n", server.Namespace, "--replicas=1")
}
