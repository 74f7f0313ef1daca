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

// Package status computes the status of a LlamaStackDistribution from the gathered, applied and observed objects.
//
// The status is a function of its Input: nothing is counted or accumulated, and the same input gives the same status,
// so that a reconcile without a change writes nothing. The old status only determines transition times, known versions
// and providers, and the last reported health until the first probe after a restart of the operator.
//
// Ready is the condition to wait for. The first of these that applies determines its reason and the phase:
//
//	being deleted                                    Terminating       phase Terminating
//	a problem that the user must fix                 the problem's     phase Failed
//	a problem of the cluster, see clusterProblem     ReconcileError    phase Initializing
//	0 replicas; True after the last Pod is gone      ScaledToZero      phase Pending
//	an earlier template runs instead                 RolledBack        phase Failed
//	the rollout does not progress                    RolloutFailed     phase Failed
//	rolling, or waiting for something                Progressing       phase Initializing
//	the server reports that it is unhealthy          Unhealthy         phase Failed
//	otherwise, True                                  Ready             phase Ready
//
// A server that the operator cannot reach is still Ready, because the kubelet probes it too, and the network can block
// the operator alone. The message says that its health is not observed.
//
// Patience says for how long a change of the status waits for more. It saves one of three status writes, and one of eight writes in all, for
// each server that is created (make bench BENCH_CRS=200).
package status
