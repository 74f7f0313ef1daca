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

package apply_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/internal/apply"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/uuid"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const (
	ownerName = "web"
	wait      = time.Minute
	poll      = 10 * time.Millisecond
)

var ownerGVK = schema.GroupVersionKind{Group: "llamastack.io", Version: "v1alpha1", Kind: "LlamaStackDistribution"}

// wire counts the requests of one engine, and can answer in the API server's place.
type wire struct {
	next http.RoundTripper

	mutex sync.Mutex
	sent  []string
	// answer, when set and not nil for a request, takes the place of the API server's.
	answer func(*http.Request) (*http.Response, error)
	// from and to are replaced in answers.
	from, to []byte
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	w.mutex.Lock()
	kind := strings.TrimSuffix(strings.TrimPrefix(r.Header.Get("Content-Type"), "application/"), "+yaml")
	line := r.Method
	if r.Method == http.MethodPatch {
		line += " " + kind
	}
	w.sent = append(w.sent, line)
	answer := w.answer
	w.mutex.Unlock()
	if answer != nil {
		if response, err := answer(r); response != nil || err != nil {
			return response, err
		}
	}
	response, err := w.next.RoundTrip(r)
	if err != nil || len(w.from) == 0 {
		return response, err
	}
	body, err := io.ReadAll(response.Body)
	body = bytes.ReplaceAll(body, w.from, w.to)
	response.Body, response.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return response, errors.Join(err)
}

// rewrite changes what the API server answers from now on; empty texts end that.
func (w *wire) rewrite(from, to string) { w.from, w.to = []byte(from), []byte(to) }

// take returns what was sent since the last call.
func (w *wire) take() []string {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	sent := w.sent
	w.sent = nil
	return sent
}

const (
	read  = "GET"
	ssa   = "PATCH apply-patch"
	patch = "PATCH json-patch+json"
	del   = "DELETE"
)

// lag is a view on the cache that can hold still or hide everything.
type lag struct {
	client.Reader

	hidden bool
	frozen map[types.NamespacedName]client.Object
}

func (l *lag) Get(ctx context.Context, key client.ObjectKey, obj client.Object, options ...client.GetOption) error {
	if l.hidden {
		return apierrors.NewNotFound(schema.GroupResource{}, key.Name)
	}
	if old, ok := l.frozen[key]; ok {
		return scheme.Scheme.Convert(old, obj, nil)
	}
	return l.Reader.Get(ctx, key, obj, options...)
}

// seen remembers what the engine reported.
type seen struct{ applied, reads []string }

func (s *seen) Applied(kind, action string) { s.applied = append(s.applied, kind+" "+action) }
func (s *seen) LiveRead(kind string)        { s.reads = append(s.reads, kind) }

// world is what one spec works in: a namespace, an owner, and an engine whose requests are counted.
type world struct {
	namespace string
	owner     *metav1.PartialObjectMetadata
	config    *rest.Config
	wire      *wire
	lag       *lag
	clock     *clocktesting.FakePassiveClock
	seen      *seen
	noOwner   func(*unstructured.Unstructured) bool
	absent    []apply.Ref
	engine    *apply.Engine
}

func newWorld(ctx context.Context) *world {
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "apply-"}}
	Expect(admin.Create(ctx, namespace)).To(Succeed())
	w := &world{namespace: namespace.Name, owner: newOwner(namespace.Name, ownerName), config: rest.CopyConfig(config)}
	w.restart()
	return w
}

func newOwner(namespace, name string) *metav1.PartialObjectMetadata {
	owner := &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, UID: uuid.NewUUID()}}
	owner.SetGroupVersionKind(ownerGVK)
	return owner
}

// restart makes a new engine, as a new process would.
func (w *world) restart() {
	w.wire = &wire{}
	counted := rest.CopyConfig(w.config)
	counted.Wrap(func(next http.RoundTripper) http.RoundTripper {
		w.wire.next = next
		return w.wire
	})
	live, err := client.New(counted, client.Options{Scheme: scheme.Scheme, Mapper: mapper})
	Expect(err).NotTo(HaveOccurred())
	w.lag, w.seen, w.clock = &lag{Reader: cached}, &seen{}, clocktesting.NewFakePassiveClock(time.Now())
	w.engine = apply.New(apply.Options{
		Scheme: scheme.Scheme, Cache: w.lag, Live: live, Writer: live, Clock: w.clock, Observer: w.seen,
		ManagedLabel: apply.Label{Key: managedKey, Value: managedValue},
		LegacyManagers: func(owner client.Object) apply.LegacyManagers {
			return apply.LegacyManagers{Update: "manager", Apply: owner.GetName()}
		},
	})
}

func (w *world) request(intent string, objects ...*unstructured.Unstructured) apply.Request {
	return apply.Request{Owner: w.owner, OwnerGVK: ownerGVK, Intent: intent, Stages: []apply.Stage{{Objects: objects, Absent: w.absent}}, NoOwner: w.noOwner}
}

func (w *world) apply(ctx context.Context, objects ...*unstructured.Unstructured) []apply.Outcome {
	GinkgoHelper()
	return w.engine.Apply(ctx, w.request("intent", objects...))
}

// applyOne expects an action without an error.
func (w *world) applyOne(ctx context.Context, obj *unstructured.Unstructured, action apply.Action) {
	GinkgoHelper()
	outcomes := w.apply(ctx, obj)
	Expect(outcomes).To(HaveLen(1))
	Expect(outcomes[0].Err).NotTo(HaveOccurred())
	Expect(outcomes[0].Action).To(Equal(action))
}

// fail expects an error.
func (w *world) fail(ctx context.Context, obj *unstructured.Unstructured) error {
	GinkgoHelper()
	outcomes := w.apply(ctx, obj)
	Expect(outcomes).To(HaveLen(1))
	Expect(outcomes[0].Err).To(HaveOccurred())
	return outcomes[0].Err
}

// settle applies and waits for the cache.
func (w *world) settle(ctx context.Context, objects ...*unstructured.Unstructured) {
	GinkgoHelper()
	for _, o := range w.apply(ctx, objects...) {
		Expect(o.Err).NotTo(HaveOccurred())
	}
	for _, obj := range objects {
		w.catchUp(ctx, obj)
	}
	w.wire.take()
}

// catchUp waits until the cache shows the object, or its absence, as the API server has it.
func (w *world) catchUp(ctx context.Context, obj *unstructured.Unstructured) {
	GinkgoHelper()
	want := versionIn(ctx, admin, obj)
	Eventually(func() string { return versionIn(ctx, cached, obj) }, wait, poll).Should(Equal(want))
}

func versionIn(ctx context.Context, reader client.Reader, obj *unstructured.Unstructured) string {
	GinkgoHelper()
	typed, err := scheme.Scheme.New(obj.GroupVersionKind())
	Expect(err).NotTo(HaveOccurred())
	err = reader.Get(ctx, client.ObjectKeyFromObject(obj), typed.(client.Object))
	if apierrors.IsNotFound(err) {
		return ""
	}
	Expect(err).NotTo(HaveOccurred())
	return typed.(client.Object).GetResourceVersion()
}

// get reads the live object.
func (w *world) get(ctx context.Context, obj *unstructured.Unstructured) *unstructured.Unstructured {
	GinkgoHelper()
	live := &unstructured.Unstructured{}
	live.SetGroupVersionKind(obj.GroupVersionKind())
	Expect(admin.Get(ctx, client.ObjectKeyFromObject(obj), live)).To(Succeed())
	return live
}

// edit changes the live object as somebody else, and waits for the cache.
func (w *world) edit(ctx context.Context, obj *unstructured.Unstructured, jsonPatch string) {
	GinkgoHelper()
	live := w.get(ctx, obj)
	Expect(admin.Patch(ctx, live, client.RawPatch(types.JSONPatchType, []byte(jsonPatch)), client.FieldOwner("somebody"))).To(Succeed())
	if live.GetLabels()[managedKey] == managedValue {
		w.catchUp(ctx, obj)
		return
	}
	Eventually(func() string { return versionIn(ctx, cached, obj) }, wait, poll).Should(BeEmpty())
}

// object reads YAML into the world's namespace.
func (w *world) object(text string) *unstructured.Unstructured {
	GinkgoHelper()
	obj := &unstructured.Unstructured{}
	raw, err := yaml.YAMLToJSON([]byte(text))
	Expect(err).NotTo(HaveOccurred())
	Expect(obj.UnmarshalJSON(raw)).To(Succeed())
	obj.SetNamespace(w.namespace)
	return obj
}

// with returns a copy with one field set; a nil value removes it.
func with(obj *unstructured.Unstructured, value any, path ...string) *unstructured.Unstructured {
	GinkgoHelper()
	out := obj.DeepCopy()
	if value == nil {
		unstructured.RemoveNestedField(out.Object, path...)
		return out
	}
	Expect(unstructured.SetNestedField(out.Object, value, path...)).To(Succeed())
	return out
}

// container returns the first container, to be changed in place.
func container(obj *unstructured.Unstructured) map[string]any {
	GinkgoHelper()
	list, found, err := unstructured.NestedFieldNoCopy(obj.Object, "spec", "template", "spec", "containers")
	Expect(err).NotTo(HaveOccurred())
	Expect(found).To(BeTrue())
	return list.([]any)[0].(map[string]any)
}

// field reads one field, nil if there is none.
func field(obj *unstructured.Unstructured, path ...string) any {
	GinkgoHelper()
	value, _, err := unstructured.NestedFieldNoCopy(obj.Object, path...)
	Expect(err).NotTo(HaveOccurred())
	return value
}

// managers lists "manager operation" of the live object's entries that are not for a subresource.
func managers(obj *unstructured.Unstructured) []string {
	var out []string
	for _, e := range obj.GetManagedFields() {
		if e.Subresource == "" {
			out = append(out, fmt.Sprintf("%s %s", e.Manager, e.Operation))
		}
	}
	return out
}

const ours = apply.FieldOwner + " Apply"
