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

package podwatch

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/flowcontrol"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

// Events are read about what does not get on, and about nothing else: a Pod that waits for a Secret does not say so, only
// an Event about it does. They are read again after twice the time, up to longestPause.
const (
	longestPause = 5 * time.Minute
	// eventsPerSecond and eventsAtOnce are how many objects are asked about at most: a thousand servers that start at once
	// are a reason to ask slowly. Whoever has to wait tries again after busyPause.
	eventsPerSecond = 5
	eventsAtOnce    = 20
	busyPause       = 5 * time.Second
)

// Anybody in a namespace can make Events about an object, of any size: so many are read, and so many bytes. Those about one
// object are few, because the kubelet counts what repeats.
const (
	maxEvents      = 100
	maxEventsBytes = 1 << 20
)

// eventReader reads the Events about one object.
type eventReader func(ctx context.Context, namespace string, about types.UID) ([]corev1.Event, error)

func readEvents(client rest.Interface) eventReader {
	return func(ctx context.Context, namespace string, object types.UID) ([]corev1.Event, error) {
		about := &metav1.ListOptions{FieldSelector: fields.OneTermEqualSelector("involvedObject.uid", string(object)).String(), Limit: maxEvents}
		body, err := client.Get().Namespace(namespace).Resource("events").VersionedParams(about, metav1.ParameterCodec).
			SetHeader("Accept", runtime.ContentTypeJSON).Stream(ctx)
		if err != nil {
			return nil, fmt.Errorf("failed to list the Events about an object in namespace %s: %w", namespace, err)
		}
		defer func() { _ = body.Close() }()
		list := &corev1.EventList{}
		if err := json.NewDecoder(io.LimitReader(body, maxEventsBytes)).Decode(list); err != nil {
			return nil, fmt.Errorf("failed to read the Events about an object in namespace %s, at most %d bytes: %w", namespace, maxEventsBytes, err)
		}
		return list.Items, nil
	}
}

// Events reads those about an object, or none while many others are read.
func (p *Pods) Events(ctx context.Context, namespace string, about types.UID) ([]corev1.Event, error) {
	if !p.events.limit.TryAccept() {
		return nil, nil
	}
	return p.events.read(ctx, namespace, about)
}

// poller reads the Events about objects while they are in trouble.
type poller struct {
	read  eventReader
	limit flowcontrol.PassiveRateLimiter
	// later does something after a while, unless the operator has stopped by then.
	later func(time.Duration, func(context.Context))
}

func newPoller(read eventReader) *poller {
	return &poller{
		read: read, limit: flowcontrol.NewTokenBucketPassiveRateLimiter(eventsPerSecond, eventsAtOnce),
		later: func(time.Duration, func(context.Context)) {},
	}
}

// poll reads the Events about an object after a pause, and again after longer ones, for as long as its question is open.
func (p *poller) poll(namespace string, about types.UID, pause time.Duration, open func() bool, done func([]corev1.Event)) {
	p.later(pause, func(ctx context.Context) {
		if !open() {
			return
		}
		if !p.limit.TryAccept() {
			p.poll(namespace, about, busyPause, open, done)
			return
		}
		if events, err := p.read(ctx, namespace, about); err != nil {
			log.FromContext(ctx).V(1).Info("the Events about an object could not be read", "namespace", namespace, "uid", about, "error", err.Error())
		} else {
			done(events)
		}
		p.poll(namespace, about, min(2*pause, longestPause), open, done)
	})
}
