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
	"cmp"
	"strings"
	"time"
)

// Defaults of fields that the schema leaves empty, the same as those of 0.9.0.
const (
	// DefaultPort is the port of a server if the spec sets none.
	DefaultPort int32 = 8321
	// DefaultMetricsPort is the port of a server's metrics if the spec sets none.
	DefaultMetricsPort int32 = 9464
	// DefaultContainerName is the name of the server's container.
	DefaultContainerName = "llama-stack"
	// ConfigureContainerName is the name of the init container that writes the configuration of spec.server.config.
	ConfigureContainerName = "configure"
	// DefaultMountPath is the path of the server's data if the spec sets none.
	DefaultMountPath = "/.llama"
	// DefaultStorageSize is the size of a PVC if the spec sets none, as a quantity.
	DefaultStorageSize = "10Gi"
	// DefaultCABundleKey is the key of a CA bundle if the spec sets none.
	DefaultCABundleKey = "ca-bundle.crt"
	// DefaultCheckDeadline is how long a rollout waits for the result of a check if the spec does not say it.
	DefaultCheckDeadline = 5 * time.Minute
	// UserConfigKey is the key of the server's configuration in the user's ConfigMap.
	UserConfigKey = "config.yaml"
	// CustomDistribution is the value of status.distributionConfig.activeDistribution if the spec sets an image.
	CustomDistribution = "custom"
)

// LegacyRole is the ClusterRole of OpenShift that 0.9.0 bound the ServiceAccounts of servers to.
const LegacyRole = "system:openshift:scc:anyuid"

// Labels and annotations that the operator sets or reads.
const (
	// LabelManagedBy and ManagedBy mark every object that the operator creates.
	LabelManagedBy = "app.kubernetes.io/managed-by"
	// ManagedBy is the value of LabelManagedBy.
	ManagedBy = "llama-stack-operator"
	// LabelPartOf marks every object with PartOf.
	LabelPartOf = "app.kubernetes.io/part-of"
	// PartOf is the value of LabelPartOf.
	PartOf = "llama-stack"
	// LabelInstance carries the name of the LlamaStackDistribution.
	LabelInstance = "app.kubernetes.io/instance"
	// LabelApp marks the server's Pods with AppName.
	LabelApp = "app"
	// AppName is the value of LabelApp.
	AppName = "llama-stack"
	// AnnotationPaused with the value "true" on a LlamaStackDistribution stops the operator from changing its objects.
	AnnotationPaused = "llamastack.io/paused"
	// AnnotationRestartedAt on a LlamaStackDistribution is copied to its Pods. A new value, any string, restarts the
	// server.
	AnnotationRestartedAt = "llamastack.io/restarted-at"
	// AnnotationCheck on a LlamaStackDistribution with a new value, any string, requests a check of the configuration, which
	// replaces no Pods.
	AnnotationCheck = "llamastack.io/check"
	// AnnotationChecked on a ServiceAccount of the operator records the result of the last check.
	AnnotationChecked = "llamastack.io/checked"
	// LabelCheck marks the Job of a check, and its Pod, with the hash of what is checked.
	LabelCheck = "llamastack.io/check"
	// AnnotationSuspended on a Deployment records that an autoscaler set its number of replicas before it was
	// suspended.
	AnnotationSuspended = "llamastack.io/suspended"
	// AnnotationAppliedTemplate on a Deployment is the Pod template that was applied last: its hash, a colon, and the
	// compressed template.
	AnnotationAppliedTemplate = "llamastack.io/applied-template"
	// AnnotationAppliedFor on a Deployment records why that template was applied: the revision of the spec, the image,
	// and the start of the server's rollout turn.
	AnnotationAppliedFor = "llamastack.io/applied-for"
	// AnnotationRollout on a Deployment with automatic rollback records which Pod template was requested, which was
	// ready, and which failed.
	AnnotationRollout = "llamastack.io/rollout"
	// AnnotationReadyTemplate on such a Deployment is the Pod template that was ready last, compressed.
	AnnotationReadyTemplate = "llamastack.io/ready-template"
	// AnnotationReferences on a Deployment whose server rolls when its references change records which of their contents
	// its Pods were last requested with, as hashes.
	AnnotationReferences = "llamastack.io/references"
	// AnnotationSyncOptions is an annotation that Argo CD reads before it prunes an object. SyncOptionsKeep prevents
	// pruning.
	AnnotationSyncOptions = "argocd.argoproj.io/sync-options"
	// SyncOptionsKeep is the value of AnnotationSyncOptions on a PVC that outlives its server.
	SyncOptionsKeep = "Prune=false"
	// AnnotationForeignFiles on a Deployment records that other users than the server's user may have written to its
	// volume.
	AnnotationForeignFiles = "llamastack.io/foreign-files"
	// LabelWatch is the label that 0.9.0 set on watched objects. It stays for users who select by it.
	LabelWatch = "llamastack.io/watch"
)

// MountPath is the path of the server's data in its container.
func (s *ServerSpec) MountPath() string {
	if s.Storage == nil || s.Storage.MountPath == "" {
		return DefaultMountPath
	}
	return s.Storage.MountPath
}

// ServerPort is the port that the server listens on.
func (l *LlamaStackDistribution) ServerPort() int32 {
	if p := l.Spec.Server.ContainerSpec.Port; p != 0 {
		return p
	}
	return DefaultPort
}

// ContainerName is the name of the server's container.
func (s *ServerSpec) ContainerName() string {
	return cmp.Or(s.ContainerSpec.Name, DefaultContainerName)
}

// Paused reports whether the operator must not change the server's objects.
func (l *LlamaStackDistribution) Paused() bool {
	return l.Annotations[AnnotationPaused] == "true"
}

// RollsBack reports whether the operator undoes a failed rollout.
func (l *LlamaStackDistribution) RollsBack() bool {
	rollout := l.Spec.Server.Rollout
	return rollout != nil && rollout.Rollback == RollbackAutomatic
}

// Configured reports whether the spec has a configuration that can be checked.
func (s *ServerSpec) Configured() bool { return s.Config != nil || s.UserConfig != nil }

// ChecksBeforeRollout reports whether a change is checked before it replaces Pods that serve.
func (s *ServerSpec) ChecksBeforeRollout() bool {
	return s.Configured() && (s.Rollout == nil || s.Rollout.Check != CheckNever)
}

// CheckDeadline is how long a rollout waits for the result of a check.
func (s *ServerSpec) CheckDeadline() time.Duration {
	if s.Rollout == nil || s.Rollout.CheckDeadline == "" {
		return DefaultCheckDeadline
	}
	deadline, err := time.ParseDuration(s.Rollout.CheckDeadline)
	if err != nil || deadline <= 0 {
		return DefaultCheckDeadline
	}
	return deadline
}

// maxRequested is how much of the value of AnnotationCheck counts, in bytes.
const maxRequested = 63

// RequestedCheck returns the value of AnnotationCheck, at most 63 bytes of it.
func (l *LlamaStackDistribution) RequestedCheck() string {
	value := l.Annotations[AnnotationCheck]
	return strings.ToValidUTF8(value[:min(len(value), maxRequested)], "")
}

// WantedReplicas returns spec.replicas, or its default of 1. While the server is suspended, it returns 0.
func (l *LlamaStackDistribution) WantedReplicas() int32 {
	if l.Spec.Suspend {
		return 0
	}
	if r := l.Spec.Replicas; r != nil {
		return *r
	}
	return 1
}

// Autoscaled says that an autoscaler sets the number of replicas. One without an upper bound has nothing to do.
func (s *ServerSpec) Autoscaled() bool {
	return s.Autoscaling != nil && s.Autoscaling.MaxReplicas > 0
}

// MaxReplicas is how many replicas can run at a time: as many as declared, or the upper bound of the autoscaler.
func (s *LlamaStackDistributionSpec) MaxReplicas() int32 {
	switch {
	case s.Server.Autoscaled():
		return s.Server.Autoscaling.MaxReplicas
	case s.Replicas != nil:
		return *s.Replicas
	default:
		return 1
	}
}
