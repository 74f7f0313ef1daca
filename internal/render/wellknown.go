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

package render

// ServiceName is the name of the Service of a LlamaStackDistribution of this name.
func ServiceName(name string) string { return name + serviceSuffix }

// CABundleName is the name of the ConfigMap with the merged CA bundle.
func CABundleName(name string) string { return name + caBundleSuffix }

const (
	// LabelComponent says what a ConfigMap of the operator is for.
	LabelComponent = componentLabel
	// ComponentUserConfig is its value on the copies of the user's configuration.
	ComponentUserConfig = configVolume
)
