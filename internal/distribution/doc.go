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

// Package distribution determines the image of a LlamaStackDistribution.
//
// A CR sets an image, or the name of a distribution. The image of a name comes from the first of these that has it:
//
//  1. image-overrides in the operator's ConfigMap, which an administrator edits,
//  2. the environment variable RELATED_IMAGE_<NAME>, which an installation sets (a disconnected one by digest),
//  3. the map in the operator's binary, distributions.json.
//
// The first two can also add names.
package distribution
