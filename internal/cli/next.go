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
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/operatorconfig"
	"github.com/llamastack/llama-stack-k8s-operator/internal/shell"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// nothingToDo is the next step of a server that is as declared.
const nothingToDo = "nothing to do"

// otherImage is what to do about an image that cannot be pulled.
const otherImage = "correct the image, or let the Pods pull it with spec.server.podOverrides.imagePullSecrets:"

// next is what a person does next, in one line.
func next(server *v1alpha1.LlamaStackDistribution) string {
	ready := meta.FindStatusCondition(server.Status.Conditions, string(v1alpha1.ConditionReady))
	switch {
	case server.DeletionTimestamp != nil:
		return untilDeleted
	case server.Paused():
		return "let the operator work again when you are done: " + command("unpause", server)
	case ready == nil || server.Status.ObservedGeneration < server.Generation:
		return "wait for the operator; if this stays, see whether it runs: " + findOperator()
	case ready.Reason == string(v1alpha1.ReasonScaledToZero) && server.Spec.Suspend:
		return "start it again when you need it: " + command("resume", server)
	case ready.Reason == string(v1alpha1.ReasonScaledToZero):
		return "start it again when you need it: " + scaleUp(server)
	case ready.Status != metav1.ConditionTrue:
		return whole(server, ready)
	}
	for i := range server.Status.Conditions {
		if condition := &server.Status.Conditions[i]; stateOf(condition) == stateBad {
			return whole(server, condition)
		}
	}
	return nothingToDo
}

const untilDeleted = "wait until it is deleted; what is left is in the conditions"

// step is what to do about a condition.
func step(server *v1alpha1.LlamaStackDistribution, condition *metav1.Condition) string {
	return strings.TrimSuffix(stepOf(server, condition), ":")
}

// whole is a step with the message of the condition, if that says what to change.
func whole(server *v1alpha1.LlamaStackDistribution, condition *metav1.Condition) string {
	text := stepOf(server, condition)
	if strings.HasSuffix(text, ":") {
		text += " " + clean(firstLine(condition.Message))
	}
	return text
}

// stepOf is the step of the table. One that ends with a colon is about what the message says.
func stepOf(server *v1alpha1.LlamaStackDistribution, condition *metav1.Condition) string {
	if text, ok := steps(server, condition.Message)[v1alpha1.Reason(condition.Reason)]; ok {
		return text
	}
	return "see what " + condition.Reason + " is about:" // a later release can have more of them
}

// afterRollout is what to do about Pods that do not become available.
func afterRollout(server *v1alpha1.LlamaStackDistribution, message string) string {
	switch {
	case aboutImage.MatchString(message):
		return otherImage
	case aboutQuota.MatchString(message):
		return "let the quota or the policy allow the Pods:"
	case aboutReference.MatchString(message):
		return "create what is missing, or correct the reference:"
	case strings.Contains(message, "CrashLoopBackOff"), strings.Contains(message, "Restarted"):
		return "find out why the new Pods end: " + command("logs", server) + " --previous"
	}
	return "find out why the new Pods do not become available: " + command("events", server)
}

// sources name the ConfigMap of the user's configuration, and that of the CA bundle.
func sources(server *v1alpha1.LlamaStackDistribution) (string, string) {
	config, bundle := "the ConfigMap", "the ConfigMap"
	if user := server.Spec.Server.UserConfig; user != nil {
		config = "ConfigMap " + user.ConfigMapName
	}
	if authorities := server.Spec.Server.CABundle(); authorities != nil {
		bundle = "ConfigMap " + authorities.ConfigMapName
	}
	return config, bundle
}

// steps are what to do about the reasons that a condition with a message can have when it is not as it should be.
func steps(server *v1alpha1.LlamaStackDistribution, message string) map[v1alpha1.Reason]string {
	config, bundle := sources(server)
	claim := cmp.Or(claimOf(server), "of the server")
	unhealthy := "find out why the server is not healthy: " + command("logs", server)
	return map[v1alpha1.Reason]string{
		v1alpha1.ReasonTerminating:       untilDeleted,
		v1alpha1.ReasonProgressing:       "wait until its Pods run; to follow it, run: " + command("events", server),
		v1alpha1.ReasonDeploymentFailed:  "find out why the Deployment has no Pods: " + shell.Command("kubectl", "describe", "deploy", server.Name, "-n", server.Namespace),
		v1alpha1.ReasonRolloutFailed:     afterRollout(server, message),
		v1alpha1.ReasonRolledBack:        "correct the spec; to try the same again, run: " + command("restart", server),
		v1alpha1.ReasonUnhealthy:         unhealthy,
		v1alpha1.ReasonHealthCheckFailed: unhealthy,
		v1alpha1.ReasonProviderError:     "find out why a provider has an error: " + command("providers", server),
		v1alpha1.ReasonModelsMissing:     "find out why a model is missing: " + command("models", server),
		v1alpha1.ReasonReconcileError:    "wait, because the operator retries; if this stays, see what it logs: " + command("logs", server) + " --operator",

		v1alpha1.ReasonStorageFailed: "find out why there is no volume: " + shell.Command("kubectl", "describe", "pvc", claim, "-n", server.Namespace),
		v1alpha1.ReasonClaimNotFound: "create PVC " + claim + ", or correct spec.server.storage.existingClaim",
		v1alpha1.ReasonLocalState:    "let the replicas share their state: " + docs("storage.md#share-state-between-replicas-or-workers"),

		v1alpha1.ReasonServiceFailed:     "correct what refuses the Service:",
		v1alpha1.ReasonRouteFailed:       "correct what refuses the HTTPRoute or Route:",
		v1alpha1.ReasonRouteRefused:      "let the Gateway or the router accept the host and the namespace:",
		v1alpha1.ReasonRouteTLSMismatch:  "set spec.network.route.tls.termination as the scheme of the server requires:",
		v1alpha1.ReasonGatewayAPIMissing: "install the Gateway API, or expose the server in another way: " + docs("expose.md"),
		v1alpha1.ReasonRouteAPIMissing:   "expose the server in another way than by a Route of OpenShift: " + docs("expose.md"),
		v1alpha1.ReasonAPIUnavailable:    "find out why the API does not answer: kubectl get apiservice v1.route.openshift.io",
		v1alpha1.ReasonNoAuthentication:  "set spec.server.config.auth, or authenticate clients in front of the server",

		v1alpha1.ReasonVersionTooOld: "use an image with a newer server: " + docs("conditions.md#versionsupported"),
		v1alpha1.ReasonVersionTooNew: "upgrade the operator, or use an image with an older server: " + docs("conditions.md#versionsupported"),

		v1alpha1.ReasonNameTooLong:             "create the server under a shorter name:",
		v1alpha1.ReasonUnknownDistribution:     "set spec.server.distribution to a name that the operator has an image for, or to an image",
		v1alpha1.ReasonInvalidDistribution:     "set spec.server.distribution.name or spec.server.distribution.image",
		v1alpha1.ReasonInvalidImageOverride:    "let an administrator correct image-overrides in the operator's ConfigMap " + operatorconfig.Name + ":",
		v1alpha1.ReasonOperatorConfigMalformed: "let an administrator correct the operator's ConfigMap " + operatorconfig.Name + ":",
		v1alpha1.ReasonImageUnavailable:        otherImage,

		v1alpha1.ReasonUserConfigNotFound:    "create " + config + ", or correct spec.server.userConfig",
		v1alpha1.ReasonUserConfigKeyNotFound: "add the key config.yaml to " + config,
		v1alpha1.ReasonUserConfigOtherNS:     "copy " + config + " to namespace " + server.Namespace + ", and correct spec.server.userConfig",
		v1alpha1.ReasonUserConfigInvalid:     "correct config.yaml in " + config + ":",
		v1alpha1.ReasonCABundleNotFound:      "create " + bundle + ", or correct spec.server.tlsConfig.caBundle",
		v1alpha1.ReasonCABundleKeyNotFound:   "add the key to " + bundle + ", or correct spec.server.tlsConfig.caBundle:",
		v1alpha1.ReasonCABundleOtherNS:       "copy " + bundle + " to namespace " + server.Namespace + ", and correct spec.server.tlsConfig.caBundle",
		v1alpha1.ReasonCABundleInvalid:       "correct the certificates in " + bundle + ":",

		v1alpha1.ReasonResourceConflict:  "rename or delete one of the two objects:",
		v1alpha1.ReasonResourceContested: "stop the other field manager, or leave the fields to it:",
		v1alpha1.ReasonImmutableField:    "change the field back, or delete the object if you can lose its content:",
		v1alpha1.ReasonRejected:          "correct the field, or the policy or quota that refuses it:",
		v1alpha1.ReasonInvalid:           "correct the configuration:",
		v1alpha1.ReasonInvalidSpec:       "correct the spec:",
	}
}

// docs is the address of a page of the documentation.
func docs(page string) string {
	return "https://github.com/llamastack/llama-stack-k8s-operator/blob/main/docs/" + page
}

// command is a command of this program for a server.
func command(name string, server *v1alpha1.LlamaStackDistribution) string {
	return Name + " " + shell.Command(name, server.Name, "-n", server.Namespace)
}

// scaleUp starts a server that has no replicas. Without replicas of the Deployment, its autoscaler does nothing.
func scaleUp(server *v1alpha1.LlamaStackDistribution) string {
	if server.Spec.Server.Autoscaling != nil && server.WantedReplicas() != 0 {
		return shell.Command("kubectl", "scale", "deploy/"+server.Name, "-n", server.Namespace, "--replicas=1")
	}
	return shell.Command("kubectl", "scale", "llsd/"+server.Name, "-n", server.Namespace, "--replicas=1")
}
