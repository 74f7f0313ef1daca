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

	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

const (
	// firstRetry is the pause after the first thing that the cluster could not do; it doubles from one try to the next.
	firstRetry = 5 * time.Millisecond
	// lastRetry is the longest pause. Whatever was wrong with the cluster, permissions that were missing for an hour
	// included, a server is looked at again this soon after it was put right.
	lastRetry = 30 * time.Second
)

// retries is when what the cluster could not do is tried again. It differs from controller-runtime's in two ways: that
// one waits up to 1000 s, and it lets all objects together have ten tries a second, for which the last of a thousand
// servers waits minutes when the cluster is well again. How many requests are too many is for the API server to say.
func retries() workqueue.TypedRateLimiter[reconcile.Request] {
	return workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](firstRetry, lastRetry)
}
