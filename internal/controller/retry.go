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

package controller

import (
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

const (
	// firstRetry is the delay after the first failure of the cluster; it doubles from one retry to the next.
	firstRetry = 5 * time.Millisecond
	// lastRetry is the longest delay. Whatever was wrong with the cluster, permissions that were missing for an hour
	// included, a server is reconciled this soon after it was fixed.
	lastRetry = 30 * time.Second
)

// retries is when a failure of the cluster is retried. It differs from controller-runtime's in two ways: that one waits
// up to 1000 s, and it lets all objects together have ten tries a second, for which the last of a thousand servers
// waits minutes after the cluster has recovered. The API server decides how many requests are too many.
func retries() workqueue.TypedRateLimiter[reconcile.Request] {
	return workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](firstRetry, lastRetry)
}

func (s *scope) retryAfter(delay time.Duration) {
	if s.result.RequeueAfter == 0 || delay < s.result.RequeueAfter {
		s.result.RequeueAfter = delay
	}
}

// blockedFor is after what time something that is blocked is retried: as long as the server has not been ready,
// within bounds.
func blockedFor(instance *v1alpha1.LlamaStackDistribution, now time.Time) time.Duration {
	ready := meta.FindStatusCondition(instance.Status.Conditions, string(v1alpha1.ConditionReady))
	if ready == nil || ready.Status == metav1.ConditionTrue {
		return blockedRetry
	}
	return min(max(now.Sub(ready.LastTransitionTime.Time), blockedRetry), blockedRetryMost)
}
