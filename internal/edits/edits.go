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

// Package edits logs what an edit of a spec changed, without the texts that may be a password.
package edits

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"k8s.io/apimachinery/pkg/util/diff"
	"k8s.io/apimachinery/pkg/util/sets"
	ctrl "sigs.k8s.io/controller-runtime"
)

// Log reports what an edit changed, in the log at verbosity 1 and on the writer, if there is one.
func Log(diffs io.Writer) func(before, after *v1alpha1.LlamaStackDistribution) {
	hidden := newHider()
	return func(before, after *v1alpha1.LlamaStackDistribution) {
		log := ctrl.Log.WithName("edits").V(1)
		if !log.Enabled() && diffs == nil {
			return
		}
		difference := diff.Diff(hidden.spec(before), hidden.spec(after))
		log.Info("spec edited", "namespace", after.Namespace, "name", after.Name, "diff", difference)
		if diffs != nil {
			_, _ = fmt.Fprintf(diffs, "LlamaStackDistribution %s/%s edited (-before +after):\n%s\n", after.Namespace, after.Name, difference)
		}
	}
}

// free are the fields, at any depth of a spec, whose texts are the author's own, and may be or contain a password: logs are
// read by more people than a LlamaStackDistribution.
func free() sets.Set[string] {
	return sets.New("value", "command", "args", "annotations", "options", "volumeAttributes")
}

// hider replaces each text that must not be read by a mark. The same text gets the same mark, so that a difference
// shows as one; the key of the marks is forgotten with the process, so that no list of guesses leads from a mark to its
// text.
type hider struct {
	key  []byte
	free sets.Set[string]
}

func newHider() *hider {
	h := &hider{key: make([]byte, sha256.Size), free: free()}
	_, _ = rand.Read(h.key) // it never fails
	return h
}

// spec is that of a LlamaStackDistribution, as JSON has it, without the texts that are hidden.
func (h *hider) spec(of *v1alpha1.LlamaStackDistribution) any {
	var tree any
	content, err := json.Marshal(of.Spec)
	if err == nil {
		err = json.Unmarshal(content, &tree)
	}
	if err != nil { // it was read from JSON
		return err.Error()
	}
	return h.walk(tree, false)
}

func (h *hider) walk(node any, hide bool) any {
	switch node := node.(type) {
	case map[string]any:
		for key, value := range node {
			node[key] = h.walk(value, hide || h.free.Has(key))
		}
	case []any:
		for i, value := range node {
			node[i] = h.walk(value, hide)
		}
	case string:
		if hide && node != "" {
			return h.mark(node)
		}
	}
	return node
}

// markBytes of a mark are shown.
const markBytes = 4

func (h *hider) mark(text string) string {
	sum := hmac.New(sha256.New, h.key)
	_, _ = io.WriteString(sum, text)
	return "hidden " + hex.EncodeToString(sum.Sum(nil)[:markBytes])
}
