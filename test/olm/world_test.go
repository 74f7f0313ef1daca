//go:build olm

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

package olm_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// namespaceUnderTest is the namespace of the servers of the container that runs, for the report of a failure.
var namespaceUnderTest string

// newNamespace makes the namespace of a container's servers. It is deleted at the end.
func newNamespace(ctx context.Context) string {
	GinkgoHelper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		GenerateName: "olm-", Labels: map[string]string{"pod-security.kubernetes.io/enforce": "restricted"},
	}}
	create(ctx, namespace)
	namespaceUnderTest = namespace.Name
	DeferCleanup(func(ctx SpecContext) {
		Expect(client.IgnoreNotFound(kube.Delete(ctx, namespace))).To(Succeed())
	})
	return namespace.Name
}

func create(ctx context.Context, objects ...client.Object) {
	GinkgoHelper()
	for _, object := range objects {
		Expect(kube.Create(ctx, object)).To(Succeed())
	}
}

// ensure creates objects that may exist.
func ensure(ctx context.Context, object client.Object) {
	GinkgoHelper()
	if err := kube.Create(ctx, object); !apierrors.IsAlreadyExists(err) {
		Expect(err).NotTo(HaveOccurred())
	}
}

// get reads an object that must be there.
func get[T client.Object](ctx context.Context, namespace, name string, into T) T {
	GinkgoHelper()
	Expect(kube.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, into)).To(Succeed())
	return into
}

// remove deletes objects that may not be there, and waits until they are gone.
func remove(ctx context.Context, objects ...client.Object) {
	GinkgoHelper()
	for _, object := range objects {
		Expect(client.IgnoreNotFound(kube.Delete(ctx, object))).To(Succeed())
	}
	for _, object := range objects {
		Eventually(func() bool {
			return apierrors.IsNotFound(kube.Get(ctx, client.ObjectKeyFromObject(object), object))
		}).WithTimeout(podStarts).Should(BeTrue(), "%T %s is still there", object, object.GetName())
	}
}

// server is a stand-in that starts fast, with a PVC that outlives it.
func server(namespace, name string) *llsdtest.Wrapper {
	one, five, often := int32(1), int32(5), int32(podStarts.Seconds())
	return llsdtest.Make(name).Namespace(namespace).
		Resources(corev1.ResourceRequirements{Requests: corev1.ResourceList{
			corev1.ResourceCPU: resource.MustParse("20m"), corev1.ResourceMemory: resource.MustParse("64Mi"),
		}}).
		StartupProbe(v1alpha1.StartupProbe{InitialDelaySeconds: &one, PeriodSeconds: &one, TimeoutSeconds: &five, FailureThreshold: &often}).
		Storage("1Gi").Retention(v1alpha1.RetentionRetain)
}

// ready polls whether a server is Ready, as conditionOf does.
func ready(ctx context.Context, server *v1alpha1.LlamaStackDistribution) func() (string, error) {
	return conditionOf(ctx, server, v1alpha1.ConditionReady)
}

// conditionOf polls a condition, as "status reason: message"; it is "" while that is of an older generation.
func conditionOf(ctx context.Context, server *v1alpha1.LlamaStackDistribution, kind v1alpha1.ConditionType) func() (string, error) {
	return func() (string, error) {
		current := &v1alpha1.LlamaStackDistribution{}
		if err := kube.Get(ctx, client.ObjectKeyFromObject(server), current); err != nil {
			return "", err
		}
		condition := meta.FindStatusCondition(current.Status.Conditions, string(kind))
		if condition == nil || condition.ObservedGeneration != current.Generation {
			return "", nil
		}
		return fmt.Sprintf("%s %s: %s", condition.Status, condition.Reason, condition.Message), nil
	}
}

// becomeReady waits for servers.
func becomeReady(ctx context.Context, servers ...*v1alpha1.LlamaStackDistribution) {
	GinkgoHelper()
	for _, server := range servers {
		Eventually(ready(ctx, server)).WithTimeout(podStarts).Should(HavePrefix("True "), server.Name)
	}
}

// writtenBy polls the version of the operator that wrote a server's status.
func writtenBy(ctx context.Context, server *v1alpha1.LlamaStackDistribution) func() (string, error) {
	return func() (string, error) {
		current := &v1alpha1.LlamaStackDistribution{}
		err := kube.Get(ctx, client.ObjectKeyFromObject(server), current)
		return current.Status.Version.OperatorVersion, err
	}
}

// settle waits until a release of the operator runs servers as it wants them: it has written their status, its images are rolled out, and
// they are ready. Each of these alone can still be the work of the release before.
func settle(ctx context.Context, by release, servers ...*v1alpha1.LlamaStackDistribution) {
	GinkgoHelper()
	for _, server := range servers {
		Eventually(writtenBy(ctx, server)).WithTimeout(podStarts).Should(Equal(by.version), server.Name)
		Eventually(rolledOut(ctx, server)).WithTimeout(podStarts).Should(Equal(by.image(server)), server.Name)
	}
	becomeReady(ctx, servers...)
}

// rolledOut polls the image of a server's Deployment; it is "" while another Pod than one of the newest template is there, or none.
func rolledOut(ctx context.Context, server *v1alpha1.LlamaStackDistribution) func() (string, error) {
	return func() (string, error) {
		current := &appsv1.Deployment{}
		if err := kube.Get(ctx, client.ObjectKeyFromObject(server), current); err != nil {
			return "", err
		}
		status := &current.Status
		if status.ObservedGeneration != current.Generation || status.Replicas != 1 || status.UpdatedReplicas != 1 || status.AvailableReplicas != 1 {
			return "", nil
		}
		return current.Spec.Template.Spec.Containers[0].Image, nil
	}
}

// process identifies a Pod, and a container of it, so that a restart shows.
type process struct {
	UID      types.UID
	Restarts int32
	Image    string
}

// processes are the Pods of a server that are not being deleted.
func processes(ctx context.Context, server *v1alpha1.LlamaStackDistribution) []process {
	GinkgoHelper()
	pods := &corev1.PodList{}
	Expect(kube.List(ctx, pods, client.InNamespace(server.Namespace), client.MatchingLabels{v1alpha1.LabelInstance: server.Name})).To(Succeed())
	var all []process
	for i := range pods.Items {
		pod := &pods.Items[i]
		if pod.DeletionTimestamp != nil || len(pod.Status.ContainerStatuses) == 0 {
			continue
		}
		all = append(all, process{pod.UID, pod.Status.ContainerStatuses[0].RestartCount, pod.Spec.Containers[0].Image})
	}
	return all
}

// onVolume is where a server's file is on this machine, which is the node.
func onVolume(ctx context.Context, server *v1alpha1.LlamaStackDistribution) string {
	GinkgoHelper()
	pvc := get(ctx, server.Namespace, server.Name+"-pvc", &corev1.PersistentVolumeClaim{})
	Expect(pvc.Spec.VolumeName).NotTo(BeEmpty(), "the PVC is not bound")
	volume := get(ctx, "", pvc.Spec.VolumeName, &corev1.PersistentVolume{})
	Expect(volume.Spec.Local).NotTo(BeNil())
	return filepath.Join(volume.Spec.Local.Path, "file")
}

// remember writes data into the volumes of servers.
func remember(ctx context.Context, servers ...*v1alpha1.LlamaStackDistribution) {
	GinkgoHelper()
	for _, server := range servers {
		Expect(os.WriteFile(onVolume(ctx, server), []byte("data of "+server.Name), 0o600)).To(Succeed())
	}
}

// recall expects the data to be in the volumes.
func recall(ctx context.Context, servers ...*v1alpha1.LlamaStackDistribution) {
	GinkgoHelper()
	for _, server := range servers {
		Expect(os.ReadFile(onVolume(ctx, server))).To(BeEquivalentTo("data of " + server.Name))
	}
}

// deployment is that of a server.
func deployment(ctx context.Context, server *v1alpha1.LlamaStackDistribution) *appsv1.Deployment {
	GinkgoHelper()
	return get(ctx, server.Namespace, server.Name, &appsv1.Deployment{})
}

// ofEveryNamespace are kinds that the cluster, or OLM, keeps in every namespace, or that are deleted by themselves.
var ofEveryNamespace = []string{
	"Event", "ServiceAccount/default", "ConfigMap/kube-root-ca.crt", "PackageManifest",
}

// remaining polls the objects in a namespace, of every kind that the cluster knows, as "kind/name".
func remaining(ctx context.Context, namespace string) func() ([]string, error) {
	return func() ([]string, error) { return objects(ctx, namespace, true) }
}

// objectsOfCluster are the objects of no namespace, as soon as every API, also OLM's own, answers.
func objectsOfCluster(ctx context.Context) []string {
	GinkgoHelper()
	var found []string
	Eventually(func() error {
		var err error
		found, err = objects(ctx, "", false)
		return err
	}).Should(Succeed())
	return found
}

// objects lists the objects of namespaced kinds in a namespace, or of the others in the cluster.
func objects(ctx context.Context, namespace string, namespaced bool) ([]string, error) {
	lists, err := apis.ServerPreferredResources()
	if err != nil {
		return nil, fmt.Errorf("failed to list the kinds: %w", err)
	}
	var found []string
	for _, resources := range lists {
		version, err := schema.ParseGroupVersion(resources.GroupVersion)
		if err != nil {
			return nil, fmt.Errorf("failed to read a version: %w", err)
		}
		for _, kind := range resources.APIResources {
			if kind.Namespaced != namespaced || !slices.Contains(kind.Verbs, "list") {
				continue
			}
			list := &metav1.PartialObjectMetadataList{}
			list.SetGroupVersionKind(version.WithKind(kind.Kind + "List"))
			err := kube.List(ctx, list, client.InNamespace(namespace))
			if client.IgnoreNotFound(err) != nil {
				return nil, fmt.Errorf("failed to list %s: %w", kind.Name, err)
			}
			for i := range list.Items {
				found = append(found, kind.Kind+"/"+list.Items[i].Name)
			}
		}
	}
	return slices.DeleteFunc(found, func(name string) bool {
		kind, _, _ := strings.Cut(name, "/")
		return slices.Contains(ofEveryNamespace, name) || slices.Contains(ofEveryNamespace, kind)
	}), nil
}
