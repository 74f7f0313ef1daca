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

package manager

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"
	toolscache "k8s.io/client-go/tools/cache"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/cluster"
)

// Availability is whether a cluster serves a kind.
type Availability string

const (
	// Missing is a kind that the API server does not know.
	Missing Availability = "Missing"
	// Unavailable is a kind that it knows and cannot say anything about: another process that serves it does not answer.
	Unavailable Availability = "Unavailable"
	// Served is a kind that can be read.
	Served Availability = "Served"
)

const (
	// checkTimeout is how long the answer to whether a kind is served may take.
	checkTimeout = 5 * time.Second
	// checkSoon and checkLate are the first and the longest pause between two checks of a kind that is announced and
	// is not served, or the other way round.
	checkSoon = 200 * time.Millisecond
	checkLate = 30 * time.Second
	// checks is the number of checks, which take a minute, unless the kind does not answer.
	checks = 9
)

// optionalKind is a kind of child whose API a cluster may serve or not, from one moment to the next.
type optionalKind struct{ children.Child }

// optionalKinds are those that the operator makes where they are served.
func optionalKinds() []optionalKind {
	var kinds []optionalKind
	for _, child := range children.All() {
		if child.Optional() {
			kinds = append(kinds, optionalKind{child})
		}
	}
	return kinds
}

// path under which the kind is listed: in the first of the namespaces, or in all where there is none.
func (k optionalKind) path(namespaces []string) string {
	in := ""
	if len(namespaces) > 0 {
		in = "namespaces/" + namespaces[0] + "/"
	}
	return fmt.Sprintf("/apis/%s/%s/%s%ss", k.Group, k.Version, in, strings.ToLower(k.Kind))
}

// check asks the API server for an object of the kind, which says more than a list of kinds: one whose server is down is
// missing from such lists, as is one that was never there.
func (k optionalKind) check(ctx context.Context, through rest.Interface, namespaces []string) Availability {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	err := through.Get().AbsPath(k.path(namespaces)).Param("limit", "1").
		Param("labelSelector", v1alpha1.LabelManagedBy+"="+v1alpha1.ManagedBy).
		SetHeader("Accept", "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json").
		Do(ctx).Error()
	switch {
	case err == nil:
		return Served
	case apierrors.IsNotFound(err):
		return Missing
	}
	ctrl.Log.WithName("platform").Info("a kind of another API cannot be read", "kind", k.GroupKind().String(), "reason", err.Error())
	return Unavailable
}

// optionalWatch ends the manager when the kind turns out to be served or missing where the manager was built for another
// state. One that stops to answer ends nothing: what is in the cache stays true, as far as anybody can notify.
type optionalWatch struct {
	kind  optionalKind
	built Availability
	// cache has the kind's marker alone.
	cache cache.Cache
	check func(ctx context.Context) Availability
	pause func() *wait.Backoff
}

func checking() *wait.Backoff {
	return &wait.Backoff{Duration: checkSoon, Factor: 2, Jitter: retryJitter, Steps: checks, Cap: checkLate}
}

// Start implements manager.Runnable. A watch of one object costs no request while nothing happens.
func (w *optionalWatch) Start(ctx context.Context) error {
	marker := metadataOf(w.kind.Marker.GroupVersionKind)
	informer, err := w.cache.GetInformer(ctx, marker)
	if err != nil {
		return fmt.Errorf("failed to watch the %s %s: %w", w.kind.Marker.Kind, w.kind.Marker.Name, err)
	}
	news := make(chan struct{}, 1)
	notify := func(any) {
		select {
		case news <- struct{}{}:
		default:
		}
	}
	_, err = informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc: notify, UpdateFunc: func(_, after any) { notify(after) }, DeleteFunc: notify,
	})
	if err != nil {
		return fmt.Errorf("failed to watch the %s %s: %w", w.kind.Marker.Kind, w.kind.Marker.Name, err)
	}
	return w.follow(ctx, news, func() bool {
		return w.cache.Get(ctx, client.ObjectKey{Name: w.kind.Marker.Name}, metadataOf(w.kind.Marker.GroupVersionKind)) == nil
	})
}

// follow checks the kind as long as its marker does not match. A definition is there a moment before what it
// defines is served, and gone a moment before or after.
func (w *optionalWatch) follow(ctx context.Context, news <-chan struct{}, announced func() bool) error {
	pause := w.pause()
	again := time.NewTimer(0)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-news:
			pause = w.pause()
		case <-again.C:
		}
		if w.asAnnounced(announced()) {
			continue
		}
		found := w.check(ctx)
		if found != w.built && (w.built != Served || found != Unavailable) {
			return fmt.Errorf("failed to go on: %w: %s is %s now", errPlatformChanged, w.kind.GroupKind(), found)
		}
		if pause.Steps > 0 || found == Unavailable {
			again.Reset(pause.Step())
		}
	}
}

// asAnnounced says that there is nothing to check.
func (w *optionalWatch) asAnnounced(announced bool) bool {
	return announced && w.built == Served || !announced && w.built == Missing
}

// NeedLeaderElection is false: a standby must be right about its platform before it leads.
func (*optionalWatch) NeedLeaderElection() bool { return false }

func metadataOf(gvk schema.GroupVersionKind) client.Object {
	object := &metav1.PartialObjectMetadata{}
	object.SetGroupVersionKind(gvk)
	return object
}

// newMarkerCache has the one object that announces a kind.
func newMarkerCache(of cluster.Cluster, newCache cache.NewCacheFunc, kind optionalKind) (cache.Cache, error) {
	made, err := newCache(of.GetConfig(), cache.Options{
		HTTPClient: of.GetHTTPClient(), Scheme: of.GetScheme(), Mapper: of.GetRESTMapper(),
		DefaultFieldSelector: fields.OneTermEqualSelector("metadata.name", kind.Marker.Name),
		DefaultTransform:     keepIdentity,
		NewInformer:          newInformer,
	})
	if err != nil {
		return nil, fmt.Errorf("failed to make the cache of the %s %s: %w", kind.Marker.Kind, kind.Marker.Name, err)
	}
	return made, nil
}

// Optional is which kinds of other APIs a cluster serves.
type Optional map[schema.GroupKind]Availability

// findOptional asks the API server once, when a manager is built.
func findOptional(ctx context.Context, through rest.Interface, namespaces []string) Optional {
	found := Optional{}
	for _, kind := range optionalKinds() {
		found[kind.GroupKind()] = kind.check(ctx, through, namespaces)
	}
	return found
}

// served are the kinds that can be cached.
func (o Optional) served() []client.Object {
	var objects []client.Object
	for _, kind := range optionalKinds() {
		if o[kind.GroupKind()] == Served {
			objects = append(objects, kind.New())
		}
	}
	return objects
}

// unserved are the others; true is one that does not answer.
func (o Optional) unserved() map[schema.GroupKind]bool {
	others := map[schema.GroupKind]bool{}
	for _, kind := range optionalKinds() {
		if state := o[kind.GroupKind()]; state != Served {
			others[kind.GroupKind()] = state == Unavailable
		}
	}
	return others
}
