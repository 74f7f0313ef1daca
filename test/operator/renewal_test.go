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
	"regexp"
	"strings"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const (
	// secretVersion is the annotation of the Pods with the version of the Secret.
	secretVersion = "secret.version/serving-tls"
	watcherRole   = "llama-stack-k8s-operator-llsd-secret-watcher-role"
	// granted is how long it may take until the operator retries what was forbidden at first.
	granted = time.Minute
)

// asksForOneSecret is whether a request asks for one Secret by its name and for no other, as a Role can allow it.
func asksForOneSecret(r harness.Request) bool {
	return r.Resource == "secrets" && r.Namespace != "" && (r.Verb == "list" || r.Verb == "watch") && strings.Contains(r.URI, "fieldSelector=metadata.name%3D")
}

// aboutSecrets are the operator's requests about Secrets after the mark, watches included: their beginnings and their ends.
func aboutSecrets(mark int64, namespace string) []harness.Request {
	GinkgoHelper()
	return audit.Read(mark, func(r harness.Request) bool { return r.Resource == "secrets" && r.Namespace == namespace })
}

// certificateOf is the Secret "mine", with a certificate that is identified by its name.
func certificateOf(name, namespace string) *corev1.Secret {
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "mine"},
		Data:       map[string][]byte{corev1.TLSCertKey: []byte("certificate " + name), corev1.TLSPrivateKeyKey: []byte("key " + name)},
	}
}

func renew(ctx context.Context, secret *corev1.Secret, name string) {
	GinkgoHelper()
	edit(ctx, secret, func(s *corev1.Secret) { s.Data = certificateOf(name, s.Namespace).Data })
}

// watcherBinding lets the operator watch the Secrets of a namespace, by the role that is shipped.
func watcherBinding(namespace string) *rbacv1.RoleBinding {
	return bindingOf(namespace, rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: watcherRole})
}

// allowWatching creates the binding, and returns when the API server applies it: an operator that asks earlier is denied, makes
// the server without the version of its Secret, and rolls it again some seconds later.
func allowWatching(ctx context.Context, namespace string) {
	GinkgoHelper()
	create(ctx, watcherBinding(namespace))
	controlPlane.WaitForRights()
}

func bindingOf(namespace string, role rbacv1.RoleRef) *rbacv1.RoleBinding {
	account := strings.Split(harness.ServiceAccount, ":")
	return &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "watcher"}, RoleRef: role,
		Subjects: []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: account[2], Name: account[3]}},
	}
}

// rollingServer rolls when the Secret "mine" changes.
func rollingServer(name, namespace string) *v1alpha1.LlamaStackDistribution {
	GinkgoHelper()
	servers.ReplaceTLS(namespace, name, healthy())
	return llsdtest.Make(name).Namespace(namespace).Command("serve").ServingTLS("mine").RollOnRenewal().Obj()
}

// carried polls the version of the Secret in the Pods of a server.
func carried(ctx context.Context, instance *v1alpha1.LlamaStackDistribution) func() string {
	return func() string {
		GinkgoHelper()
		return deploymentOf(ctx, instance).Spec.Template.Annotations[secretVersion]
	}
}

func versionOf(secret *corev1.Secret) string {
	return string(secret.UID) + "@" + secret.ResourceVersion
}

var _ = Describe("A server that rolls when its certificate is renewed", func() {
	var (
		namespace string
		secret    *corev1.Secret
		instance  *v1alpha1.LlamaStackDistribution
	)
	BeforeEach(func(ctx context.Context) {
		namespace = newNamespace(ctx, false)
		secret = certificateOf("a", namespace)
		create(ctx, secret)
		instance = rollingServer("rolling", namespace)
	})
	ready := func(ctx context.Context) func() (string, error) {
		return conditionOf(ctx, instance, v1alpha1.ConditionReady)
	}
	notAllowed := say(metav1.ConditionTrue, v1alpha1.ReasonReady, "may not watch Secret", "kubectl -n")
	stands := func(ctx context.Context) {
		GinkgoHelper()
		allowWatching(ctx, namespace)
		create(ctx, instance)
		Eventually(carried(ctx, instance)).Should(Equal(versionOf(secret)))
		Eventually(ready(ctx)).Should(And(say(metav1.ConditionTrue, v1alpha1.ReasonReady), Not(ContainSubstring("may not watch"))))
		waitForQuiet()
	}

	It("runs without the right to watch the Secret, reports how to grant it, and uses it when it is granted", func(ctx context.Context) {
		began, mark := time.Now(), audit.Mark()
		create(ctx, instance)
		Eventually(ready(ctx)).Should(notAllowed)
		Expect(carried(ctx, instance)()).To(BeEmpty())
		Consistently(func() int {
			tried := len(aboutSecrets(mark, namespace)) // before the time is read, which only goes on
			return tried - mostTries(time.Since(began))
		}).WithTimeout(5*time.Second).Should(BeNumerically("<=", 0), "tries, beyond those after pauses of 2, 4, 8 … seconds")
		Expect(aboutSecrets(mark, namespace)).To(HaveEach(And(HaveField("Denied", true), WithTransform(asksForOneSecret, BeTrue()))))

		By("running the reported command")
		message, err := ready(ctx)()
		Expect(err).NotTo(HaveOccurred())
		command := regexp.MustCompile(`kubectl -n (\S+) create rolebinding (\S+) --clusterrole=(\S+) --serviceaccount=([^: ]+):([\w-]+)`).FindStringSubmatch(message)
		Expect(command).To(HaveLen(6), message)
		create(ctx, &rbacv1.RoleBinding{
			ObjectMeta: metav1.ObjectMeta{Namespace: command[1], Name: command[2]},
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: command[3]},
			Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: command[4], Name: command[5]}},
		})
		Eventually(carried(ctx, instance)).WithTimeout(granted).Should(Equal(versionOf(secret)))
		Eventually(ready(ctx)).Should(And(say(metav1.ConditionTrue, v1alpha1.ReasonReady), Not(ContainSubstring("may not watch"))))
	})

	It("rolls once for a new certificate, and sends nothing else", func(ctx context.Context) {
		stands(ctx)
		before, mark := deploymentOf(ctx, instance).Generation, audit.Mark()
		Consistently(func() []harness.Request { return audit.In(namespace, mark) }).WithTimeout(3 * time.Second).Should(BeEmpty())

		renew(ctx, secret, "b")
		Eventually(carried(ctx, instance)).Should(Equal(versionOf(secret)))
		waitForQuiet()
		Eventually(ready(ctx)).Should(say(metav1.ConditionTrue, v1alpha1.ReasonReady))
		Expect(deploymentOf(ctx, instance).Generation).To(Equal(before + 1))
		Expect(aboutSecrets(mark, namespace)).To(BeEmpty(), "the watch reported it")
		Expect(harness.Writes(audit.In(namespace, mark))).To(ContainElement(HaveField("Resource", "deployments")))
	})

	It("does not change when the operator restarts, and rolls once for what it missed", func(ctx context.Context) {
		stands(ctx)
		var mark int64
		whileDown(func() { mark = audit.Mark() })
		Eventually(audit.Watches(mark)).Should(ContainElement("secrets"))
		waitForQuiet()
		Expect(harness.Writes(audit.In(namespace, mark))).To(BeEmpty())
		Expect(harness.Reads(aboutSecrets(mark, namespace))).To(HaveLen(1))

		before := deploymentOf(ctx, instance).Generation
		whileDown(func() { renew(ctx, secret, "b") })
		Eventually(carried(ctx, instance)).Should(Equal(versionOf(secret)))
		waitForQuiet()
		Expect(deploymentOf(ctx, instance).Generation).To(Equal(before + 1))
	})

	It("keeps the version in its Pods when the right is removed", func(ctx context.Context) {
		stands(ctx)
		before := deploymentOf(ctx, instance)
		whileDown(func() { Expect(admin.Delete(ctx, watcherBinding(namespace))).To(Succeed()) })
		Eventually(ready(ctx)).Should(notAllowed)
		waitForQuietBut(namespace)
		Expect(deploymentOf(ctx, instance)).To(And(HaveField("Generation", before.Generation), HaveField("Spec", before.Spec)))

		By("restarting once more, which is not reported")
		var mark int64
		whileDown(func() { mark = audit.Mark() })
		Eventually(func() int { return len(aboutSecrets(mark, namespace)) }).Should(BeNumerically(">", 0))
		waitForQuietBut(namespace)
		Expect(harness.Writes(audit.In(namespace, mark))).To(BeEmpty())
	})

	It("needs a right to the one Secret only", func(ctx context.Context) {
		role := &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "one-secret"}, Rules: []rbacv1.PolicyRule{
			{APIGroups: []string{""}, Resources: []string{"secrets"}, ResourceNames: []string{"mine"}, Verbs: []string{"list", "watch"}},
		}}
		create(ctx, role, bindingOf(namespace, rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: role.Name}), instance)
		Eventually(carried(ctx, instance)).Should(Equal(versionOf(secret)))
		renew(ctx, secret, "b")
		Eventually(carried(ctx, instance)).Should(Equal(versionOf(secret)))
	})

	It("rolls for a Secret that is created after it, and for its replacement", func(ctx context.Context) {
		Expect(admin.Delete(ctx, secret)).To(Succeed())
		allowWatching(ctx, namespace)
		create(ctx, instance)
		Eventually(ready(ctx)).Should(say(metav1.ConditionTrue, v1alpha1.ReasonReady))
		Expect(carried(ctx, instance)()).To(BeEmpty())

		for _, name := range []string{"b", "c"} {
			secret = certificateOf(name, namespace)
			create(ctx, secret)
			Eventually(carried(ctx, instance)).Should(Equal(versionOf(secret)))
			Expect(admin.Delete(ctx, secret)).To(Succeed())
			Consistently(carried(ctx, instance)).WithTimeout(time.Second).Should(Equal(versionOf(secret)))
		}
	})

	DescribeTable("stops watching the Secret", func(ctx context.Context, end func(context.Context)) {
		stands(ctx)
		mark := audit.Mark()
		end(ctx)
		Eventually(func() []harness.Request { return aboutSecrets(mark, namespace) }).Should(ConsistOf(And(HaveField("Verb", "watch"), HaveField("Begins", false))))
		mark = audit.Mark()
		renew(ctx, secret, "b")
		Consistently(func() []harness.Request { return aboutSecrets(mark, namespace) }).WithTimeout(time.Second).Should(BeEmpty())
	},
		Entry("when it is deleted", func(ctx context.Context) { Expect(admin.Delete(ctx, instance)).To(Succeed()) }),
		Entry("when it is set to restart in the Pod", func(ctx context.Context) {
			edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) {
				i.Spec.Server.TLSConfig.Serving.OnRenewal = v1alpha1.RenewalRestart
			})
			Eventually(carried(ctx, instance)).Should(BeEmpty())
		}),
		Entry("when it no longer has a certificate", func(ctx context.Context) {
			edit(ctx, instance, func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Server.TLSConfig = nil })
			Eventually(carried(ctx, instance)).Should(BeEmpty())
		}),
	)

	It("sends no request if its configuration names another certificate, or it does not roll", func(ctx context.Context) {
		mark := audit.Mark()
		servers.ReplaceTLS(namespace, "own", harness.Answer(nil))
		servers.ReplaceTLS(namespace, "restarting", harness.Answer(nil))
		create(ctx, configMap(namespace, "config", map[string]string{"config.yaml": tlsConfig}))
		own := llsdtest.Make("own").Namespace(namespace).UserConfig("config").ServingTLS("mine").RollOnRenewal().Obj()
		restarting := llsdtest.Make("restarting").Namespace(namespace).Command("serve").ServingTLS("mine").Obj()
		create(ctx, own, restarting)
		Eventually(conditionOf(ctx, own, v1alpha1.ConditionReady)).Should(say(metav1.ConditionTrue, v1alpha1.ReasonReady, "instead of Secret mine"))
		Eventually(conditionOf(ctx, restarting, v1alpha1.ConditionReady)).Should(say(metav1.ConditionTrue, v1alpha1.ReasonReady))
		Expect(aboutSecrets(mark, namespace)).To(BeEmpty())
	})

	It("has its last ready template after a rollback, also when the operator restarts", func(ctx context.Context) {
		namespace = newNamespace(ctx, true)
		secret = certificateOf("a", namespace)
		instance = llsdtest.Make("back").Namespace(namespace).Command("serve").ServingTLS("mine").RollOnRenewal().Edit(func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.Rollout = &v1alpha1.RolloutSpec{Rollback: v1alpha1.RollbackAutomatic}
		}).Obj()
		create(ctx, secret)
		allowWatching(ctx, namespace)
		create(ctx, instance)
		Eventually(carried(ctx, instance)).Should(Equal(versionOf(secret)))
		good := versionOf(secret)
		rollOutNow(ctx, instance)
		// The news of the Secret must not overtake those of the rollout, or nothing has been ready yet.
		Eventually(deploymentNow(ctx, instance)).Should(HaveField("Annotations", HaveKey(v1alpha1.AnnotationReadyTemplate)))
		rollOutNow(ctx, instance)
		renew(ctx, secret, "broken")
		Eventually(carried(ctx, instance)).Should(Equal(versionOf(secret)))
		reportRollout(ctx, instance, appsv1.DeploymentStatus{Replicas: 2, UpdatedReplicas: 1, AvailableReplicas: 1, Conditions: []appsv1.DeploymentCondition{{
			Type: appsv1.DeploymentProgressing, Status: corev1.ConditionFalse, Reason: "ProgressDeadlineExceeded", LastTransitionTime: metav1.Now(),
		}}})
		Eventually(carried(ctx, instance)).Should(Equal(good))
		rollOutNow(ctx, instance)
		waitForQuiet()
		record := deploymentOf(ctx, instance).Annotations[v1alpha1.AnnotationRollout]

		whileDown(func() {
			Expect(admin.Delete(ctx, watcherBinding(namespace))).To(Succeed())
		})
		Eventually(ready(ctx)).Should(ContainSubstring("may not watch"))
		waitForQuietBut(namespace)
		Expect(carried(ctx, instance)()).To(Equal(good))
		Expect(deploymentOf(ctx, instance).Annotations).To(HaveKeyWithValue(v1alpha1.AnnotationRollout, record), "it still knows what failed")
	})
})

// mostTries is how often the operator may have asked for a Secret within a time, while it may not watch it.
func mostTries(within time.Duration) int {
	const firstPause = 2 * time.Second
	tries := 1
	for pause := firstPause; within >= pause; pause *= 2 {
		within -= pause
		tries++
	}
	return tries
}

// waitForQuietBut waits until the operator only requests the Secrets of a namespace.
func waitForQuietBut(namespace string) {
	GinkgoHelper()
	audit.WaitForQuiet(quiet, asksForRouteFields, func(r harness.Request) bool { return r.Resource == "secrets" && r.Namespace == namespace })
}
