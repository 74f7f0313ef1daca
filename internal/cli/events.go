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
	"regexp"
	"slices"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Kinds of objects that controllers of Kubernetes create for a server.
const (
	kindPod        = "Pod"
	kindReplicaSet = "ReplicaSet"
	kindJob        = "Job"
)

// Names of what controllers create: they use no other characters, so that a server "a" does not have the Events of "a-b".
const (
	templateHash = `-[b-df-hj-np-tv-xz24-9]{6,10}`
	randomSuffix = `-[b-df-hj-np-tv-xz24-9]{5}`
	checkHash    = `-check-[0-9a-z]+`
)

// mostEvents is how many Events of a server are kept: the latest.
const mostEvents = 1000

func (p *program) eventsCommand() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "events NAME",
		Short: "Show the Events of a server and of everything that belongs to it",
		Long: "Show the Events of a LlamaStackDistribution, its Deployment, ReplicaSets, Pods, PVC, Service, routes and checks, the " +
			"last one at the end. Pods that do not exist any more are included. Kubernetes keeps Events for one hour by default.",
		Args: cobra.ExactArgs(1), ValidArgsFunction: p.completeServer,
		RunE: func(cmd *cobra.Command, args []string) error { return p.events(cmd.Context(), args[0], format) },
	}
	addOutput(cmd, &format)
	return cmd
}

func (p *program) events(ctx context.Context, name, format string) error {
	s, err := p.open()
	if err != nil {
		return err
	}
	server, err := s.server(ctx, name)
	if err != nil {
		return err
	}
	events, err := s.events(ctx, server)
	if err != nil {
		return err
	}
	return p.show(format, map[string]any{itemsKey: events}, func(out painter) {
		if len(events) == 0 {
			out.linef("No Events of %s in namespace %s.", name, s.namespace)
			return
		}
		out.events("", events, p.now())
	})
}

// events are those of the server and of what belongs to it, the last one at the end.
func (s *session) events(ctx context.Context, server *v1alpha1.LlamaStackDistribution, options ...client.ListOption) ([]eventView, error) {
	mine := ownEvents(server)
	views := []eventView{}
	list := func() client.ObjectList { return &corev1.EventList{} }
	err := s.eachPage(ctx, list, func(object runtime.Object) {
		if event, ok := object.(*corev1.Event); ok && mine(&event.InvolvedObject) {
			views = append(views, eventOf(event))
			if len(views) >= 2*mostEvents {
				views = latest(views)
			}
		}
	}, append(options, client.InNamespace(server.Namespace))...)
	if err != nil {
		return nil, fmt.Errorf("failed to list the Events of %s: %w", server.Name, err)
	}
	return latest(views), nil
}

// latest are the last Events in their order.
func latest(views []eventView) []eventView {
	slices.SortStableFunc(views, func(a, b eventView) int { return a.Last.Compare(b.Last.Time) })
	return views[max(0, len(views)-mostEvents):]
}

// ownEvents says whether an Event is about the server, a child of it, or what a controller created for a child.
func ownEvents(server *v1alpha1.LlamaStackDistribution) func(*corev1.ObjectReference) bool {
	names := map[string]string{v1alpha1.Kind: server.Name}
	for _, child := range children.All() {
		names[child.Kind] = child.Name(server.Name)
	}
	if claim := claimOf(server); claim != "" {
		names[children.PersistentVolumeClaim] = claim
	}
	name := regexp.QuoteMeta(server.Name)
	made := map[string]*regexp.Regexp{
		kindReplicaSet: regexp.MustCompile("^" + name + templateHash + "$"),
		kindPod:        regexp.MustCompile("^" + name + "(" + templateHash + "|" + checkHash + ")" + randomSuffix + "$"),
		kindJob:        regexp.MustCompile("^" + name + checkHash + "$"),
	}
	return func(reference *corev1.ObjectReference) bool {
		if pattern, ok := made[reference.Kind]; ok {
			return pattern.MatchString(reference.Name)
		}
		of, ok := names[reference.Kind]
		return ok && of == reference.Name
	}
}

// eventOf turns an Event into what is shown.
func eventOf(event *corev1.Event) eventView {
	return eventView{
		Last: timeOf(event), Type: clean(event.Type), Reason: clean(event.Reason),
		Object: clean(event.InvolvedObject.Kind + "/" + event.InvolvedObject.Name), Message: clean(event.Message),
	}
}
