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

// Package harness is what the suites that run the operator against a real API server have in common: a control plane
// with an audit log, the operator in the suite's own process, stand-ins for what an API server alone does not do, and
// helpers for objects. Only tests import it; everything in it fails the running spec by itself, and what it starts ends
// with the suite.
//
// A suite starts like this:
//
//	controlPlane := harness.StartControlPlane(harness.Options{})
//	controlPlane.StartKubelet()
//	servers := harness.StartServers()
//	operator := controlPlane.StartOperator(harness.OperatorOptions{Dial: servers.Dial})
package harness
