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

// Package rollback decides which Pod template a Deployment is to have when a rollout may have failed: the one that is
// asked for, or the last one that was ready.
//
// What has to be known for that is in two annotations of the Deployment, which are part of what is applied: a process
// that has just started decides as the one before did. A template is known by the hash of what was rendered.
package rollback
