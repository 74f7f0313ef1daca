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

// Package controller reconciles LlamaStackDistributions in one direction:
//
//	gather (cache reads) → render → apply → observe (cache reads) → status (one write, only if it differs)
//
// It orchestrates. What an object contains, how it reaches the API server, what a condition says, what is in a PEM
// block or in a server's configuration, and how a server is probed is decided by the packages that it calls.
package controller
