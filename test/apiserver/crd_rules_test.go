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

package apiserver_test

import (
	"maps"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// haveCause is an error of the API server that says this about this field.
func haveCause(field, message string) OmegaMatcher {
	return WithTransform(func(err error) []metav1.StatusCause {
		status, ok := err.(apierrors.APIStatus)
		if !ok || !apierrors.IsInvalid(err) {
			return nil
		}
		return status.Status().Details.Causes
	}, ContainElement(And(
		HaveField("Field", field),
		HaveField("Message", WithTransform(strings.ToLower, ContainSubstring(strings.ToLower(message)))),
	)))
}

var _ = Describe("An API server", Ordered, func() {
	var namespace string

	BeforeAll(func() {
		namespace = newNamespace()
	})

	for _, c := range llsdtest.Refused() {
		It("refuses "+c.Name, func(ctx SpecContext) {
			object := c.Object(namespace, "refused")
			Expect(admin.Create(ctx, object, client.DryRunAll)).To(haveCause(c.Field, c.Message))
		})
	}

	for _, c := range llsdtest.Accepted() {
		It("accepts "+c.Name, func(ctx SpecContext) {
			object := c.Object(namespace, "accepted")
			Expect(admin.Create(ctx, object, client.DryRunAll)).To(Succeed())
		})
	}

	for _, older := range llsdtest.FromOlder() {
		It("accepts what 0.9.0 left of "+older.Name+", and changes nothing about it", func(ctx SpecContext) {
			object := older.Object(namespace)
			want := object.DeepCopy()
			Expect(admin.Create(ctx, object)).To(Succeed())
			Expect(object.Object["spec"]).To(Equal(want.Object["spec"]))

			status := object.DeepCopy()
			status.Object["status"] = want.Object["status"]
			Expect(admin.Status().Patch(ctx, status, client.MergeFrom(object))).To(Succeed())
			Expect(status.Object["status"]).To(Equal(want.Object["status"]))
			Expect(status.GetGeneration()).To(Equal(int64(1)))
		})
	}

	It("takes an object of Go types, and reads it back the same", func(ctx SpecContext) {
		made := llsdtest.Make("typed").Namespace(namespace).Image("quay.io/a/b:c").Port(9000).Env("A", "b").Workers(2).Replicas(2).
			Storage("1Gi").MountPath("/data").UserConfig("config").CABundle("ca", "a.crt").Autoscaling(2, 4).TargetCPU(70).
			MaxUnavailable("50%").ExposeRoute().AllowNamespaces("*").AllowLabels("team").ServiceAccount("mine").GracePeriod(60).Defaulted()
		object := made.Obj()
		Expect(admin.Create(ctx, object)).To(Succeed())
		Expect(object.Spec).To(Equal(made.Obj().Spec))

		Expect(admin.Status().Update(ctx, object)).To(Succeed(), "a status with nothing in it")
		object.Labels = maps.Clone(map[string]string{"a": "b"})
		Expect(admin.Update(ctx, object)).To(Succeed())
		Expect(object.Spec).To(Equal(made.Obj().Spec))
	})
})
