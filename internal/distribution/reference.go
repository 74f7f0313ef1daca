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

import (
	"fmt"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
)

// CheckReference returns an error if a node cannot pull an image reference, with the likely fix. The image is used
// anyway, because the node decides.
func CheckReference(image string) error {
	_, err := name.ParseReference(image, name.WeakValidation)
	if err == nil {
		return nil
	}
	advice := "write one such as registry.example.com/team/server:1.0"
	if lower := lowerRepository(image); lower != image {
		if _, err := name.ParseReference(lower, name.WeakValidation); err == nil {
			advice = "only the tag may have capitals; write " + lower
		}
	}
	return fmt.Errorf("image %q is not a reference that a node can pull: %s", image, advice)
}

// lowerRepository converts a reference without its tag or digest to lower case.
func lowerRepository(image string) string {
	end := len(image)
	if at := strings.IndexByte(image, '@'); at >= 0 {
		end = at
	}
	if colon := strings.LastIndexByte(image[:end], ':'); colon > strings.LastIndexByte(image[:end], '/') {
		end = colon
	}
	return strings.ToLower(image[:end]) + image[end:]
}
