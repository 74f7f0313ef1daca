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

package faults_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const (
	// sequences of steps edits each are made by "make test", by "make test-full", and by "make soak".
	fewSequences, sequences, moreSequences = 3, 70, 700
	steps                                  = 150
)

// edits counts all edits of specs of this process, for the report.
var edits struct{ accepted, refused, failed, compared atomic.Int64 }

var _ = AfterSuite(func() {
	AddReportEntry("generated edits", fmt.Sprintf("%d accepted, %d of them with a problem, %d refused",
		edits.accepted.Load(), edits.failed.Load(), edits.refused.Load()), ReportEntryVisibilityAlways)
})

var _ = Describe("Generated edits of a spec", func() {
	const text = "each settle in one reconcile, and all of them together give what a new server with the last spec has"
	It("of a few servers "+text, func(ctx context.Context) { runStories(ctx, fewSequences) })
	It("of many servers "+text, Label(harness.Exhaustive), func(ctx context.Context) { runStories(ctx, rounds(sequences, moreSequences)) })
})

// runStories edits so many servers again and again.
func runStories(ctx context.Context, count int) {
	GinkgoHelper()
	spec := specSchema()
	leaves := leavesOf(spec)
	made, compared := edits.accepted.Load()+edits.refused.Load(), edits.compared.Load()
	var runs []func()
	for seed := range uint64(count) { //nolint:gosec // it is a few
		runs = append(runs, func() { newStory(ctx, spec, leaves, seed).run(ctx) })
	}
	together(runs)
	Expect(edits.accepted.Load()+edits.refused.Load()-made).To(BeNumerically(">=", count*steps), "edits")
	Expect(edits.compared.Load()-compared).To(BeNumerically(">=", count*9/10), "most end without a problem")
}

// story is one server whose spec is edited again and again.
type story struct {
	seed    uint64
	dice    *rand.Rand
	schema  *property
	leaves  []leaf
	server  *v1alpha1.LlamaStackDistribution
	process *process
	// spec is the one that is in force, and good the last one without a problem.
	spec, good map[string]any
	log        []string
}

func newStory(ctx context.Context, spec *property, leaves []leaf, seed uint64) *story {
	GinkgoHelper()
	namespace := newNamespace(ctx)
	s := &story{seed: seed, dice: rand.New(rand.NewPCG(seed, 1)), schema: spec, leaves: leaves, process: start(ctx, oldRelease, namespace)} //nolint:gosec // a test is repeatable
	s.server = llsdtest.Make("demo").Namespace(namespace).Obj()
	Expect(admin.Create(ctx, s.server)).To(Succeed())
	s.spec = s.current()
	s.good = s.spec
	return s
}

// current is the spec as the API server has it, defaults included.
func (s *story) current() map[string]any {
	for _, object := range objects.in(s.server.Namespace) {
		if object.GetKind() == v1alpha1.Kind {
			spec, _, _ := unstructured.NestedMap(object.Object, "spec")
			return spec
		}
	}
	return nil
}

func (s *story) run(ctx context.Context) {
	GinkgoHelper()
	for range steps {
		s.step(ctx)
	}
	By(fmt.Sprintf("story %d in namespace %s settles after %v", s.seed, s.server.Namespace, s.lately()))
	s.change(ctx, "go back", s.good) // refused where a field may not be changed any more
	s.process.settle(ctx, s.server)
	s.process.settle(ctx, s.server)
	if !s.inTrouble() {
		s.meetFresh(ctx)
		edits.compared.Add(1)
	}
}

// step makes one edit. Mostly the operator reconciles it at once; sometimes it only sees the next one.
func (s *story) step(ctx context.Context) {
	GinkgoHelper()
	const often, seldom = 8, 3
	next := runtime.DeepCopyJSON(s.spec)
	what := s.mutate(next)
	if s.inTrouble() && s.dice.IntN(10) < often {
		what, next = "go back", s.good
	}
	if !s.change(ctx, what, next) || s.dice.IntN(10) >= often {
		return
	}
	s.check(ctx)
	if s.dice.IntN(10) < seldom {
		cluster(ctx, s.server.Namespace)
		s.check(ctx)
	}
}

func (s *story) mutate(spec map[string]any) string {
	one := s.leaves[s.dice.IntN(len(s.leaves))]
	if len(one.path) > 2 && one.path[2] == "volumes" && s.dice.IntN(4) > 0 { // more than half of all leaves, and all alike
		one = s.leaves[s.dice.IntN(len(s.leaves))]
	}
	if s.dice.IntN(3) == 0 {
		depth := 1 + s.dice.IntN(len(one.path))
		drop(spec, one.path, depth)
		return fmt.Sprintf("drop %s at %d", one, depth)
	}
	values := one.values()
	value := values[s.dice.IntN(len(values))]
	const most = 3
	put(spec, s.schema, one.path, 0, runtime.DeepCopyJSONValue(value), func(n int) int { return s.dice.IntN(min(n+1, most)) })
	return fmt.Sprintf("set %s to %.40s", one, fmt.Sprint(value))
}

// change edits the spec, and returns whether the API server accepts it.
func (s *story) change(ctx context.Context, what string, spec map[string]any) bool {
	GinkgoHelper()
	text, err := json.Marshal([]map[string]any{{"op": "replace", "path": "/spec", "value": spec}})
	Expect(err).NotTo(HaveOccurred())
	err = admin.Patch(ctx, s.server.DeepCopy(), client.RawPatch(types.JSONPatchType, text))
	if apierrors.IsInvalid(err) || apierrors.IsBadRequest(err) {
		edits.refused.Add(1)
		return false
	}
	Expect(err).NotTo(HaveOccurred(), what)
	edits.accepted.Add(1)
	s.log = append(s.log, what)
	s.spec = s.current()
	return true
}

// check reconciles twice, and expects that the second time has nothing to do.
func (s *story) check(ctx context.Context) {
	GinkgoHelper()
	resumes := s.autoscaledBefore() // its number of replicas is set, and then given to the autoscaler
	_, err := s.process.reconcile(ctx, s.server)
	Expect(err).NotTo(HaveOccurred(), "story %d: %v", s.seed, s.lately())
	if s.checking() || resumes {
		s.process.settle(ctx, s.server)
	}
	since := s.process.wire.count()
	_, err = s.process.reconcile(ctx, s.server)
	Expect(err).NotTo(HaveOccurred(), "story %d: %v", s.seed, s.lately())
	Expect(s.process.wire.writes(since)).To(BeEmpty(), "story %d: %v", s.seed, s.lately())
	if s.inTrouble() {
		edits.failed.Add(1)
	} else {
		s.good = s.spec
	}
}

// checking is whether the configuration is being checked, which takes more than one reconcile.
func (s *story) checking() bool {
	valid := meta.FindStatusCondition(statusIn(s.server.Namespace).Conditions, string(v1alpha1.ConditionConfigValid))
	return valid != nil && valid.Reason == string(v1alpha1.ReasonChecking)
}

// autoscaledBefore is whether an autoscaler had the number of replicas of a server that is suspended.
func (s *story) autoscaledBefore() bool {
	return slices.ContainsFunc(objects.in(s.server.Namespace), func(object *unstructured.Unstructured) bool {
		return object.GetKind() == "Deployment" && object.GetAnnotations()[v1alpha1.AnnotationSuspended] != ""
	})
}

// lately are the last edits.
func (s *story) lately() []string {
	const few = 6
	return s.log[max(0, len(s.log)-few):]
}

// inTrouble is whether the operator reports that a person must fix something.
func (s *story) inTrouble() bool { return phaseOf(s.server.Namespace) == v1alpha1.PhaseFailed }

func phaseOf(namespace string) v1alpha1.DistributionPhase {
	return statusIn(namespace).Phase
}

func statusIn(namespace string) v1alpha1.LlamaStackDistributionStatus {
	instance := &v1alpha1.LlamaStackDistribution{}
	for _, object := range objects.in(namespace) {
		if object.GetKind() == v1alpha1.Kind {
			_ = runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, instance)
		}
	}
	return instance.Status
}

// meetFresh compares with a server that is new. What cannot be undone in a PVC, such as its size, is no difference.
func (s *story) meetFresh(ctx context.Context) {
	GinkgoHelper()
	fresh := newStory(ctx, s.schema, s.leaves, s.seed)
	Expect(fresh.change(ctx, "make", s.spec)).To(BeTrue())
	fresh.process.settle(ctx, fresh.server)
	if fresh.reason() == string(v1alpha1.ReasonCABundleOtherNS) {
		return // what was copied from a namespace before that was forbidden stays as it is, with a warning
	}
	Expect(fresh.inTrouble()).To(BeFalse(), "story %d: %v", s.seed, s.spec)
	edited, made := s.outcome(), fresh.outcome()
	Expect(different(made, edited)).To(BeEmpty(), "- new, + edited, story %d: %v", s.seed, s.spec)
}

func (s *story) outcome() map[string]any {
	found := follows(s.server.Namespace)
	if found["HorizontalPodAutoscaler/demo-hpa"] != nil { // the number is the autoscaler's, and nobody scales here
		unstructured.RemoveNestedField(found["Deployment/demo"].(map[string]any), "spec", "replicas")
	}
	delete(found, v1alpha1.Kind+"/demo")
	found["Ready"] = s.reason()
	return found
}

// reason is that of Ready, which goes with one status only.
func (s *story) reason() string {
	ready := meta.FindStatusCondition(statusIn(s.server.Namespace).Conditions, string(v1alpha1.ConditionReady))
	if ready == nil {
		return ""
	}
	return ready.Reason
}
