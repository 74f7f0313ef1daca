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

// RequestedSizeAnnotation on a claim records the largest size that its LlamaStackDistribution has asked for, a quantity.
// It tells an attempt to shrink the claim from a claim that somebody else has grown.
const RequestedSizeAnnotation = "llamastack.io/requested-size"

// mapping says that a field of an object has a value that follows from the input; nil: the field is left out.
type mapping struct {
	kind, path, key string
	value           func(s *server) any
}

// fieldMappings lists the fields that are one value each.
func fieldMappings() []mapping {
	port := func(s *server) any { return s.port }
	return []mapping{
		{kindClaim, "metadata/annotations", RequestedSizeAnnotation, requestedSize},
		{kindClaim, "spec/resources/requests", "storage", claimSize},
		{kindClaim, specPath, "accessModes", accessModes},
		{kindClaim, specPath, "storageClassName", storageClass},
		{kindService, "spec/ports/0", portKey, port},
		{kindService, "spec/ports/0", "targetPort", port},
		{kindService, "spec/ports/0", "appProtocol", appProtocol},
		{kindNetworkPolicy, "spec/ingress/0/ports/0", portKey, port},
		{kindIngress, "spec/rules/0/http/paths/0/backend/service/port", "number", port},
		{kindIngress, specPath, "ingressClassName", func(s *server) any { return text(s.ingress().ClassName) }},
		{kindIngress, "spec/rules/0", "host", func(s *server) any { return text(s.ingress().Host) }},
		{kindHTTPRoute, "spec/rules/0/backendRefs/0", portKey, port},
		{kindBudget, specPath, "minAvailable", minAvailable},
		{kindBudget, specPath, "maxUnavailable", maxUnavailable},
		{kindAutoscaler, specPath, "minReplicas", func(s *server) any { return s.minReplicas }},
		{kindAutoscaler, specPath, "maxReplicas", func(s *server) any { return s.maxReplicas }},
		{kindDeployment, specPath, "replicas", declaredReplicas},
		{kindDeployment, specPath, "strategy", strategy},
		{kindDeployment, specPath, "progressDeadlineSeconds", progressDeadlineSeconds},
		{kindDeployment, specPath, "revisionHistoryLimit", func(s *server) any { return number(s.rollout().RevisionHistoryLimit) }},
		{kindDeployment, "metadata/annotations", v1alpha1.AnnotationSuspended, suspended},
		{kindDeployment, templatePath + "/metadata/annotations", v1alpha1.AnnotationRestartedAt, func(s *server) any { return text(s.RestartedAt) }},
		{kindDeployment, podSpecPath, "serviceAccountName", serviceAccountName},
		{kindDeployment, podSpecPath, "terminationGracePeriodSeconds", terminationGracePeriod},
		{kindDeployment, podSpecPath, "priorityClassName", func(s *server) any { return text(s.overrides.PriorityClassName) }},
		{kindDeployment, podSpecPath, "runtimeClassName", func(s *server) any { return text(s.overrides.RuntimeClassName) }},
		{kindDeployment, containerPath, nameKey, containerName},
		{kindDeployment, containerPath, "imagePullPolicy", func(s *server) any { return text(s.Spec.Server.ContainerSpec.ImagePullPolicy) }},
		{kindDeployment, containerPath, "image", func(s *server) any { return s.Image }},
		{kindDeployment, containerPath + "/ports/0", "containerPort", port},
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

// claimSize is the size asked for, but never less than the live claim's: a claim cannot shrink.
func claimSize(s *server) any {
	return atLeast(AskedSize(s.Spec.Server.Storage), s.ClaimSize)
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

// AskedSize is the size of the claim that a spec asks for, the default where it does not say.
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

// appProtocol tells meshes and gateways, which take the port for plain HTTP by its name, that it speaks TLS.
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

// strategy is the CR's; or Recreate with a claim that one node at a time may mount: a new Pod elsewhere would wait for
// it for ever. Otherwise it is left to the API's default.
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
	if !s.Spec.Server.Storage.OnClaim() || s.sharedClaim() {
		return nil
	}
	return map[string]any{typeKey: "Recreate"}
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
	return s.Name + "-sa"
}

func containerName(s *server) any {
	if name := s.Spec.Server.ContainerSpec.Name; name != "" {
		return name
	}
	return v1alpha1.DefaultContainerName
}
