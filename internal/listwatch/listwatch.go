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

// Package listwatch has the lists and watches that client-go does not have: one that can be interrupted, one of several
// namespaces, and lists by small pages.
package listwatch

import (
	"context"
	"errors"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/apimachinery/pkg/watch"
	toolscache "k8s.io/client-go/tools/cache"
)

// Interruptible makes a reflector stop as soon as its context ends, whatever the API server does at that moment.
func Interruptible(lw toolscache.ListerWatcher) toolscache.ListerWatcher {
	return interruptibleListWatch{ListerWatcher: lw, inContext: toolscache.ToListerWatcherWithContext(lw)}
}

// interruptibleListWatch hides from a reflector why a streaming list failed. If the connection is refused, or there are
// too many requests, the reflector sleeps for up to a minute and ignores its context. The manager waits for its informers
// before it stops, so it stops late too. After any other error, the reflector lists without streaming; if that fails, it
// sleeps just as long, but wakes up when its context ends.
type interruptibleListWatch struct {
	toolscache.ListerWatcher

	inContext toolscache.ListerWatcherWithContext
}

// ListWithContext implements cache.ListerWithContext.
func (i interruptibleListWatch) ListWithContext(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
	return i.inContext.ListWithContext(ctx, options) //nolint:wrapcheck // the reflector checks its type
}

// WatchWithContext implements cache.WatcherWithContext.
func (i interruptibleListWatch) WatchWithContext(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
	watched, err := i.inContext.WatchWithContext(ctx, options)
	if options.SendInitialEvents != nil && (utilnet.IsConnectionRefused(err) || apierrors.IsTooManyRequests(err)) {
		return nil, errors.New("failed to stream a list: " + err.Error())
	}
	return watched, err //nolint:wrapcheck // the reflector checks its type
}

// IsWatchListSemanticsUnSupported reports to a reflector that lists cannot be streamed.
func (i interruptibleListWatch) IsWatchListSemanticsUnSupported() bool {
	inner, ok := i.ListerWatcher.(interface{ IsWatchListSemanticsUnSupported() bool })
	return ok && inner.IsWatchListSemanticsUnSupported()
}
