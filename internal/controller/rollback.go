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

package controller

import (
	"fmt"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/rollback"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// rollBack gives the rendered Deployment the last Pod template that was ready, where the rollout of its own has failed, and
// writes down on it what the next decision needs.
func (r *Reconciler) rollBack(instance *v1alpha1.LlamaStackDistribution, p *pass, objects []*unstructured.Unstructured) error {
	deployment := ofKind(objects, kindDeployment)
	if deployment == nil || !instance.RollsBack() {
		return nil
	}
	wanted, found, err := unstructured.NestedMap(deployment.Object, "spec", "template")
	if err != nil || !found {
		return fmt.Errorf("failed to read the template of the rendered Deployment: %w", err)
	}
	decision, err := rollback.Decide(r.seen(instance, p), wanted)
	if err != nil {
		return fmt.Errorf("failed to decide on a rollback: %w", err)
	}
	for key, value := range decision.Annotations {
		annotations := deployment.GetAnnotations()
		if annotations == nil {
			annotations = map[string]string{}
		}
		annotations[key] = value
		deployment.SetAnnotations(annotations)
	}
	p.needed = decision.ConfigMaps
	if !decision.RolledBack {
		return nil
	}
	if err := unstructured.SetNestedMap(deployment.Object, decision.Template, "spec", "template"); err != nil {
		return fmt.Errorf("failed to set the last ready template: %w", err)
	}
	followPort(objects, portOf(wanted), portOf(decision.Template))
	return nil
}

// madeFrom is the version of the Deployment that a rollback was decided on: what is written down on another one is not lost
// by a cache that shows it late.
func madeFrom(instance *v1alpha1.LlamaStackDistribution, p *pass) func(*unstructured.Unstructured) string {
	if !instance.RollsBack() || p.children.deployment == nil {
		return nil
	}
	return func(object *unstructured.Unstructured) string {
		if object.GetKind() == kindDeployment {
			return p.children.deployment.ResourceVersion
		}
		return ""
	}
}

// seen is the Deployment as the cache has it.
func (r *Reconciler) seen(instance *v1alpha1.LlamaStackDistribution, p *pass) rollback.Seen {
	deployment := p.children.deployment
	if deployment == nil {
		return rollback.Seen{}
	}
	seen := rollback.Seen{
		Deployment: deployment, Image: p.input.Image,
		Serves: status.RolledOut(deployment) && deployment.Status.AvailableReplicas > 0,
		Why:    r.podTrouble(instance, p),
	}
	seen.FailedAt, seen.Current = status.TimedOut(deployment)
	if seen.Why == "" {
		seen.Why = "its Pods did not become available within the progress deadline"
	}
	return seen
}

// rolledBack says why a rollout failed, where an earlier template runs in its place.
func rolledBack(instance *v1alpha1.LlamaStackDistribution, deployment *appsv1.Deployment) string {
	if !instance.RollsBack() {
		return ""
	}
	return rollback.Read(deployment).Why
}

// askedImage is the image of the template that was last asked for: the one that runs, unless the server was rolled back.
func askedImage(deployment *appsv1.Deployment, instance *v1alpha1.LlamaStackDistribution) string {
	if instance.RollsBack() {
		if record := rollback.Read(deployment); record.Failed != "" {
			return record.Image
		}
	}
	return runningImage(deployment, instance)
}

func ofKind(objects []*unstructured.Unstructured, kind string) *unstructured.Unstructured {
	for _, object := range objects {
		if object.GetKind() == kind {
			return object
		}
	}
	return nil
}

// portOf is the first port of a template's first container, which is the server's.
func portOf(template map[string]any) int64 {
	containers, _, _ := unstructured.NestedSlice(template, "spec", "containers")
	if len(containers) == 0 {
		return 0
	}
	container, _ := containers[0].(map[string]any)
	ports, _, _ := unstructured.NestedSlice(container, "ports")
	if len(ports) == 0 {
		return 0
	}
	port, _ := ports[0].(map[string]any)
	number, _, _ := unstructured.NestedInt64(port, "containerPort")
	return number
}

// followPort lets the Service and the NetworkPolicy lead to the port that the Pods have.
func followPort(objects []*unstructured.Unstructured, wanted, runs int64) {
	if wanted == runs || runs == 0 {
		return
	}
	if service := ofKind(objects, "Service"); service != nil {
		replacePort(service.Object["spec"], "targetPort", wanted, runs)
	}
	if policy := ofKind(objects, "NetworkPolicy"); policy != nil {
		spec, _ := policy.Object["spec"].(map[string]any)
		rules, _ := spec["ingress"].([]any)
		for _, rule := range rules {
			replacePort(rule, "port", wanted, runs)
		}
	}
}

func replacePort(in any, field string, wanted, runs int64) {
	fields, _ := in.(map[string]any)
	ports, _ := fields["ports"].([]any)
	for _, port := range ports {
		if of, ok := port.(map[string]any); ok && of[field] == wanted {
			of[field] = runs
		}
	}
}
