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

package cli_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// installedOperator is a Deployment as the operator's, with a ServiceAccount, and a lease that is fresh.
func installedOperator(ctx context.Context, account string) {
	GinkgoHelper()
	labels := map[string]string{"control-plane": "controller-manager"}
	operator := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "operator-", Namespace: harness.OperatorNamespace, Labels: labels},
		Spec: appsv1.DeploymentSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: corev1.PodSpec{
				ServiceAccountName: account,
				Containers:         []corev1.Container{{Name: "manager", Image: image, Env: []corev1.EnvVar{{Name: "OPERATOR_VERSION", Value: "1.0.0"}}}},
			}},
		},
	}
	lease := &coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "operator-", Namespace: harness.OperatorNamespace},
		Spec:       coordinationv1.LeaseSpec{HolderIdentity: new("a_b"), LeaseDurationSeconds: new(int32(3600)), RenewTime: &metav1.MicroTime{Time: time.Now()}},
	}
	harness.Create(ctx, admin, operator, lease)
	DeferCleanup(func(ctx context.Context) {
		Expect(admin.Delete(ctx, operator)).To(Succeed())
		Expect(admin.Delete(ctx, lease)).To(Succeed())
	})
}

var _ = Describe("doctor", func() {
	It("finds nothing wrong with an operator and a server that are well", func(ctx context.Context) {
		namespace, _ := readyServer(ctx)
		installedOperator(ctx, "llama-stack-k8s-operator-controller-manager")

		Eventually(func() result { return run(ctx, nil, "doctor", "demo", "-n", namespace) }).WithTimeout(time.Minute).Should(And(
			HaveField("Code", 0),
			HaveField("Out", And(ContainSubstring("OK       operator operator-rights\n"), ContainSubstring("OK       demo storage\n"), Not(ContainSubstring("Failure")))),
			HaveField("Requests", Not(ContainElement(ContainSubstring("/secrets")))),
		))
	})

	It("fails with the cause, and what to do", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		installedOperator(ctx, "default")
		harness.Create(ctx, admin, llsdtest.Make("demo").Namespace(namespace).UserConfig("missing").Obj())

		found := run(ctx, nil, "doctor", "-n", namespace)

		Expect(found.Code).To(Equal(1))
		Expect(found.Err).To(MatchRegexp(`error: \d+ checks failed`))
		Expect(found.Out).To(And(
			MatchRegexp(`Failure  operator operator-rights: the operator may not list llamastackdistributions, .*\n +fix: restore the ClusterRoleBinding`),
			MatchRegexp(`Failure  demo references: ConfigMap missing does not exist\n +fix: create it`),
		))
		view := struct {
			Findings []map[string]string `json:"findings"`
		}{}
		Expect(json.Unmarshal([]byte(run(ctx, nil, "doctor", "demo", "-n", namespace, "-o", "json").Out), &view)).To(Succeed())
		Expect(view.Findings).To(ContainElement(And(HaveKeyWithValue("check", "references"), HaveKeyWithValue("verdict", "Failure"), HaveKeyWithValue("server", "demo"))))
	})

	It("warns an editor of what cannot be checked", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		harness.Create(ctx, admin, llsdtest.Make("demo").Namespace(namespace).Obj())

		found := asEditor(ctx, namespace, "doctor", "demo")

		Expect(found.Out).To(And(ContainSubstring("OK       demo references\n"),
			ContainSubstring("Warning  operator your-rights: not checked: you cannot list deployments in namespace "+harness.OperatorNamespace)))
		Expect(run(ctx, nil, "--as="+nobody, "-n", namespace, "doctor", "demo")).To(HaveField("Code", 1))
		Expect(asEditor(ctx, namespace, "doctor", "other")).To(And(HaveField("Code", 1), HaveField("Err", ContainSubstring("other does not exist"))))
	})

	It("says that the API server does not answer, or that the CRD is not installed", func(ctx context.Context) {
		down := func(request *http.Request) { request.URL.Host = "127.0.0.1:1" }
		Expect(run(ctx, down, "doctor")).To(And(HaveField("Code", 1), HaveField("Out", ContainSubstring("Failure  operator api-server: the API server does not answer"))))
		unserved := func(request *http.Request) {
			request.URL.Path = strings.Replace(request.URL.Path, "/llamastackdistributions", "/unserved", 1)
		}
		Expect(run(ctx, unserved, "doctor")).To(HaveField("Code", 1))
	})
})
