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

package rollback

import (
	"encoding/json"
	"fmt"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/bound"
	"github.com/llamastack/llama-stack-k8s-operator/internal/podtemplate"
	appsv1 "k8s.io/api/apps/v1"
)

// maxReason is how much of the reason of a failure is kept, in bytes.
const maxReason = 512

// Record is the content of a Deployment's annotations. Templates are hashes.
type Record struct {
	// Template that was last applied.
	Template string `json:"template"`
	// Ready is the last one whose Pods were all available, in the annotation v1alpha1.AnnotationReadyTemplate.
	Ready string `json:"ready,omitempty"`
	// Failed is the one that is asked for and whose rollout failed, while Ready is applied in its place.
	Failed string `json:"failed,omitempty"`
	// Why it failed.
	Why string `json:"why,omitempty"`
	// Image that the failed one has.
	Image string `json:"image,omitempty"`
	// Before is the time of the failure that the Deployment reported when Template was applied. It belongs to an
	// earlier template.
	Before string `json:"before,omitempty"`

	// packed is the template Ready.
	packed string
}

// Read is empty for a Deployment that has no record, or none that can be read.
func Read(deployment *appsv1.Deployment) Record {
	var record Record
	if deployment == nil {
		return record
	}
	if err := json.Unmarshal([]byte(deployment.Annotations[v1alpha1.AnnotationRollout]), &record); err != nil {
		return Record{}
	}
	record.packed = deployment.Annotations[v1alpha1.AnnotationReadyTemplate]
	return record
}

// Seen is what is known of the Deployment as it is, nil where there is none.
type Seen struct {
	Deployment *appsv1.Deployment
	// Serves says that all its Pods are of its template and available, and that there are some.
	Serves bool
	// FailedAt is when its controller gave a rollout up, or empty.
	FailedAt string
	// Current says that its status is about its generation.
	Current bool
	// Why says why its Pods do not run.
	Why string
	// Image that is asked for.
	Image string
}

// Decision is what to apply.
type Decision struct {
	// Template is the one that was passed in, or the last one that was ready.
	Template map[string]any
	// Annotations of the Deployment.
	Annotations map[string]string
	// RolledBack says that Template is not what was passed in.
	RolledBack bool
	// ConfigMaps that the last ready template mounts, so that they have to stay.
	ConfigMaps []string
}

// Decide decides whether the wanted template, as it was rendered, is applied.
func Decide(seen Seen, wanted map[string]any) (Decision, error) {
	asked, err := podtemplate.Pack(wanted)
	if err != nil {
		return Decision{}, err
	}
	last := Read(seen.Deployment)
	ready, err := lastReady(seen, last, asked, wanted)
	if err != nil {
		return Decision{}, err
	}
	next := Record{Template: asked.Hash, Ready: ready.Hash, packed: ready.Text}
	decision := Decision{Template: wanted}
	good, err := ready.Template()
	if err != nil {
		next.Ready, next.packed, good = "", "", nil
	}
	if good != nil && ready.Hash != asked.Hash && next.fail(seen, last) {
		next.Template, decision.Template, decision.RolledBack = ready.Hash, good, true
	}
	next.Before = last.Before
	if next.Template != last.Template {
		next.Before = seen.FailedAt
	}
	decision.ConfigMaps = podtemplate.ConfigMaps(good)
	decision.Annotations, err = next.annotations()
	return decision, err
}

// fail says whether the rollout of r.Template failed, now or earlier, and keeps why. A failure that was reported before
// the template was applied belongs to an earlier template.
func (r *Record) fail(seen Seen, last Record) bool {
	switch {
	case last.Failed == r.Template:
		r.Failed, r.Why, r.Image = last.Failed, last.Why, last.Image
	case last.Template == r.Template && seen.Current && seen.FailedAt != "" && seen.FailedAt != last.Before:
		r.Failed, r.Why, r.Image = r.Template, bound.Text(seen.Why, maxReason), seen.Image
	}
	return r.Failed != ""
}

func (r *Record) annotations() (map[string]string, error) {
	text, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("failed to write down the rollout: %w", err)
	}
	annotations := map[string]string{v1alpha1.AnnotationRollout: string(text)}
	if r.packed != "" {
		annotations[v1alpha1.AnnotationReadyTemplate] = r.packed
	}
	return annotations, nil
}

// lastReady is the template that serves, or else the one that did.
func lastReady(seen Seen, last Record, asked podtemplate.Packed, wanted map[string]any) (podtemplate.Packed, error) {
	known := podtemplate.Packed{Hash: last.Ready, Text: last.packed}
	if !seen.Serves || last.Ready != "" && last.Ready == last.Template {
		return known, nil
	}
	if last.Template == asked.Hash {
		return asked, nil
	}
	live, err := templateOf(seen.Deployment)
	if err != nil {
		return podtemplate.Packed{}, err
	}
	if last.Template == "" && covers(live, wanted) {
		return asked, nil
	}
	return podtemplate.Pack(live)
}
