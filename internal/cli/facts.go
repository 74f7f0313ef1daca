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
	"context"
	"fmt"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// mostShown is how many Events the status shows, and how many findings of a kind doctor.
const mostShown = 5

// facts are what was read about one server.
type facts struct {
	now        time.Time
	server     *v1alpha1.LlamaStackDistribution
	deployment *appsv1.Deployment
	pods       []corev1.Pod
	pvc        *corev1.PersistentVolumeClaim
	// full is how full the PVC is, or empty.
	full    string
	service *corev1.Service
	// routes are what exposes the server, and absent the kinds of those that it should have and that do not exist.
	routes []unstructured.Unstructured
	absent []objectView
	events []eventView
	// unread is what could not be read, and why.
	unread []string
}

// gather reads a server with everything that belongs to it. What a person may not read is left out and named.
func (s *session) gather(ctx context.Context, server *v1alpha1.LlamaStackDistribution) *facts {
	f := &facts{now: s.now(), server: server}
	f.deployment = readChild(ctx, s, f, children.Of(children.Deployment).Name(server.Name), &appsv1.Deployment{})
	f.service = readChild(ctx, s, f, children.ServiceName(server.Name), &corev1.Service{})
	if name := claimOf(server); name != "" {
		f.pvc = readChild(ctx, s, f, name, &corev1.PersistentVolumeClaim{})
	}
	var err error
	f.pods, err = s.pods(ctx, server)
	f.miss(err)
	for _, kind := range []string{children.Ingress, children.HTTPRoute, children.Route, children.HorizontalPodAutoscaler} {
		s.route(ctx, f, children.Of(kind))
	}
	return f
}

// lastEvents are those of the server and of everything that belongs to it.
func (s *session) lastEvents(ctx context.Context, f *facts) {
	events, err := s.events(ctx, f.server)
	f.miss(err)
	f.events = events[max(0, len(events)-mostShown):]
}

// miss notes what could not be read.
func (f *facts) miss(err error) {
	if err != nil {
		f.unread = append(f.unread, reasonOf(err))
	}
}

// readChild reads an object of the server's namespace. It returns nil where there is none.
func readChild[T client.Object](ctx context.Context, s *session, f *facts, name string, into T) T {
	err := s.Get(ctx, client.ObjectKey{Namespace: f.server.Namespace, Name: name}, into)
	if err == nil {
		return into
	}
	var none T
	if apierrors.IsNotFound(err) {
		kinds, _, _ := s.Scheme().ObjectKinds(into)
		f.absent = append(f.absent, objectView{Kind: kinds[0].Kind, Name: name, State: stateBad, Detail: "does not exist"})
		return none
	}
	f.miss(err)
	return none
}

// route reads what exposes or scales the server, where the spec requests it.
func (s *session) route(ctx context.Context, f *facts, child *children.Child) {
	if !child.IsWanted(children.Demand{Spec: &f.server.Spec}) {
		return
	}
	name := child.Name(f.server.Name)
	object, err := s.readObject(ctx, child.GroupVersionKind, f.server.Namespace, name)
	switch {
	case err == nil:
		f.routes = append(f.routes, *object)
	case isUnserved(err):
		f.absent = append(f.absent, objectView{Kind: child.Kind, Name: name, State: stateBad, Detail: "the cluster does not serve " + child.GroupVersion().String()})
	case apierrors.IsNotFound(err):
		f.absent = append(f.absent, objectView{Kind: child.Kind, Name: name, State: stateBad, Detail: "does not exist"})
	default:
		f.miss(err)
	}
}

// claimOf is the name of the PVC with the server's data, or "".
func claimOf(server *v1alpha1.LlamaStackDistribution) string {
	storage := server.Spec.Server.Storage
	switch {
	case storage != nil && storage.ExistingClaim != "":
		return storage.ExistingClaim
	case storage.WantsPVC():
		return children.PVCName(server.Name)
	}
	return ""
}

// pods are the Pods of the server, by the selector that the operator reports.
func (s *session) pods(ctx context.Context, server *v1alpha1.LlamaStackDistribution) ([]corev1.Pod, error) {
	selector, err := selectorOf(server)
	if err != nil {
		return nil, err
	}
	var found []corev1.Pod
	err = s.eachPage(ctx, func() client.ObjectList { return &corev1.PodList{} }, func(object runtime.Object) {
		if pod, ok := object.(*corev1.Pod); ok {
			found = append(found, *pod)
		}
	}, client.InNamespace(server.Namespace), client.MatchingLabelsSelector{Selector: selector})
	if err != nil {
		return nil, fmt.Errorf("failed to list the Pods of %s: %w", server.Name, err)
	}
	return found, nil
}

// selectorOf selects the Pods of the server. One without a status has the labels of new servers.
func selectorOf(server *v1alpha1.LlamaStackDistribution) (labels.Selector, error) {
	if server.Status.Selector == "" {
		return labels.SelectorFromSet(labels.Set{v1alpha1.LabelApp: v1alpha1.AppName, v1alpha1.LabelInstance: server.Name}), nil
	}
	selector, err := labels.Parse(server.Status.Selector)
	if err != nil {
		return nil, fmt.Errorf("failed to read status.selector of %s: %w", server.Name, err)
	}
	return selector, nil
}

// timeOf an Event is when it happened last.
func timeOf(event *corev1.Event) metav1.Time {
	switch {
	case event.Series != nil && !event.Series.LastObservedTime.IsZero():
		return metav1.Time{Time: event.Series.LastObservedTime.Time}
	case !event.LastTimestamp.IsZero():
		return event.LastTimestamp
	case !event.EventTime.IsZero():
		return metav1.Time{Time: event.EventTime.Time}
	}
	return event.CreationTimestamp
}
