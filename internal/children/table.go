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

package children

import (
	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// The permissions of the operator for its children in the order of the table, and for the objects that show which APIs the
// cluster serves. controller-gen reads them outside of the table only; "make generate" writes them into the ClusterRole.
//
// +kubebuilder:rbac:groups="",resources=serviceaccounts,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups="",resources=persistentvolumeclaims,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups="",resources=configmaps,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=apps,resources=deployments,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups="",resources=services,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=networking.k8s.io,resources=networkpolicies,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=policy,resources=poddisruptionbudgets,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=autoscaling,resources=horizontalpodautoscalers,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=networking.k8s.io,resources=ingresses,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=gateway.networking.k8s.io,resources=httproutes,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=route.openshift.io,resources=routes,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=route.openshift.io,resources=routes/custom-host,verbs=create;update
// +kubebuilder:rbac:groups=apiextensions.k8s.io,resources=customresourcedefinitions,resourceNames=securitycontextconstraints.security.openshift.io;httproutes.gateway.networking.k8s.io,verbs=get;list;watch
// +kubebuilder:rbac:groups=apiregistration.k8s.io,resources=apiservices,resourceNames=v1.route.openshift.io,verbs=get;list;watch

// The kinds. Code that is about one kind names it by these.
const (
	ServiceAccount          = "ServiceAccount"
	PersistentVolumeClaim   = "PersistentVolumeClaim"
	ConfigMap               = "ConfigMap"
	Deployment              = "Deployment"
	Service                 = "Service"
	NetworkPolicy           = "NetworkPolicy"
	PodDisruptionBudget     = "PodDisruptionBudget"
	HorizontalPodAutoscaler = "HorizontalPodAutoscaler"
	Ingress                 = "Ingress"
	HTTPRoute               = "HTTPRoute"
	Route                   = "Route"
)

// table has the kinds in the order in which their objects are applied.
//
// The names are those of 0.9.0, and of the same form for what 0.9.0 did not have: clients, policies and data depend on
// them. The immutable fields are those of ValidateDeploymentUpdate of apps/v1 and ValidatePersistentVolumeClaimUpdate of v1.
var table = [...]Child{ //nolint:gochecknoglobals // nobody changes it, and each reconcile would allocate it anew
	{
		GroupVersionKind: corev1.SchemeGroupVersion.WithKind(ServiceAccount),
		Type:             func() Object { return &corev1.ServiceAccount{} }, AddToScheme: corev1.AddToScheme,
		Suffix: "-sa",
		Stage:  StageMounted, Enough: true, // its name is all that Pods need
	},
	{
		GroupVersionKind: corev1.SchemeGroupVersion.WithKind(PersistentVolumeClaim),
		Type:             func() Object { return &corev1.PersistentVolumeClaim{} }, AddToScheme: corev1.AddToScheme,
		Suffix: "-pvc",
		Wanted: func(d Demand) bool { return d.Spec.Server.Storage.WantsPVC() },
		Kept:   true,                       // no edit of a spec deletes data
		Stage:  StageMounted, Enough: true, // a PVC that cannot be changed keeps its data
		Immutable: []string{"accessModes", "dataSource", "dataSourceRef", "selector", "storageClassName", "volumeMode", "volumeName"},
		Observed:  true, Condition: v1alpha1.ConditionStorageReady,
	},
	// The merged CA bundle. Copies of the user's configuration are ConfigMaps, too; there can be several.
	{
		GroupVersionKind: corev1.SchemeGroupVersion.WithKind(ConfigMap),
		Type:             func() Object { return &corev1.ConfigMap{} }, AddToScheme: corev1.AddToScheme,
		Suffix: "-ca-bundle", Content: true,
		Wanted:   func(d Demand) bool { return d.CABundle },
		Stage:    StageMounted,
		Observed: true,
	},
	{
		GroupVersionKind: appsv1.SchemeGroupVersion.WithKind(Deployment),
		Type:             func() Object { return &appsv1.Deployment{} }, AddToScheme: appsv1.AddToScheme,
		Stage:     StagePods,
		Immutable: []string{"selector"},
		Observed:  true, Condition: v1alpha1.ConditionDeploymentReady,
	},
	{
		GroupVersionKind: corev1.SchemeGroupVersion.WithKind(Service),
		Type:             func() Object { return &corev1.Service{} }, AddToScheme: corev1.AddToScheme,
		Suffix:   "-service",
		Stage:    StagePointing,
		Observed: true, Condition: v1alpha1.ConditionServiceReady,
	},
	{
		GroupVersionKind: networkingv1.SchemeGroupVersion.WithKind(NetworkPolicy),
		Type:             func() Object { return &networkingv1.NetworkPolicy{} }, AddToScheme: networkingv1.AddToScheme,
		Suffix:   "-network-policy",
		Wanted:   func(d Demand) bool { return d.NetworkPolicy },
		Stage:    StagePointing,
		Observed: true,
	},
	{
		GroupVersionKind: policyv1.SchemeGroupVersion.WithKind(PodDisruptionBudget),
		Type:             func() Object { return &policyv1.PodDisruptionBudget{} }, AddToScheme: policyv1.AddToScheme,
		Suffix: "-pdb",
		Wanted: func(d Demand) bool { return d.Spec.Server.PodDisruptionBudget != nil || d.Spec.MaxReplicas() > 1 },
		Stage:  StagePointing,
	},
	{
		GroupVersionKind: autoscalingv2.SchemeGroupVersion.WithKind(HorizontalPodAutoscaler),
		Type:             func() Object { return &autoscalingv2.HorizontalPodAutoscaler{} }, AddToScheme: autoscalingv2.AddToScheme,
		Suffix:   "-hpa",
		Wanted:   func(d Demand) bool { return d.Spec.Server.Autoscaled() && !d.Spec.Suspend },
		Stage:    StagePointing,
		Observed: true,
	},
	{
		GroupVersionKind: networkingv1.SchemeGroupVersion.WithKind(Ingress),
		Type:             func() Object { return &networkingv1.Ingress{} }, AddToScheme: networkingv1.AddToScheme,
		Suffix:    "-ingress",
		Wanted:    func(d Demand) bool { return d.Spec.Network.Exposed() },
		Stage:     StagePointing,
		Defaulted: []string{"ingressClassName"},
		Observed:  true,
	},
	// A CustomResourceDefinition always serves HTTPRoutes. An APIService, which is about all kinds of its group and version,
	// does not change when HTTPRoutes follow other kinds of the Gateway API.
	{
		GroupVersionKind: schema.GroupVersionKind{Group: "gateway.networking.k8s.io", Version: "v1", Kind: HTTPRoute},
		Marker: &Marker{
			GroupVersionKind: schema.GroupVersionKind{Group: "apiextensions.k8s.io", Version: "v1", Kind: "CustomResourceDefinition"},
			Name:             "httproutes.gateway.networking.k8s.io",
		},
		Suffix:   "-httproute",
		Wanted:   func(d Demand) bool { return d.Spec.Network != nil && d.Spec.Network.HTTPRoute != nil },
		Stage:    StagePointing,
		Observed: true, Condition: v1alpha1.ConditionRouteReady,
	},
	// OpenShift serves Routes from a process of its own, other clusters from a CustomResourceDefinition; both have an
	// APIService.
	{
		GroupVersionKind: schema.GroupVersionKind{Group: "route.openshift.io", Version: "v1", Kind: Route},
		Marker: &Marker{
			GroupVersionKind: schema.GroupVersionKind{Group: "apiregistration.k8s.io", Version: "v1", Kind: "APIService"},
			Name:             "v1.route.openshift.io",
		},
		Suffix:   "-route",
		Wanted:   func(d Demand) bool { return d.Spec.Network != nil && d.Spec.Network.Route != nil },
		Stage:    StagePointing,
		Observed: true, Condition: v1alpha1.ConditionRouteReady,
	},
}
