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
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("status", func() {
	It("shows a server with its objects to an editor of the namespace", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		server := llsdtest.Make("demo").Namespace(namespace).Storage("3Gi").Obj()
		late := event(namespace, "demo-6c5f8b9d7c-x2x4z", "Killing")
		late.LastTimestamp = metav1.NewTime(time.Now().Add(time.Hour)) // after those of the operator
		harness.Create(ctx, admin, server, podOf(server, "demo-6c5f8b9d7c-x2x4z"), late)
		harness.BecomeReady(ctx, admin, server)

		Eventually(func() string { return asEditor(ctx, namespace, "status", "demo").Out }).Should(And(
			MatchRegexp(`Phase: +Ready\n`), ContainSubstring("operator "+operatorVersion), ContainSubstring("nothing to do"),
			MatchRegexp(`Ready +True +Ready`), ContainSubstring("Deployment demo: 1/1 available"), ContainSubstring("Pod demo-6c5f8b9d7c-x2x4z"),
			ContainSubstring("PersistentVolumeClaim demo-pvc: Bound, 3Gi"), ContainSubstring("Service demo-service: ClusterIP 10."),
			MatchRegexp(`Normal +Killing +Pod/demo-6c5f8b9d7c-x2x4z`), Not(ContainSubstring("Not shown")),
		))
	})

	It("writes JSON and YAML", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		harness.Create(ctx, admin, llsdtest.Make("demo").Namespace(namespace).Obj())

		one, all := map[string]any{}, map[string]any{}
		Expect(json.Unmarshal([]byte(asEditor(ctx, namespace, "status", "demo", "-o", "json").Out), &one)).To(Succeed())
		Expect(yaml.Unmarshal([]byte(asEditor(ctx, namespace, "status", "-o", "yaml").Out), &all)).To(Succeed())

		Expect(one).To(HaveKeyWithValue("name", "demo"))
		Expect(all).To(HaveKeyWithValue("items", ConsistOf(HaveKeyWithValue("name", "demo"))))
		Expect(asEditor(ctx, namespace, "status", "-o", "wide")).To(And(HaveField("Code", 1), HaveField("Err", ContainSubstring("use json or yaml"))))
	})

	It("says what a namespace without servers has", func(ctx context.Context) {
		namespace := newNamespace(ctx)

		Expect(asEditor(ctx, namespace, "status").Out).To(Equal("No LlamaStackDistributions in namespace " + namespace + ".\n"))
		Expect(asEditor(ctx, namespace, "status", "demo")).To(And(HaveField("Code", 1), HaveField("Err", ContainSubstring("demo does not exist in this namespace"))))
	})

	It("names the right that a user lacks, and the command that grants it", func(ctx context.Context) {
		namespace := newNamespace(ctx)

		found := run(ctx, nil, "--as="+nobody, "-n", namespace, "status")

		Expect(found.Code).To(Equal(1))
		Expect(found.Err).To(Equal("error: you cannot list llamastackdistributions in namespace " + namespace + "; to allow it, an administrator can run: " +
			"kubectl -n " + namespace + " create rolebinding llamastack-view --clusterrole=view --user=nobody\n"))
		Expect(run(ctx, nil, "--as=system:serviceaccount:a:b", "status", "-A").Err).To(ContainSubstring("in all namespaces; choose one namespace with -n, or let an administrator run: " +
			"kubectl create clusterrolebinding llamastack-view --clusterrole=view --serviceaccount=a:b"))
	})

	It("shows what a user may read, and names the rest", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		harness.Create(ctx, admin, llsdtest.Make("demo").Namespace(namespace).Obj())
		user := namespace + "-viewer"
		bind(ctx, namespace, "llama-stack-k8s-operator-llsd-viewer-role", user)

		Eventually(func() string { return run(ctx, nil, "--as="+user, "-n", namespace, "status", "demo").Out }).Should(And(
			ContainSubstring("Server:   demo"), ContainSubstring("Not shown: you cannot list pods in namespace "+namespace),
			ContainSubstring("Not shown: you cannot get deployments in namespace"), ContainSubstring("Not shown: you cannot list events in namespace"),
		))
	})

	It("names roles that have the right", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		harness.Create(ctx, admin, llsdtest.Make("demo").Namespace(namespace).Obj())
		user := namespace + "-viewer"
		bind(ctx, namespace, "llama-stack-k8s-operator-llsd-viewer-role", user)
		rules := map[string][]rbacv1.PolicyRule{}
		for role, parts := range map[string][]string{
			"view": {"system:aggregate-to-view", "llama-stack-k8s-operator-llsd-viewer-role"},
			"edit": {"system:aggregate-to-edit", "llama-stack-k8s-operator-llsd-editor-role"},
		} {
			for _, part := range parts {
				found := &rbacv1.ClusterRole{}
				Expect(admin.Get(ctx, client.ObjectKey{Name: part}, found)).To(Succeed())
				rules[role] = append(rules[role], found.Rules...)
			}
		}
		var output strings.Builder
		for _, words := range [][]string{{"status", "demo"}, {"doctor", "demo"}, {"report", "--output-dir", GinkgoT().TempDir()}, {"migrate"}, {"top"}, {"restart", "demo"}} {
			found := run(ctx, nil, append([]string{"--as=" + user, "-n", namespace}, words...)...)
			output.WriteString(found.Out + found.Err)
		}
		said := output.String()

		granted := regexp.MustCompile(`you cannot (\S+) (\S+) in namespace \S+; \S.*?--clusterrole=(\S+)`).FindAllStringSubmatch(said, -1)
		Expect(len(granted)).To(BeNumerically(">", 8), said)
		for _, one := range granted {
			Expect(slices.ContainsFunc(rules[one[3]], func(rule rbacv1.PolicyRule) bool {
				return slices.Contains(rule.Verbs, one[1]) && slices.Contains(rule.Resources, one[2])
			})).To(BeTrue(), one[0])
		}
		Expect(said).To(And(
			ContainSubstring("you cannot list storageclasses; to allow it, an administrator can run: "+
				"kubectl create clusterrole llamastack-list-storageclasses --verb=list --resource=storageclasses.storage.k8s.io && "+
				"kubectl create clusterrolebinding llamastack-list-storageclasses --clusterrole=llamastack-list-storageclasses --user="+user),
			ContainSubstring("you cannot list rolebindings in namespace "+namespace+"; to allow it, an administrator can run: "+
				"kubectl -n "+namespace+" create role llamastack-list-rolebindings --verb=list --resource=rolebindings.rbac.authorization.k8s.io && "+
				"kubectl -n "+namespace+" create rolebinding llamastack-list-rolebindings --role=llamastack-list-rolebindings --user="+user)))
	})

	It("asks an API server that stops answering for nothing more", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		harness.Create(ctx, admin, llsdtest.Make("demo").Namespace(namespace).Obj())
		silent, _ := silentServer()

		found := run(ctx, func(request *http.Request) {
			if !strings.HasSuffix(request.URL.Path, "/llamastackdistributions/demo") {
				silent(request)
			}
		}, "status", "demo", "-n", namespace, "--request-timeout=2s")

		Expect(found.Requests).To(HaveLen(2))
		Expect(found.Out).To(And(ContainSubstring("Server:   demo"), ContainSubstring("Not shown: "), ContainSubstring("the API server took too long to answer an earlier request")))
	})

	It("says that the CRD is not installed", func(ctx context.Context) {
		// The API server answers for a resource that it does not serve.
		unserved := func(request *http.Request) {
			request.URL.Path = strings.Replace(request.URL.Path, "/llamastackdistributions", "/unserved", 1)
		}

		for _, args := range [][]string{{"status"}, {"status", "demo"}, {"restart", "demo"}} {
			Expect(run(ctx, unserved, args...)).To(And(HaveField("Code", 1),
				HaveField("Err", HavePrefix("error: the CRD is not installed: the cluster does not serve llamastackdistributions.llamastack.io"))))
		}
	})
})

var _ = Describe("events", func() {
	It("shows those of the server, of its Pods, and of nobody else", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		server := llsdtest.Make("demo").Namespace(namespace).Obj()
		harness.Create(ctx, admin, server, event(namespace, "demo-6c5f8b9d7c-x2x4z", "Killing"), event(namespace, "demo-b-6c5f8b9d7c-x2x4z", "Other"))
		harness.BecomeReady(ctx, admin, server)

		Eventually(func() string { return asEditor(ctx, namespace, "events", "demo").Out }).Should(And(
			MatchRegexp(`Normal +Killing +Pod/demo-6c5f8b9d7c-x2x4z`), MatchRegexp(`Normal +Ready +LlamaStackDistribution/demo`), Not(ContainSubstring("Other")),
		))
	})
})

var _ = Describe("completion", func() {
	It("completes the names of servers in one request", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		harness.Create(ctx, admin, llsdtest.Make("one").Namespace(namespace).Obj(), llsdtest.Make("two").Namespace(namespace).Obj())

		found := run(ctx, nil, "__complete", "status", "--as="+namespace, "-n", namespace, "")

		Expect(found.Out).To(HavePrefix("one\ntwo\n"))
		Expect(found.Requests).To(HaveLen(1))
	})
})

// podOf is a Pod of a server, which no kubelet runs.
func podOf(server *v1alpha1.LlamaStackDistribution, name string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, Namespace: server.Namespace,
			Labels: map[string]string{v1alpha1.LabelApp: v1alpha1.AppName, v1alpha1.LabelInstance: server.Name},
		},
		Spec: corev1.PodSpec{
			AutomountServiceAccountToken: new(false),
			Containers:                   []corev1.Container{{Name: v1alpha1.DefaultContainerName, Image: image}},
		},
	}
}

func event(namespace, pod, reason string) *corev1.Event {
	return &corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{GenerateName: "test-", Namespace: namespace},
		InvolvedObject: corev1.ObjectReference{APIVersion: "v1", Kind: "Pod", Name: pod, Namespace: namespace},
		Type:           corev1.EventTypeNormal, Reason: reason, Message: reason,
	}
}
