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
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/bound"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The versions of servers that this release supports: those from the first to the last that its configurations are tested
// with (CONFIGURE_VERSIONS in hack/make/configure.mk). Patch releases do not change what the operator uses, so that each of the
// last minor version counts.
const (
	oldestServer = "0.2.12"
	newestServer = "1.5"
)

// versionSupported reports whether the release supports the version of the server, which runs in any case: the condition
// says what to expect of it. It is nil as long as nothing is known about the version.
func (f *facts) versionSupported() *finding {
	text := f.serverVersion()
	if text == "" {
		return f.versionMissing()
	}
	has, known := numbers(text)
	oldest, _ := numbers(oldestServer)
	newest, _ := numbers(newestServer)
	switch {
	case !known:
		return &finding{metav1.ConditionUnknown, v1alpha1.ReasonVersionUnknown, "The operator cannot compare the version of the server: " + bound.Text(text, maxWord)}
	case slices.Compare(has[:], oldest[:]) < 0:
		return &finding{metav1.ConditionFalse, v1alpha1.ReasonVersionTooOld, unsupported(text) + "Use a newer image"}
	case slices.Compare(has[:2], newest[:2]) > 0:
		return &finding{metav1.ConditionFalse, v1alpha1.ReasonVersionTooNew, unsupported(text) + "Upgrade the operator, or use an older image"}
	default:
		return &finding{metav1.ConditionTrue, v1alpha1.ReasonVersionSupported, "This release of the operator supports the version of the server"}
	}
}

func unsupported(version string) string {
	return fmt.Sprintf("The server has version %s, and this release of the operator supports %s to %s: what the spec declares can have no effect. ",
		bound.Text(version, maxWord), oldestServer, newestServer)
}

// versionMissing is what is found without a version: nothing before the server answers. After that, the finding stays while
// it does not.
func (f *facts) versionMissing() *finding {
	was := f.was(v1alpha1.ConditionVersionSupported)
	stays := was != nil && was.Status == metav1.ConditionUnknown && f.sameImage()
	if f.stopped() || !f.Server.Reached && !stays {
		return nil
	}
	return &finding{metav1.ConditionUnknown, v1alpha1.ReasonVersionUnknown, "The server does not report its version to the operator"}
}

// numbers returns the major, minor and patch version of a version in the format of PEP 440, and whether it has the first
// two. It allocates nothing, because every reconcile compares the version.
func numbers(version string) ([3]int, bool) {
	var found [3]int
	rest := strings.TrimPrefix(version, "v")
	for at := range found {
		digits := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
		number, err := strconv.Atoi(rest[:digits])
		if err != nil {
			return found, at > 1
		}
		found[at] = number
		var more bool
		if rest, more = strings.CutPrefix(rest[digits:], "."); !more {
			return found, at > 0
		}
	}
	return found, true
}
