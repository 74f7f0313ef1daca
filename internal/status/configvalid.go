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

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// configValid is the result of the last check of the configuration. It is nil for a server whose configuration is not checked.
func (f *facts) configValid() *finding {
	check := f.Check
	if !check.Applies {
		return nil
	}
	found := &finding{metav1.ConditionUnknown, check.Reason, check.Message}
	switch check.Reason {
	case v1alpha1.ReasonValid, v1alpha1.ReasonValidWithWarnings:
		found.status = metav1.ConditionTrue
	case v1alpha1.ReasonInvalid, v1alpha1.ReasonImageUnavailable:
		found.status = metav1.ConditionFalse
		if check.Keeps {
			found.message = join(check.Message, "the Pods keep their template until the spec or an object that it refers to changes")
		}
	case "":
		found.reason = v1alpha1.ReasonNotChecked
		found.message = fmt.Sprintf("The configuration was not checked yet: a change is checked before it replaces Pods that serve, which takes up to %s",
			f.Instance.Spec.Server.CheckDeadline())
	default: // Checking, NotChecked
	}
	return found
}
