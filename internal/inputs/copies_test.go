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

package inputs_test

import (
	"context"
	"fmt"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/inputs"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// began is when the oldest copy was created.
var began = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// instance is the server that has the copies.
func instance() *v1alpha1.LlamaStackDistribution {
	return llsdtest.Make("a").Namespace("apps").UID("u").Obj()
}

// copyName is the name of the copy of a configuration.
func copyName(version int) string { return copyOf(version).Name }

// copyOf is the copy of a configuration, the later the higher its version.
func copyOf(version int) *corev1.ConfigMap {
	copied := &corev1.ConfigMap{Data: map[string]string{v1alpha1.UserConfigKey: fmt.Sprintf("version: %d\n", version)}, Immutable: new(true)}
	copied.ObjectMeta = metav1.ObjectMeta{
		Namespace: "apps", Name: render.ConfigCopyName("a", inputs.ContentHash(copied)), UID: types.UID(fmt.Sprintf("copy-%d", version)),
		CreationTimestamp: metav1.NewTime(began.Add(time.Duration(version) * time.Minute)),
		Labels:            map[string]string{v1alpha1.LabelInstance: "a", render.LabelComponent: render.ComponentUserConfig},
		OwnerReferences:   []metav1.OwnerReference{*metav1.NewControllerRef(instance(), v1alpha1.GroupVersion.WithKind(v1alpha1.Kind))},
	}
	return copied
}

// mounting is a Pod template that mounts a copy.
func mounting(name string) corev1.PodTemplateSpec {
	source := &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: name}}
	return corev1.PodTemplateSpec{Spec: corev1.PodSpec{Volumes: []corev1.Volume{
		{Name: "data", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}},
		{Name: "config", VolumeSource: corev1.VolumeSource{ConfigMap: source}},
	}}}
}

// rolledOut is a Deployment that mounts a copy, and has rolled out.
func rolledOut(name string) *appsv1.Deployment {
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: "apps", Name: "a", Generation: 2},
		Spec:       appsv1.DeploymentSpec{Replicas: new(int32(1)), Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "a"}}, Template: mounting(name)},
		Status:     appsv1.DeploymentStatus{ObservedGeneration: 2, Replicas: 1, UpdatedReplicas: 1, AvailableReplicas: 1},
	}
}

// replicaSet of the Deployment mounts a copy, and has this many Pods.
func replicaSet(revision string, pods int32, name string) *appsv1.ReplicaSet {
	return &appsv1.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "apps", Name: "a-" + revision, Labels: map[string]string{"app": "a"}, Annotations: map[string]string{"deployment.kubernetes.io/revision": revision},
		},
		Spec:   appsv1.ReplicaSetSpec{Replicas: new(pods), Template: mounting(name)},
		Status: appsv1.ReplicaSetStatus{Replicas: pods},
	}
}

// copiesUpTo are the copies of the first versions.
func copiesUpTo(last int, others ...client.Object) []client.Object {
	for version := 1; version <= last; version++ {
		others = append(others, copyOf(version))
	}
	return others
}

// versionsIn are the versions of which there are copies.
func versionsIn(ctx context.Context, server *apiServer, last int) []int {
	GinkgoHelper()
	list := &corev1.ConfigMapList{}
	Expect(server.List(ctx, list)).To(Succeed())
	names := map[string]bool{}
	for _, item := range list.Items {
		names[item.Name] = true
	}
	var found []int
	for version := 1; version <= last; version++ {
		if names[copyName(version)] {
			found = append(found, version)
		}
	}
	return found
}

func copiesIn(server *apiServer) *inputs.Copies {
	return inputs.NewCopies(server, server, server.liveRead)
}

var _ = Describe("The copies of a user's configuration", func() {
	It("go when nothing needs them, but for the newest two", func(ctx context.Context) {
		server := serving(copiesUpTo(9,
			replicaSet("1", 0, copyName(1)), replicaSet("2", 0, copyName(2)), replicaSet("3", 0, copyName(3)), // the last two revisions count
			replicaSet("4", 1, copyName(4)))...)
		use := inputs.InUse{Deployment: rolledOut(copyName(5)), Names: []string{copyName(6)}}
		Expect(copiesIn(server).Prune(ctx, instance(), use)).To(Succeed())
		Expect(versionsIn(ctx, server, 9)).To(Equal([]int{2, 3, 4, 5, 6, 8, 9}))
		as := func(uid types.UID) any { // as it was when it proved to be a copy
			return And(HaveField("UID", HaveValue(Equal(uid))), HaveField("ResourceVersion", HaveValue(Not(BeEmpty()))))
		}
		Expect(server.preconditions).To(ConsistOf(as("copy-1"), as("copy-7")))
	})

	It("of the same second go in the order of their versions", func(ctx context.Context) {
		objects := copiesUpTo(4)
		for i, version := range []string{"998", "1001", "999", "1000"} {
			objects[i].SetCreationTimestamp(metav1.NewTime(began))
			objects[i].SetResourceVersion(version)
		}
		server := serving(objects...)
		Expect(copiesIn(server).Prune(ctx, instance(), inputs.InUse{Deployment: rolledOut("")})).To(Succeed())
		Expect(versionsIn(ctx, server, 4)).To(Equal([]int{2, 4}))
	})

	DescribeTable("all stay", func(ctx context.Context, change func(*apiServer, *inputs.InUse)) {
		server := serving(copiesUpTo(5)...)
		use := inputs.InUse{Deployment: rolledOut(copyName(5))}
		change(server, &use)
		copies := copiesIn(server)
		Expect(copies.Prune(ctx, instance(), use)).To(Succeed())
		server.listErr = nil
		Expect(versionsIn(ctx, server, 5)).To(HaveLen(5))
	},
		Entry("before there is a Deployment", func(_ *apiServer, use *inputs.InUse) { use.Deployment = nil }),
		Entry("while the server rolls", func(_ *apiServer, use *inputs.InUse) { use.Deployment.Status.UpdatedReplicas = 0 }),
		Entry("while old Pods are left", func(_ *apiServer, use *inputs.InUse) { use.Deployment.Status.Replicas = 2 }),
		Entry("before the rollout is seen", func(_ *apiServer, use *inputs.InUse) { use.Deployment.Generation++ }),
		Entry("where the cache cannot list them", func(server *apiServer, _ *inputs.InUse) { server.listErr = errDown }),
		Entry("where others made more ReplicaSets than are read", func(server *apiServer, _ *inputs.InUse) { server.endless = true }),
		Entry("where they are in use", func(_ *apiServer, use *inputs.InUse) { use.Names = []string{copyName(1), copyName(2), copyName(3)} }),
		Entry("where somebody else applied them", func(server *apiServer, _ *inputs.InUse) {
			for version := 1; version <= 5; version++ {
				server.foreign[copyName(version)] = true
			}
		}),
	)

	DescribeTable("are not what resembles them", func(ctx context.Context, change func(*corev1.ConfigMap)) {
		resembling := copyOf(1)
		change(resembling)
		server := serving(resembling, copyOf(2), copyOf(3), copyOf(4), copyOf(5))
		Expect(copiesIn(server).Prune(ctx, instance(), inputs.InUse{Deployment: rolledOut("")})).To(Succeed())
		Expect(server.Get(ctx, client.ObjectKeyFromObject(resembling), &corev1.ConfigMap{})).To(Succeed())
		Expect(versionsIn(ctx, server, 5)).To(ContainElements(4, 5))
		Expect(versionsIn(ctx, server, 5)).NotTo(ContainElements(2), "a copy")
	},
		Entry("a clone under another name", func(c *corev1.ConfigMap) { c.Name = "mine" }),
		Entry("a clone under a name like theirs", func(c *corev1.ConfigMap) { c.Name = "a-config-0123456789abcdef" }),
		Entry("one with another content", func(c *corev1.ConfigMap) { c.Data["note"] = "of mine" }),
		Entry("one that can be changed", func(c *corev1.ConfigMap) { c.Immutable = nil }),
		Entry("one of another server", func(c *corev1.ConfigMap) { c.OwnerReferences[0].UID = "v" }),
		Entry("one without a server", func(c *corev1.ConfigMap) { c.OwnerReferences = nil }),
		Entry("one without the labels", func(c *corev1.ConfigMap) { c.Labels = nil }),
		Entry("one in another namespace", func(c *corev1.ConfigMap) { c.Namespace = "other" }),
	)

	It("that only a late cache has are no error", func(ctx context.Context) {
		cached, live := serving(copiesUpTo(5)...), serving(copiesUpTo(2)...)
		copies := inputs.NewCopies(cached, live, live.liveRead)
		Expect(copies.Prune(ctx, instance(), inputs.InUse{Deployment: rolledOut("")})).To(Succeed())
		Expect(versionsIn(ctx, cached, 5)).To(Equal([]int{3, 4, 5}), "what the API server does not have is not deleted")
	})

	It("are read once, until there is another one", func(ctx context.Context) {
		server := serving(copiesUpTo(4)...)
		copies, use := copiesIn(server), inputs.InUse{Deployment: rolledOut(copyName(1)), Names: []string{copyName(2)}}
		Expect(copies.Prune(ctx, instance(), use)).To(Succeed())
		read := server.reads["ReplicaSet"]
		Expect(read).To(BeNumerically(">", 0))
		Expect(copies.Prune(ctx, instance(), use)).To(Succeed())
		Expect(server.reads["ReplicaSet"]).To(Equal(read))

		Expect(server.Create(ctx, copyOf(5))).To(Succeed())
		Expect(copies.Prune(ctx, instance(), use)).To(Succeed())
		Expect(server.reads["ReplicaSet"]).To(Equal(2 * read))
		Expect(versionsIn(ctx, server, 5)).To(Equal([]int{1, 2, 4, 5}))
	})

	It("of a server that was forgotten are read again", func(ctx context.Context) {
		server := serving(copiesUpTo(3)...)
		copies, use := copiesIn(server), inputs.InUse{Deployment: rolledOut(copyName(1))}
		Expect(copies.Prune(ctx, instance(), use)).To(Succeed())
		copies.Forget("another")
		Expect(copies.Prune(ctx, instance(), use)).To(Succeed())
		Expect(server.reads["ReplicaSet"]).To(Equal(1))
		copies.Forget("u")
		Expect(copies.Prune(ctx, instance(), use)).To(Succeed())
		Expect(server.reads["ReplicaSet"]).To(Equal(2))
	})

	DescribeTable("are tried again after an error", func(ctx context.Context, change func(*apiServer, *inputs.InUse), says string) {
		cached, live := serving(copiesUpTo(3)...), serving(copiesUpTo(3)...)
		use := inputs.InUse{Deployment: rolledOut("")}
		change(live, &use)
		cached.deleteErr = live.deleteErr
		copies := inputs.NewCopies(cached, live, live.liveRead)
		Expect(copies.Prune(ctx, instance(), use)).To(MatchError(HavePrefix(says)))
		Expect(versionsIn(ctx, cached, 3)).To(HaveLen(3))

		live.getErr, live.listErr, cached.deleteErr, use.Deployment = nil, nil, nil, rolledOut("")
		Expect(copies.Prune(ctx, instance(), use)).To(Succeed())
		Expect(versionsIn(ctx, cached, 3)).To(Equal([]int{2, 3}))
	},
		Entry("of a read", func(s *apiServer, _ *inputs.InUse) { s.getErr = errDown }, "failed to read ConfigMap apps/a-config-"),
		Entry("of a deletion", func(s *apiServer, _ *inputs.InUse) { s.deleteErr = errDown }, "failed to delete ConfigMap apps/a-config-"),
		Entry("of a list", func(s *apiServer, _ *inputs.InUse) { s.listErr = errDown }, "failed to list the ReplicaSets of Deployment apps/a: "),
		Entry("of a selector", func(_ *apiServer, use *inputs.InUse) {
			use.Deployment.Spec.Selector = &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "app", Operator: "Like"}}}
		}, "failed to read the selector of Deployment apps/a: "),
	)

	Context("where a quota refuses a new one", func() {
		It("go, but for those that Pods need, and the new one is retried later and later", func(ctx context.Context) {
			server := serving(copiesUpTo(5, replicaSet("1", 0, copyName(1)), replicaSet("2", 2, copyName(2)))...)
			copies, use := copiesIn(server), inputs.InUse{Deployment: rolledOut(copyName(3)), Names: []string{copyName(4)}}
			use.Deployment.Status.UpdatedReplicas = 0 // a rollout does not hold it up
			Expect(copies.PruneForQuota(ctx, instance(), use, began)).To(Equal(2 * time.Second))
			Expect(versionsIn(ctx, server, 5)).To(Equal([]int{2, 3, 4}))

			for _, step := range []struct{ since, retry time.Duration }{
				{time.Second, 2 * time.Second},
				{4 * time.Second, 4 * time.Second},
				{32 * time.Second, 32 * time.Second},
				{time.Minute, 0},
				{time.Hour, 0},
			} {
				Expect(copies.PruneForQuota(ctx, instance(), use, began.Add(step.since))).To(Equal(step.retry), step.since.String())
			}
		})

		It("begin anew when another could go, and when the server is forgotten", func(ctx context.Context) {
			server := serving(copiesUpTo(1)...)
			copies, use := copiesIn(server), inputs.InUse{Deployment: rolledOut("")}
			Expect(copies.PruneForQuota(ctx, instance(), use, began)).To(Equal(2 * time.Second))
			Expect(server.Create(ctx, copyOf(2))).To(Succeed())
			Expect(copies.PruneForQuota(ctx, instance(), use, began.Add(time.Hour))).To(Equal(2 * time.Second))

			Expect(server.Create(ctx, copyOf(3))).To(Succeed())
			use.Names = []string{copyName(3)}
			Expect(copies.PruneForQuota(ctx, instance(), use, began.Add(time.Hour+8*time.Second))).To(Equal(8 * time.Second))
			copies.Forget("u")
			Expect(copies.PruneForQuota(ctx, instance(), use, began.Add(time.Hour+8*time.Second))).To(BeZero())
		})

		DescribeTable("stay, and the new one waits as usual", func(ctx context.Context, change func(*apiServer, *inputs.InUse)) {
			server := serving(copiesUpTo(3)...)
			use := inputs.InUse{Deployment: rolledOut("")}
			change(server, &use)
			Expect(copiesIn(server).PruneForQuota(ctx, instance(), use, began)).To(BeZero())
			server.listErr = nil
			Expect(versionsIn(ctx, server, 3)).To(HaveLen(3))
		},
			Entry("before there is a Deployment", func(_ *apiServer, use *inputs.InUse) { use.Deployment = nil }),
			Entry("where all are in use", func(_ *apiServer, use *inputs.InUse) { use.Names = []string{copyName(1), copyName(2), copyName(3)} }),
			Entry("where the cache cannot list them", func(server *apiServer, _ *inputs.InUse) { server.listErr = errDown }),
			Entry("where others made more ReplicaSets than are read", func(server *apiServer, _ *inputs.InUse) { server.endless = true }),
		)

		It("come with the error of a deletion", func(ctx context.Context) {
			server := serving(copiesUpTo(1)...)
			server.deleteErr = errDown
			_, err := copiesIn(server).PruneForQuota(ctx, instance(), inputs.InUse{Deployment: rolledOut("")}, began)
			Expect(err).To(MatchError(errDown))
		})
	})

	It("of a Pod template are those that it mounts", func() {
		template := mounting("b")
		template.Spec.Volumes = append(template.Spec.Volumes, mounting("a").Spec.Volumes...)
		Expect(inputs.Mounted(&template).UnsortedList()).To(ConsistOf("a", "b"))
		Expect(inputs.Mounted(&corev1.PodTemplateSpec{})).To(BeEmpty())
	})
})
