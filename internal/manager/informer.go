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
	"errors"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/apimachinery/pkg/watch"
	toolscache "k8s.io/client-go/tools/cache"
)

// newInformer makes an informer that ends as soon as it is told to, whatever the API server does at that moment.
func newInformer(lw toolscache.ListerWatcher, example runtime.Object, resync time.Duration, indexers toolscache.Indexers) toolscache.SharedIndexInformer {
	return toolscache.NewSharedIndexInformer(endable{ListerWatcher: lw, inContext: toolscache.ToListerWatcherWithContext(lw)}, example, resync, indexers)
}

// endable hides from a reflector why a list could not be streamed. Where the connection is refused, or there are too many
// requests, the reflector would sleep for up to a minute before it tries again, and notice nothing meanwhile: the manager
// cannot end before its informers have ended, and the next one waits for it. After any other error it lists in the usual way,
// fails at that, too, and sleeps as long, but wakes up when it is told to end.
type endable struct {
	toolscache.ListerWatcher

	inContext toolscache.ListerWatcherWithContext
}

// ListWithContext implements cache.ListerWithContext.
func (e endable) ListWithContext(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
	return e.inContext.ListWithContext(ctx, options) //nolint:wrapcheck // the reflector looks at what it is
}

// WatchWithContext implements cache.WatcherWithContext.
func (e endable) WatchWithContext(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
	watched, err := e.inContext.WatchWithContext(ctx, options)
	if options.SendInitialEvents != nil && (utilnet.IsConnectionRefused(err) || apierrors.IsTooManyRequests(err)) {
		return nil, errors.New("failed to stream a list: " + err.Error())
	}
	return watched, err //nolint:wrapcheck // the reflector looks at what it is
}
