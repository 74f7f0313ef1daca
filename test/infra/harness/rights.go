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

package harness

import (
	"context"

	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/uuid"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// WaitForRights returns when the API server applies every role and binding that was written before the call.
//
// Its authorizer reads them from caches, one for each of the four kinds, which lag behind on a busy machine. An operator
// that starts in this time is denied what it has a right to, and waits before it asks again. A right that is written now
// arrives after all the others.
func (c *ControlPlane) WaitForRights() {
	GinkgoHelper()
	ctx, name := context.Background(), "test-"+string(uuid.NewUUID())
	const group = "test.llamastack.io"
	meta := metav1.ObjectMeta{Name: name, Namespace: OperatorNamespace}
	rules := func(resource string) []rbacv1.PolicyRule {
		return []rbacv1.PolicyRule{{APIGroups: []string{group}, Resources: []string{resource}, Verbs: []string{"get"}}}
	}
	ref := func(kind string) rbacv1.RoleRef {
		return rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: kind, Name: name}
	}
	subjects := []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: name}}
	clusterRole := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: name}, Rules: rules("everywhere")}
	clusterBinding := &rbacv1.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: name}, RoleRef: ref("ClusterRole"), Subjects: subjects}
	role := &rbacv1.Role{ObjectMeta: meta, Rules: rules("here")}
	binding := &rbacv1.RoleBinding{ObjectMeta: meta, RoleRef: ref("Role"), Subjects: subjects}
	Create(ctx, c.Admin, clusterRole, clusterBinding, role, binding)
	for _, resource := range []string{"everywhere", "here"} {
		Eventually(func() (bool, error) {
			review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
				User:               name,
				ResourceAttributes: &authorizationv1.ResourceAttributes{Namespace: OperatorNamespace, Verb: "get", Group: group, Resource: resource},
			}}
			err := c.Admin.Create(ctx, review)
			return review.Status.Allowed, err
		}).Should(BeTrue(), "the API server has not read its roles yet")
	}
	for _, object := range []client.Object{clusterBinding, clusterRole, binding, role} {
		Expect(c.Admin.Delete(ctx, object)).To(Succeed())
	}
}
