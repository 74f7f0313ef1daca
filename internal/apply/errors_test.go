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
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/internal/apply"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// kindOf returns the kind of an error, as callers distinguish them.
func kindOf(err error) string {
	conflict, immutable, rejected, waiting := (*apply.ConflictError)(nil), (*apply.ImmutableError)(nil), (*apply.RejectedError)(nil), (*apply.WaitError)(nil)
	switch {
	case errors.As(err, &conflict):
		return "conflict"
	case errors.As(err, &immutable):
		return "immutable"
	case errors.As(err, &rejected):
		return "rejected"
	case errors.As(err, &waiting):
		return "wait"
	}
	return "cluster"
}

func line(r *http.Request) string {
	if r.Method != http.MethodPatch {
		return r.Method
	}
	switch r.Header.Get("Content-Type") {
	case "application/json-patch+json":
		return patch
	default:
		return ssa
	}
}

// fail breaks the connection for one kind of request.
func (w *wire) fail(kind string) {
	w.answer = func(r *http.Request) (*http.Response, error) {
		if line(r) == kind {
			return nil, errors.New("connection lost")
		}
		return nil, nil
	}
}

// before calls do ahead of one kind of request.
func (w *wire) before(kind string, do func()) {
	w.answer = func(r *http.Request) (*http.Response, error) {
		if line(r) == kind {
			do()
		}
		return nil, nil
	}
}

// status makes the API server answer one kind of request with a failure.
func (w *wire) status(kind string, status metav1.Status) {
	status.Status = metav1.StatusFailure
	status.APIVersion, status.Kind = "v1", "Status"
	text, err := json.Marshal(status)
	Expect(err).NotTo(HaveOccurred())
	w.answer = func(r *http.Request) (*http.Response, error) {
		if line(r) != kind {
			return nil, nil
		}
		return &http.Response{
			StatusCode: int(status.Code), Request: r, Body: io.NopCloser(bytes.NewReader(text)),
			Header: http.Header{"Content-Type": {"application/json"}},
		}, nil
	}
}

var _ = Describe("What the API server refuses", func() {
	var w *world
	BeforeEach(func(ctx context.Context) { w = newWorld(ctx) })

	It("for very many causes is reported with ten of them, in a short message", func(ctx context.Context) {
		causes := []metav1.StatusCause{{Field: "spec.env[00000]", Message: strings.Repeat("x", 10_000)}}
		for i := range 20_000 {
			causes = append(causes, metav1.StatusCause{Field: fmt.Sprintf("spec.env[%05d]", 20_000-i), Message: "Required value"})
		}
		w.wire.status(ssa, metav1.Status{
			Code: 422, Reason: metav1.StatusReasonInvalid, Message: "no", Details: &metav1.StatusDetails{Causes: append(causes, causes...)},
		})

		err := w.fail(ctx, w.service())

		Expect(kindOf(err)).To(Equal("rejected"), err.Error())
		Expect(err).To(MatchError(And(ContainSubstring("spec.env[00000]: xxx"), HaveSuffix("; spec.env[00009]: Required value; and 19991 more"))))
		Expect(len(err.Error())).To(BeNumerically("<", 2000))
	})

	It("as invalid is reported by field", func(ctx context.Context) {
		obj := w.service()
		w.settle(ctx, obj)
		bad := with(obj, "No/Name", "spec", "sessionAffinity")
		err := w.fail(ctx, bad)
		rejected := &apply.RejectedError{}
		Expect(errors.As(err, &rejected)).To(BeTrue())
		Expect(rejected.Policy).To(BeFalse())
		Expect(rejected.Reason).To(HavePrefix(`spec.sessionAffinity: Unsupported value: "No/Name"`))
		Expect(err.Error()).To(HavePrefix("the API server rejects Service " + w.namespace + "/web-service: spec.sessionAffinity: "))
		Expect(w.engine.Settled(w.owner.UID, "intent")).To(BeFalse())
		w.applyOne(ctx, obj, apply.ActionUnchanged)
		Expect(w.seen.applied).To(Equal([]string{"Service Created", "Service None"}))
	})

	It("as unknown to the schema is reported", func(ctx context.Context) {
		err := w.fail(ctx, with(w.service(), "x", "spec", "nonsense"))
		Expect(kindOf(err)).To(Equal("rejected"), err.Error())
		Expect(err).To(MatchError(HaveSuffix("/web-service: spec.nonsense: field not declared in schema")))
	})

	It("for two items of one name is reported", func(ctx context.Context) {
		obj := w.deployment()
		twice := map[string]any{"name": "A", "value": "x"}
		container(obj)["env"] = []any{twice, twice}
		err := w.fail(ctx, obj)
		Expect(kindOf(err)).To(Equal("rejected"), err.Error())
		Expect(err).To(MatchError(HaveSuffix(`spec.template.spec.containers[name="server"].env: duplicate entries for key [name="A"]`)))
	})

	It("for several such mistakes is reported with each of them, once", func(ctx context.Context) {
		obj := w.deployment()
		item := func(name string) any { return map[string]any{"name": name, "value": "x"} }
		container(obj)["env"] = []any{item("A"), item("A"), item("A"), item("B"), item("B")}
		err := w.fail(ctx, obj)
		Expect(kindOf(err)).To(Equal("rejected"), err.Error())
		Expect(err).To(MatchError(HaveSuffix(`/web: spec.template.spec.containers[name="server"].env: duplicate entries for key [name="A"]; ` +
			`spec.template.spec.containers[name="server"].env: duplicate entries for key [name="B"]`)))
	})

	It("for mistakes in several lists is reported the same each time, however the API server sorts them", func(ctx context.Context) {
		obj := w.deployment()
		twice := map[string]any{"name": "A", "value": "x"}
		container(obj)["env"] = []any{twice, twice}
		volume := map[string]any{"name": "a", "emptyDir": map[string]any{}}
		Expect(unstructured.SetNestedSlice(obj.Object, []any{volume, volume}, "spec", "template", "spec", "volumes")).To(Succeed())
		messages := map[string]struct{}{}
		for range 20 {
			messages[w.fail(ctx, obj).Error()] = struct{}{}
		}
		Expect(messages).To(HaveLen(1))
	})

	It("by a rule of the namespace may pass later", func(ctx context.Context) {
		Expect(admin.Create(ctx, &corev1.LimitRange{
			ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "small"},
			Spec: corev1.LimitRangeSpec{Limits: []corev1.LimitRangeItem{{
				Type: corev1.LimitTypePersistentVolumeClaim, Max: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Mi")},
			}}},
		})).To(Succeed())
		err := error(nil)
		Eventually(func() string { err = w.fail(ctx, w.pvc()); return kindOf(err) }, wait, poll).Should(Equal("rejected"))
		rejected := &apply.RejectedError{}
		Expect(errors.As(err, &rejected)).To(BeTrue())
		Expect(rejected.Policy).To(BeTrue())
		Expect(rejected.Reason).To(ContainSubstring("maximum storage usage per PersistentVolumeClaim is 1Mi"))
	})

	It("because the namespace is being deleted is a wait", func(ctx context.Context) {
		Expect(admin.Delete(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: w.namespace}})).To(Succeed())
		outcome := w.apply(ctx, w.service())[0]
		Expect(kindOf(outcome.Err)).To(Equal("wait"), outcome.Err.Error())
		Expect(outcome.Action).To(Equal(apply.ActionPending))
		Expect(outcome.Err).To(MatchError(ContainSubstring("its namespace is being deleted")))
	})

	It("for lack of permission is the cluster's problem", func(ctx context.Context) {
		w.config = rest.CopyConfig(config)
		w.config.Impersonate = rest.ImpersonationConfig{UserName: "nobody"}
		w.restart()
		Expect(kindOf(w.fail(ctx, w.service()))).To(Equal("cluster"))
		obj := w.configMap()
		Expect(admin.Create(ctx, obj)).To(Succeed())
		w.catchUp(ctx, obj)
		err := w.fail(ctx, obj)
		Expect(kindOf(err)).To(Equal("cluster"))
		Expect(err).To(MatchError(ContainSubstring("failed to apply ConfigMap " + w.namespace + "/web-config: ")))
	})

	DescribeTable("is recognized by its status", func(ctx context.Context, kind string, policy bool, status metav1.Status) {
		w.wire.status(ssa, status)
		err := w.fail(ctx, w.service())
		Expect(kindOf(err)).To(Equal(kind), err.Error())
		rejected := &apply.RejectedError{}
		if errors.As(err, &rejected) {
			Expect(rejected.Policy).To(Equal(policy))
			Expect(rejected.Reason).To(Equal(status.Message))
		} else {
			Expect(err).To(MatchError(HavePrefix("failed to apply Service ")))
		}
	},
		Entry("a webhook", "rejected", true, metav1.Status{Code: 400, Reason: metav1.StatusReasonBadRequest, Message: `admission webhook "x" denied the request: no`}),
		Entry("a webhook's own code", "rejected", true, metav1.Status{Code: 403, Reason: metav1.StatusReasonForbidden, Message: `admission webhook "x" denied the request: no`}),
		Entry("a policy", "rejected", true, metav1.Status{
			Code: 422, Reason: metav1.StatusReasonInvalid,
			Message: `services "x" is forbidden: ValidatingAdmissionPolicy 'x' with binding 'x' denied request: no`,
		}),
		Entry("a size", "rejected", false, metav1.Status{Code: 413, Reason: metav1.StatusReasonRequestEntityTooLarge, Message: "too large"}),
		Entry("an owner that may not be blocked", "cluster", false, metav1.Status{
			Code: 403, Reason: metav1.StatusReasonForbidden,
			Message: `services "x" is forbidden: cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on: , <nil>`,
		}),
		Entry("a webhook that does not answer", "cluster", false, metav1.Status{Code: 500, Reason: metav1.StatusReasonInternalError, Message: `failed calling webhook "x"`}),
		Entry("a stale resourceVersion", "cluster", false, metav1.Status{Code: 409, Reason: metav1.StatusReasonConflict, Message: "the object has been modified"}),
		Entry("a namespace that is gone", "cluster", false, metav1.Status{Code: 404, Reason: metav1.StatusReasonNotFound, Message: `namespaces "x" not found`}),
	)

	It("to make sense is the cluster's problem", func(ctx context.Context) {
		w.wire.rewrite(`"targetPort":8321`, `"targetPort":{}`)
		Expect(w.fail(ctx, w.service())).To(MatchError(ContainSubstring("failed to read Service")))
		Expect(w.engine.Settled(w.owner.UID, "intent")).To(BeFalse())
	})

	It("to answer is the cluster's problem", func(ctx context.Context) {
		w.wire.fail(read)
		Expect(w.fail(ctx, w.service())).To(MatchError(ContainSubstring("failed to read Service")))
		w.wire.fail(ssa)
		Expect(w.fail(ctx, w.service())).To(MatchError(ContainSubstring("failed to apply Service")))
	})
})
