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

package status

import (
	"encoding/json"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// report is what the program of the init container configure writes as its termination message.
type report struct {
	Findings []struct {
		Severity string `json:"severity"`
		Path     string `json:"path"`
		Message  string `json:"message"`
	} `json:"findings"`
	Omitted int `json:"omitted"`
}

// configureWords returns what the init container configure found wrong: errors with their path in the
// LlamaStackDistribution. A message that is no report, such as the end of a log, is returned like that of any container.
func configureWords(ended *corev1.ContainerStateTerminated) string {
	var said report
	if err := json.Unmarshal([]byte(ended.Message), &said); err != nil {
		return lastWords(ended)
	}
	var problems []string
	for _, found := range said.Findings {
		if found.Severity == "error" {
			problems = append(problems, strings.TrimPrefix(found.Path+": "+found.Message, ": "))
		}
	}
	if len(problems) == 0 {
		return lastWords(ended)
	}
	if said.Omitted > 0 {
		problems = append(problems, fmt.Sprintf("and %d more", said.Omitted))
	}
	return words("the configuration cannot be used: " + strings.Join(problems, "; "))
}
