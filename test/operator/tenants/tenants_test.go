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

package tenants_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const mebibyte = 1 << 20

var _ = Describe("A tenant", Label(harness.Exhaustive), func() {
	var namespace string
	BeforeEach(func(ctx context.Context) { namespace = newNamespace(ctx, "hostile") })

	// meanwhile repeats a function until the context ends.
	meanwhile := func(ctx context.Context, do func(ctx context.Context, turn int) error) {
		var running sync.WaitGroup
		running.Go(func() {
			for turn := 0; ctx.Err() == nil; turn++ {
				if err := do(ctx, turn); err != nil && ctx.Err() == nil {
					GinkgoWriter.Println("the hostile tenant is refused:", err)
				}
			}
		})
		DeferCleanup(running.Wait)
	}

	It("whose servers send large answers blocks nobody, and its answers use little memory", func(ctx context.Context) {
		body := hostileList()
		var asked atomic.Int32
		for i := range 32 {
			name := fmt.Sprintf("loud-%02d", i)
			servers.Replace(namespace, name, loud(body, &asked))
			harness.Create(ctx, admin, llsdtest.Make(name).Namespace(namespace).Obj())
		}
		Eventually(asked.Load).Should(BeNumerically(">=", 32))
		turn := 0
		blocksNobody(ctx, func(ctx context.Context) {
			turn++
			for i := range 32 { // another template is another server, which is probed at once
				server := llsdtest.Make(fmt.Sprintf("loud-%02d", i)).Namespace(namespace).Obj()
				harness.Edit(ctx, admin, server, func(s *v1alpha1.LlamaStackDistribution) {
					s.Spec.Server.ContainerSpec.Env = []corev1.EnvVar{{Name: "TURN", Value: strconv.Itoa(turn)}}
				})
			}
		})
	})

	It("whose servers report what becomes longer when it is stored has a small status", func(ctx context.Context) {
		servers.Replace(namespace, "words", harness.Answer(map[string]string{
			"/v1/health": `{"status":"OK"}`, "/v1/version": `{"version":"1.5.0"}`, "/v1/providers": hostileProviders(), "/v1/models": hostileModels(),
		}))
		server := llsdtest.Make("words").Namespace(namespace).Obj()
		harness.Create(ctx, admin, server)
		Eventually(harness.ConditionOf(ctx, admin, server, v1alpha1.ConditionHealthCheck)).Should(harness.Say(metav1.ConditionFalse, v1alpha1.ReasonProviderError))
		status, err := harness.StatusOf(ctx, admin, server)()
		Expect(err).NotTo(HaveOccurred())
		text, err := json.Marshal(status)
		Expect(err).NotTo(HaveOccurred())
		Expect(len(text)).To(BeNumerically("<", 40<<10), "32 KiB of the server's, and our own")
		blocksNobody(ctx, func(context.Context) {})
	})

	It("whose configurations consist of aliases gets a condition, and blocks nobody", func(ctx context.Context) {
		var bombs []*corev1.ConfigMap
		for i := range 16 {
			name := fmt.Sprintf("bomb-%02d", i)
			bombs = append(bombs, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}, Data: map[string]string{"config.yaml": aliases()}})
			harness.Create(ctx, admin, bombs[i], llsdtest.Make(name).Namespace(namespace).UserConfig(name).Obj())
		}
		last := llsdtest.Make("bomb-15").Namespace(namespace).Obj()
		Eventually(harness.ConditionOf(ctx, admin, last, v1alpha1.ConditionReady)).Should(harness.Say(metav1.ConditionFalse, v1alpha1.ReasonUserConfigInvalid))
		blocksNobody(ctx, func(ctx context.Context) {
			for i, bomb := range bombs { // other content is inspected again
				harness.Edit(ctx, admin, bomb, func(c *corev1.ConfigMap) { c.Data["config.yaml"] += fmt.Sprintf("# %d\n", i) })
			}
		})
	})

	It("whose servers have tens of thousands of variables gets a condition, and blocks nobody", func(ctx context.Context) {
		env := make([]corev1.EnvVar, 20_000)
		for i := range env {
			env[i] = corev1.EnvVar{Name: fmt.Sprintf("V%05d", i), Value: "x"}
		}
		server := llsdtest.Make("large").Namespace(namespace).Edit(func(s *v1alpha1.LlamaStackDistribution) { s.Spec.Server.ContainerSpec.Env = env }).Obj()
		harness.Create(ctx, admin, server)
		Eventually(harness.ConditionOf(ctx, admin, server, v1alpha1.ConditionReady)).Should(harness.Say(metav1.ConditionFalse, v1alpha1.ReasonInvalidSpec))
		blocksNobody(ctx, func(ctx context.Context) {
			meanwhile(ctx, func(ctx context.Context, turn int) error {
				patch := fmt.Sprintf(`{"metadata":{"annotations":{"llamastack.io/restarted-at":"%d"}}}`, turn)
				return admin.Patch(ctx, server.DeepCopy(), client.RawPatch("application/merge-patch+json", []byte(patch)))
			})
		})
	})

	It("who edits a large ConfigMap a hundred times blocks nobody", func(ctx context.Context) {
		config := &corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "config"},
			Data:       map[string]string{"config.yaml": "version: '2'\n"},
		}
		for i := range 60 {
			config.Data[fmt.Sprintf("%s-%04d", strings.Repeat("k", 200), i)] = strings.Repeat("x", mebibyte/60-300)
		}
		harness.Create(ctx, admin, config, llsdtest.Make("edited").Namespace(namespace).UserConfig("config").Obj())
		var edits atomic.Int32
		edit := func(ctx context.Context, turn int) error {
			patch := fmt.Sprintf(`{"data":{"turn":"%d"}}`, turn)
			defer edits.Add(1)
			return admin.Patch(ctx, config.DeepCopy(), client.RawPatch("application/merge-patch+json", []byte(patch)))
		}
		blocksNobody(ctx, func(ctx context.Context) { meanwhile(ctx, edit) })
		for turn := int(edits.Load()); turn < 100; turn++ {
			Eventually(edit).WithContext(ctx).WithArguments(-turn).Should(Succeed())
		}
	})

	It("whose Pod has too many Events blocks nobody", func(ctx context.Context) {
		server := llsdtest.Make("noisy").Namespace(namespace).Obj()
		harness.Create(ctx, admin, server)
		harness.BecomeReady(ctx, admin, server)
		pod := waitingPod(ctx, server)
		for i := range 200 {
			harness.Create(ctx, admin, &corev1.Event{
				ObjectMeta:     metav1.ObjectMeta{Namespace: namespace, Name: fmt.Sprintf("event-%04d", i)},
				InvolvedObject: corev1.ObjectReference{Kind: "Pod", Namespace: namespace, Name: pod.Name, UID: pod.UID},
				Reason:         "FailedMount", Message: strings.Repeat("x", 100<<10), FirstTimestamp: metav1.Now(), LastTimestamp: metav1.Now(),
			})
		}
		mark := audit.Mark()
		blocksNobody(ctx, func(context.Context) {})
		Eventually(func() []string { return listsOf(mark, "events", namespace) }).Should(And(Not(BeEmpty()), HaveEach(ContainSubstring("limit="))))
	})

	It("who refers to many Secrets gets some of them watched", func(ctx context.Context) {
		mark := audit.Mark()
		for i := range 60 {
			name := fmt.Sprintf("follows-%02d", i)
			harness.Create(ctx, admin, llsdtest.Make(name).Namespace(namespace).Command("serve").ServingTLS(name).RollOnRenewal().Annotation(v1alpha1.AnnotationPaused, "true").Obj())
		}
		Eventually(func(g Gomega) {
			list := &v1alpha1.LlamaStackDistributionList{}
			g.Expect(admin.List(ctx, list, client.InNamespace(namespace))).To(Succeed())
			g.Expect(list.Items).To(HaveEach(HaveField("Status.Conditions", Not(BeEmpty()))))
		}).Should(Succeed())
		asked := listsOf(mark, "secrets", namespace)
		slices.Sort(asked)
		Expect(slices.Compact(asked)).To(HaveLen(50))
		blocksNobody(ctx, func(context.Context) {})
	})

	It("about whose Secrets the API server does not answer blocks no worker", func(ctx context.Context) {
		mute.Store(&namespace)
		DeferCleanup(func() { mute.Store(nil) })
		blocksNobody(ctx, func(ctx context.Context) {
			for range 16 {
				name := fmt.Sprintf("waits-%d", time.Now().UnixNano())
				harness.Create(ctx, admin, llsdtest.Make(name).Namespace(namespace).Command("serve").ServingTLS(name).RollOnRenewal().Obj())
			}
		})
	})
})

// aliases expand to a huge number of nodes, in 14 KB.
func aliases() string {
	text := &strings.Builder{}
	const each = 200
	fmt.Fprintf(text, "version: '2'\na0: &a0 [%s]\n", strings.TrimSuffix(strings.Repeat("x,", each), ","))
	for level := range 10 {
		fmt.Fprintf(text, "a%d: &a%d [%s]\n", level+1, level+1, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d,", level), each), ","))
	}
	fmt.Fprintln(text, "providers: {inference: *a10, agents: *a10}\nserver: {auth: {route_policy: *a10}, port: *a10}")
	return text.String()
}

// hostileList is an answer of just under 1 MiB that would take a hundred times as much when it is decoded at once.
func hostileList() []byte {
	entries := bytes.Repeat([]byte("{},"), (mebibyte-64)/3)
	return slices.Concat([]byte(`{"data":[`), entries[:len(entries)-1], []byte(`]}`))
}

// loud answers with the same bytes, which it does not copy, and counts.
func loud(body []byte, asked *atomic.Int32) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch r.URL.Path {
		case "/v1/health":
			_, _ = w.Write([]byte(`{"status":"OK"}`))
		case "/v1/providers":
			asked.Add(1)
			_, _ = w.Write(body)
		case "/v1/models":
			_, _ = w.Write(body)
		default:
			http.NotFound(w, r)
		}
	})
}

// hostileProviders are 200 providers whose texts have the maximum length, and six times as much when they are stored.
func hostileProviders() string {
	text := strings.Repeat("\u003c", 80)
	entries := make([]string, 0, 200)
	for i := range 200 {
		entries = append(entries, fmt.Sprintf(`{"api":%[1]q,"provider_id":"p%03[2]d%[1]s","provider_type":%[1]q,"health":{"status":"Error","message":%[1]q}}`, text, i))
	}
	return `{"data":[` + strings.Join(entries, ",") + `]}`
}

// hostileModels are 400 models of the same kind.
func hostileModels() string {
	text := strings.Repeat("\u003c", 80)
	entries := make([]string, 0, 400)
	for i := range 400 {
		entries = append(entries, fmt.Sprintf(`{"id":"m%03[2]d%[1]s","custom_metadata":{"provider_id":%[1]q,"model_type":%[1]q}}`, text, i))
	}
	return `{"data":[` + strings.Join(entries, ",") + `]}`
}

// waitingPod is a Pod of a server whose volumes are not mounted.
func waitingPod(ctx context.Context, server *v1alpha1.LlamaStackDistribution) *corev1.Pod {
	GinkgoHelper()
	deployment := harness.Get(ctx, admin, server.Namespace, server.Name, &appsv1.Deployment{})
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: server.Namespace, Name: server.Name + "-1", Labels: deployment.Spec.Template.Labels},
		Spec:       corev1.PodSpec{NodeName: "node", Containers: []corev1.Container{{Name: "server", Image: "image"}}},
	}
	harness.Create(ctx, admin, pod)
	pod.Status = corev1.PodStatus{Phase: corev1.PodPending, Conditions: []corev1.PodCondition{
		{Type: corev1.PodScheduled, Status: corev1.ConditionTrue}, {Type: corev1.PodReadyToStartContainers, Status: corev1.ConditionFalse},
	}}
	Expect(admin.Status().Update(ctx, pod)).To(Succeed())
	return pod
}

// listsOf are the URIs of the lists of a resource in a namespace since the mark.
func listsOf(mark int64, resource, namespace string) []string {
	GinkgoHelper()
	var uris []string
	for _, request := range audit.Read(mark, func(r harness.Request) bool {
		return r.Verb == "list" && r.Resource == resource && r.Namespace == namespace
	}) {
		uris = append(uris, request.URI)
	}
	return uris
}
