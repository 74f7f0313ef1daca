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
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/kustomize/api/resmap"
)

// memoryPerWorker is the memory that one server process is given by default, in bytes: 1Gi.
const memoryPerWorker int64 = 1 << 30

// setResources sets the container's resources.
type setResources struct{ *server }

// Transform implements resmap.Transformer.
func (t setResources) Transform(m resmap.ResMap) error {
	resources := t.resources()
	fields, err := plain(&resources)
	if err != nil {
		return err
	}
	e := edit(m, children.Deployment)
	e.set(containerPath, "resources", fields)
	return e.err
}

// resources completes what the CR says: a CPU request of a core for each worker, a memory request of 1Gi. Where
// workers is set, missing limits are the requests. All of that is 0.9.0's, so that Pods keep their size, but for two
// things that made servers fail: with workers set and no word about memory every worker gets 1Gi (0.9.0 limited
// all of them together to 1Gi, and they were killed), and a default request is never more than a given limit, which
// the API server refuses.
func (t setResources) resources() corev1.ResourceRequirements {
	resources := *t.Spec.Server.ContainerSpec.Resources.DeepCopy()
	if resources.Requests == nil {
		resources.Requests = corev1.ResourceList{}
	}
	if resources.Limits == nil {
		resources.Limits = corev1.ResourceList{}
	}
	t.complete(resources, corev1.ResourceCPU, *resource.NewQuantity(int64(t.workers), resource.DecimalSI))
	t.complete(resources, corev1.ResourceMemory, t.defaultMemory(resources.Limits))
	return resources
}

// defaultMemory is 1Gi, and 1Gi for each worker where workers is set and no limit says how much there is.
func (t setResources) defaultMemory(limits corev1.ResourceList) resource.Quantity {
	if limit := limits[corev1.ResourceMemory]; t.Spec.Server.Workers == nil || !limit.IsZero() {
		return *resource.NewQuantity(memoryPerWorker, resource.BinarySI)
	}
	return *resource.NewQuantity(int64(t.workers)*memoryPerWorker, resource.BinarySI)
}

// complete fills in the request and the limit of one resource. Zero counts as missing.
func (t setResources) complete(resources corev1.ResourceRequirements, name corev1.ResourceName, request resource.Quantity) {
	limit, limited := resources.Limits[name]
	if limited && limit.IsZero() {
		delete(resources.Limits, name)
		limited = false
	}
	if limited && limit.Cmp(request) < 0 {
		request = limit
	}
	if given := resources.Requests[name]; !given.IsZero() {
		request = given
	}
	resources.Requests[name] = request
	if !limited && t.Spec.Server.Workers != nil {
		resources.Limits[name] = request
	}
}
