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

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/bound"
)

// maxMessage is the maximum length of a message in a record, in bytes. JSON can make it twice as long.
const maxMessage = 3 << 10

// Record is the result of a check, as the annotation v1alpha1.AnnotationChecked has it.
type Record struct {
	// Hash of what was checked.
	Hash string `json:"hash"`
	// Reason of the condition ConfigValid.
	Reason v1alpha1.Reason `json:"reason"`
	// Message says what was found.
	Message string `json:"message,omitempty"`
	// Again says that the result can become another one without an edit, so that the check is repeated.
	Again bool `json:"again,omitempty"`
	// Answered is the value of the annotation v1alpha1.AnnotationCheck that was answered last.
	Answered string `json:"answered,omitempty"`
}

// Read is empty without a record, or with one that cannot be read.
func Read(annotations map[string]string) Record {
	var record Record
	if err := json.Unmarshal([]byte(annotations[v1alpha1.AnnotationChecked]), &record); err != nil {
		return Record{}
	}
	record.Message = bound.Text(record.Message, maxMessage)
	return record
}

// Annotations of the object that has the record; none for an empty record.
func (r Record) Annotations() (map[string]string, error) {
	if r == (Record{}) {
		return nil, nil //nolint:nilnil // no annotation is no error
	}
	text, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("failed to write down the result of a check: %w", err)
	}
	return map[string]string{v1alpha1.AnnotationChecked: string(text)}, nil
}

// Refuses says that what was checked must not replace what runs.
func (r Record) Refuses() bool {
	return r.Reason == v1alpha1.ReasonInvalid || r.Reason == v1alpha1.ReasonImageUnavailable
}
