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

// ConditionType is the type of a condition in status.conditions.
type ConditionType string

const (
	// ConditionReady is True when the server serves as declared. It is the one condition to wait for.
	ConditionReady ConditionType = "Ready"
	// ConditionDeploymentReady is about the Deployment: all wanted replicas updated and available.
	ConditionDeploymentReady ConditionType = "DeploymentReady"
	// ConditionHealthCheck is about what the server says of itself and of its providers.
	ConditionHealthCheck ConditionType = "HealthCheck"
	// ConditionStorageReady is about the claim; absent without storage.
	ConditionStorageReady ConditionType = "StorageReady"
	// ConditionStateShared is about whether several replicas or workers see the same of what clients create; absent
	// where there is only one process.
	ConditionStateShared ConditionType = "StateShared"
	// ConditionPaused is True while an annotation keeps the operator from changing anything; absent otherwise.
	ConditionPaused ConditionType = "Paused"
	// ConditionRouteReady is about the HTTPRoute or the Route; absent where the server has neither.
	ConditionRouteReady ConditionType = "RouteReady"
	// ConditionServiceReady is about the Service.
	ConditionServiceReady ConditionType = "ServiceReady"
)

// Reason is the reason of a condition, and of the event that tells about it.
type Reason string

// Reasons of conditions while all is well or on its way.
const (
	ReasonReady             Reason = "Ready"
	ReasonProgressing       Reason = "Progressing"
	ReasonScaledToZero      Reason = "ScaledToZero"
	ReasonTerminating       Reason = "Terminating"
	ReasonDeploymentReady   Reason = "DeploymentReady"
	ReasonDeploymentPending Reason = "DeploymentPending"
	ReasonHealthCheckPassed Reason = "HealthCheckPassed"
	ReasonNotObserved       Reason = "NotObserved"
	ReasonStorageReady      Reason = "StorageReady"
	ReasonStoragePending    Reason = "StoragePending"
	ReasonServiceReady      Reason = "ServiceReady"
	ReasonServicePending    Reason = "ServicePending"
	ReasonRouteReady        Reason = "RouteReady"
	ReasonRoutePending      Reason = "RoutePending"
	ReasonPaused            Reason = "Paused"
	ReasonSharedState       Reason = "SharedState"
	ReasonStateUnknown      Reason = "StateUnknown"
)

// Reasons of conditions when the server or the cluster has a problem.
const (
	ReasonDeploymentFailed  Reason = "DeploymentFailed"
	ReasonRolloutFailed     Reason = "RolloutFailed"
	ReasonRolledBack        Reason = "RolledBack"
	ReasonUnhealthy         Reason = "Unhealthy"
	ReasonHealthCheckFailed Reason = "HealthCheckFailed"
	ReasonProviderError     Reason = "ProviderError"
	ReasonStorageFailed     Reason = "StorageFailed"
	ReasonServiceFailed     Reason = "ServiceFailed"
	ReasonReconcileError    Reason = "ReconcileError"
	ReasonLocalState        Reason = "LocalState"
	ReasonRouteFailed       Reason = "RouteFailed"
	ReasonRouteRefused      Reason = "RouteRefused"
	ReasonRouteTLSMismatch  Reason = "RouteTLSMismatch"
	ReasonGatewayAPIMissing Reason = "GatewayAPIMissing"
	ReasonRouteAPIMissing   Reason = "RouteAPIMissing"
	ReasonAPIUnavailable    Reason = "APIUnavailable"
)

// Reasons of conditions when something must be changed by a person. The operator does not retry until it is.
const (
	ReasonNameTooLong             Reason = "NameTooLong"
	ReasonUnknownDistribution     Reason = "UnknownDistribution"
	ReasonInvalidDistribution     Reason = "InvalidDistribution"
	ReasonInvalidImageOverride    Reason = "InvalidImageOverride"
	ReasonUserConfigNotFound      Reason = "UserConfigNotFound"
	ReasonUserConfigKeyNotFound   Reason = "UserConfigKeyNotFound"
	ReasonUserConfigOtherNS       Reason = "UserConfigInOtherNamespace"
	ReasonUserConfigInvalid       Reason = "UserConfigInvalid"
	ReasonCABundleNotFound        Reason = "CABundleNotFound"
	ReasonCABundleKeyNotFound     Reason = "CABundleKeyNotFound"
	ReasonCABundleOtherNS         Reason = "CABundleInOtherNamespace"
	ReasonCABundleInvalid         Reason = "CABundleInvalid"
	ReasonClaimNotFound           Reason = "ClaimNotFound"
	ReasonResourceConflict        Reason = "ResourceConflict"
	ReasonResourceContested       Reason = "ResourceContested"
	ReasonImmutableField          Reason = "ImmutableField"
	ReasonRejected                Reason = "Rejected"
	ReasonInvalidSpec             Reason = "InvalidSpec"
	ReasonOperatorConfigMalformed Reason = "OperatorConfigMalformed"
)
