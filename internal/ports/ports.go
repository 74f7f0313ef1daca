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

// Package ports decides where the Service and the NetworkPolicy of a server lead while Pods that listen on different ports
// serve.
package ports

import (
	"slices"

	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

const (
	// portName is the name of the server's port in its Pods, and in its Service.
	portName = "http"
	// maxAdmitted bounds how many ports a NetworkPolicy admits while the port is changed again and again.
	maxAdmitted = 8
)

// containerPort is the port that the Pods of a template listen on; 0 where there is no template.
type containerPort struct {
	number int32
	named  bool
}

// portChange is what is known of the ports that Pods listen on.
type portChange struct {
	// wanted is that of the template that is applied, runs that of the live one.
	wanted, runs containerPort
	// settled says that all Pods are of the live template and available, alone that there are no others.
	settled, alone bool
}

// Live are the objects that a cluster has; nil is absent.
type Live struct {
	Deployment    *appsv1.Deployment
	Service       *corev1.Service
	NetworkPolicy *networkingv1.NetworkPolicy
}

// LeadToPods points the rendered Service and the NetworkPolicy at the port of the Pods. While Pods of two ports serve, because the port is being
// changed or a rollout is taken back, the Service leads to the port's name, which stands for another number in each Pod, and the
// NetworkPolicy admits both numbers, because not every network plugin knows names. Otherwise it is the number, as with 0.9.0, whose Pods
// have no name for it.
func LeadToPods(objects []*unstructured.Unstructured, has Live) {
	deployment := children.Find(objects, children.Deployment)
	if deployment == nil {
		return
	}
	template, _, _ := unstructured.NestedMap(deployment.Object, "spec", "template")
	change := portChange{wanted: renderedPort(template)}
	if live := has.Deployment; live != nil {
		change.runs, change.settled, change.alone = livePort(live), status.RolledOut(live) && !status.Leaving(live), alone(live)
	}
	if service := children.Find(objects, children.Service); service != nil {
		setTarget(service, change.target(has.Service))
	}
	if policy := children.Find(objects, children.NetworkPolicy); policy != nil {
		setAdmitted(policy, change.admitted(has.Service, has.NetworkPolicy))
	}
}

// alone says that there are no Pods of an earlier template.
func alone(deployment *appsv1.Deployment) bool {
	return deployment.Status.ObservedGeneration >= deployment.Generation && !status.Leaving(deployment) &&
		deployment.Status.Replicas <= deployment.Status.UpdatedReplicas
}

// same says that all Pods listen on the wanted port. The Service leads to a number only where they did when it was written.
// Where somebody deleted it, nothing shows which port the Pods of an earlier template have.
func (c portChange) same(service *corev1.Service) bool {
	switch {
	case c.runs.number == 0 || c.settled && c.runs.number == c.wanted.number:
		return true
	case c.runs.number != c.wanted.number:
		return false
	case service == nil || len(service.Spec.Ports) == 0:
		return c.alone
	default:
		return service.Spec.Ports[0].TargetPort.IntVal == c.wanted.number
	}
}

// target is the Service's, as a number or a name. Where it is not known that all Pods have the name, it stays as it is until they do.
func (c portChange) target(service *corev1.Service) any {
	named := c.wanted.named && c.runs.named
	switch {
	case c.same(service):
		return int64(c.wanted.number)
	case service == nil || len(service.Spec.Ports) == 0:
		if named {
			return portName
		}
		return int64(c.wanted.number)
	}
	now := service.Spec.Ports[0].TargetPort
	if now.StrVal != "" || named && c.settled {
		return portName
	}
	return int64(now.IntVal)
}

// admitted are the ports that a NetworkPolicy lets through, the wanted one first.
func (c portChange) admitted(service *corev1.Service, policy *networkingv1.NetworkPolicy) []int32 {
	ports := []int32{c.wanted.number}
	if c.same(service) {
		return ports
	}
	others := []int32{c.runs.number}
	if policy != nil && len(policy.Spec.Ingress) > 0 {
		for _, port := range policy.Spec.Ingress[0].Ports {
			if port.Port != nil && port.Port.IntVal != 0 {
				others = append(others, port.Port.IntVal)
			}
		}
	}
	for _, number := range others {
		if !slices.Contains(ports, number) && len(ports) < maxAdmitted {
			ports = append(ports, number)
		}
	}
	slices.Sort(ports[1:])
	return ports
}

// renderedPort is the first port of the first container, which is the server's.
func renderedPort(template map[string]any) containerPort {
	containers, _, _ := unstructured.NestedSlice(template, "spec", "containers")
	if len(containers) == 0 {
		return containerPort{}
	}
	container, _ := containers[0].(map[string]any)
	ports, _, _ := unstructured.NestedSlice(container, "ports")
	if len(ports) == 0 {
		return containerPort{}
	}
	port, _ := ports[0].(map[string]any)
	number, _, _ := unstructured.NestedInt64(port, "containerPort")
	return containerPort{number: int32(number), named: port["name"] == portName} //nolint:gosec // the schema bounds it
}

func livePort(deployment *appsv1.Deployment) containerPort {
	containers := deployment.Spec.Template.Spec.Containers
	if len(containers) == 0 || len(containers[0].Ports) == 0 {
		return containerPort{}
	}
	port := containers[0].Ports[0]
	return containerPort{number: port.ContainerPort, named: port.Name == portName}
}

func setTarget(service *unstructured.Unstructured, target any) {
	spec, _ := service.Object["spec"].(map[string]any)
	ports, _ := spec["ports"].([]any)
	if len(ports) == 0 {
		return
	}
	if port, ok := ports[0].(map[string]any); ok {
		port["targetPort"] = target
	}
}

func setAdmitted(policy *unstructured.Unstructured, numbers []int32) {
	spec, _ := policy.Object["spec"].(map[string]any)
	rules, _ := spec["ingress"].([]any)
	if len(rules) == 0 {
		return
	}
	ports := make([]any, 0, len(numbers))
	for _, number := range numbers {
		ports = append(ports, map[string]any{"protocol": string(corev1.ProtocolTCP), "port": int64(number)})
	}
	if rule, ok := rules[0].(map[string]any); ok {
		rule["ports"] = ports
	}
}
