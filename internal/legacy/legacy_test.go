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

package legacy_test

import (
	"context"
	"errors"
	"testing"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/apply"
	"github.com/llamastack/llama-stack-k8s-operator/internal/events"
	"github.com/llamastack/llama-stack-k8s-operator/internal/legacy"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubeevents "k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestLegacy(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "What 0.9.0 left")
}

var _ = Describe("The field managers of 0.9.0", func() {
	It("are its binary and the name of the owner", func() {
		Expect(legacy.Managers(llsdtest.Make("a").Obj())).To(Equal(apply.LegacyManagers{Update: "manager", Apply: "a"}))
	})

	DescribeTable("are recognized", func(manager, object string, expected bool) {
		Expect(legacy.Wrote(manager, object)).To(Equal(expected))
	},
		Entry("by the name of the binary", "manager", "a-service", true),
		Entry("by the name of the owner, which the object has", "a", "a", true),
		Entry("by the name of the owner, with which the object's name starts", "a", "a-service", true),
		Entry("not by another name", "kubectl-edit", "a-service", false),
		Entry("not by a part of a word", "a", "abc-service", false),
	)
})

// cluster has one RoleBinding that a server owns, one ClusterRoleBinding to its ServiceAccount, the same for another role, and that
// server.
type cluster struct {
	client.Reader

	asked   []string
	failure error
}

func (c *cluster) List(_ context.Context, list client.ObjectList, options ...client.ListOption) error {
	asked := (&client.ListOptions{}).ApplyOptions(options)
	switch list := list.(type) {
	case *rbacv1.RoleBindingList:
		c.asked = append(c.asked, "RoleBinding in "+asked.Namespace)
		owner := metav1.OwnerReference{APIVersion: v1alpha1.GroupVersion.String(), Kind: v1alpha1.Kind, Name: "a", UID: "u", Controller: new(true)}
		of := func(name, role string) rbacv1.RoleBinding {
			object := metav1.ObjectMeta{Namespace: "ns", Name: name, OwnerReferences: []metav1.OwnerReference{owner}}
			return rbacv1.RoleBinding{ObjectMeta: object, RoleRef: rbacv1.RoleRef{Kind: "ClusterRole", Name: role}}
		}
		list.Items = []rbacv1.RoleBinding{of("a-rb", v1alpha1.LegacyRole), of("copied", "view")}
	case *rbacv1.ClusterRoleBindingList:
		c.asked = append(c.asked, "ClusterRoleBinding")
		subjects := []rbacv1.Subject{
			{Kind: rbacv1.ServiceAccountKind, Namespace: "ns", Name: "a-sa"}, {Kind: rbacv1.UserKind, Name: "b-sa"}, {Kind: rbacv1.ServiceAccountKind, Name: "default"},
		}
		list.Items = []rbacv1.ClusterRoleBinding{
			{ObjectMeta: metav1.ObjectMeta{Name: "a-crb"}, Subjects: subjects, RoleRef: rbacv1.RoleRef{Kind: "ClusterRole", Name: v1alpha1.LegacyRole}},
			{ObjectMeta: metav1.ObjectMeta{Name: "copied"}, Subjects: subjects, RoleRef: rbacv1.RoleRef{Kind: "ClusterRole", Name: "view"}},
		}
	}
	return c.failure
}

func (*cluster) Get(_ context.Context, key client.ObjectKey, object client.Object, _ ...client.GetOption) error {
	object.SetNamespace(key.Namespace)
	object.SetName(key.Name)
	return nil
}

var _ = Describe("The bindings of 0.9.0", func() {
	report := func(ctx context.Context, from *cluster, namespaces ...string) []string {
		GinkgoHelper()
		recorder := kubeevents.NewFakeRecorder(10)
		bindings := legacy.Bindings{Cached: from, Live: from, Events: events.New(recorder), Namespaces: namespaces}
		Expect(bindings.Start(ctx)).To(Succeed())
		close(recorder.Events)
		var found []string
		for event := range recorder.Events {
			found = append(found, event)
		}
		return found
	}

	It("are reported on the servers that they are for, with the command that removes them", func(ctx context.Context) {
		Expect(report(ctx, &cluster{})).To(ConsistOf(
			ContainSubstring("kubectl delete rolebinding a-rb -n ns"), ContainSubstring("kubectl delete clusterrolebinding a-crb")))
	})

	It("are read only where the operator may", func(ctx context.Context) {
		from := &cluster{}
		Expect(report(ctx, from, "ns", "other")).NotTo(ContainElement(ContainSubstring("clusterrolebinding")))
		Expect(from.asked).To(Equal([]string{"RoleBinding in ns", "RoleBinding in other"}))
	})

	It("do not end the operator where they cannot be listed", func(ctx context.Context) {
		Expect(report(ctx, &cluster{failure: errors.New("no")})).To(BeEmpty())
	})
})
