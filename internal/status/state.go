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
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// State is where the server keeps what clients create, as far as its configuration tells.
type State struct {
	// Known says that there is a configuration that the operator has read.
	Known bool
	// Local are the places of the configuration that are files or memory of one process.
	Local []string
	// Workers of each replica that the configuration asks for; nil where it does not.
	Workers *int32
}

// stateShared says whether several replicas or workers see the same of what clients create. It is nil where there is
// only one process.
func (f *facts) stateShared() *finding {
	many := f.processes()
	if many == "" {
		return nil
	}
	var local []string
	if storage := f.Instance.Spec.Server.Storage; f.mostReplicas() > 1 && storage.OnClaim() && !storage.DeclaredShared() {
		local = append(local, "the claim can be mounted on one node at a time only: replicas on other nodes never start")
	}
	if len(f.State.Local) > 0 {
		local = append(local, "the configuration keeps state in files or in the memory of one process: "+strings.Join(f.State.Local, ", "))
	}
	switch {
	case len(local) > 0:
		return &finding{metav1.ConditionFalse, v1alpha1.ReasonLocalState, fmt.Sprintf(
			"There are %s, which do not see all of what clients create: %s. Keep state in a database that they share, or run one replica with one worker", many, join(local...))}
	case !f.State.Known:
		return &finding{metav1.ConditionUnknown, v1alpha1.ReasonStateUnknown, fmt.Sprintf(
			"There are %s, and the image's own configuration, which most images have keep state in SQLite files. "+
				"Name one in spec.server.userConfig that keeps it in a database that they share", many)}
	default:
		return &finding{metav1.ConditionTrue, v1alpha1.ReasonSharedState, "The configuration keeps no state in files or in the memory of one process"}
	}
}

// processes counts replicas and workers in words, where there is more than one process.
func (f *facts) processes() string {
	replicas, workers := f.mostReplicas(), int32(1)
	switch {
	case f.Instance.Spec.Server.Workers != nil:
		workers = *f.Instance.Spec.Server.Workers
	case f.State.Workers != nil:
		workers = *f.State.Workers
	}
	switch {
	case replicas > 1 && workers > 1:
		return fmt.Sprintf("up to %d replicas with %d workers each", replicas, workers)
	case replicas > 1:
		return fmt.Sprintf("up to %d replicas", replicas)
	case workers > 1 && replicas > 0:
		return fmt.Sprintf("%d workers", workers)
	default:
		return ""
	}
}

// mostReplicas is how many there can be.
func (f *facts) mostReplicas() int32 {
	if autoscaling := f.Instance.Spec.Server.Autoscaling; autoscaling != nil && !f.Instance.Spec.Suspend {
		return max(autoscaling.MaxReplicas, f.Instance.WantedReplicas())
	}
	return f.Instance.WantedReplicas()
}
