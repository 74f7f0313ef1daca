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

package distribution

import "strings"

// floatingTag is the default tag, which moves with every release.
const floatingTag = "latest"

// Floating reports whether an image reference can change its image: it has the tag latest or no tag, and no digest.
func Floating(image string) bool {
	if strings.Contains(image, "@") {
		return false
	}
	repository := image[strings.LastIndex(image, "/")+1:] // a colon before the last slash is the port of a registry
	_, tag, tagged := strings.Cut(repository, ":")
	return !tagged || tag == floatingTag
}
