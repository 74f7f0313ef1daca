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

package checks

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/bound"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	corev1 "k8s.io/api/core/v1"
)

// Exit codes of the program: it works, or it cannot. Others are those of the shell and the kubelet.
const (
	exitInvalid = 1
	exitFailure = 2
	exitMissing = 127
)

// maxWaits is the maximum length of what a check waits for, in bytes.
const maxWaits = 512

// missesReference is the kubelet's reason for a container whose variables refer to a ConfigMap, a Secret or a key that does not
// exist.
const missesReference = "CreateContainerConfigError"

// missingVolume is how the kubelet says that a volume is of a ConfigMap, a Secret or a key that does not exist.
var missingVolume = regexp.MustCompile(`^FailedMount: .*((secret|configmap) "[^"]+" not found|references non-existent (secret|config) key)`)

// outOfMemory is the kubelet's reason for a container that was ended because of its memory limit.
const outOfMemory = "OOMKilled"

// report is what the program writes as its termination message.
type report struct {
	Result   v1alpha1.Reason `json:"result"`
	Server   string          `json:"server"`
	Package  string          `json:"package"`
	Omitted  int             `json:"omitted"`
	Findings []finding       `json:"findings"`
}

type finding struct {
	Severity string `json:"severity"`
	Path     string `json:"path"`
	Message  string `json:"message"`
}

// readPod says what the Pod of a check shows. declared says that the same program runs when the server starts, so that what
// keeps it from working keeps the server from starting.
func readPod(pod *corev1.Pod, declared bool, before string) Run {
	state := stateOf(pod)
	switch {
	case state.Terminated != nil && pod.Status.Reason == "":
		return Run{Result: resultOf(state.Terminated, declared)}
	case pod.Status.Phase == corev1.PodFailed, pod.Status.Phase == corev1.PodSucceeded:
		return Run{Lost: true} // it was evicted, or its node is lost
	case state.Waiting != nil && hasNoImage(state.Waiting.Reason):
		return Run{Result: Record{
			Reason: v1alpha1.ReasonImageUnavailable, Again: true,
			Message: bound.Text(fmt.Sprintf("%s: %s", state.Waiting.Reason, state.Waiting.Message), maxWaits),
		}}
	}
	return waitsFor(status.PodTrouble(pod, status.Trouble{}), before)
}

// waitsFor is a Job whose Pod does not run because of something, and waited for something before.
func waitsFor(trouble status.Trouble, before string) Run {
	said := bound.Text(trouble.String(), maxWaits)
	volume := missingVolume.MatchString(said)
	run := Run{Waits: said, Misses: volume || trouble.Reason == missesReference}
	if reason, _, _ := strings.Cut(before, ":"); reason != "" && reason == trouble.Reason && volume == missingVolume.MatchString(before) {
		run.Waits = before // the words can differ from one read to the next
	}
	return run
}

// hasNoImage says that the kubelet failed more than once.
func hasNoImage(reason string) bool {
	return slices.Contains([]string{"ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"}, reason)
}

// stateOf is that of the container; there may be others, which admission adds.
func stateOf(pod *corev1.Pod) corev1.ContainerState {
	for i := range pod.Status.ContainerStatuses {
		if one := &pod.Status.ContainerStatuses[i]; one.Name == render.CheckContainer {
			return one.State
		}
	}
	return corev1.ContainerState{}
}

// resultOf is the result of a program that has ended.
func resultOf(ended *corev1.ContainerStateTerminated, declared bool) Record {
	var said report
	err := json.Unmarshal([]byte(ended.Message), &said)
	known := err == nil && (ended.ExitCode == 0 && said.Result != v1alpha1.ReasonInvalid || ended.ExitCode == exitInvalid && said.Result == v1alpha1.ReasonInvalid)
	switch {
	case known && slices.Contains([]v1alpha1.Reason{v1alpha1.ReasonValid, v1alpha1.ReasonValidWithWarnings, v1alpha1.ReasonInvalid}, said.Result):
		return Record{Reason: said.Result, Message: said.words()}
	case ended.Reason == outOfMemory:
		return notChecked("The check was ended because it used more memory than its limit")
	}
	words := ended.Message
	if err == nil {
		words = said.words()
	}
	words = fmt.Sprintf("The check ended with code %d: %s", ended.ExitCode, strings.TrimSpace(words))
	if declared && (ended.ExitCode == exitFailure || ended.ExitCode == exitMissing) {
		return Record{Reason: v1alpha1.ReasonInvalid, Message: bound.Text(words, maxMessage)}
	}
	return notChecked(words)
}

func notChecked(why string) Record {
	return Record{Reason: v1alpha1.ReasonNotChecked, Message: bound.Text(why, maxMessage)}
}

// words are the findings, errors first, each with its path.
func (r *report) words() string {
	if len(r.Findings) == 0 {
		return bound.Text(fmt.Sprintf("The configuration is valid for %s %s", r.Package, r.Server), maxMessage)
	}
	said := make([]string, 0, len(r.Findings)+1)
	for _, found := range r.Findings {
		said = append(said, strings.TrimPrefix(found.Path+": "+found.Message, ": "))
	}
	if r.Omitted > 0 {
		said = append(said, fmt.Sprintf("and %d more", r.Omitted))
	}
	return bound.Text(strings.Join(said, "; "), maxMessage)
}
