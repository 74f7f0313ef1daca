//go:build e2e

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

package e2e_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	appsv1 "k8s.io/api/apps/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// mayPatchDeployments polls whether the operator may.
func mayPatchDeployments(ctx context.Context) func() (bool, error) {
	return may(ctx, "system:serviceaccount:"+operatorNamespace+":"+operatorDeployment,
		&authorizationv1.ResourceAttributes{Namespace: "default", Verb: "patch", Group: "apps", Resource: "deployments"})
}

// childrenOf lists what a server consists of, without the PVC, the Pods and what others create from it.
func childrenOf(ctx context.Context, server *v1alpha1.LlamaStackDistribution) (map[string]client.Object, error) {
	found := map[string]client.Object{}
	for kind, list := range map[string]client.ObjectList{
		"Deployment": &appsv1.DeploymentList{}, "Service": &corev1.ServiceList{}, "ServiceAccount": &corev1.ServiceAccountList{},
		"ConfigMap": &corev1.ConfigMapList{}, "PodDisruptionBudget": &policyv1.PodDisruptionBudgetList{},
	} {
		labels := client.MatchingLabels{v1alpha1.LabelManagedBy: v1alpha1.ManagedBy, v1alpha1.LabelInstance: server.Name}
		if err := kube.List(ctx, list, client.InNamespace(server.Namespace), labels); err != nil {
			return nil, err
		}
		for _, object := range objectsOf(list) {
			if metav1.IsControlledBy(object, server) {
				found[kind+"/"+object.GetName()] = object
			}
		}
	}
	return found, nil
}

func objectsOf(list client.ObjectList) []client.Object {
	var found []client.Object
	switch l := list.(type) {
	case *appsv1.DeploymentList:
		found = pointers(l.Items)
	case *corev1.ServiceList:
		found = pointers(l.Items)
	case *corev1.ServiceAccountList:
		found = pointers(l.Items)
	case *corev1.ConfigMapList:
		found = pointers(l.Items)
	case *policyv1.PodDisruptionBudgetList:
		found = pointers(l.Items)
	}
	return found
}

func pointers[T any, P interface {
	*T
	client.Object
}](items []T) []client.Object {
	found := make([]client.Object, 0, len(items))
	for i := range items {
		found = append(found, P(&items[i]))
	}
	return found
}

func uids(children map[string]client.Object) []types.UID {
	var found []types.UID
	for _, child := range children {
		found = append(found, child.GetUID())
	}
	return found
}

// stomp changes every child of a server as a hostile user would.
func stomp(ctx context.Context, children map[string]client.Object, change func(client.Object)) {
	GinkgoHelper()
	for _, name := range slices.Sorted(maps.Keys(children)) {
		edit(ctx, children[name], change)
	}
}

var _ = Describe("A server survives that", chaos, Ordered, func() {
	var (
		server *v1alpha1.LlamaStackDistribution
		names  []string
	)

	BeforeAll(func(ctx SpecContext) {
		namespace := newNamespace(ctx)
		create(ctx, &corev1.ConfigMap{ObjectMeta: objectMeta(namespace, "config"), Data: map[string]string{v1alpha1.UserConfigKey: "version: '2'\n"}})
		server = standIn(namespace, "server", `{}`).Replicas(2).UserConfig("config").Command("/stand-in").Obj()
		create(ctx, server)
		becomeReady(ctx, server)
		children, err := childrenOf(ctx, server)
		Expect(err).NotTo(HaveOccurred())
		names = slices.Sorted(maps.Keys(children))
		Expect(len(names)).To(BeNumerically(">=", 5), "%v", names)
	})

	// whole waits until all children exist unchanged, with the operator's labels and owner.
	whole := func(ctx context.Context) map[string]client.Object {
		GinkgoHelper()
		var children map[string]client.Object
		Eventually(func() ([]string, error) {
			var err error
			children, err = childrenOf(ctx, server)
			return slices.Sorted(maps.Keys(children)), err
		}).WithTimeout(healed).Should(Equal(names))
		return children
	}

	It("all its children are deleted", func(ctx SpecContext) {
		before := whole(ctx)
		for _, child := range before {
			Expect(kube.Delete(ctx, child)).To(Succeed())
		}
		since := time.Now()
		Eventually(func() ([]types.UID, error) {
			children, err := childrenOf(ctx, server)
			return uids(children), err
		}).WithTimeout(healed).Should(And(HaveLen(len(names)), Not(ContainElements(uids(before)))))
		Expect(whole(ctx)).To(HaveLen(len(names)))
		applied := time.Since(since)
		becomeReady(ctx, server)
		recoveries = append(recoveries, recovery{fault: "all children of a server are deleted", applied: applied, ready: time.Since(since)})
		diagnose(ctx, server, "all children of a server are deleted", "objects", `^(Deployment|Service) server\S* was deleted, and the operator created it again`)
	}, NodeTimeout(specLimit))

	It("the labels of its children are replaced", func(ctx SpecContext) {
		before := whole(ctx)
		stomp(ctx, before, func(child client.Object) { child.SetLabels(map[string]string{"stomped": "true"}) })
		since := time.Now()
		Expect(uids(whole(ctx))).To(ConsistOf(uids(before)), "none was created again")
		recoveries = append(recoveries, recovery{fault: "the labels of all children are replaced", applied: time.Since(since)})
		diagnose(ctx, server, "the labels of all children are replaced", "objects", `has set fields of Deployment server, .*: metadata\.labels\.stomped$`,
			`has set fields of Service server-service, .*: metadata\.labels\.stomped$`)
		becomeReady(ctx, server)
	}, NodeTimeout(specLimit))

	It("its children lose their owner", func(ctx SpecContext) {
		before := whole(ctx)
		stomp(ctx, before, func(child client.Object) { child.SetOwnerReferences(nil) })
		since := time.Now()
		Expect(uids(whole(ctx))).To(ConsistOf(uids(before)), "none was created again")
		recoveries = append(recoveries, recovery{fault: "the owner references of all children are removed", applied: time.Since(since)})
		undiagnosed("the owner references of all children are removed", "they are back within a second, and nothing is left of their removal")
		becomeReady(ctx, server)
	}, NodeTimeout(specLimit))

	It("one of its children is given to another owner, and given back", func(ctx SpecContext) {
		other := get(ctx, server.Namespace, "config", &corev1.ConfigMap{})
		service := get(ctx, server.Namespace, "server-service", &corev1.Service{})
		edit(ctx, service, func(s *corev1.Service) {
			s.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(other, corev1.SchemeGroupVersion.WithKind("ConfigMap"))}
		})
		Eventually(conditionOf(ctx, server, v1alpha1.ConditionReady)).WithTimeout(healed).
			Should(say(metav1.ConditionFalse, v1alpha1.ReasonResourceConflict, "server-service", "ConfigMap/config"))
		diagnose(ctx, server, "a child is given to another owner", "objects", `^Service server-service belongs to ConfigMap config$`)

		edit(ctx, service, func(s *corev1.Service) { s.OwnerReferences = nil })
		since := time.Now()
		Expect(whole(ctx)).To(HaveKeyWithValue("Service/server-service", HaveField("UID", service.UID)))
		becomeReady(ctx, server)
		record("a child that was given to another owner is given back", since)
	}, NodeTimeout(specLimit))
})

var _ = Describe("A quota that is full", chaos, func() {
	DescribeTable("is reported, and waited for", func(ctx SpecContext, what string, name corev1.ResourceName, reason v1alpha1.Reason) {
		namespace := newNamespace(ctx)
		quota := &corev1.ResourceQuota{
			ObjectMeta: objectMeta(namespace, "full"),
			Spec:       corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{name: resource.MustParse("0")}},
		}
		create(ctx, quota)
		Eventually(func() corev1.ResourceList { return get(ctx, namespace, "full", quota).Status.Hard }).Should(HaveKey(name))
		server := standIn(namespace, "server", `{}`).Obj()
		create(ctx, server)
		Eventually(conditionOf(ctx, server, v1alpha1.ConditionReady)).WithTimeout(healed).
			Should(say(metav1.ConditionFalse, reason, "exceeded quota"))
		diagnose(ctx, server, "a quota blocks the "+strings.TrimSuffix(what, "s"), "quota", `exceeded quota: full`, `^ResourceQuota full is used up: 0 of 0 `+string(name))

		Expect(kube.Delete(ctx, quota)).To(Succeed())
		since := time.Now()
		Eventually(conditionOf(ctx, server, v1alpha1.ConditionReady)).WithTimeout(healed).Should(say(metav1.ConditionTrue, v1alpha1.ReasonReady))
		record("a quota of "+what+" is lifted", since)
	},
		Entry("of Services", "Services", corev1.ResourceName("count/services"), v1alpha1.ReasonRejected, NodeTimeout(specLimit)),
		Entry("of Deployments", "Deployments", corev1.ResourceName("count/deployments.apps"), v1alpha1.ReasonRejected, NodeTimeout(specLimit)),
		Entry("of Pods", "Pods", corev1.ResourcePods, v1alpha1.ReasonRolloutFailed, NodeTimeout(specLimit)),
	)
})
