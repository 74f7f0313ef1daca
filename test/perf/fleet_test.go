//go:build perf

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

package perf_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/internal/manager"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// workers is how many requests a plain client sends at once, and how many users create at once.
const workers = 8

// patience is for probes of all servers if the name server takes seconds to answer that there are none.
const patience = 5 * time.Minute

const serverConfig = "version: '2'\n"

// member is a LlamaStackDistribution with storage and a user configuration of its own.
func member(namespace string, number int) *llsdtest.Wrapper {
	name := fmt.Sprintf("server-%03d", number)
	return llsdtest.Make(name).Namespace(namespace).Distribution("starter").Storage("1Gi").UserConfig(name + "-user")
}

// userConfigOf is the ConfigMap that a member refers to.
func userConfigOf(instance *v1alpha1.LlamaStackDistribution) *corev1.ConfigMap {
	return &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: instance.Namespace, Name: instance.Spec.Server.UserConfig.ConfigMapName},
		Data:       map[string]string{v1alpha1.UserConfigKey: serverConfig + "# of " + instance.Name + "\n"},
	}
}

// inParallel calls do with 0 to n-1.
func inParallel(n int, do func(int)) {
	numbers, all := make(chan int), sync.WaitGroup{}
	for range workers {
		all.Go(func() {
			defer GinkgoRecover()
			for number := range numbers {
				do(number)
			}
		})
	}
	for number := range n {
		numbers <- number
	}
	close(numbers)
	all.Wait()
}

// plainClient applies the objects of n members as a client without an operator does, and returns how long it took.
func plainClient(ctx context.Context, namespace string, n int) time.Duration {
	GinkgoHelper()
	renderer, err := render.New()
	Expect(err).NotTo(HaveOccurred())
	objects := make([][]*unstructured.Unstructured, n)
	for number := range n {
		objects[number] = objectsOf(renderer, member(namespace, number).Defaulted().Obj())
	}
	start := time.Now()
	inParallel(n, func(number int) {
		for _, object := range objects[number] {
			Expect(admin.Apply(ctx, client.ApplyConfigurationFromUnstructured(object), client.FieldOwner("plain"))).To(Succeed())
		}
	})
	return time.Since(start)
}

// objectsOf are the objects that the operator creates for a member, the copy of its configuration included.
func objectsOf(renderer *render.Renderer, instance *v1alpha1.LlamaStackDistribution) []*unstructured.Unstructured {
	GinkgoHelper()
	content := userConfigOf(instance).Data
	hash := fmt.Sprintf("%064x", len(instance.Name))
	input := render.Input{
		Name: instance.Name, Namespace: instance.Namespace, Spec: instance.Spec, Image: "registry.example/starter:1",
		OperatorNamespace: harness.OperatorNamespace,
		UserConfig:        &render.UserConfig{CopyName: render.ConfigCopyName(instance.Name, hash), Hash: hash},
	}
	objects, err := renderer.Render(input)
	Expect(err).NotTo(HaveOccurred())
	copied, err := render.UserConfigCopy(input, content, nil)
	Expect(err).NotTo(HaveOccurred())
	return append(objects, copied)
}

// purge removes everything from a namespace that the operator or a plain client made.
func purge(ctx context.Context, namespace string) {
	GinkgoHelper()
	kinds := append([]client.Object{&v1alpha1.LlamaStackDistribution{}}, manager.ManagedObjects()...)
	for _, kind := range kinds {
		Expect(admin.DeleteAllOf(ctx, kind, client.InNamespace(namespace))).To(Succeed())
	}
	pvcs := &corev1.PersistentVolumeClaimList{}
	Expect(admin.List(ctx, pvcs, client.InNamespace(namespace))).To(Succeed())
	for i := range pvcs.Items { // no controller removes them
		before := pvcs.Items[i].DeepCopy()
		pvcs.Items[i].Finalizers = nil
		Expect(client.IgnoreNotFound(admin.Patch(ctx, &pvcs.Items[i], client.MergeFrom(before)))).To(Succeed())
	}
	Eventually(func() int { return count(ctx, namespace, &appsv1.DeploymentList{}) }).Should(BeZero())
}

func count(ctx context.Context, namespace string, list client.ObjectList) int {
	GinkgoHelper()
	Expect(admin.List(ctx, list, client.InNamespace(namespace))).To(Succeed())
	items, err := meta.ExtractList(list)
	Expect(err).NotTo(HaveOccurred())
	return len(items)
}

// ready counts the LlamaStackDistributions of a namespace that are Ready.
func ready(ctx context.Context, namespace string) int {
	GinkgoHelper()
	return countWith(ctx, namespace, func(conditions []metav1.Condition) bool {
		return meta.IsStatusConditionTrue(conditions, string(v1alpha1.ConditionReady))
	})
}

// countWith counts the LlamaStackDistributions of a namespace whose conditions satisfy a function.
func countWith(ctx context.Context, namespace string, something func([]metav1.Condition) bool) int {
	GinkgoHelper()
	list := &v1alpha1.LlamaStackDistributionList{}
	Expect(admin.List(ctx, list, client.InNamespace(namespace))).To(Succeed())
	n := 0
	for i := range list.Items {
		if something(list.Items[i].Status.Conditions) {
			n++
		}
	}
	return n
}

// becomeReady waits until n LlamaStackDistributions of a namespace are Ready, the operator has reported of each that it
// cannot be reached, and is quiet.
func becomeReady(ctx context.Context, namespace string, n int) {
	GinkgoHelper()
	Eventually(func() int { return ready(ctx, namespace) }).WithPolling(time.Second).Should(Equal(n))
	waitForUnreachable(ctx, namespace, n, patience)
	waitForQuiet()
}

// waitForUnreachable waits until the operator has reported of n servers of a namespace that it cannot reach them.
func waitForUnreachable(ctx context.Context, namespace string, n int, within time.Duration) {
	GinkgoHelper()
	Eventually(func() int {
		return countWith(ctx, namespace, func(conditions []metav1.Condition) bool {
			health := meta.FindStatusCondition(conditions, string(v1alpha1.ConditionHealthCheck))
			return health != nil && strings.Contains(health.Message, "cannot reach")
		})
	}).WithPolling(time.Second).WithTimeout(within).Should(Equal(n))
}

// waitForProbes waits until a new process has probed every server.
func waitForProbes(ctx context.Context) {
	GinkgoHelper()
	all := count(ctx, "", &v1alpha1.LlamaStackDistributionList{})
	Eventually(func() float64 { return operator.counter("llama_stack_operator_probes_total") }).WithTimeout(patience).Should(BeNumerically(">=", all))
}

func create(ctx context.Context, objects ...client.Object) {
	GinkgoHelper()
	harness.Create(ctx, admin, objects...)
}
