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

// ProblemKind is whose problem it is.
type ProblemKind int

const (
	// User problems end when a person changes something. There is no retry.
	User ProblemKind = iota
	// Cluster problems are retried.
	Cluster
	// Wait is for something that a watch will see.
	Wait
)

// What a problem can be about, so that the condition of that part tells it too.
const (
	// AboutStorage is about the claim.
	AboutStorage = "Storage"
	// AboutService is about the Service.
	AboutService = "Service"
	// AboutRoute is about the HTTPRoute or the Route.
	AboutRoute = "Route"
	// AboutDeployment is about the Deployment.
	AboutDeployment = "Deployment"
)

// Problem keeps the server from being as declared.
type Problem struct {
	// Reason of the condition Ready, for a User problem. The others have one of their own.
	Reason v1alpha1.Reason
	// Kind says whose problem it is.
	Kind ProblemKind
	// Message says what was found, where, and what to do, in words that do not change while the problem does not.
	Message string
	// About is one of the About constants, or empty.
	About string
}

// Exposure is what became of the HTTPRoute or the Route.
type Exposure struct {
	// Object is nil when it does not exist or is not ours.
	Object *unstructured.Unstructured
	// Unserved says that the cluster does not serve its kind; Unavailable, that it knows the kind, and whoever serves it
	// does not answer.
	Unserved, Unavailable bool
	// SpeaksTLS says that the server listens with TLS.
	SpeaksTLS bool
}

// Server is what the server said of itself.
type Server struct {
	// Probed is false while nothing is known: the other fields are empty then.
	Probed bool
	// Reached says that there was an HTTP answer of any kind.
	Reached bool
	// Limited is 401, 403 or 429 when the server answers so, or 0.
	Limited int
	// Health is "OK", anything else that the server reports, or empty when it is unknown.
	Health string
	// Version is a PEP 440 version, or empty when it is unknown.
	Version string
	// Providers are nil when they are unknown.
	Providers []v1alpha1.ProviderInfo
	// Problem says why something is unknown, in words that do not change from one probe to the next.
	Problem string
}

// Input is all that a status depends on. Nothing of it is changed.
type Input struct {
	// Instance with its old status.
	Instance *v1alpha1.LlamaStackDistribution
	// Now is the transition time of what changes.
	Now metav1.Time
	// OperatorVersion is the operator's own.
	OperatorVersion string
	// Image that the Pods are to run; empty when it could not be found out, and what runs stays.
	Image string
	// ActiveDistribution is the name, or v1alpha1.CustomDistribution; empty like Image.
	ActiveDistribution string
	// Available are the distributions that a CR can name, and the image of each.
	Available map[string]string
	// Problems in any order.
	Problems []Problem
	// Notices are facts worth telling that keep nothing from being as declared. They are told by Ready.
	Notices []string

	// Deployment, Autoscaler, Claim, Service and Ingress are nil when they do not exist or are not ours.
	Deployment *appsv1.Deployment
	Autoscaler *autoscalingv2.HorizontalPodAutoscaler
	Claim      *corev1.PersistentVolumeClaim
	Service    *corev1.Service
	Ingress    *networkingv1.Ingress
	// Exposure is empty where the server has neither an HTTPRoute nor a Route.
	Exposure Exposure
	// ClaimWanted says that the server has storage, so that there is, or will be, a claim.
	ClaimWanted bool
	// ExistingClaim is the name of a claim that is not the operator's, where one is used.
	ExistingClaim string
	// State is where the server keeps what clients create.
	State State
	// PodReason says why the Pods of a rollout do not run, or is empty.
	PodReason string
	// RolledBack says why the rollout of the declared Pod template failed, where an earlier one runs in its place; empty
	// elsewhere.
	RolledBack string
	// ServiceURL is where the server answers inside the cluster.
	ServiceURL string
	// Server is what the server said of itself.
	Server Server
}
