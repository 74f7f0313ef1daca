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

package statuswriter

import (
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"k8s.io/apimachinery/pkg/types"
)

// Remember a status that was written.
func (w *Writer) Remember(over *v1alpha1.LlamaStackDistribution, status v1alpha1.LlamaStackDistributionStatus) {
	w.remember(over, status)
}

// Hold is how long a change still waits to be written.
func (w *Writer) Hold(uid types.UID, changed bool, patience time.Duration, now time.Time) time.Duration {
	return w.hold(uid, changed, patience, now)
}
