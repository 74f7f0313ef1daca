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

package operator_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/internal/rollouts"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/discovery"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const (
	// followed is the distribution name whose image the specs change, and nextImage what it then stands for.
	followed  = "meta-reference-gpu"
	nextImage = "quay.io/mirror/gpu:2"
)

func nextImages(image string) map[string]string {
	return map[string]string{"image-overrides": followed + ": " + image + "\n"}
}

// fleet are servers whose Deployments roll out when a spec says so.
type fleet []*v1alpha1.LlamaStackDistribution

// newFleet makes servers that are Ready, so many in each namespace.
func newFleet(ctx context.Context, namespaces, each int, change func(*llsdtest.Wrapper)) fleet {
	GinkgoHelper()
	var servers fleet
	certificate := harness.NewCertificate("fleet")
	for range namespaces {
		namespace := newNamespace(ctx, true)
		create(ctx, configMap(namespace, "config", map[string]string{v1alpha1.UserConfigKey: "version: 2\n"}),
			configMap(namespace, "ca", map[string]string{v1alpha1.DefaultCABundleKey: certificate}))
		for i := range each {
			wrapper := llsdtest.Make(fmt.Sprintf("fleet-%d", i)).Namespace(namespace).Distribution(followed)
			if change != nil {
				change(wrapper)
			}
			servers = append(servers, wrapper.Obj())
		}
	}
	for _, server := range servers {
		create(ctx, server)
	}
	servers.rollOut(ctx)
	return servers
}

// rollOut rolls all of them out, until they are Ready.
func (f fleet) rollOut(ctx context.Context) {
	GinkgoHelper()
	for _, server := range f {
		rollOutNow(ctx, server)
	}
	for _, server := range f {
		becomeReady(ctx, server)
	}
}

// rolling polls those whose Deployment has changed and has not been rolled out.
func (f fleet) rolling(ctx context.Context) func() fleet {
	return func() fleet {
		GinkgoHelper()
		return slices.DeleteFunc(slices.Clone(f), func(server *v1alpha1.LlamaStackDistribution) bool {
			deployment := deploymentOf(ctx, server)
			return deployment.Status.ObservedGeneration == deployment.Generation
		})
	}
}

func (f fleet) without(others fleet) fleet {
	return slices.DeleteFunc(slices.Clone(f), func(server *v1alpha1.LlamaStackDistribution) bool { return slices.Contains(others, server) })
}

// fullest is how many of them are in one namespace.
func (f fleet) fullest() int {
	counts := map[string]int{}
	for _, server := range f {
		counts[server.Namespace]++
	}
	return slices.Max(slices.Collect(maps.Values(counts)))
}

// takeTurns waits until the maximum number rolls, and no more.
func (f fleet) takeTurns(ctx context.Context, atOnce int) fleet {
	GinkgoHelper()
	Eventually(f.rolling(ctx)).Should(HaveLen(atOnce))
	Consistently(f.rolling(ctx)).WithTimeout(500 * time.Millisecond).Should(HaveLen(atOnce))
	return f.rolling(ctx)()
}

// finish rolls all out, one after the other, and expects that no more roll at any moment than may.
func (f fleet) finish(ctx context.Context, atOnce, perNamespace int) {
	GinkgoHelper()
	for left := f; len(left) > 0; {
		var now fleet
		// Only the spec ends a rollout, so that each poll sees the most that there have been since the last one ended.
		Eventually(func() fleet { now = left.rolling(ctx)(); return now }).ShouldNot(BeEmpty())
		Expect(len(now)).To(BeNumerically("<=", atOnce))
		Expect(now.fullest()).To(BeNumerically("<=", perNamespace))
		rollOutNow(ctx, now[0])
		left = left.without(now[:1])
	}
}

func imageNow(ctx context.Context, server *v1alpha1.LlamaStackDistribution) func() string {
	return func() string { return deploymentOf(ctx, server).Spec.Template.Spec.Containers[0].Image }
}

// beWaiting matches Ready of a server that waits.
func beWaiting(texts ...string) OmegaMatcher {
	return say(metav1.ConditionTrue, v1alpha1.ReasonReady, append(texts, "until fewer than 5 servers are being rolled by the operator, and fewer than 2 in namespace")...)
}

// waitingFor is what the operator's metric says of those that wait.
func waitingFor(cause rollouts.Cause) func() float64 {
	return func() float64 {
		GinkgoHelper()
		return sum(registry, "llama_stack_operator_rollouts_waiting", string(cause))
	}
}

// anotherRelease is one that renders all Pods in another way: as for another platform. It runs until the spec has ended.
func anotherRelease(ctx context.Context) {
	GinkgoHelper()
	become := func(ctx context.Context, openShift bool) {
		whileDown(func() {
			setOpenShift(ctx, openShift)
			groups, err := discovery.NewDiscoveryClientForConfig(controlPlane.Config)
			Expect(err).NotTo(HaveOccurred())
			Eventually(func() ([]metav1.APIGroup, error) {
				list, err := groups.ServerGroups()
				return list.Groups, err
			}).Should(map[bool]OmegaMatcher{
				true: ContainElement(HaveField("Name", "security.openshift.io")), false: Not(ContainElement(HaveField("Name", "security.openshift.io"))),
			}[openShift])
		})
	}
	become(ctx, !*onOpenShift)
	DeferCleanup(become, *onOpenShift)
}

var _ = Describe("Rollouts that the operator causes", func() {
	It("happen five at a time, two in a namespace, servers that wait report it, and an edit does not wait", func(ctx context.Context) {
		servers := newFleet(ctx, 4, 3, nil)
		fixed := newFleet(ctx, 1, 1, func(w *llsdtest.Wrapper) { w.Image("quay.io/a/b:c") })
		configureOperator(ctx, nextImages(nextImage))
		first := servers.takeTurns(ctx, 5)
		Expect(first.fullest()).To(BeNumerically("<=", 2))
		Eventually(waitingFor(rollouts.Image)).Should(BeEquivalentTo(7))

		waiting := servers.without(first)
		before := imageNow(ctx, waiting[0])()
		for _, server := range waiting {
			Eventually(conditionOf(ctx, server, v1alpha1.ConditionReady)).Should(beWaiting("distribution "+followed+" is now "+nextImage, "the server keeps "+before))
			Expect(statusOf(ctx, server)()).To(HaveField("Image", before))
		}
		edit(ctx, waiting[0], func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Server.ContainerSpec.Args = []string{"--now"} })
		Eventually(imageNow(ctx, waiting[0])).Should(Equal(nextImage), "its user decided")
		Eventually(waitingFor(rollouts.Image)).Should(BeEquivalentTo(6))
		rollOutNow(ctx, waiting[0])
		Consistently(servers.rolling(ctx)).WithTimeout(500 * time.Millisecond).Should(ConsistOf(first))

		servers.without(waiting[:1]).finish(ctx, 5, 2)
		for _, server := range servers {
			Expect(imageNow(ctx, server)()).To(Equal(nextImage))
		}
		Eventually(waitingFor(rollouts.Image)).Should(BeZero()) // counted after the last one has begun
		Expect(fixed.rolling(ctx)()).To(BeEmpty())
	})

	It("include those of a release that renders the Pods in another way: of 40 servers five at any moment", Label(harness.Exhaustive), func(ctx context.Context) {
		servers := newFleet(ctx, 20, 2, nil)
		anotherRelease(ctx)
		servers.takeTurns(ctx, 5)
		Eventually(waitingFor(rollouts.Rendering)).Should(BeEquivalentTo(35))
		servers.finish(ctx, 5, 2)
		Eventually(waitingFor(rollouts.Rendering)).Should(BeZero())
	})

	It("are not blocked by servers that never get a Deployment, nor by edits of others", func(ctx context.Context) {
		servers, edited := newFleet(ctx, 3, 1, nil), newFleet(ctx, 3, 2, func(w *llsdtest.Wrapper) { w.Image("quay.io/a/b:c") })
		for range 6 {
			missing := llsdtest.Make("missing").Namespace(newNamespace(ctx, false)).Distribution(followed).UserConfig("missing").Obj()
			create(ctx, missing)
			Eventually(conditionOf(ctx, missing, v1alpha1.ConditionReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonUserConfigNotFound))
		}
		for _, server := range edited {
			edit(ctx, server, func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Server.ContainerSpec.Args = []string{"--edited"} })
		}
		Eventually(edited.rolling(ctx)).Should(HaveLen(len(edited)))
		configureOperator(ctx, nextImages(nextImage))
		Eventually(servers.rolling(ctx)).Should(HaveLen(len(servers)))
	})

	It("are not blocked by servers that are deleted, and created again", func(ctx context.Context) {
		servers := newFleet(ctx, 4, 2, nil)
		configureOperator(ctx, nextImages(nextImage))
		first := servers.takeTurns(ctx, 5)
		known := func(server *v1alpha1.LlamaStackDistribution) func() ([]string, error) {
			return func() ([]string, error) {
				series, err := seriesOf(server.Namespace)()
				return slices.DeleteFunc(series, func(one string) bool {
					return !strings.Contains(one, fmt.Sprintf("llamastackdistribution=%q", server.Name))
				}), err
			}
		}
		for _, server := range first {
			Expect(known(server)()).NotTo(BeEmpty())
			deployment := deploymentOf(ctx, server)
			Expect(admin.Delete(ctx, server)).To(Succeed())
			Eventually(known(server)).Should(BeEmpty(), "or what is deleted is made once more")
			account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: server.Namespace, Name: server.Name + "-sa"}}
			service := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: server.Namespace, Name: server.Name + "-service"}}
			for _, child := range []client.Object{deployment, account, service} { // as the garbage collector does
				Expect(admin.Delete(ctx, child)).To(Succeed())
			}
			again := llsdtest.Make(server.Name).Namespace(server.Namespace).Distribution(followed).Obj()
			create(ctx, again)
			Eventually(imageNow(ctx, again)).Should(Equal(nextImage))
		}
		Eventually(servers.without(first).rolling(ctx)).Should(HaveLen(3))
	})

	It("end for a server that fails, and a broken server gets the change at once", func(ctx context.Context) {
		servers := newFleet(ctx, 4, 2, nil)
		broken := newFleet(ctx, 2, 3, nil)
		failed := appsv1.DeploymentStatus{Replicas: 1, UpdatedReplicas: 1, Conditions: []appsv1.DeploymentCondition{{
			Type: appsv1.DeploymentProgressing, Status: corev1.ConditionFalse, Reason: "ProgressDeadlineExceeded",
		}}}
		for _, server := range broken {
			reportRollout(ctx, server, failed)
			Eventually(conditionOf(ctx, server, v1alpha1.ConditionReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonRolloutFailed))
		}
		configureOperator(ctx, nextImages(nextImage))
		first := servers.takeTurns(ctx, 5)
		Eventually(broken.rolling(ctx)).Should(HaveLen(len(broken)))
		for _, server := range first {
			reportRollout(ctx, server, failed)
		}
		Eventually(servers.without(first).rolling(ctx)).Should(HaveLen(3))
	})

	It("end where admission rewrites the image", func(ctx context.Context) {
		servers := newFleet(ctx, 4, 2, nil)
		rewriteImages(ctx)
		configureOperator(ctx, nextImages(nextImage))
		servers.finish(ctx, 5, 2)
		for _, server := range servers {
			Expect(imageNow(ctx, server)()).To(Equal("mirror.example/" + nextImage))
		}
		waitForQuiet()
		configureOperator(ctx, nextImages("quay.io/mirror/gpu:3"))
		servers.finish(ctx, 5, 2)
		Eventually(waitingFor(rollouts.Image)).Should(BeZero()) // counted after the last one has begun
		whileDown(func() {})
		waitForQuiet()
		Expect(servers.rolling(ctx)()).To(BeEmpty())
	})

	It("end after 15 minutes, and are remembered by an operator that starts in the middle", func(ctx context.Context) {
		servers := newFleet(ctx, 4, 2, nil)
		configureOperator(ctx, nextImages(nextImage))
		first := servers.takeTurns(ctx, 5)
		whileDown(func() {})
		Expect(servers.takeTurns(ctx, 5)).To(ConsistOf(first))

		whileDown(func() {
			for _, server := range first[:2] {
				old := time.Now().Add(-rollouts.MaxTurn).UTC().Format(time.RFC3339)
				edit(ctx, deploymentOf(ctx, server), func(d *appsv1.Deployment) {
					turn := rollouts.Read(d).Turn
					Expect(turn).NotTo(BeEmpty())
					d.Annotations[v1alpha1.AnnotationAppliedFor] = strings.Replace(d.Annotations[v1alpha1.AnnotationAppliedFor], turn, old, 1)
				})
			}
		})
		servers.takeTurns(ctx, 7)
	})

	It("are as many as the operator's ConfigMap says", func(ctx context.Context) {
		servers := newFleet(ctx, 2, 3, nil)
		configureOperator(ctx, map[string]string{"rollouts": "atOnce: 1\n"})
		configureOperator(ctx, nextImages(nextImage))
		one := servers.takeTurns(ctx, 1)
		Eventually(conditionOf(ctx, servers.without(one)[0], v1alpha1.ConditionReady)).Should(ContainSubstring("until fewer than 1 servers are being rolled"))
		configureOperator(ctx, map[string]string{"rollouts": "{atOnce: 10, perNamespace: 3}\n"})
		servers.takeTurns(ctx, 6)
	})
})

var _ = Describe("A server that waits for its turn", func() {
	// next waits behind five others that roll.
	behind := func(ctx context.Context, change func(*llsdtest.Wrapper)) (*v1alpha1.LlamaStackDistribution, fleet) {
		GinkgoHelper()
		others := newFleet(ctx, 3, 2, nil)
		waiting := newFleet(ctx, 1, 1, change)[0]
		whileDown(func() { // so that the others come first
			annotate(ctx, waiting, v1alpha1.AnnotationPaused, "true")
			configureOperator(ctx, nextImages(nextImage))
		})
		others.takeTurns(ctx, 5)
		annotate(ctx, waiting, v1alpha1.AnnotationPaused, "")
		Eventually(conditionOf(ctx, waiting, v1alpha1.ConditionReady)).Should(beWaiting())
		return waiting, others
	}

	It("keeps its image, and everything else of it continues", func(ctx context.Context) {
		waiting, others := behind(ctx, func(w *llsdtest.Wrapper) { w.Replicas(2).UserConfig("config") })
		before := deploymentOf(ctx, waiting)

		By("healing the number of replicas, the template and the Service")
		edit(ctx, deploymentOf(ctx, waiting), func(d *appsv1.Deployment) {
			d.Spec.Replicas, d.Spec.Template.Spec.Containers[0].Image = new(int32(1)), "quay.io/some/other:1"
		})
		Eventually(deploymentNow(ctx, waiting)).Should(HaveField("Spec", Equal(before.Spec)))
		service := get(ctx, waiting.Namespace, waiting.Name+"-service", &corev1.Service{})
		Expect(admin.Delete(ctx, service)).To(Succeed())
		Eventually(exists(ctx, waiting.Namespace, service.Name, &corev1.Service{})).Should(BeTrue())
		rollOutNow(ctx, waiting)

		By("following the operator's configuration")
		configureOperator(ctx, map[string]string{"featureFlags": policiesOn})
		Eventually(exists(ctx, waiting.Namespace, waiting.Name+"-network-policy", &networkingv1.NetworkPolicy{})).Should(BeTrue())

		By("a restart of the operator")
		whileDown(func() {})
		Eventually(waitingFor(rollouts.Image)).Should(BeEquivalentTo(2))
		waitForQuiet()
		Expect(deploymentOf(ctx, waiting).Spec).To(Equal(before.Spec))

		By("its turn")
		append(fleet{waiting}, others...).finish(ctx, 5, 2)
		Expect(imageNow(ctx, waiting)()).To(Equal(nextImage))
	})

	DescribeTable("does not wait for what its author changes", func(ctx context.Context, change func(context.Context, *v1alpha1.LlamaStackDistribution)) {
		waiting, _ := behind(ctx, func(w *llsdtest.Wrapper) { w.UserConfig("config").CABundle("ca") })
		change(ctx, waiting)
		Eventually(imageNow(ctx, waiting)).Should(Equal(nextImage))
	},
		Entry("the spec", func(ctx context.Context, i *v1alpha1.LlamaStackDistribution) {
			edit(ctx, i, func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Server.ContainerSpec.Args = []string{"--now"} })
		}),
		Entry("the restart annotation", func(ctx context.Context, i *v1alpha1.LlamaStackDistribution) {
			annotate(ctx, i, v1alpha1.AnnotationRestartedAt, "now")
		}),
		Entry("the content of its configuration", func(ctx context.Context, i *v1alpha1.LlamaStackDistribution) {
			edit(ctx, configMap(i.Namespace, "config", nil), func(c *corev1.ConfigMap) { c.Data[v1alpha1.UserConfigKey] = "version: 2\nimage_name: now\n" })
		}),
	)

	It("gets the change when it is suspended, and when it starts again", func(ctx context.Context) {
		waiting, _ := behind(ctx, nil)
		edit(ctx, waiting, func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Suspend = true })
		Eventually(deploymentNow(ctx, waiting)).Should(And(haveImage(nextImage), HaveField("Spec.Replicas", HaveValue(BeZero()))))
		rollOutNow(ctx, waiting)
		configureOperator(ctx, nextImages("quay.io/mirror/gpu:3"))
		Eventually(imageNow(ctx, waiting)).Should(Equal("quay.io/mirror/gpu:3"), "it has no Pods")
	})
})
