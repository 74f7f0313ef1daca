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
	"slices"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
)

// maxMessage is the maximum length of a condition's message, in bytes. The schema allows 32768 characters, but long
// messages are not readable.
const maxMessage = 4096

// userReasons is the order of users' problems in a message: the name, the references of the spec in the order of its
// fields, the objects, and what only an administrator can fix.
func userReasons() []v1alpha1.Reason {
	return []v1alpha1.Reason{
		v1alpha1.ReasonNameTooLong,
		v1alpha1.ReasonInvalidSpec,
		v1alpha1.ReasonInvalidDistribution,
		v1alpha1.ReasonUnknownDistribution,
		v1alpha1.ReasonInvalidImageOverride,
		v1alpha1.ReasonUserConfigOtherNS,
		v1alpha1.ReasonUserConfigNotFound,
		v1alpha1.ReasonUserConfigKeyNotFound,
		v1alpha1.ReasonUserConfigInvalid,
		v1alpha1.ReasonCABundleOtherNS,
		v1alpha1.ReasonCABundleNotFound,
		v1alpha1.ReasonCABundleKeyNotFound,
		v1alpha1.ReasonCABundleInvalid,
		v1alpha1.ReasonClaimNotFound,
		v1alpha1.ReasonResourceConflict,
		v1alpha1.ReasonResourceContested,
		v1alpha1.ReasonImmutableField,
		v1alpha1.ReasonRejected,
		v1alpha1.ReasonOperatorConfigMalformed,
	}
}

// rank returns the position of a reason. Reasons that are not in the list come last.
func rank(reason v1alpha1.Reason) int {
	reasons := userReasons()
	if at := slices.Index(reasons, reason); at >= 0 {
		return at
	}
	return len(reasons)
}

// problems returns the problems of one kind in a new slice.
func (f *facts) problems(kind ProblemKind) []Problem {
	var found []Problem
	for _, problem := range f.Problems {
		if problem.Kind == kind {
			found = append(found, problem)
		}
	}
	return found
}

func (f *facts) has(kind ProblemKind) bool { return len(f.problems(kind)) > 0 }

// about returns the joined messages of the problems of one kind about one part.
func (f *facts) about(kind ProblemKind, part v1alpha1.ConditionType) string {
	return messages(slices.DeleteFunc(f.problems(kind), func(p Problem) bool { return p.About != part }))
}

// pending returns the joined messages of the problems of one part that are retried or waited for.
func (f *facts) pending(part v1alpha1.ConditionType) string {
	return join(f.about(Cluster, part), f.about(Wait, part))
}

// messages joins the messages of problems in their order.
func messages(problems []Problem) string {
	texts := make([]string, 0, len(problems))
	for _, problem := range problems {
		texts = append(texts, problem.Message)
	}
	return join(texts...)
}

// join omits empty and repeated texts.
func join(texts ...string) string {
	var said []string
	for _, text := range texts {
		if text != "" && !slices.Contains(said, text) {
			said = append(said, text)
		}
	}
	return strings.Join(said, "; ")
}
