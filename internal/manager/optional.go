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
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
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
	// lookTimeout is how long the answer to whether a kind is served may take.
	lookTimeout = 5 * time.Second
	// lookSoon and lookLate are the first and the longest pause between two looks at a kind that is said to be there and
	// is not served, or the other way round.
	lookSoon = 200 * time.Millisecond
	lookLate = 30 * time.Second
	// looks are how many times it is looked at, which is for a minute, unless it is one that does not answer.
	looks = 9
)

// optionalKind is a kind that is not Kubernetes' own: a cluster may serve it or not, from one moment to the next.
type optionalKind struct {
	schema.GroupVersionKind

	// sign is the object whose coming and going tells that of the kind. Where a CustomResourceDefinition is sure to serve
	// it, that is the one: an APIService is about all kinds of a group's version, and does not change with the second of
	// them. Other kinds are served by a process of their own on one cluster, and by a definition on another; there is an
	// APIService in both cases.
	sign     schema.GroupVersionKind
	signName string
}

// optionalKinds are those that the operator makes where they are served.
func optionalKinds() []optionalKind {
	return []optionalKind{
		{
			GroupVersionKind: schema.GroupVersionKind{Group: "gateway.networking.k8s.io", Version: "v1", Kind: "HTTPRoute"},
			sign:             crdGVK(), signName: "httproutes.gateway.networking.k8s.io",
		},
		{
			GroupVersionKind: schema.GroupVersionKind{Group: "route.openshift.io", Version: "v1", Kind: "Route"},
			sign:             apiServiceGVK(), signName: "v1.route.openshift.io",
		},
	}
}

// object is an empty object of the kind.
func (k optionalKind) object() client.Object {
	object := &unstructured.Unstructured{}
	object.SetGroupVersionKind(k.GroupVersionKind)
	return object
}

func (k optionalKind) path() string {
	return fmt.Sprintf("/apis/%s/%s/%ss", k.Group, k.Version, strings.ToLower(k.Kind))
}

// look asks the API server for an object of the kind, which says more than a list of kinds: one whose server is down is
// missing from such lists, as is one that was never there.
func (k optionalKind) look(ctx context.Context, through rest.Interface) Availability {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	err := through.Get().AbsPath(k.path()).Param("limit", "1").
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
// state. One that stops to answer ends nothing: what is in the cache stays true, as far as anybody can tell.
type optionalWatch struct {
	kind  optionalKind
	built Availability
	// cache has the kind's sign alone.
	cache cache.Cache
	look  func(ctx context.Context) Availability
	pause func() *wait.Backoff
}

func looking() *wait.Backoff {
	return &wait.Backoff{Duration: lookSoon, Factor: 2, Jitter: retryJitter, Steps: looks, Cap: lookLate}
}

// Start implements manager.Runnable. A watch of one object costs no request while nothing happens.
func (w *optionalWatch) Start(ctx context.Context) error {
	sign := metadataOf(w.kind.sign)
	informer, err := w.cache.GetInformer(ctx, sign)
	if err != nil {
		return fmt.Errorf("failed to watch the %s %s: %w", w.kind.sign.Kind, w.kind.signName, err)
	}
	news := make(chan struct{}, 1)
	tell := func(any) {
		select {
		case news <- struct{}{}:
		default:
		}
	}
	_, err = informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc: tell, UpdateFunc: func(_, after any) { tell(after) }, DeleteFunc: tell,
	})
	if err != nil {
		return fmt.Errorf("failed to watch the %s %s: %w", w.kind.sign.Kind, w.kind.signName, err)
	}
	return w.follow(ctx, news, func() bool {
		return w.cache.Get(ctx, client.ObjectKey{Name: w.kind.signName}, metadataOf(w.kind.sign)) == nil
	})
}

// follow looks at the kind as long as it is not as its sign has it. A definition is there a moment before what it
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
		found := w.look(ctx)
		if found != w.built && (w.built != Served || found != Unavailable) {
			return fmt.Errorf("failed to go on: %w: %s is %s now", errPlatformChanged, w.kind.GroupKind(), found)
		}
		if pause.Steps > 0 || found == Unavailable {
			again.Reset(pause.Step())
		}
	}
}

// asAnnounced says that there is nothing to look for.
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

// newSignCache has the one object that tells of a kind.
func newSignCache(of cluster.Cluster, kind optionalKind) (cache.Cache, error) {
	made, err := cache.New(of.GetConfig(), cache.Options{
		HTTPClient: of.GetHTTPClient(), Scheme: of.GetScheme(), Mapper: of.GetRESTMapper(),
		DefaultFieldSelector: fields.OneTermEqualSelector("metadata.name", kind.signName),
		DefaultTransform:     keepIdentity,
		NewInformer:          newInformer,
	})
	if err != nil {
		return nil, fmt.Errorf("failed to make the cache of the %s %s: %w", kind.sign.Kind, kind.signName, err)
	}
	return made, nil
}

// Optional is which kinds of other APIs a cluster serves.
type Optional map[schema.GroupKind]Availability

// findOptional asks the API server once, when a manager is built.
func findOptional(ctx context.Context, through rest.Interface) Optional {
	found := Optional{}
	for _, kind := range optionalKinds() {
		found[kind.GroupKind()] = kind.look(ctx, through)
	}
	return found
}

// served are the kinds that can be cached.
func (o Optional) served() []client.Object {
	var objects []client.Object
	for _, kind := range optionalKinds() {
		if o[kind.GroupKind()] == Served {
			objects = append(objects, kind.object())
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
