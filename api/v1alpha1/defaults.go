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

// Defaults of fields that the schema leaves empty, the same as those of 0.9.0.
const (
	// DefaultPort is the port of a server that names none.
	DefaultPort int32 = 8321
	// DefaultContainerName is the name of the server's container.
	DefaultContainerName = "llama-stack"
	// DefaultMountPath is where a server's data is when the CR does not say.
	DefaultMountPath = "/.llama"
	// DefaultStorageSize is the size of a claim that names none, as a quantity.
	DefaultStorageSize = "10Gi"
	// DefaultCABundleKey is the key of a CA bundle that names none.
	DefaultCABundleKey = "ca-bundle.crt"
	// UserConfigKey is the key of the server's configuration in the user's ConfigMap.
	UserConfigKey = "config.yaml"
	// CustomDistribution is what status.distributionConfig.activeDistribution says of an image of the user's own.
	CustomDistribution = "custom"
)

// Labels and annotations that the operator puts on what it makes, and what it looks for.
const (
	// LabelManagedBy and ManagedBy mark every object that the operator made.
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
	// AnnotationPaused with the value "true" on a LlamaStackDistribution keeps the operator from changing anything of it.
	AnnotationPaused = "llamastack.io/paused"
	// AnnotationRestartedAt on a LlamaStackDistribution is copied to its Pods, so that a new value, any text, restarts
	// the server.
	AnnotationRestartedAt = "llamastack.io/restarted-at"
	// AnnotationSuspended on a Deployment tells that its number of replicas was the autoscaler's before it was suspended.
	AnnotationSuspended = "llamastack.io/suspended"
	// AnnotationRollout on a Deployment that rolls back by itself tells which Pod template was asked for, which was ready,
	// and which failed.
	AnnotationRollout = "llamastack.io/rollout"
	// AnnotationReadyTemplate on such a Deployment is the Pod template that was ready last, packed.
	AnnotationReadyTemplate = "llamastack.io/ready-template"
	// LabelWatch is what 0.9.0 put on what it watched; kept for those who select by it.
	LabelWatch = "llamastack.io/watch"
)

// ServerPort is the port that the server listens on.
func (l *LlamaStackDistribution) ServerPort() int32 {
	if p := l.Spec.Server.ContainerSpec.Port; p != 0 {
		return p
	}
	return DefaultPort
}

// Paused says that nothing of the server may be changed.
func (l *LlamaStackDistribution) Paused() bool {
	return l.Annotations[AnnotationPaused] == "true"
}

// RollsBack says that a failed rollout is undone.
func (l *LlamaStackDistribution) RollsBack() bool {
	rollout := l.Spec.Server.Rollout
	return rollout != nil && rollout.Rollback == RollbackAutomatic
}

// WantedReplicas is spec.replicas, or its default of 1; none while it is suspended.
func (l *LlamaStackDistribution) WantedReplicas() int32 {
	if l.Spec.Suspend {
		return 0
	}
	if r := l.Spec.Replicas; r != nil {
		return *r
	}
	return 1
}
