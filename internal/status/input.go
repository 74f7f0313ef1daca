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

package status

import (
	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// ProblemKind is who must fix a problem.
type ProblemKind int

const (
	// User problems need a change by a person. They are not retried.
	User ProblemKind = iota
	// Cluster problems are retried.
	Cluster
	// Wait problems end with an event of a watch.
	Wait
)

// Problem is why the server is not as declared.
type Problem struct {
	// Reason of the condition Ready, for a User problem.
	Reason v1alpha1.Reason
	// Kind is who must fix the problem.
	Kind ProblemKind
	// Message describes the problem and the fix. It stays the same as long as the problem does.
	Message string
	// About is the condition that reports the problem beside Ready; empty: Ready alone does.
	About v1alpha1.ConditionType
}

// Exposure is the observed state of the HTTPRoute or the Route.
type Exposure struct {
	// Object is nil if it does not exist or belongs to another owner.
	Object *unstructured.Unstructured
	// Unserved means that the cluster does not serve the kind. Unavailable means that the server of the kind does not
	// respond.
	Unserved, Unavailable bool
	// SpeaksTLS means that the server uses TLS.
	SpeaksTLS bool
}

// Check is the result of the check of the configuration.
type Check struct {
	// Known says that the rest is about the current spec. Otherwise what was reported stays.
	Known bool
	// Applies means that the configuration is checked, now or before a rollout.
	Applies bool
	// Reason of the condition ConfigValid, and its message; empty before the first check.
	Reason  v1alpha1.Reason
	Message string
	// Keeps means that the Pods keep an earlier template, and Edited that the author asks for another one.
	Keeps, Edited bool
	// Answered is the value of the annotation that was answered last.
	Answered string
}

// Server is what the server reported.
type Server struct {
	// Probed is false before the first probe. Then the other fields are empty.
	Probed bool
	// Reached means that there was an HTTP response of any kind.
	Reached bool
	// Limited is the status code of the response if it is 401, 403 or 429, otherwise 0.
	Limited int
	// Health is "OK" or what else the server reports, or empty if it is unknown.
	Health string
	// Version is a PEP 440 version, or empty when it is unknown.
	Version string
	// Providers are nil when they are unknown.
	Providers []v1alpha1.ProviderInfo
	// Models that the server lists.
	Models Models
	// Problem is why something else is unknown. It does not change between probes.
	Problem string
}

// Models is what the server reported about its models. The zero value is that of a server that was not asked.
type Models struct {
	// Known means that the server gave the whole list.
	Known bool
	// Total is the number of models in the list.
	Total int
	// Items are at most 50 of them, and those that ModelIDs names.
	Items []v1alpha1.ModelInfo
	// Problem is why the models are unknown. It does not change between probes.
	Problem string
	// Lasting means that the problem is in an answer, so that what was known before does not count.
	Lasting bool
	// Declared means that all Pods of the server had the declared configuration when the server was asked.
	Declared bool
}

// Input is everything that a status depends on. It is read-only.
type Input struct {
	// Instance with its old status.
	Instance *v1alpha1.LlamaStackDistribution
	// Now is the transition time of what changes.
	Now metav1.Time
	// OperatorVersion is the operator's own.
	OperatorVersion string
	// Image of the Pods. It is empty if it could not be determined; then the running image stays.
	Image string
	// ActiveDistribution is the name, or v1alpha1.CustomDistribution; empty like Image.
	ActiveDistribution string
	// Available maps the distributions that a CR can name to their images.
	Available map[string]string
	// Problems in any order.
	Problems []Problem
	// Notices are facts in the message of Ready that are no problems.
	Notices []string

	// Partial says that not all could be read that the spec refers to.
	Partial bool
	// Deployment, Autoscaler, PVC, Service and Ingress are nil if they do not exist or belong to another owner.
	Deployment *appsv1.Deployment
	Autoscaler *autoscalingv2.HorizontalPodAutoscaler
	PVC        *corev1.PersistentVolumeClaim
	Service    *corev1.Service
	Ingress    *networkingv1.Ingress
	// Exposure is empty if the server has neither an HTTPRoute nor a Route.
	Exposure Exposure
	// PVCWanted means that the spec requests a PVC.
	PVCWanted bool
	// ExistingClaim is the name of the PVC that the spec sets as existingClaim.
	ExistingClaim string
	// Existing is that PVC if the operator created it for another server, otherwise nil.
	Existing *corev1.PersistentVolumeClaim
	// PVCSharers are other LlamaStackDistributions that use the same PVC, at most two.
	PVCSharers []string
	// State is where the server keeps the data that clients create.
	State State
	// Authenticated means that the configuration, as far as the operator has read it, requires a token or a key of clients.
	Authenticated bool
	// Check of the configuration.
	Check Check
	// PodReason is why the Pods of a rollout do not run, or empty.
	PodReason string
	// LeavingPod names a Pod that does not terminate, and why, or is empty.
	LeavingPod string
	// PVCReason is why the PVC is not bound, or empty.
	PVCReason string
	// RolledBack is why the rollout of the declared Pod template failed if an earlier template runs instead, otherwise
	// empty.
	RolledBack string
	// ServiceURL is the URL of the server inside the cluster.
	ServiceURL string
	// Server is what the server reported.
	Server Server
}
