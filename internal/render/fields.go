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

package render

import (
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/kustomize/api/resmap"
)

// Startup numbers, in seconds.
const (
	// progressDeadline is the API's default: a rollout that does not progress for so long has failed.
	progressDeadline int32 = 600
	// progressReserve is what the default leaves, beside the default startup budget of 315 s, for scheduling,
	// pulling the image and mounting the volume.
	progressReserve int32 = progressDeadline - (defaultInitialDelay + defaultFailureThreshold*defaultPeriod)
)

// RequestedSizeAnnotation on a PVC records the largest size that its LlamaStackDistribution has asked for, a quantity.
// It distinguishes an attempt to shrink the PVC from a PVC that somebody else has expanded.
const RequestedSizeAnnotation = "llamastack.io/requested-size"

// mapping says that a field of an object has a value that follows from the input; nil: the field is left out.
type mapping struct {
	kind, path, key string
	value           func(s *server) any
}

// fieldMappings lists the fields that are one value each.
func fieldMappings() []mapping {
	port := func(s *server) any { return s.port }
	name := func(s *server) any { return s.Name }
	service := func(s *server) any { return children.ServiceName(s.Name) }
	podSelector := func(s *server) any { return s.podSelector() }
	return []mapping{
		{children.ServiceAccount, "", automountToken, func(s *server) any { return s.mountsToken() }},
		{children.PersistentVolumeClaim, ownAnnotationsPath, RequestedSizeAnnotation, requestedSize},
		{children.PersistentVolumeClaim, ownAnnotationsPath, v1alpha1.AnnotationSyncOptions, syncOptions},
		{children.PersistentVolumeClaim, ownLabelsPath, v1alpha1.LabelInstance, pvcInstance},
		{children.PersistentVolumeClaim, "spec/resources/requests", "storage", pvcSize},
		{children.PersistentVolumeClaim, specPath, "accessModes", accessModes},
		{children.PersistentVolumeClaim, specPath, "storageClassName", storageClass},
		{children.Service, specPath, "selector", func(s *server) any { return anyMap(s.selector) }},
		{children.Service, "spec/ports/0", portKey, port},
		{children.Service, "spec/ports/0", "targetPort", port},
		{children.Service, "spec/ports/0", "appProtocol", appProtocol},
		{children.NetworkPolicy, specPath, "podSelector", podSelector},
		{children.NetworkPolicy, "spec/ingress/0/ports/0", portKey, port},
		{children.Ingress, specPath, "ingressClassName", func(s *server) any { return text(s.ingress().ClassName) }},
		{children.Ingress, "spec/rules/0/http/paths/0/backend/service", nameKey, service},
		{children.Ingress, "spec/rules/0", "host", func(s *server) any { return text(s.ingress().Host) }},
		{children.HTTPRoute, "spec/rules/0/backendRefs/0", nameKey, service},
		{children.HTTPRoute, "spec/rules/0/backendRefs/0", portKey, port},
		{children.Route, "spec/to", nameKey, service},
		{children.PodDisruptionBudget, specPath, "selector", podSelector},
		{children.PodDisruptionBudget, specPath, "minAvailable", minAvailable},
		{children.PodDisruptionBudget, specPath, "maxUnavailable", maxUnavailable},
		{children.HorizontalPodAutoscaler, "spec/scaleTargetRef", nameKey, name},
		{children.HorizontalPodAutoscaler, specPath, "minReplicas", func(s *server) any { return s.minReplicas }},
		{children.HorizontalPodAutoscaler, specPath, "maxReplicas", func(s *server) any { return s.maxReplicas }},
		{children.Deployment, specPath, "selector", podSelector},
		{children.Deployment, templatePath + "/metadata", "labels", func(s *server) any { return anyMap(s.podLabels) }},
		{children.Deployment, podSpecPath + "/volumes/0/persistentVolumeClaim", "claimName", func(s *server) any { return children.PVCName(s.Name) }},
		{children.Deployment, specPath, "replicas", declaredReplicas},
		{children.Deployment, specPath, "strategy", strategy},
		{children.Deployment, specPath, "progressDeadlineSeconds", progressDeadlineSeconds},
		{children.Deployment, specPath, "revisionHistoryLimit", func(s *server) any { return number(s.rollout().RevisionHistoryLimit) }},
		{children.Deployment, ownAnnotationsPath, v1alpha1.AnnotationSuspended, suspended},
		{children.Deployment, ownAnnotationsPath, v1alpha1.AnnotationForeignFiles, foreignFiles},
		{children.Deployment, templatePath + "/metadata/annotations", v1alpha1.AnnotationRestartedAt, func(s *server) any { return text(s.RestartedAt) }},
		{children.Deployment, podSpecPath, "serviceAccountName", serviceAccountName},
		{children.Deployment, podSpecPath, automountToken, podMountsToken},
		{children.Deployment, podSpecPath, "terminationGracePeriodSeconds", terminationGracePeriod},
		{children.Deployment, podSpecPath, "priorityClassName", func(s *server) any { return text(s.overrides.PriorityClassName) }},
		{children.Deployment, podSpecPath, "runtimeClassName", func(s *server) any { return text(s.overrides.RuntimeClassName) }},
		{children.Deployment, containerPath, nameKey, containerName},
		{children.Deployment, containerPath, "imagePullPolicy", func(s *server) any { return text(s.Spec.Server.ContainerSpec.ImagePullPolicy) }},
		{children.Deployment, containerPath, "image", func(s *server) any { return s.Image }},
		{children.Deployment, containerPath + "/ports/0", "containerPort", port},
	}
}

// mapFields sets the mapped fields.
type mapFields struct {
	*server

	mappings []mapping
}

// Transform implements resmap.Transformer.
func (t mapFields) Transform(m resmap.ResMap) error {
	var e *editor
	var kind string
	for _, field := range t.mappings {
		if field.kind != kind {
			e, kind = edit(m, field.kind), field.kind
		}
		e.set(field.path, field.key, field.value(t.server))
		if e.err != nil {
			return e.err
		}
	}
	return nil
}

// pvcSize is the size that the spec asks for, but never less than the size of the live PVC: a PVC cannot shrink.
func pvcSize(s *server) any {
	return atLeast(AskedSize(s.Spec.Server.Storage), s.PVCSize)
}

// requestedSize is the largest size that was ever asked for.
func requestedSize(s *server) any {
	return atLeast(AskedSize(s.Spec.Server.Storage), s.RequestedSize)
}

func atLeast(size resource.Quantity, least *resource.Quantity) string {
	if least != nil && least.Cmp(size) > 0 {
		size = *least
	}
	return size.String()
}

// AskedSize is the size of the PVC that a spec asks for, or the default when the spec sets none.
func AskedSize(storage *v1alpha1.StorageSpec) resource.Quantity {
	if storage != nil && storage.Size != nil {
		return *storage.Size
	}
	return resource.MustParse(v1alpha1.DefaultStorageSize)
}

// minAvailable of the budget, as declared.
func minAvailable(s *server) any {
	if budget := s.Spec.Server.PodDisruptionBudget; budget != nil {
		return intOrString(budget.MinAvailable)
	}
	return nil
}

// maxUnavailable of the budget, as declared; 1 where neither bound is.
func maxUnavailable(s *server) any {
	budget := s.Spec.Server.PodDisruptionBudget
	if budget == nil || (budget.MinAvailable == nil && budget.MaxUnavailable == nil) {
		return int64(1)
	}
	return intOrString(budget.MaxUnavailable)
}

func intOrString(value *intstr.IntOrString) any {
	switch {
	case value == nil:
		return nil
	case value.Type == intstr.Int:
		return value.IntVal
	default:
		return value.StrVal
	}
}

// appProtocol declares TLS for meshes and gateways, which infer plain HTTP from the name of the port.
func appProtocol(s *server) any {
	if s.TLS() {
		return strings.ToLower(s.scheme())
	}
	return nil
}

// text is left out where there is none.
func text[T ~string](value T) any {
	if value == "" {
		return nil
	}
	return string(value)
}

// number is left out where there is none.
func number(value *int32) any {
	if value == nil {
		return nil
	}
	return *value
}

// declaredReplicas is left out where the number is the autoscaler's.
func declaredReplicas(s *server) any {
	switch {
	case s.Spec.Suspend:
		return int32(0)
	case s.autoscaled && s.Resuming:
		return s.minReplicas
	case s.autoscaled:
		return nil
	default:
		return s.replicas
	}
}

// suspended marks a Deployment whose number of replicas was the autoscaler's.
func suspended(s *server) any {
	if s.Spec.Suspend && s.autoscaled {
		return "true"
	}
	return nil
}

// rollout is what the CR says about it, which may be nothing.
func (s *server) rollout() v1alpha1.RolloutSpec {
	if rollout := s.Spec.Server.Rollout; rollout != nil {
		return *rollout
	}
	return v1alpha1.RolloutSpec{}
}

// strategy is the CR's; or Recreate with a PVC that only one node at a time may mount, because a new Pod on another
// node would wait for it without end. A server with devices has its own rule. Otherwise the API's default applies.
func strategy(s *server) any {
	declared := s.rollout()
	if declared.Strategy != "" {
		fields := map[string]any{typeKey: declared.Strategy}
		if declared.MaxSurge != nil || declared.MaxUnavailable != nil {
			fields["rollingUpdate"] = map[string]any{
				"maxSurge": intOrString(declared.MaxSurge), "maxUnavailable": intOrString(declared.MaxUnavailable),
			}
		}
		return fields
	}
	if s.Spec.Server.Storage.UsesPVC() && !s.sharesPVC() {
		return map[string]any{typeKey: recreate}
	}
	return s.deviceStrategy()
}

// progressDeadlineSeconds gives a server with a long startup budget the time to use it, or its rollout would be
// called failed while it starts; nil where the API's default is enough. The CR's own number goes before.
func progressDeadlineSeconds(s *server) any {
	if declared := s.rollout().ProgressDeadlineSeconds; declared != nil {
		return *declared
	}
	if deadline := s.startupBudget() + progressReserve; deadline > progressDeadline {
		return deadline
	}
	return nil
}

// serviceAccountName is the CR's own choice, or the ServiceAccount that is rendered.
func serviceAccountName(s *server) any {
	if name := s.overrides.ServiceAccountName; name != "" {
		return name
	}
	return children.Of(children.ServiceAccount).Name(s.Name)
}

func containerName(s *server) any { return s.Spec.Server.ContainerName() }
