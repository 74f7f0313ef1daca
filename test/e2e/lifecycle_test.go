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
	"os"
	"os/exec"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// owned lists the objects of a server in a namespace, without PVCs, as "kind/name".
func owned(ctx context.Context, namespace string) ([]string, error) {
	var found []string
	for kind, list := range map[string]client.ObjectList{
		"Deployment": &appsv1.DeploymentList{}, "ReplicaSet": &appsv1.ReplicaSetList{}, "Pod": &corev1.PodList{},
		"Service": &corev1.ServiceList{}, "ServiceAccount": &corev1.ServiceAccountList{},
		"ConfigMap": &corev1.ConfigMapList{}, "PodDisruptionBudget": &policyv1.PodDisruptionBudgetList{},
	} {
		labels := client.MatchingLabels{}
		if kind == "ServiceAccount" || kind == "ConfigMap" { // the cluster puts some of its own into every namespace
			labels[v1alpha1.LabelManagedBy] = v1alpha1.ManagedBy
		}
		if err := kube.List(ctx, list, client.InNamespace(namespace), labels); err != nil {
			return nil, err
		}
		names, err := namesOf(list)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			found = append(found, kind+"/"+name)
		}
	}
	return found, nil
}

// kubectl runs the program as a user does.
func kubectl(ctx context.Context, args ...string) {
	GinkgoHelper()
	program := os.Getenv("KUBECTL")
	if program == "" {
		program = "kubectl"
	}
	command := exec.CommandContext(ctx, program, args...)
	command.Env = append(os.Environ(), "KUBECONFIG="+kubeconfig())
	output, err := command.CombinedOutput()
	Expect(err).NotTo(HaveOccurred(), string(output))
}

var _ = Describe("A server", Ordered, func() {
	var server *v1alpha1.LlamaStackDistribution

	BeforeAll(func(ctx SpecContext) {
		namespace := newNamespace(ctx)
		create(ctx, &corev1.ConfigMap{
			ObjectMeta: objectMeta(namespace, "config"), Data: map[string]string{v1alpha1.UserConfigKey: "version: '2'\n"},
		})
		// Two replicas have a disruption budget; a command of its own needs no launcher.
		server = standIn(namespace, "server", `{"modelShape": "native"}`).
			Replicas(2).UserConfig("config").Command("/stand-in").Obj()
		create(ctx, server)
		becomeReady(ctx, server)
	})

	It("also serves the models in the format of old servers", func(ctx SpecContext) {
		serve(ctx, server, "stand-in/echo", nativeShape)
	})

	It("is scaled by kubectl", func(ctx SpecContext) {
		kubectl(ctx, "-n", server.Namespace, "scale", "llsd", server.Name, "--replicas=3")
		Eventually(statusOf(ctx, server)).WithTimeout(podStarts).Should(And(
			HaveField("Phase", v1alpha1.PhaseReady), HaveField("Replicas", int32(3)), HaveField("AvailableReplicas", int32(3)),
		))
		Expect(revision(ctx, server)).To(Equal("1"), "more replicas are no rollout")

		kubectl(ctx, "-n", server.Namespace, "scale", "llsd", server.Name, "--replicas=0")
		Eventually(conditionOf(ctx, server, v1alpha1.ConditionReady)).WithTimeout(podStarts).Should(say("True", v1alpha1.ReasonScaledToZero))
		Eventually(podsOf).WithContext(ctx).WithArguments(server.Namespace).WithTimeout(podStarts).Should(BeEmpty())

		kubectl(ctx, "-n", server.Namespace, "scale", "llsd", server.Name, "--replicas=1")
		becomeReady(ctx, server)
	}, NodeTimeout(4*podStarts))

	DescribeTable("gets back a child that was deleted", func(ctx SpecContext, object client.Object, name string) {
		deleted := get(ctx, server.Namespace, name, object).GetUID()
		Expect(kube.Delete(ctx, object)).To(Succeed())
		Eventually(func() (types.UID, error) {
			err := kube.Get(ctx, client.ObjectKeyFromObject(object), object)
			return object.GetUID(), client.IgnoreNotFound(err)
		}).ShouldNot(BeElementOf(deleted, types.UID("")))
		becomeReady(ctx, server)
		serve(ctx, server, "stand-in/echo", nativeShape)
	},
		Entry("its Service", &corev1.Service{}, "server-service", NodeTimeout(2*podStarts)),
		Entry("its ServiceAccount", &corev1.ServiceAccount{}, "server-sa", NodeTimeout(2*podStarts)),
		Entry("its Deployment", &appsv1.Deployment{}, "server", NodeTimeout(2*podStarts)),
	)

	It("leaves nothing when it is deleted", func(ctx SpecContext) {
		Expect(kube.Delete(ctx, server)).To(Succeed())
		Eventually(owned).WithContext(ctx).WithArguments(server.Namespace).WithTimeout(podStarts).Should(BeEmpty())
	}, NodeTimeout(2*podStarts))
})

var _ = Describe("The PVC of a server", func() {
	withPVC := func(namespace string) *llsdtest.Wrapper { return standIn(namespace, "server", `{}`).Storage("1Gi") }

	pvcOf := func(ctx context.Context, namespace string) *corev1.PersistentVolumeClaim {
		GinkgoHelper()
		return get(ctx, namespace, "server-pvc", &corev1.PersistentVolumeClaim{})
	}

	It("is deleted with the server by default", func(ctx SpecContext) {
		namespace := newNamespace(ctx)
		server := withPVC(namespace).Obj()
		create(ctx, server)
		becomeReady(ctx, server)
		pvc := pvcOf(ctx, namespace)

		Expect(kube.Delete(ctx, server)).To(Succeed())
		Eventually(func() error { return kube.Get(ctx, client.ObjectKeyFromObject(pvc), pvc) }).WithTimeout(podStarts).
			Should(MatchError(apierrors.IsNotFound, "IsNotFound"))
	}, NodeTimeout(4*podStarts))

	It("is used again by a server of the same name when it was retained", func(ctx SpecContext) {
		namespace := newNamespace(ctx)
		server := withPVC(namespace).Retention(v1alpha1.RetentionRetain).Obj()
		create(ctx, server)
		becomeReady(ctx, server)
		before := pvcOf(ctx, namespace).UID
		Expect(kube.Delete(ctx, server)).To(Succeed())
		Eventually(owned).WithContext(ctx).WithArguments(namespace).WithTimeout(podStarts).Should(BeEmpty())

		again := withPVC(namespace).Obj()
		create(ctx, again)
		becomeReady(ctx, again)
		Expect(pvcOf(ctx, namespace).UID).To(Equal(before))
	}, NodeTimeout(4*podStarts))
})

func namesOf(list client.ObjectList) ([]string, error) {
	var names []string
	err := meta.EachListItem(list, func(item runtime.Object) error {
		object, err := meta.Accessor(item)
		if err == nil {
			names = append(names, object.GetName())
		}
		return err
	})
	return names, err
}
