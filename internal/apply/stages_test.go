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
	"errors"

	"github.com/llamastack/llama-stack-k8s-operator/internal/apply"
	gomegatypes "github.com/onsi/gomega/types"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("Stages", func() {
	var w *world
	BeforeEach(func(ctx context.Context) { w = newWorld(ctx) })

	// inStages applies what is mounted, then the Deployment, then what points at it, and returns the actions and errors by kind. A PVC
	// only has to exist.
	inStages := func(ctx context.Context, mounted, deployment *unstructured.Unstructured, rest ...*unstructured.Unstructured) map[string]apply.Outcome {
		GinkgoHelper()
		request := w.request("stages")
		request.Stages = []apply.Stage{
			{Objects: []*unstructured.Unstructured{mounted}}, {Objects: []*unstructured.Unstructured{deployment}}, {Objects: rest, Absent: w.absent},
		}
		request.Suffices = func(ref apply.Ref) bool { return ref.GVK.Kind == "PersistentVolumeClaim" }
		found := map[string]apply.Outcome{}
		for _, outcome := range w.engine.Apply(ctx, request) {
			found[outcome.Ref.GVK.Kind] = outcome
		}
		return found
	}
	be := func(action apply.Action) gomegatypes.GomegaMatcher {
		return And(HaveField("Action", action), HaveField("Err", BeNil()))
	}
	beHeld := func(behind *unstructured.Unstructured) gomegatypes.GomegaMatcher {
		return And(HaveField("Action", apply.ActionNone), HaveField("Err", Satisfy(func(err error) bool {
			held, ok := errors.AsType[*apply.HeldError](err)
			return ok && held.Behind == refOf(behind)
		})))
	}
	refused := func(obj *unstructured.Unstructured) *unstructured.Unstructured {
		return with(obj, "not a label!", "metadata", "labels", "bad")
	}
	moved := func(obj *unstructured.Unstructured) *unstructured.Unstructured {
		return with(obj, map[string]any{"app": "moved"}, "spec", "selector")
	}
	It("are applied in order, and cost no more than one", func(ctx context.Context) {
		for _, outcome := range inStages(ctx, w.configMap(), w.deployment(), w.service()) {
			Expect(outcome).To(be(apply.ActionCreated))
		}
		Expect(w.seen.applied).To(Equal([]string{"ConfigMap Created", "Deployment Created", "Service Created"}))
		Expect(w.wire.take()).To(Equal([]string{read, ssa, read, ssa, read, ssa}))
	})

	DescribeTable("are not changed behind a refused object, with memory and without", func(ctx context.Context, restarted bool) {
		w.settle(ctx, w.configMap(), w.deployment(), w.service(), w.others()[1])
		w.absent = []apply.Ref{refOf(w.others()[1])}
		before := versionIn(ctx, admin, w.service())
		if restarted {
			w.restart()
		}
		bad := refused(w.deployment())
		found := inStages(ctx, w.configMap(), bad, moved(w.service()))
		Expect(kindOf(found["Deployment"].Err)).To(Equal("rejected"))
		Expect(found["Service"]).To(beHeld(bad))
		Expect(found["PodDisruptionBudget"]).To(beHeld(bad), "objects to remove stay, too")
		Expect(found["Service"].Err).To(MatchError("Service " + w.namespace + "/web-service stays as it is until Deployment " + w.namespace + "/web is accepted"))
		Expect(versionIn(ctx, admin, w.service())).To(Equal(before))
		Expect(w.engine.Settled(w.owner.UID, "stages")).To(BeFalse())

		found = inStages(ctx, w.configMap(), w.deployment(), moved(w.service()))
		Expect(found["Service"]).To(be(apply.ActionUpdated))
		Expect(found["PodDisruptionBudget"]).To(be(apply.ActionDeleted))
	}, Entry("with", false), Entry("without", true))

	It("are not applied after one that could not be created", func(ctx context.Context) {
		bad := refused(w.configMap())
		found := inStages(ctx, bad, w.deployment(), w.service())
		Expect(found["Deployment"]).To(beHeld(bad))
		Expect(found["Service"]).To(beHeld(bad))
		Expect(w.seen.applied).To(Equal([]string{"ConfigMap None"}))
	})

	It("are also held by a problem of the cluster, until it is over", func(ctx context.Context) {
		w.settle(ctx, w.configMap(), w.deployment(), w.service())
		w.wire.fail(ssa)
		found := inStages(ctx, w.configMap(), with(w.deployment(), int64(3), "spec", "replicas"), moved(w.service()))
		Expect(kindOf(found["Deployment"].Err)).To(Equal("cluster"))
		Expect(found["Service"]).To(beHeld(w.deployment()))
		w.wire.answer = nil
		Expect(inStages(ctx, w.configMap(), with(w.deployment(), int64(3), "spec", "replicas"), moved(w.service()))["Service"]).To(be(apply.ActionUpdated))
	})

	DescribeTable("are healed behind a refused object where they have not changed, with memory and without", func(ctx context.Context, restarted bool) {
		w.settle(ctx, w.configMap(), w.deployment(), w.service())
		w.edit(ctx, w.service(), `[{"op":"replace","path":"/spec/selector/app","value":"x"}]`)
		if restarted {
			w.restart()
		}
		found := inStages(ctx, w.configMap(), refused(w.deployment()), w.service())
		Expect(found["Service"]).To(be(apply.ActionUpdated))
		Expect(field(w.get(ctx, w.service()), "spec", "selector", "app")).To(Equal("web"))
	}, Entry("with", false), Entry("without", true))

	It("are created again after a refused object if somebody deletes them", func(ctx context.Context) {
		w.settle(ctx, w.configMap(), w.deployment(), w.service())
		Expect(w.engine.Settled(w.owner.UID, "intent")).To(BeTrue())
		Expect(admin.Delete(ctx, w.get(ctx, w.service()))).To(Succeed())
		w.goneFromCache(ctx, w.service())
		Expect(inStages(ctx, w.configMap(), refused(w.deployment()), w.service())["Service"]).To(be(apply.ActionCreated))
	})

	It("are applied after an object that only has to exist, with memory and without", func(ctx context.Context) {
		w.settle(ctx, w.pvc(), w.deployment())
		for _, pvc := range []*unstructured.Unstructured{
			with(w.pvc(), "Block", "spec", "volumeMode"), refused(w.pvc()),
		} {
			found := inStages(ctx, pvc, w.deployment(), w.service())
			Expect(found["PersistentVolumeClaim"].Err).To(HaveOccurred())
			Expect(found["Service"].Err).NotTo(HaveOccurred())
			w.restart()
		}
	})

	It("are applied after such an object while it is being deleted, or nothing could release it", func(ctx context.Context) {
		w.settle(ctx, w.pvc())
		w.edit(ctx, w.pvc(), `[{"op":"add","path":"/metadata/finalizers","value":["example.test/wait"]}]`)
		Expect(admin.Delete(ctx, w.get(ctx, w.pvc()))).To(Succeed())
		w.catchUp(ctx, w.pvc())
		found := inStages(ctx, w.pvc(), w.deployment(), w.service())
		Expect(kindOf(found["PersistentVolumeClaim"].Err)).To(Equal("wait"))
		Expect(found["Deployment"]).To(be(apply.ActionCreated))
		w.edit(ctx, w.pvc(), `[{"op":"remove","path":"/metadata/finalizers"}]`)
	})

	It("are not applied if it does not exist, or belongs to somebody else", func(ctx context.Context) {
		missing := refused(w.pvc())
		Expect(inStages(ctx, missing, w.deployment(), w.service())["Deployment"]).To(beHeld(missing))
		w.make(ctx, with(w.pvc(), nil, "metadata", "labels"))
		Expect(inStages(ctx, w.pvc(), w.deployment(), w.service())["Deployment"]).To(beHeld(w.pvc()))
		w.make(ctx, with(w.configMap(), nil, "metadata", "labels"))
		Expect(inStages(ctx, w.configMap(), w.deployment(), w.service())["Deployment"]).To(beHeld(w.configMap()))
	})

	It("are applied after an object that others keep changing back: it was accepted", func(ctx context.Context) {
		w.settle(ctx, w.configMap(), w.deployment(), w.service())
		var found map[string]apply.Outcome
		for range 7 {
			w.edit(ctx, w.deployment(), `[{"op":"replace","path":"/spec/replicas","value":7}]`)
			found = inStages(ctx, w.configMap(), w.deployment(), w.service())
			w.catchUp(ctx, w.deployment())
		}
		_, contested := errors.AsType[*apply.ContestedError](found["Deployment"].Err)
		Expect(contested).To(BeTrue())
		Expect(inStages(ctx, w.configMap(), w.deployment(), moved(w.service()))["Service"]).To(be(apply.ActionUpdated))
	})

	It("wait for an object of another version than the intent was made from", func(ctx context.Context) {
		w.settle(ctx, w.configMap(), w.deployment(), w.service())
		request := w.request("stages")
		next := with(w.deployment(), int64(3), "spec", "replicas")
		request.Stages = []apply.Stage{{Objects: []*unstructured.Unstructured{next}}, {Objects: []*unstructured.Unstructured{moved(w.service())}}}
		request.Version = func(obj *unstructured.Unstructured) string {
			if obj.GetKind() == "Deployment" {
				return "1"
			}
			return ""
		}
		outcomes := w.engine.Apply(ctx, request)
		Expect(outcomes[0]).To(be(apply.ActionPending))
		Expect(outcomes[1]).To(beHeld(w.deployment()))
	})
})
