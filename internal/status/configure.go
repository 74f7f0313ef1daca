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

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
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
	problems := findings(ended, "error")
	if problems == "" {
		return lastWords(ended)
	}
	return words("the configuration cannot be used: " + problems)
}

// ConfigureWarnings returns the warnings of the init container configure of a Pod, bounded, or an empty string; and whether
// it has compiled the configuration yet.
func ConfigureWarnings(pod *corev1.Pod) (string, bool) {
	for i := range pod.Status.InitContainerStatuses {
		one := &pod.Status.InitContainerStatuses[i]
		if one.Name == v1alpha1.ConfigureContainerName && one.State.Terminated != nil && one.State.Terminated.ExitCode == 0 {
			return words(findings(one.State.Terminated, "warning")), true
		}
	}
	return "", false
}

// findings returns those of a severity, each with its path, or an empty string.
func findings(ended *corev1.ContainerStateTerminated, severity string) string {
	var said report
	if err := json.Unmarshal([]byte(ended.Message), &said); err != nil {
		return ""
	}
	var found []string
	for _, one := range said.Findings {
		if one.Severity == severity {
			found = append(found, strings.TrimPrefix(one.Path+": "+one.Message, ": "))
		}
	}
	if len(found) > 0 && said.Omitted > 0 {
		found = append(found, fmt.Sprintf("and %d more", said.Omitted))
	}
	return strings.Join(found, "; ")
}
