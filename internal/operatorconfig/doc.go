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

// Package operatorconfig reads the operator's own ConfigMap.
//
// The ConfigMap llama-stack-operator-config in the operator's namespace has four keys, each YAML:
//
//	featureFlags:         enableNetworkPolicy: {enabled: false}
//	image-overrides:      starter: registry.example.com/team/starter:1.0
//	ca-bundle-namespaces: [shared-certificates]
//	rollouts:             {atOnce: 5, perNamespace: 2}
//
// The first two are those of 0.9.0. A key that is absent or blank has its default. A malformed key keeps its last valid
// value and is reported as a Problem, so that a mistake neither stops the operator nor changes servers. Without a last
// valid value, the setting is unknown (Known is false), and objects on the cluster must stay unchanged.
package operatorconfig
