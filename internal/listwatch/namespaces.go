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

package listwatch

import (
	"context"
	"fmt"
	"strconv"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	toolscache "k8s.io/client-go/tools/cache"
	toolswatch "k8s.io/client-go/tools/watch"
)

// In lists and watches several namespaces as if they were one, for an operator that may not read all of them. None
// is all.
func In(namespaces []string, in func(namespace string) *toolscache.ListWatch) toolscache.ListerWatcher {
	switch len(namespaces) {
	case 0:
		return in(metav1.NamespaceAll)
	case 1:
		return in(namespaces[0])
	}
	parts := make(together, 0, len(namespaces))
	for _, namespace := range namespaces {
		parts = append(parts, in(namespace))
	}
	return ListsFirst{&toolscache.ListWatch{ListWithContextFunc: parts.list, WatchFuncWithContext: parts.watch}}
}

// together are the same kind in several namespaces.
type together []*toolscache.ListWatch

// list is of the oldest version that a part is of: a watch from there shows some events twice, and misses none.
func (t together) list(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
	options.Limit, options.Continue = 0, ""
	all, oldest := &metav1.List{}, uint64(0)
	for _, part := range t {
		list, err := part.ListWithContext(ctx, options)
		if err != nil {
			return nil, err //nolint:wrapcheck // the reflector reads it
		}
		version, err := versionOf(list)
		if err != nil {
			return nil, err
		}
		if oldest == 0 || version < oldest {
			oldest, all.ResourceVersion = version, strconv.FormatUint(version, 10)
		}
		items, err := meta.ExtractList(list)
		if err != nil {
			return nil, fmt.Errorf("failed to read a list: %w", err)
		}
		for _, item := range items {
			all.Items = append(all.Items, runtime.RawExtension{Object: item})
		}
	}
	return all, nil
}

func versionOf(list runtime.Object) (uint64, error) {
	read, err := meta.ListAccessor(list)
	if err != nil {
		return 0, fmt.Errorf("failed to read a list: %w", err)
	}
	version, err := strconv.ParseUint(read.GetResourceVersion(), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("failed to read the version of a list: %w", err)
	}
	return version, nil
}

// watch is each part's, which begins anew where it was when it ends. What cannot go on ends all of them, and has
// everything listed anew: the versions of the parts are not at the same place.
func (t together) watch(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
	news := make(chan watch.Event)
	merged := watch.NewProxyWatcher(news)
	ctx, end := context.WithCancel(ctx)
	var running sync.WaitGroup
	for _, part := range t {
		follower, err := toolswatch.NewRetryWatcherWithContext(ctx, options.ResourceVersion, part)
		if err != nil {
			end()
			return nil, fmt.Errorf("failed to watch a namespace: %w", err)
		}
		running.Go(func() { forward(ctx, follower.ResultChan(), news); end() })
	}
	go func() {
		select {
		case <-merged.StopChan():
		case <-ctx.Done():
		}
		end()
		running.Wait()
		select {
		case news <- watch.Event{Type: watch.Error, Object: &expired}:
		case <-merged.StopChan():
		}
		close(news)
	}()
	return merged, nil
}

// expired has a reflector list anew.
var expired = apierrors.NewResourceExpired("a watch of one of the namespaces ended").ErrStatus //nolint:gochecknoglobals // it is a constant

// forward until either end, or until there is an error.
func forward(ctx context.Context, from <-chan watch.Event, to chan<- watch.Event) {
	for {
		select {
		case <-ctx.Done():
			return
		case event, ok := <-from:
			if !ok || event.Type == watch.Error {
				return
			}
			if event.Type == watch.Bookmark { // it would speak for the other parts as well
				continue
			}
			select {
			case to <- event:
			case <-ctx.Done():
				return
			}
		}
	}
}

// ListsFirst has a reflector list before each watch, although the API server can begin a watch with the list.
type ListsFirst struct{ *toolscache.ListWatch }

// IsWatchListSemanticsUnSupported is how a reflector asks.
func (ListsFirst) IsWatchListSemanticsUnSupported() bool { return true }
