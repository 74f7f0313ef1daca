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
	"net/http"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const (
	// half of the servers that are created at once are good, and the other half are their neighbours.
	half = 50
	// mostSlower is, with -timing, how much longer the good ones may take beside broken ones than beside good ones.
	mostSlower = 2.0
)

// brokenInSomeWay is a server with which something is wrong, in one of five ways.
func brokenInSomeWay(namespace string, i int) []client.Object {
	name := fmt.Sprintf("bad-%02d", i)
	server := llsdtest.Make(name).Namespace(namespace)
	switch i % 5 {
	case 0:
		return []client.Object{server.UserConfig("nowhere").Obj()}
	case 1:
		return []client.Object{server.Distribution("unheard-of").Obj()}
	case 2:
		return []client.Object{server.Env("not=legal", "x").Obj()}
	case 3:
		return []client.Object{&corev1.Service{
			ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name + "-service"}, Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 1}}},
		}, server.Obj()}
	default:
		servers.Replace(namespace, name, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
		return []client.Object{server.Obj()}
	}
}

func goodOne(namespace, name string, i int) []client.Object {
	return []client.Object{llsdtest.Make(fmt.Sprintf("%s-%02d", name, i)).Namespace(namespace).Storage("1Gi").Label("good", name).Obj()}
}

// work is what the operator does until half of the servers are Ready.
type work struct {
	reconciles float64
	// held are the reconciles that block a worker.
	held int
	took time.Duration
}

// goodOnesReady creates half of the servers, each with a neighbour if there are to be any, and returns what the operator does
// until all of that half are Ready and observed.
func goodOnesReady(ctx context.Context, neighbour func(namespace string, i int) []client.Object) work {
	GinkgoHelper()
	namespace := newNamespace(ctx, false)
	var objects []client.Object
	for i := range half {
		objects = append(objects, neighbour(namespace, i)...)
		objects = append(objects, goodOne(namespace, "measured", i)...)
	}
	before, since := work{reconciles: reconcilesTotal(), held: harness.HeldReconciles()}, time.Now()
	create(ctx, objects...)
	Eventually(func() (int, error) {
		list := &v1alpha1.LlamaStackDistributionList{}
		err := admin.List(ctx, list, client.InNamespace(namespace), client.MatchingLabels{"good": "measured"})
		well := 0
		for i := range list.Items {
			conditions := list.Items[i].Status.Conditions
			if meta.IsStatusConditionTrue(conditions, string(v1alpha1.ConditionReady)) && meta.IsStatusConditionTrue(conditions, string(v1alpha1.ConditionHealthCheck)) {
				well++
			}
		}
		return well, err
	}).WithTimeout(2 * time.Minute).Should(Equal(half))
	done := work{reconcilesTotal() - before.reconciles, harness.HeldReconciles() - before.held, time.Since(since)}
	Expect(admin.DeleteAllOf(ctx, &v1alpha1.LlamaStackDistribution{}, client.InNamespace(namespace))).To(Succeed())
	waitForQuiet()
	return done
}

var _ = Describe("A hundred servers at once", Label(harness.Exhaustive), func() {
	It("become Ready with as little work when half of them are broken as when all are good, and none of the broken ones blocks a worker", func(ctx context.Context) {
		good := goodOnesReady(ctx, func(namespace string, i int) []client.Object { return goodOne(namespace, "other", i) })
		broken := goodOnesReady(ctx, brokenInSomeWay)
		text := fmt.Sprintf("%d good servers were Ready after %.0f reconciles and %.1f s beside as many good ones, after %.0f and %.1f s beside as many broken ones",
			half, good.reconciles, good.took.Seconds(), broken.reconciles, broken.took.Seconds())
		AddReportEntry(text)
		GinkgoWriter.Println(text)
		Expect(broken.reconciles).To(BeNumerically("<=", good.reconciles), text)
		Expect(broken.held).To(BeZero(), "reconciles that blocked a worker")
		if *timing {
			Expect(broken.took.Seconds()).To(BeNumerically("<", mostSlower*good.took.Seconds()), text)
		}
	})
})
