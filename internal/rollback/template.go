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
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	utiljson "k8s.io/apimachinery/pkg/util/json"
)

const (
	// maxPacked is how long a template may be as an annotation; all annotations together may have 256 KiB. A longer one is not
	// kept, and never rolled back to.
	maxPacked = 128 << 10
	// maxTemplate is how much is unpacked.
	maxTemplate = 4 << 20
	// hashBytes of a SHA-256 are enough to tell the templates of one server apart.
	hashBytes = 16
	// restartedAt is what kubectl rollout restart sets. It stays kubectl's.
	restartedAt = "kubectl.kubernetes.io/restartedAt"
)

var errChanged = errors.New("failed to read the last ready template: it is not the one that was written down")

// packed is a template as an annotation: empty for none.
type packed struct{ hash, text string }

func pack(template map[string]any) (packed, error) {
	text, err := json.Marshal(template)
	if err != nil {
		return packed{}, fmt.Errorf("failed to pack a Pod template: %w", err)
	}
	var buffer bytes.Buffer
	writer := gzip.NewWriter(&buffer)
	if _, err := writer.Write(text); err != nil {
		return packed{}, fmt.Errorf("failed to pack a Pod template: %w", err)
	}
	if err := writer.Close(); err != nil {
		return packed{}, fmt.Errorf("failed to pack a Pod template: %w", err)
	}
	p := packed{hash: hashOf(text), text: base64.StdEncoding.EncodeToString(buffer.Bytes())}
	if len(p.text) > maxPacked {
		p.text = ""
	}
	return p, nil
}

func hashOf(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:hashBytes])
}

// template unpacks it; nil where there is none.
func (p packed) template() (map[string]any, error) {
	if p.text == "" {
		return nil, nil //nolint:nilnil // none is an answer, not an error
	}
	reader, err := gzip.NewReader(base64.NewDecoder(base64.StdEncoding, strings.NewReader(p.text)))
	if err != nil {
		return nil, fmt.Errorf("failed to unpack the last ready template: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(reader, maxTemplate))
	if err != nil {
		return nil, fmt.Errorf("failed to unpack the last ready template: %w", err)
	}
	if hashOf(text) != p.hash {
		return nil, errChanged
	}
	template := map[string]any{}
	if err := utiljson.Unmarshal(text, &template); err != nil {
		return nil, fmt.Errorf("failed to read the last ready template: %w", err)
	}
	return template, nil
}

// templateOf is the template of a Deployment as it is, with what others and the API server have added.
func templateOf(deployment *appsv1.Deployment) (map[string]any, error) {
	template := deployment.Spec.Template.DeepCopy()
	delete(template.Annotations, restartedAt)
	fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(template)
	if err != nil {
		return nil, fmt.Errorf("failed to read the template of Deployment %s/%s: %w", deployment.Namespace, deployment.Name, err)
	}
	if metadata, ok := fields["metadata"].(map[string]any); ok {
		delete(metadata, "creationTimestamp")
	}
	return fields, nil
}

// covers says that a template has all that a rendered one asks for.
func covers(live, rendered map[string]any) bool {
	typed := &corev1.PodTemplateSpec{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(rendered, typed); err != nil {
		return false
	}
	asked, err := runtime.DefaultUnstructuredConverter.ToUnstructured(typed)
	if err != nil {
		return false
	}
	return has(live, asked)
}

func has(live, asked any) bool {
	switch asked := asked.(type) {
	case nil:
		return true
	case map[string]any:
		fields, _ := live.(map[string]any)
		for key, value := range asked {
			if empty, ok := value.(map[string]any); ok && len(empty) == 0 {
				continue
			}
			if !has(fields[key], value) {
				return false
			}
		}
		return true
	case []any:
		items, _ := live.([]any)
		if len(items) < len(asked) {
			return false
		}
		for i := range asked {
			if !has(items[i], asked[i]) {
				return false
			}
		}
		return true
	default:
		return reflect.DeepEqual(live, asked)
	}
}

// bounded cuts a text between characters.
func bounded(text string) string {
	if text = strings.ToValidUTF8(text, "?"); len(text) > maxReason {
		text = strings.ToValidUTF8(text[:maxReason], "")
	}
	return text
}
