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

// Package checks decides whether a change of what a server starts with is checked before it replaces Pods that serve, and
// runs the Job that does. A record on the ServiceAccount has the result, so that a process that has just started repeats
// nothing. Jobs are read from the API server while they run, and not watched: there are few, none lasts long, and an
// operator without the right to use them works all the same.
package checks
