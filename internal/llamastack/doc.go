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

// Package llamastack reads what a Llama Stack server says of itself: its health, its version and its providers.
//
// A Client asks one server once. A Prober asks many, off the reconcile workers and at a pace that follows what they
// answer, and reports when an answer changed. Both take what they read for untrusted: it is bounded in time and size,
// no redirect is followed, nothing is sent that identifies or authorizes the operator, and a provider's configuration,
// which can carry secrets, is never kept.
package llamastack
