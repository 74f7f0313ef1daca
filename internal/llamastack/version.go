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

package llamastack

import "regexp"

// maxVersion is the length of the longest version that is taken for one.
const maxVersion = 128

// version is the grammar of PEP 440, "Version specifiers" of the Python packaging user guide, spellings that are
// normalized included: epoch, release, pre-release, post-release, development release, local version.
// It is compiled once and never written.
var version = regexp.MustCompile(`(?i)^v?` +
	`(\d+!)?` +
	`\d+(\.\d+)*` +
	`([-_.]?(alpha|beta|preview|pre|rc|a|b|c)[-_.]?\d*)?` +
	`(-\d+|[-_.]?(post|rev|r)[-_.]?\d*)?` +
	`([-_.]?dev[-_.]?\d*)?` +
	`(\+[a-z0-9]+([-_.][a-z0-9]+)*)?$`)

func isVersion(text string) bool {
	return len(text) <= maxVersion && version.MatchString(text)
}
