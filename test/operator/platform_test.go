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
	"os"
	"path/filepath"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("The platform", func() {
	It("is followed when it becomes OpenShift, or stops being it, while the operator runs", func(ctx context.Context) {
		instance := llsdtest.Make("moved").Namespace(newNamespace(ctx, false)).Obj()
		create(ctx, instance)
		becomeReady(ctx, instance)
		template := func(ctx context.Context) corev1.PodTemplateSpec { return deploymentOf(ctx, instance).Spec.Template }
		forOpenShift := And(HaveField("Annotations", HaveKeyWithValue("openshift.io/required-scc", "restricted-v2")), HaveField("Spec.SecurityContext.RunAsUser", BeNil()))
		forOthers := And(HaveField("Annotations", Not(HaveKey("openshift.io/required-scc"))), HaveField("Spec.SecurityContext.RunAsUser", Not(BeNil())))

		const rebuilt = 2 * time.Minute // the manager ends with all that it runs, and the next one fills its caches
		DeferCleanup(func(ctx context.Context) {
			setOpenShift(ctx, *onOpenShift)
			Eventually(template).WithContext(ctx).WithTimeout(rebuilt).Should(map[bool]OmegaMatcher{true: forOpenShift, false: forOthers}[*onOpenShift])
			becomeReady(ctx, instance)
		})
		for range 2 {
			setOpenShift(ctx, true)
			Eventually(template).WithContext(ctx).WithTimeout(rebuilt).Should(forOpenShift)
			setOpenShift(ctx, false)
			Eventually(template).WithContext(ctx).WithTimeout(rebuilt).Should(forOthers)
		}
	})
})

// setOpenShift installs or removes the API group that identifies OpenShift.
func setOpenShift(ctx context.Context, present bool) {
	GinkgoHelper()
	setDefinition(ctx, filepath.Join(harness.OpenShiftCRDs(), "crds.yaml"), "securitycontextconstraints.security.openshift.io", present)
}

// setDefinition installs or removes one of the definitions in a file.
func setDefinition(ctx context.Context, file, name string, present bool) {
	GinkgoHelper()
	text, err := os.ReadFile(file)
	Expect(err).NotTo(HaveOccurred())
	for _, definition := range objectsIn(text) {
		switch {
		case definition.GetName() != name:
		case present:
			Expect(client.IgnoreAlreadyExists(admin.Create(ctx, definition))).To(Succeed())
		default:
			Expect(client.IgnoreNotFound(admin.Delete(ctx, definition))).To(Succeed())
			// A deletion takes the objects first: one that is made meanwhile exists already, and goes with the old one. The API server
			// waits for up to a minute until they are gone, and then tries again.
			Eventually(func() error { return admin.Get(ctx, client.ObjectKeyFromObject(definition), definition) }).WithTimeout(3*time.Minute).
				Should(MatchError(apierrors.IsNotFound, "is not found"), func() string { return fmt.Sprintf("%v", definition.Object["status"]) })
		}
	}
}
