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
	"context"
	"net/http"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/internal/apply"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func (w *world) httpRoute() *unstructured.Unstructured {
	return w.object(`
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: web-httproute
  labels: {app.kubernetes.io/managed-by: llama-stack-operator}
spec:
  parentRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: public}]
  hostnames: [a.example.com]
  rules:
  - matches: [{path: {type: PathPrefix, value: /}}]
    backendRefs: [{group: "", kind: Service, name: web-service, port: 8321, weight: 1}]
`)
}

var _ = Describe("An object of a kind without a Go type", func() {
	// live is the object as the API server has it, when the cache shows it too.
	live := func(ctx context.Context, w *world) *unstructured.Unstructured {
		GinkgoHelper()
		found := w.httpRoute()
		Expect(admin.Get(ctx, client.ObjectKeyFromObject(found), found)).To(Succeed())
		shown := w.httpRoute()
		Eventually(func() (string, error) {
			err := cached.Get(ctx, client.ObjectKeyFromObject(found), shown)
			return shown.GetResourceVersion(), err
		}).WithTimeout(wait).WithPolling(poll).Should(Equal(found.GetResourceVersion()))
		return found
	}
	change := func(ctx context.Context, w *world, text string) {
		GinkgoHelper()
		Expect(admin.Patch(ctx, live(ctx, w), client.RawPatch(types.MergePatchType, []byte(text)))).To(Succeed())
		live(ctx, w)
	}

	It("is created once, and not written while it is as declared", func(ctx context.Context) {
		w := newWorld(ctx)
		w.applyOne(ctx, w.httpRoute(), apply.ActionCreated)
		live(ctx, w)
		w.wire.take()
		w.applyOne(ctx, w.httpRoute(), apply.ActionUnchanged)
		Expect(w.wire.take()).To(BeEmpty())
	})

	It("is not written after a restart, whatever its other owners and its status are", func(ctx context.Context) {
		w := newWorld(ctx)
		w.applyOne(ctx, w.httpRoute(), apply.ActionCreated)
		ours := live(ctx, w)
		other := map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "name": "a", "uid": "b"}
		owners, _, err := unstructured.NestedSlice(ours.Object, "metadata", "ownerReferences")
		Expect(err).NotTo(HaveOccurred())
		Expect(unstructured.SetNestedSlice(ours.Object, append([]any{other}, owners...), "metadata", "ownerReferences")).To(Succeed())
		Expect(admin.Update(ctx, ours)).To(Succeed())
		live(ctx, w)

		w.restart()
		w.applyOne(ctx, w.httpRoute(), apply.ActionUnchanged)
		Expect(w.wire.take()).To(BeEmpty())
	})

	It("is healed, and keeps what others write on it", func(ctx context.Context) {
		w := newWorld(ctx)
		w.applyOne(ctx, w.httpRoute(), apply.ActionCreated)
		change(ctx, w, `{"metadata":{"annotations":{"theirs":"a"}},"spec":{"hostnames":["b.example.com"]}}`)
		w.applyOne(ctx, w.httpRoute(), apply.ActionUpdated)
		after := live(ctx, w)
		Expect(after.GetAnnotations()).To(HaveKeyWithValue("theirs", "a"))
		hosts, _, err := unstructured.NestedStringSlice(after.Object, "spec", "hostnames")
		Expect(err).NotTo(HaveOccurred())
		Expect(hosts).To(Equal([]string{"a.example.com"}))
	})

	It("loses a field that is no longer wanted, and is deleted when it is not wanted itself", func(ctx context.Context) {
		w := newWorld(ctx)
		w.applyOne(ctx, w.httpRoute(), apply.ActionCreated)
		live(ctx, w)
		less := w.httpRoute()
		unstructured.RemoveNestedField(less.Object, "spec", "hostnames")
		w.applyOne(ctx, less, apply.ActionUpdated)
		Expect(nestedIn(live(ctx, w), "hostnames")).To(BeFalse())

		outcomes := w.engine.Apply(ctx, apply.Request{
			Owner: w.owner, OwnerGVK: ownerGVK, Intent: "none",
			Stages: []apply.Stage{{Absent: []apply.Ref{refOf(less)}}},
		})
		Expect(outcomes).To(HaveExactElements(HaveField("Action", apply.ActionDeleted)))
	})

	It("is not waited for when its API does not answer", func(ctx context.Context) {
		w := newWorld(ctx)
		w.wire.answer = func(r *http.Request) (*http.Response, error) {
			defer GinkgoRecover()
			deadline, limited := r.Context().Deadline()
			Expect(limited).To(BeTrue())
			Expect(time.Until(deadline)).To(BeNumerically("<", 10*time.Second))
			<-r.Context().Done()
			return nil, r.Context().Err()
		}
		outcomes := w.apply(ctx, w.httpRoute())
		Expect(outcomes[0].Err).To(MatchError(context.DeadlineExceeded))
	})
})

func nestedIn(object *unstructured.Unstructured, field string) bool {
	_, found, err := unstructured.NestedFieldNoCopy(object.Object, "spec", field)
	return found && err == nil
}
