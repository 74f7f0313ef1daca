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

package controller_test

import (
	"fmt"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/internal/controller"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("A failure of the cluster", func() {
	request := func(i int) reconcile.Request {
		return reconcile.Request{NamespacedName: types.NamespacedName{Namespace: "apps", Name: fmt.Sprintf("server-%d", i)}}
	}

	It("is retried after growing delays, and after half a minute at the latest", func() {
		limiter := controller.Retries()
		last := time.Duration(0)
		for range 100 {
			next := limiter.When(request(0))
			Expect(next).To(And(BeNumerically(">=", last), BeNumerically("<=", 30*time.Second)))
			last = next
		}
		Expect(last).To(Equal(30 * time.Second))

		limiter.Forget(request(0))
		Expect(limiter.When(request(0))).To(BeNumerically("<", time.Second))
	})

	It("for one server does not delay the others", func() {
		limiter := controller.Retries()
		for range 20 { // an outage
			for i := range 1000 {
				limiter.When(request(i))
			}
		}
		Expect(limiter.When(request(1000))).To(BeNumerically("<", time.Second))
		Expect(limiter.When(request(999))).To(BeNumerically("<=", 30*time.Second))
	})
})
