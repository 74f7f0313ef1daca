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

package rollback_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/rollback"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/runtime"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const (
	first  = "09:00:00"
	second = "10:00:00"
	why    = "ImagePullBackOff: no such image"
)

// template is one as it is rendered: a container of an image, and the configuration that it mounts.
func template(image string) map[string]any {
	return map[string]any{
		"metadata": map[string]any{"labels": map[string]any{"app": "llama-stack"}},
		"spec": map[string]any{
			"containers": []any{map[string]any{
				"name": "server", "image": image, "ports": []any{map[string]any{"containerPort": int64(8321)}},
				"resources": map[string]any{"requests": map[string]any{"cpu": "1000m"}},
			}},
			"volumes": []any{
				map[string]any{"name": "config", "configMap": map[string]any{"name": "config-of-" + image}},
				map[string]any{"name": "scratch", "emptyDir": map[string]any{}},
			},
		},
	}
}

// world is a Deployment that gets what is decided, and a controller of Deployments that follows its spec.
type world struct {
	deployment *appsv1.Deployment
	seen       rollback.Seen
	rollouts   int
}

func (w *world) ask(image string) rollback.Decision {
	GinkgoHelper()
	return w.apply(template(image))
}

// apply decides, and decides again: there is nothing left to do then.
func (w *world) apply(wanted map[string]any) rollback.Decision {
	GinkgoHelper()
	decided := w.once(wanted)
	again, rollouts := w.once(wanted), w.rollouts
	Expect(again).To(Equal(decided))
	Expect(rollouts).To(Equal(w.rollouts))
	return decided
}

func (w *world) once(wanted map[string]any) rollback.Decision {
	GinkgoHelper()
	w.seen.Deployment = w.deployment
	before, err := json.Marshal(wanted)
	Expect(err).NotTo(HaveOccurred())
	decided, err := rollback.Decide(w.seen, wanted)
	Expect(err).NotTo(HaveOccurred())
	Expect(json.Marshal(wanted)).To(Equal(before), "what is passed in stays as it is")

	next := &appsv1.Deployment{}
	next.Annotations = decided.Annotations
	Expect(runtime.DefaultUnstructuredConverter.FromUnstructured(decided.Template, &next.Spec.Template)).To(Succeed())
	if w.deployment == nil || !equal(w.deployment, next) {
		w.seen.Serves, w.seen.Current = false, false
		w.rollouts++
	}
	w.deployment = next
	return decided
}

func equal(a, b *appsv1.Deployment) bool {
	return fmt.Sprint(a.Spec.Template) == fmt.Sprint(b.Spec.Template)
}

// ready is what a rollout comes to.
func (w *world) ready() { w.seen.Serves, w.seen.Current, w.seen.FailedAt = true, true, "" }

// fail is what it comes to otherwise.
func (w *world) fail(at string) {
	w.seen.Serves, w.seen.Current, w.seen.FailedAt, w.seen.Why, w.seen.Image = false, true, at, why, "bad"
}

func (w *world) record() rollback.Record { return rollback.Read(w.deployment) }

// served is a world whose server of the image "good" was ready, and which is asked for "bad".
func served() *world {
	GinkgoHelper()
	w := &world{}
	w.ask("good")
	w.ready()
	w.ask("good")
	w.ask("bad")
	return w
}

func beRolledBackTo(image string) OmegaMatcher {
	return And(HaveField("RolledBack", true), HaveField("Template", Equal(template(image))))
}

func follow(image string) OmegaMatcher {
	return And(HaveField("RolledBack", false), HaveField("Template", Equal(template(image))))
}

var _ = Describe("A rollout", func() {
	It("that progresses is not changed", func() {
		w := served()
		Expect(w.ask("bad")).To(follow("bad"))
		w.ready()
		Expect(w.ask("bad")).To(And(follow("bad"), HaveField("ConfigMaps", ConsistOf("config-of-bad"))))
	})

	It("that fails is rolled back, and stays so", func() {
		w := served()
		w.fail(first)
		Expect(w.ask("bad")).To(And(beRolledBackTo("good"), HaveField("ConfigMaps", ConsistOf("config-of-good"))))
		Expect(w.record()).To(And(HaveField("Why", why), HaveField("Image", "bad"), HaveField("Failed", Not(BeEmpty()))))
		w.ready()
		w.seen.Why = "something else"
		Expect(w.ask("bad")).To(beRolledBackTo("good"))
		Expect(w.record().Why).To(Equal(why), "at the time of the failure")
		Expect(w.rollouts).To(Equal(3))
	})

	It("is tried again when the wanted template changes", func() {
		w := served()
		w.fail(first)
		w.ask("bad")
		w.ready()
		Expect(w.ask("better")).To(follow("better"))
		Expect(w.record().Failed).To(BeEmpty())
		w.fail(second)
		Expect(w.ask("better")).To(beRolledBackTo("good"))
		w.ready()
		Expect(w.ask("good")).To(follow("good"))
		Expect(w.record().Failed).To(BeEmpty())
		Expect(w.ask("bad")).To(follow("bad"), "it was not wanted all the time")
	})

	It("does not get the failure of the rollout before, which is still reported for a while", func() {
		w := served()
		w.fail(first)
		w.ask("bad")
		Expect(w.ask("better")).To(follow("better"), "on the way back")
		w.fail(first)
		Expect(w.ask("better")).To(follow("better"))
		w.fail(second)
		Expect(w.ask("better")).To(beRolledBackTo("good"))
	})

	It("ignores a status of an earlier generation", func() {
		w := served()
		w.fail(first)
		w.seen.Current = false
		Expect(w.ask("bad")).To(follow("bad"))
	})

	It("that fails before any was ready has nothing to go back to", func() {
		w := &world{}
		w.ask("bad")
		w.fail(first)
		Expect(w.ask("bad")).To(And(follow("bad"), HaveField("ConfigMaps", BeEmpty())))
		Expect(w.record()).To(And(HaveField("Failed", BeEmpty()), HaveField("Ready", BeEmpty())))
	})

	It("of the template that was ready last has nothing to go back to either", func() {
		w := served()
		Expect(w.ask("good")).To(follow("good"))
		w.fail(first)
		Expect(w.ask("good")).To(follow("good"))
	})

	It("that fails goes back to the last template that was ready, not to the last one", func() {
		w := served()
		w.ask("worse")
		w.ask("worst")
		w.fail(first)
		Expect(w.ask("worst")).To(beRolledBackTo("good"))
	})
})

var _ = Describe("A template that was ready", func() {
	deployed := func(change func(*appsv1.Deployment)) *world {
		GinkgoHelper()
		w := &world{deployment: &appsv1.Deployment{}}
		Expect(runtime.DefaultUnstructuredConverter.FromUnstructured(template("good"), &w.deployment.Spec.Template)).To(Succeed())
		w.deployment.Spec.Template.Spec.DNSPolicy = "ClusterFirst"
		change(w.deployment)
		w.ready()
		return w
	}
	nothing := func(*appsv1.Deployment) {}

	It("is the rendered one, if there is no record and it is the wanted one", func() {
		w := deployed(nothing)
		w.once(template("good"))
		Expect(w.record().Ready).To(Equal(w.record().Template))
		w.ask("bad")
		w.fail(first)
		Expect(w.ask("bad")).To(beRolledBackTo("good"))
	})

	It("is the one that runs, if another one is wanted at once", func() {
		w := deployed(func(d *appsv1.Deployment) {
			d.Spec.Template.Annotations = map[string]string{"kubectl.kubernetes.io/restartedAt": "now", "other": "kept"}
		})
		w.ask("bad")
		w.fail(first)
		decided := w.ask("bad")
		Expect(decided.RolledBack).To(BeTrue())
		Expect(w.deployment.Spec.Template.Spec).To(And(HaveField("DNSPolicy", BeEquivalentTo("ClusterFirst")), HaveField("Containers", HaveExactElements(HaveField("Image", "good")))))
		Expect(w.deployment.Spec.Template.Annotations).To(Equal(map[string]string{"other": "kept"}), "kubectl's stays kubectl's")
	})

	It("is found if it became ready and another one was wanted between two reconciles", func() {
		w := served()
		w.ready()
		w.ask("worse")
		w.fail(first)
		Expect(w.ask("worse")).To(HaveField("RolledBack", true))
		Expect(w.deployment.Spec.Template.Spec.Containers).To(HaveExactElements(HaveField("Image", "bad")))
	})

	DescribeTable("is not trusted when its record was changed:", func(key, value string) {
		w := served()
		w.deployment.Annotations[key] = value
		w.fail(first)
		Expect(w.ask("bad")).To(follow("bad"))
	},
		Entry("no text", v1alpha1.AnnotationReadyTemplate, ""),
		Entry("no base64", v1alpha1.AnnotationReadyTemplate, "?"),
		Entry("no gzip", v1alpha1.AnnotationReadyTemplate, "Zm9v"),
		Entry("another template", v1alpha1.AnnotationReadyTemplate, other()),
		Entry("no JSON", v1alpha1.AnnotationRollout, "{"),
		Entry("nothing", v1alpha1.AnnotationRollout, ""),
	)

	It("is not kept when it is larger than an annotation may be", func() {
		w := &world{}
		huge := template("good")
		noise := rand.New(rand.NewPCG(1, 1)) //nolint:gosec // a test is repeatable
		var text strings.Builder
		for range 20_000 {
			fmt.Fprintf(&text, "%x", noise.Uint64())
		}
		huge["spec"].(map[string]any)["hostname"] = text.String()
		w.apply(huge)
		w.ready()
		w.apply(huge)
		Expect(w.deployment.Annotations).NotTo(HaveKey(v1alpha1.AnnotationReadyTemplate))
		w.ask("bad")
		w.fail(first)
		Expect(w.ask("bad")).To(follow("bad"))
	})

	It("takes little", func() {
		w := served()
		Expect(len(w.deployment.Annotations[v1alpha1.AnnotationReadyTemplate])).To(BeNumerically("<", 1000))
	})

	It("truncates a reason between characters", func() {
		w := served()
		w.fail(first)
		w.seen.Why = "x" + strings.Repeat("é", 1000)
		w.ask("bad")
		Expect(w.record().Why).To(And(HaveLen(512), HaveSuffix("é…")))
	})
})

var _ = It("A Deployment that is not there has no record", func() {
	Expect(rollback.Read(nil)).To(Equal(rollback.Record{}))
})

// other is a template that nobody wrote down.
func other() string {
	decided, err := rollback.Decide(rollback.Seen{Deployment: &appsv1.Deployment{}, Serves: true}, template("other"))
	if err != nil {
		panic(err)
	}
	return decided.Annotations[v1alpha1.AnnotationReadyTemplate]
}
