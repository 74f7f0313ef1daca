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

// Package render turns a LlamaStackDistribution, and what was found out about it, into Kubernetes objects.
//
// It is a kustomize pipeline: the manifests under base are built once, by New, from the embedded files; each Render
// copies the result and runs one transformer for each concern. The rendering is pure: no client, no clock, no
// environment, and the same Input gives the same bytes. It knows the desired objects of a server, never what the
// cluster has: what must follow a live object (an immutable selector, the size of a PVC) is part of the Input.
package render
