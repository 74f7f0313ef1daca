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

package cli

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// objectsOf are the objects of a server, in the order of a request: what exposes it, the Service, the Pods, the data.
func objectsOf(f *facts) []objectView {
	views := make([]objectView, 0, len(f.routes)+len(f.absent)+3) //nolint:mnd // the three below
	views = append(views, deploymentView(f)...)
	if f.pvc != nil {
		views = append(views, pvcView(f.pvc, f.full))
	}
	if f.service != nil {
		views = append(views, serviceView(f.service))
	}
	for i := range f.routes {
		views = append(views, routeView(&f.routes[i]))
	}
	for _, missing := range f.absent {
		if missing.Kind == children.Deployment && len(f.server.Status.Conditions) == 0 {
			missing.State = stateWaits
		}
		views = append(views, missing)
	}
	return views
}

// deploymentView is the Deployment with its Pods. Pods without a Deployment are shown, too.
func deploymentView(f *facts) []objectView {
	pods := make([]objectView, 0, len(f.pods))
	for i := range f.pods {
		pods = append(pods, podView(&f.pods[i], f.now))
	}
	if f.deployment == nil {
		return pods
	}
	wanted := int32(1)
	if f.deployment.Spec.Replicas != nil {
		wanted = *f.deployment.Spec.Replicas
	}
	counts := f.deployment.Status
	view := objectView{Kind: children.Deployment, Name: f.deployment.Name, State: stateGood, Objects: pods}
	view.Detail = fmt.Sprintf("%d/%d available, %d up to date", counts.AvailableReplicas, wanted, counts.UpdatedReplicas)
	if !status.RolledOut(f.deployment) {
		view.State = stateWaits
	}
	for _, condition := range f.deployment.Status.Conditions {
		failed := condition.Type == appsv1.DeploymentReplicaFailure && condition.Status == corev1.ConditionTrue ||
			condition.Type == appsv1.DeploymentProgressing && condition.Status == corev1.ConditionFalse
		if failed {
			view.State = stateBad
			view.Trouble = append(view.Trouble, clean(condition.Reason+": "+condition.Message))
		}
	}
	return []objectView{view}
}

// mostDetails are the phase, readiness, node and restarts of a Pod.
const mostDetails = 4

// lately is for how long the end of a container counts as trouble of a Pod that is ready again.
const lately = time.Hour

// podView is a Pod with what keeps it from running.
func podView(pod *corev1.Pod, now time.Time) objectView {
	view := objectView{Kind: "Pod", Name: pod.Name, State: stateWaits}
	details := make([]string, 0, mostDetails)
	details = append(details, string(pod.Status.Phase))
	switch {
	case pod.DeletionTimestamp != nil:
		details[0] = "Terminating"
	case status.PodReady(pod):
		view.State = stateGood
		details = append(details, "ready")
	default:
		details = append(details, "not ready")
	}
	if pod.Spec.NodeName != "" {
		details = append(details, "on "+pod.Spec.NodeName)
	}
	if trouble := status.PodTrouble(pod, status.Trouble{}); trouble.Reason != "" {
		view.State = stateBad
		view.Trouble = append(view.Trouble, clean(status.Advised(trouble.String())))
	}
	restarts, last := int32(0), ""
	for _, container := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
		restarts += container.RestartCount
		ended := container.LastTerminationState.Terminated
		switch {
		case ended == nil:
		case view.State == stateGood && now.Sub(ended.FinishedAt.Time) > lately:
			last = fmt.Sprintf(", the last one %s ago (%s, exit code %d)", age(now, ended.FinishedAt.Time), ended.Reason, ended.ExitCode)
		default:
			view.Trouble = append(view.Trouble, clean(fmt.Sprintf("%s last ended at %s: %s, exit code %d",
				container.Name, ended.FinishedAt.UTC().Format(time.RFC3339), ended.Reason, ended.ExitCode)))
		}
	}
	if restarts > 0 {
		details = append(details, clean(fmt.Sprintf("%d restarts", restarts)+last))
	}
	view.Detail = strings.Join(details, ", ")
	return view
}

// pvcView is the PVC with its size, and how full it is where that is known.
func pvcView(pvc *corev1.PersistentVolumeClaim, full string) objectView {
	view := objectView{Kind: children.PersistentVolumeClaim, Name: pvc.Name, State: stateWaits, Detail: string(pvc.Status.Phase)}
	switch pvc.Status.Phase {
	case corev1.ClaimBound:
		view.State = stateGood
	case corev1.ClaimLost:
		view.State = stateBad
	case corev1.ClaimPending:
	}
	size := pvc.Status.Capacity.Storage()
	if size.IsZero() {
		size = pvc.Spec.Resources.Requests.Storage()
	}
	view.Detail += ", " + size.String()
	if full != "" {
		view.Detail += ", " + full
	}
	return view
}

// serviceView is the Service with its address.
func serviceView(service *corev1.Service) objectView {
	ports := make([]string, 0, len(service.Spec.Ports))
	for _, port := range service.Spec.Ports {
		ports = append(ports, fmt.Sprintf("%s:%d", service.Spec.ClusterIP, port.Port))
	}
	return objectView{
		Kind: children.Service, Name: service.Name, State: stateGood,
		Detail: strings.Join(append([]string{string(service.Spec.Type)}, ports...), " "),
	}
}

// routeView is what exposes or scales the server, with the hosts or the numbers of its spec.
func routeView(object *unstructured.Unstructured) objectView {
	view := objectView{Kind: object.GetKind(), Name: object.GetName(), State: stateGood}
	var hosts []string
	switch object.GetKind() {
	case children.Ingress:
		rules, _, _ := unstructured.NestedSlice(object.Object, "spec", "rules")
		for _, rule := range rules {
			if fields, ok := rule.(map[string]any); ok {
				host, _, _ := unstructured.NestedString(fields, "host")
				hosts = append(hosts, host)
			}
		}
	case children.HTTPRoute:
		hosts, _, _ = unstructured.NestedStringSlice(object.Object, "spec", "hostnames")
	case children.Route:
		host, _, _ := unstructured.NestedString(object.Object, "spec", "host")
		hosts = append(hosts, host)
	case children.HorizontalPodAutoscaler:
		least, _, _ := unstructured.NestedInt64(object.Object, "spec", "minReplicas")
		most, _, _ := unstructured.NestedInt64(object.Object, "spec", "maxReplicas")
		wanted, _, _ := unstructured.NestedInt64(object.Object, "status", "desiredReplicas")
		view.Detail = fmt.Sprintf("%d of %d to %d replicas wanted", wanted, least, most)
		return view
	}
	view.Detail = clean("hosts " + strings.Join(hosts, ", "))
	if strings.Join(hosts, "") == "" {
		view.Detail = "any host"
	}
	return view
}

// eventView is an Event.
type eventView struct {
	Last    metav1.Time `json:"last"`
	Type    string      `json:"type"`
	Reason  string      `json:"reason"`
	Object  string      `json:"object"`
	Message string      `json:"message"`
}
