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

// State is where the server keeps the data that clients create, according to its configuration.
type State struct {
	// Known means that the operator has read the configuration.
	Known bool
	// Unread means that there is a configuration that the operator has not read.
	Unread bool
	// Local are the stores in the configuration that use files or the memory of one process.
	Local []string
	// Forgotten are the providers that lose registrations at every restart of a server before 1.4.0.
	Forgotten []string
	// Vectors are the providers with vector stores that several processes can use, and Separate those of them that keep the list
	// of vector stores in each process, whatever the version.
	Vectors, Separate []string
	// Workers is the number of workers per replica in the configuration, or nil.
	Workers *int32
}

// persistentSince is the first release of the server that keeps registrations of the providers in State.Forgotten.
const persistentSince = "1.4.0"

// listedSince is the first release of the server that can keep the list of vector stores in a database.
const listedSince = "1.0.0"

// stateShared reports whether replicas and workers share all data that clients create, and whether the server keeps it
// over a restart. It is nil for one process without a problem.
func (f *facts) stateShared() *finding {
	many, forgets, unsure := f.processes(), f.forgets(), false
	trouble := []string{f.sharedPVC(), forgets}
	if many != "" {
		trouble = append(trouble, f.notShared(many))
		unsure = len(f.State.Forgotten)+len(f.State.Vectors) > 0 && f.serverVersion() == ""
	}
	message := join(trouble...)
	switch {
	case message != "":
		return &finding{metav1.ConditionFalse, v1alpha1.ReasonLocalState, message}
	case many == "":
		return nil
	case f.State.Unread:
		return &finding{metav1.ConditionUnknown, v1alpha1.ReasonStateUnknown, fmt.Sprintf(
			"There are %s, and the operator does not inspect their configuration. "+
				"Make sure that it keeps state in a database that they share, or run one replica with one worker", many)}
	case !f.State.Known:
		return &finding{metav1.ConditionUnknown, v1alpha1.ReasonStateUnknown, fmt.Sprintf(
			"There are %s with the configuration in the image, which usually keeps state in SQLite files. "+
				"Set spec.server.config.storage to a database that they share, or spec.server.userConfig to a configuration that uses one", many)}
	case unsure:
		return &finding{metav1.ConditionUnknown, v1alpha1.ReasonStateUnknown, fmt.Sprintf(
			"There are %s, and %s. The server's version is not known yet", many, f.byVersion())}
	default:
		return &finding{metav1.ConditionTrue, v1alpha1.ReasonSharedState, "The configuration keeps no state in files or in the memory of one process"}
	}
}

// notShared returns what the processes do not share, or an empty string.
func (f *facts) notShared(many string) string {
	var local []string
	if storage := f.Instance.Spec.Server.Storage; f.mostReplicas() > 1 && storage.UsesPVC() && !storage.DeclaredShared() {
		local = append(local, "the PVC can be mounted on only one node at a time: replicas on other nodes never start")
	}
	if len(f.State.Local) > 0 {
		local = append(local, "the configuration keeps state in files or in the memory of one process: "+strings.Join(f.State.Local, ", "))
	}
	if lists := f.separateLists(); lists != "" {
		local = append(local, lists)
	}
	if len(local) == 0 {
		return ""
	}
	return fmt.Sprintf("There are %s, which do not share all data that clients create: %s. Keep state in a database that they share%s, or run one replica with one worker",
		many, join(local...), f.byStorage())
}

// byStorage returns the field that declares a database, or an empty string if one is declared: then the state is that of a
// provider.
func (f *facts) byStorage() string {
	if config := f.Instance.Spec.Server.Config; config != nil && config.Storage != nil && config.Storage.Postgres != nil {
		return ""
	}
	return ", for example by spec.server.config.storage"
}

// separateLists returns which vector stores are known to the process only that a client created them on, or an empty string.
func (f *facts) separateLists() string {
	switch {
	case f.olderThan(listedSince) && len(f.State.Vectors) > 0:
		return fmt.Sprintf("before version %s, each process only knows the vector stores of %s that were created there, until it restarts",
			listedSince, strings.Join(f.State.Vectors, ", "))
	case len(f.State.Separate) > 0:
		return "each process only knows the vector stores that were created there, because a metadata_store is missing: " +
			strings.Join(f.State.Separate, ", ")
	default:
		return ""
	}
}

// byVersion returns what depends on a version that is not known.
func (f *facts) byVersion() string {
	var what []string
	if len(f.State.Forgotten) > 0 {
		what = append(what, fmt.Sprintf("before version %s, %s lose what is registered with them at every restart",
			persistentSince, strings.Join(f.State.Forgotten, ", ")))
	}
	if len(f.State.Vectors) > 0 {
		what = append(what, fmt.Sprintf("before version %s, they do not share the vector stores of %s", listedSince, strings.Join(f.State.Vectors, ", ")))
	}
	return strings.Join(what, "; ")
}

// sharedPVC returns which other servers use the same PVC, or an empty string.
func (f *facts) sharedPVC() string {
	var others string
	switch len(f.PVCSharers) {
	case 0:
		return ""
	case 1:
		others = "LlamaStackDistribution " + f.PVCSharers[0] + " also uses"
	default:
		others = "several other LlamaStackDistributions also use"
	}
	pvc := f.ExistingClaim
	if pvc == "" && f.PVC != nil {
		pvc = f.PVC.Name
	}
	return fmt.Sprintf("%s PersistentVolumeClaim %s, and servers that write the same files corrupt them: use one PVC per server, or suspend all but one", others, pvc)
}

// forgets returns what the server loses at a restart, even with one replica, or an empty string if its version keeps
// everything or is unknown.
func (f *facts) forgets() string {
	if len(f.State.Forgotten) == 0 || !f.olderThan(persistentSince) {
		return ""
	}
	return fmt.Sprintf("version %s loses what is registered with %s at every restart, even with one replica: use %s or later",
		f.serverVersion(), strings.Join(f.State.Forgotten, ", "), persistentSince)
}

// processes describes the numbers of replicas and workers, or returns an empty string for one process.
func (f *facts) processes() string {
	replicas, workers := f.mostReplicas(), int32(1)
	switch {
	case f.Instance.Spec.Server.Workers != nil:
		workers = *f.Instance.Spec.Server.Workers
	case f.measured(): // which sets one
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

// mostReplicas returns the maximum number of replicas.
func (f *facts) mostReplicas() int32 {
	if autoscaling := f.Instance.Spec.Server.Autoscaling; autoscaling != nil && !f.Instance.Spec.Suspend {
		return max(autoscaling.MaxReplicas, f.Instance.WantedReplicas())
	}
	return f.Instance.WantedReplicas()
}
