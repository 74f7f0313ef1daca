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

package v1alpha1

import (
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// AutoscalingSpec configures a HorizontalPodAutoscaler for the server.
// +kubebuilder:validation:XValidation:rule="self.maxReplicas >= 1",message="maxReplicas must be 1 or more; remove autoscaling to stop scaling",fieldPath=".maxReplicas"
// +kubebuilder:validation:XValidation:rule="!has(self.minReplicas) || self.maxReplicas >= self.minReplicas",message="maxReplicas must be at least minReplicas; raise maxReplicas or lower minReplicas",fieldPath=".maxReplicas"
type AutoscalingSpec struct {
	// MinReplicas is the lower limit. The largest of minReplicas, replicas and 1 applies.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Minimum Replicas",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:number"}
	MinReplicas *int32 `json:"minReplicas,omitempty"`
	// MaxReplicas is the upper bound: at least 1, at least minReplicas and at least replicas.
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Maximum Replicas",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:number"}
	MaxReplicas int32 `json:"maxReplicas"`
	// TargetCPUUtilizationPercentage is the target in percent of the CPU request, at least 1. Default 80 if no target
	// is set.
	// +kubebuilder:validation:XValidation:rule="self >= 1",message="the target must be 1 or more, in percent of the CPU request, such as 80"
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Target CPU Utilization (Percent)",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	TargetCPUUtilizationPercentage *int32 `json:"targetCPUUtilizationPercentage,omitempty"`
	// TargetMemoryUtilizationPercentage is the target in percent of the memory request, at least 1.
	// +kubebuilder:validation:XValidation:rule="self >= 1",message="the target must be 1 or more, in percent of the memory request, such as 80"
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Target Memory Utilization (Percent)",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	TargetMemoryUtilizationPercentage *int32 `json:"targetMemoryUtilizationPercentage,omitempty"`
	// Metrics to scale by in addition to CPU and memory, at most 8. The metric that requires the most replicas counts.
	// If metrics are set, the CPU target has no default.
	// +kubebuilder:validation:MaxItems=8
	// +listType=atomic
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Metrics",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	Metrics []AutoscalingMetric `json:"metrics,omitempty"`
	// ScaleUp is how fast replicas are added. Default: as the cluster decides.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Scale Up",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	ScaleUp *ScalingRules `json:"scaleUp,omitempty"`
	// ScaleDown is how fast replicas are removed. Default: as the cluster decides, after 5 minutes.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Scale Down",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	ScaleDown *ScalingRules `json:"scaleDown,omitempty"`
}

// AutoscalingMetric is a metric of the cluster's metrics APIs. Set one of pods (custom.metrics.k8s.io) and external
// (external.metrics.k8s.io).
// +kubebuilder:validation:XValidation:rule="has(self.pods) != has(self.external)",message="set either pods or external"
type AutoscalingMetric struct {
	// Pods is a metric that each Pod has, such as requests in flight.
	// +optional
	Pods *MetricTarget `json:"pods,omitempty"`
	// External is a metric that belongs to no Pod, such as the length of a queue. Its value is divided by the number of
	// replicas.
	// +optional
	External *MetricTarget `json:"external,omitempty"`
}

// MetricTarget is a metric and its target value per replica.
type MetricTarget struct {
	// Name of the metric.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`
	// MatchLabels of the metric, at most 16.
	// +kubebuilder:validation:MaxProperties=16
	// +optional
	MatchLabels map[string]LabelValue `json:"matchLabels,omitempty"`
	// AverageValue per replica, more than 0. Above it, replicas are added.
	// +kubebuilder:validation:XValidation:rule="type(self) == int ? self > 0 : self != '0' && !self.startsWith('-')",message="averageValue must be more than 0, such as 10 or 500m"
	AverageValue resource.Quantity `json:"averageValue"`
}

// ScalingRules limit how fast the number of replicas changes in one direction.
type ScalingRules struct {
	// StabilizationWindowSeconds is the window, 0 to 3600, from which the most conservative recommendation is used.
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=3600
	// +optional
	StabilizationWindowSeconds *int32 `json:"stabilizationWindowSeconds,omitempty"`
	// SelectPolicy is which of the policies counts: Max (the default), Min, or Disabled for no change.
	// +kubebuilder:validation:Enum=Max;Min;Disabled
	// +optional
	SelectPolicy string `json:"selectPolicy,omitempty"`
	// Policies limit the change within a period, at most 8.
	// +kubebuilder:validation:MaxItems=8
	// +listType=atomic
	// +optional
	Policies []ScalingPolicy `json:"policies,omitempty"`
}

// ScalingPolicy limits how much the number of replicas can change within a period.
type ScalingPolicy struct {
	// Type of the value: Pods or Percent.
	// +kubebuilder:validation:Enum=Pods;Percent
	Type string `json:"type"`
	// Value is the number or percentage of replicas, at least 1.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=10000
	Value int32 `json:"value"`
	// PeriodSeconds is the period, 1 to 1800.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1800
	PeriodSeconds int32 `json:"periodSeconds"`
}

// RolloutSpec configures how new Pods replace old Pods.
// +kubebuilder:validation:XValidation:rule="!(has(self.maxSurge) || has(self.maxUnavailable)) || has(self.strategy) && self.strategy == 'RollingUpdate'",message="maxSurge and maxUnavailable require strategy RollingUpdate; set the strategy, or remove them"
type RolloutSpec struct {
	// Strategy is RollingUpdate or Recreate. Default: Recreate with a PVC that only one node at a time can mount,
	// otherwise RollingUpdate.
	// +kubebuilder:validation:Enum=RollingUpdate;Recreate
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Strategy",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	Strategy string `json:"strategy,omitempty"`
	// MaxSurge is the number or percentage of Pods that there may be more than wanted. Default 25%.
	// +kubebuilder:validation:XIntOrString
	// +kubebuilder:validation:XValidation:rule="type(self) == int ? self >= 0 && self <= 10000 : self.matches('^(100|[0-9]{1,2})%$')",message="set 0 or more, or a percentage from 0% to 100%"
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Maximum Surge",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	MaxSurge *intstr.IntOrString `json:"maxSurge,omitempty"`
	// MaxUnavailable is the number or percentage of Pods that may be missing. Default 25%.
	// +kubebuilder:validation:XIntOrString
	// +kubebuilder:validation:XValidation:rule="type(self) == int ? self >= 0 && self <= 10000 : self.matches('^(100|[0-9]{1,2})%$')",message="set 0 or more, or a percentage from 0% to 100%"
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Maximum Unavailable",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	MaxUnavailable *intstr.IntOrString `json:"maxUnavailable,omitempty"`
	// RevisionHistoryLimit is how many old ReplicaSets are kept for rollbacks, 0 to 100. Default 10.
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Revision History Limit",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	RevisionHistoryLimit *int32 `json:"revisionHistoryLimit,omitempty"`
	// ProgressDeadlineSeconds is how long a rollout can make no progress before it has failed, 30 to 86400. Default:
	// 600, or more if the startup probe allows more time.
	// +kubebuilder:validation:Minimum=30
	// +kubebuilder:validation:Maximum=86400
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Progress Deadline (Seconds)",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	ProgressDeadlineSeconds *int32 `json:"progressDeadlineSeconds,omitempty"`
	// Rollback is what happens after a failed rollout. None (default): nothing. Automatic: the operator restores the
	// last Pod template that was ready, until the spec or its references change.
	// +kubebuilder:validation:Enum=None;Automatic
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Rollback",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:select:None","urn:alm:descriptor:com.tectonic.ui:select:Automatic"}
	Rollback string `json:"rollback,omitempty"`
	// OnReferenceChange decides whether the Pods are replaced when a ConfigMap or Secret changes that they use: Ignore
	// (default) or Roll. For Secrets, the operator needs permission to watch them.
	// +kubebuilder:validation:Enum=Roll;Ignore
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="On Reference Change",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	OnReferenceChange string `json:"onReferenceChange,omitempty"`

	// Check is when a Job checks the configuration before new Pods replace Pods that serve. BeforeRollout (default with
	// config or userConfig) or Never.
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Check",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	Check CheckMode `json:"check,omitempty"`
	// CheckDeadline is how long a rollout waits for the result of a check, 30s to 1h, and before that at most as long for other
	// checks. Default 5m.
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=16
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]+(h|m|s|ms))+$') && duration(self) >= duration('30s') && duration(self) <= duration('1h')",message="set a duration from 30s to 1h, such as 5m"
	// +optional
	// +operator-sdk:csv:customresourcedefinitions:type=spec,displayName="Check Deadline",xDescriptors={"urn:alm:descriptor:com.tectonic.ui:hidden"}
	CheckDeadline string `json:"checkDeadline,omitempty"`
}

// RollbackAutomatic of RolloutSpec.
const RollbackAutomatic = "Automatic"

// ReferenceChangeRoll is OnReferenceChange of RolloutSpec.
const ReferenceChangeRoll = "Roll"

// RollsOnReferenceChange reports whether the Pods are replaced when a ConfigMap or Secret that they use changes.
func (s *ServerSpec) RollsOnReferenceChange() bool {
	return s.Rollout != nil && s.Rollout.OnReferenceChange == ReferenceChangeRoll
}

// CheckMode is when a configuration is checked.
// +kubebuilder:validation:Enum=BeforeRollout;Never
type CheckMode string

const (
	// CheckBeforeRollout checks what decides about a start before it replaces Pods that serve.
	CheckBeforeRollout CheckMode = "BeforeRollout"
	// CheckNever checks nothing.
	CheckNever CheckMode = "Never"
)
