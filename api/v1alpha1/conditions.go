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
	// ConditionReady is True when the server serves as declared. Use this condition to wait for a server.
	ConditionReady ConditionType = "Ready"
	// ConditionAvailable is True while at least one Pod serves behind the Service, whatever else Ready reports.
	ConditionAvailable ConditionType = "Available"
	// ConditionDeploymentReady is True when all desired replicas of the Deployment are updated and available.
	ConditionDeploymentReady ConditionType = "DeploymentReady"
	// ConditionHealthCheck is the health that the server reports for itself and its providers.
	ConditionHealthCheck ConditionType = "HealthCheck"
	// ConditionStorageReady is the state of the PVC. It is absent without storage.
	ConditionStorageReady ConditionType = "StorageReady"
	// ConditionStateShared is True when several replicas or workers share the data that clients create. It is absent
	// with only one process.
	ConditionStateShared ConditionType = "StateShared"
	// ConditionAuthenticationRequired is False when a server that can be reached from outside of the cluster declares no
	// authentication. It is absent without spec.server.config, and for a server that is not exposed.
	ConditionAuthenticationRequired ConditionType = "AuthenticationRequired"
	// ConditionModelsRegistered is True when the server lists every model of spec.server.config.models. It is absent without
	// these.
	ConditionModelsRegistered ConditionType = "ModelsRegistered"
	// ConditionConfigValid is the result of the last check of the configuration. It is absent without config and userConfig,
	// and as long as rollout.check is Never and nobody requests a check.
	ConditionConfigValid ConditionType = "ConfigValid"
	// ConditionVersionSupported is False when the version of the server is outside of those that this release of the operator
	// supports. It is absent until the server answers.
	ConditionVersionSupported ConditionType = "VersionSupported"
	// ConditionPaused is True while an annotation stops the operator from changing objects. Otherwise it is absent.
	ConditionPaused ConditionType = "Paused"
	// ConditionRouteReady is the state of the HTTPRoute or the Route. It is absent if the server has neither.
	ConditionRouteReady ConditionType = "RouteReady"
	// ConditionServiceReady is the state of the Service.
	ConditionServiceReady ConditionType = "ServiceReady"
)

// Reason is the reason of a condition, and of the event that reports it.
type Reason string

// Reasons of conditions without a problem.
const (
	ReasonReady             Reason = "Ready"
	ReasonProgressing       Reason = "Progressing"
	ReasonScaledToZero      Reason = "ScaledToZero"
	ReasonTerminating       Reason = "Terminating"
	ReasonAvailable         Reason = "Available"
	ReasonUnavailable       Reason = "Unavailable"
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
	ReasonAuthenticated     Reason = "Authenticated"
	ReasonModelsRegistered  Reason = "ModelsRegistered"
	ReasonValid             Reason = "Valid"
	ReasonValidWithWarnings Reason = "ValidWithWarnings"
	ReasonChecking          Reason = "Checking"
	ReasonNotChecked        Reason = "NotChecked"
	ReasonVersionSupported  Reason = "VersionSupported"
	ReasonVersionUnknown    Reason = "VersionUnknown"
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
	ReasonNoAuthentication  Reason = "NoAuthentication"
	ReasonModelsMissing     Reason = "ModelsMissing"
	ReasonInvalid           Reason = "Invalid"
	ReasonImageUnavailable  Reason = "ImageUnavailable"
	ReasonRouteFailed       Reason = "RouteFailed"
	ReasonRouteRefused      Reason = "RouteRefused"
	ReasonRouteTLSMismatch  Reason = "RouteTLSMismatch"
	ReasonGatewayAPIMissing Reason = "GatewayAPIMissing"
	ReasonRouteAPIMissing   Reason = "RouteAPIMissing"
	ReasonAPIUnavailable    Reason = "APIUnavailable"
	ReasonVersionTooOld     Reason = "VersionTooOld"
	ReasonVersionTooNew     Reason = "VersionTooNew"
)

// Reasons of conditions when a person must change something. The operator does not retry before that.
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
