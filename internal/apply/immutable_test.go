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
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("A field that cannot be changed", func() {
	var w *world
	BeforeEach(func(ctx context.Context) { w = newWorld(ctx) })

	fixedMap := func(w *world) *unstructured.Unstructured { return with(w.configMap(), true, "immutable") }
	classed := func(w *world) *unstructured.Unstructured { return with(w.pvc(), "fast", "spec", "storageClassName") }

	DescribeTable("stops its object before anything is sent, with memory and without",
		func(ctx context.Context, object func(*world) *unstructured.Unstructured, value any, path []string, name, from, to string) {
			obj := object(w)
			w.settle(ctx, obj)
			changed := with(obj, value, path...)
			for range 2 {
				outcomes := w.apply(ctx, changed)
				immutable := &apply.ImmutableError{}
				Expect(errors.As(outcomes[0].Err, &immutable)).To(BeTrue())
				Expect(outcomes[0].Action).To(Equal(apply.ActionNone))
				Expect(immutable.Field).To(Equal(name))
				Expect(immutable.Old).To(MatchRegexp(from))
				Expect(immutable.New).To(MatchRegexp(to))
				Expect(w.wire.take()).To(BeEmpty())
				Expect(w.engine.Settled(w.owner.UID, "intent")).To(BeFalse())
				w.restart()
			}
			w.applyOne(ctx, obj, apply.ActionUnchanged)
		},
		Entry("a Deployment's selector", (*world).deployment, any("x"), []string{"spec", "selector", "matchLabels", "app"},
			"spec.selector", `^\{"matchLabels":\{"app":"web"\}\}$`, `^\{"matchLabels":\{"app":"x"\}\}$`),
		Entry("a PVC's access modes", (*world).pvc, any([]any{"ReadWriteMany"}), []string{"spec", "accessModes"},
			"spec.accessModes", `^\["ReadWriteOnce"\]$`, `^\["ReadWriteMany"\]$`),
		Entry("a PVC's class", classed, any("slow"), []string{"spec", "storageClassName"}, "spec.storageClassName", "^fast$", "^slow$"),
		Entry("a PVC's volume mode", (*world).pvc, any("Block"), []string{"spec", "volumeMode"}, "spec.volumeMode", "^Filesystem$", "^Block$"),
		Entry("a PVC's size, downwards", (*world).pvc, any("1Mi"), []string{"spec", "resources", "requests", "storage"},
			"spec.resources.requests.storage", "^1Gi$", "^1Mi$"),
		Entry("the content of an immutable ConfigMap", fixedMap, any("b"), []string{"data", "config.yaml"}, "data", "^[0-9a-f]{32}$", "^[0-9a-f]{32}$"),
		Entry("that a ConfigMap is immutable", fixedMap, any(false), []string{"immutable"}, "immutable", "^true$", "^false$"),
	)

	It("says what to do", func() {
		Expect(&apply.ImmutableError{Ref: refOf(w.pvc()), Field: "spec.volumeMode", Old: "Filesystem", New: "Block"}).To(MatchError(
			"PersistentVolumeClaim " + w.namespace + "/web-pvc: spec.volumeMode cannot be changed from Filesystem to Block: " +
				"go back to the old value, or delete the object to have it made anew"))
	})

	It("does not stop others", func(ctx context.Context) {
		w.settle(ctx, w.pvc(), w.service())
		outcomes := w.apply(ctx, with(w.pvc(), "Block", "spec", "volumeMode"), with(w.service(), "x", "spec", "selector", "app"))
		Expect(kindOf(outcomes[0].Err)).To(Equal("immutable"))
		Expect(outcomes[1].Action).To(Equal(apply.ActionUpdated))
		Expect(w.wire.take()).To(Equal([]string{ssa}))
	})

	It("is not a PVC's size, upwards: the API server decides", func(ctx context.Context) {
		w.settle(ctx, w.pvc())
		err := w.fail(ctx, with(w.pvc(), "2Gi", "spec", "resources", "requests", "storage"))
		Expect(kindOf(err)).To(Equal("rejected"), "nothing has bound the PVC")
		Expect(w.wire.take()).To(Equal([]string{ssa}))
	})

	It("is not one that has no value yet", func(ctx context.Context) {
		w.settle(ctx, w.pvc())
		w.apply(ctx, with(w.pvc(), "fast", "spec", "storageClassName"))
		Expect(w.wire.take()).To(Equal([]string{ssa}))
	})

	It("is not an immutable ConfigMap's label", func(ctx context.Context) {
		w.settle(ctx, fixedMap(w))
		w.applyOne(ctx, with(fixedMap(w), "b", "metadata", "labels", "a"), apply.ActionUpdated)
	})
})
