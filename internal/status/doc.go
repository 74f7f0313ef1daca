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

// Package status computes the status of a LlamaStackDistribution from what was gathered, applied and observed.
//
// The status is a function of its Input: nothing is counted or accumulated, and the same input gives the same status,
// so that a pass in which nothing happened writes nothing. What the old status has a say in: transition times,
// versions and providers that are known from before, and what the server last said of itself, until it is asked again
// after a restart of the operator.
//
// Ready is the condition to wait for. The first of these that holds decides its reason, and the phase:
//
//	being deleted                                    Terminating       phase Terminating
//	a problem for the user to mend                   the problem's     phase Failed
//	a problem of the cluster, see clusterProblem     ReconcileError    phase Initializing
//	no replicas wanted                               ScaledToZero      phase Pending
//	an earlier template runs instead                 RolledBack        phase Failed
//	the rollout does not progress                    RolloutFailed     phase Failed
//	rolling, or waiting for something                Progressing       phase Initializing
//	the server says that it is not well              Unhealthy         phase Failed
//	otherwise, and only then True                    Ready             phase Ready
//
// A server that the operator cannot ask, or that does not answer it, is Ready all the same: Kubernetes probes it too,
// and what the operator alone cannot see is no fault of the server. The message says that it was not observed.
package status
