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
	"path/filepath"

	"github.com/llamastack/llama-stack-k8s-operator/test/infra/platform"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = DescribeTable("The platform applies and removes the overlay of", func(ctx SpecContext, overlay, namespace string) {
	const operator = "llama-stack-k8s-operator-controller-manager"
	objects := platform.Build(filepath.Join("..", ".."), overlay, nil)
	Expect(admin.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}})).To(Succeed())
	deployment := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: operator}}
	metrics := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: operator + "-metrics-service"}}
	read := func(object client.Object) error { return admin.Get(ctx, client.ObjectKeyFromObject(object), object) }

	platform.Apply(ctx, admin, objects)
	Expect(read(deployment)).To(Succeed())
	Expect(deployment.Spec.Replicas).To(HaveValue(BeEquivalentTo(1)))

	By("applying again after an edit and a deletion")
	before := deployment.DeepCopy()
	deployment.Spec.Replicas = new(int32(2))
	Expect(admin.Patch(ctx, deployment, client.MergeFrom(before))).To(Succeed())
	Expect(admin.Delete(ctx, metrics)).To(Succeed())
	platform.Apply(ctx, admin, objects)
	Expect(read(deployment)).To(Succeed())
	Expect(deployment.Spec.Replicas).To(HaveValue(BeEquivalentTo(2)))
	Expect(read(metrics)).To(Succeed())

	By("removing everything but the CRD, which the servers need")
	platform.Remove(ctx, admin, objects)
	Expect(read(deployment)).To(MatchError(apierrors.IsNotFound, "IsNotFound"))
	definition := &apiextensionsv1.CustomResourceDefinition{ObjectMeta: metav1.ObjectMeta{Name: "llamastackdistributions.llamastack.io"}}
	Expect(read(definition)).To(Succeed())
	Expect(definition.DeletionTimestamp).To(BeNil())
},
	Entry("Open Data Hub", "odh", "opendatahub"),
	Entry("OpenShift AI", "rhoai", "redhat-ods-applications"),
)
