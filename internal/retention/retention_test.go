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

package retention_test

import (
	"context"
	"errors"
	"testing"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/apply"
	"github.com/llamastack/llama-stack-k8s-operator/internal/inputs"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/internal/retention"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestRetention(t *testing.T) {
	t.Parallel()
	RegisterFailHandler(Fail)
	RunSpecs(t, "Retention")
}

// objects are what a reader has: one PVC, nil is none, and LlamaStackDistributions.
type objects struct {
	pvc     *corev1.PersistentVolumeClaim
	servers []*v1alpha1.LlamaStackDistribution
	err     error
	reads   int
}

func (o *objects) Get(_ context.Context, key client.ObjectKey, into client.Object, _ ...client.GetOption) error {
	if server, ok := into.(*v1alpha1.LlamaStackDistribution); ok {
		for _, found := range o.servers {
			if found.Name == key.Name {
				found.DeepCopyInto(server)
				return nil
			}
		}
	}
	if pvc, ok := into.(*corev1.PersistentVolumeClaim); ok {
		o.reads++
		if o.err != nil {
			return o.err
		}
		if o.pvc != nil && o.pvc.Name == key.Name {
			o.pvc.DeepCopyInto(pvc)
			return nil
		}
	}
	return apierrors.NewNotFound(schema.GroupResource{}, key.Name)
}

func (*objects) List(context.Context, client.ObjectList, ...client.ListOption) error { return nil }

// releaser notes what is released, or fails.
type releaser struct {
	released []apply.Release
	err      error
}

func (r *releaser) Release(_ context.Context, object client.Object, what apply.Release) (client.Object, error) {
	if r.err != nil {
		return nil, r.err
	}
	r.released = append(r.released, what)
	return object, nil
}

var _ = Describe("The PVC that outlives a server", func() {
	var (
		cached, live *objects
		patches      *releaser
		keeper       *retention.Keeper
	)
	BeforeEach(func() {
		cached, live, patches = &objects{}, &objects{}, &releaser{}
		keeper = &retention.Keeper{
			Cached: cached, Live: live, Releaser: patches, LiveRead: func(string) {}, Contents: inputs.New(live, func(string) {}, nil),
		}
	})
	retained := func() *v1alpha1.LlamaStackDistribution {
		return llsdtest.Make("a").Namespace("ns").UID("u").Storage("1Gi").Edit(func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.Storage.RetentionPolicy = v1alpha1.RetentionRetain
		}).Obj()
	}
	using := func(name string) *v1alpha1.LlamaStackDistribution {
		return llsdtest.Make("a").Namespace("ns").UID("u").Edit(func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.Storage = &v1alpha1.StorageSpec{ExistingClaim: name}
		}).Obj()
	}
	ownedBy := func(name string, uid types.UID) *corev1.PersistentVolumeClaim {
		return &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{
			Namespace: "ns", Name: "a-pvc", Labels: map[string]string{v1alpha1.LabelManagedBy: v1alpha1.ManagedBy, v1alpha1.LabelInstance: "a"},
			OwnerReferences: []metav1.OwnerReference{{APIVersion: v1alpha1.GroupVersion.String(), Kind: v1alpha1.Kind, Name: name, UID: uid}},
		}}
	}

	It("loses the owner and the label that it would be deleted for", func(ctx context.Context) {
		cached.pvc = ownedBy("a", "u")
		kept := keeper.Retain(ctx, retained())
		Expect(kept.Err).NotTo(HaveOccurred())
		Expect(kept.Released).To(BeTrue())
		Expect(patches.released).To(ConsistOf(And(
			HaveField("Owners", ConsistOf(types.UID("u"))),
			HaveField("Labels", HaveKeyWithValue(v1alpha1.LabelInstance, BeNil())))))
	})

	It("is left alone once it is free, and where it goes with the server", func(ctx context.Context) {
		cached.pvc = ownedBy("a", "u")
		Expect(keeper.Retain(ctx, llsdtest.Make("a").Namespace("ns").Storage("1Gi").Obj())).To(BeZero())

		cached.pvc.OwnerReferences, cached.pvc.Annotations = nil, map[string]string{v1alpha1.AnnotationSyncOptions: v1alpha1.SyncOptionsKeep}
		kept := keeper.Retain(ctx, retained())
		Expect(kept.PVC).NotTo(BeNil())
		Expect(kept.Released).To(BeFalse())
		Expect(patches.released).To(BeEmpty())
	})

	It("keeps the owner and the label of another server that exists", func(ctx context.Context) {
		cached.pvc, cached.servers = ownedBy("b", "v"), []*v1alpha1.LlamaStackDistribution{llsdtest.Make("b").Namespace("ns").UID("v").Obj()}
		Expect(keeper.Retain(ctx, using("a-pvc")).Released).To(BeFalse())

		cached.servers = nil
		Expect(keeper.Retain(ctx, using("a-pvc")).Released).To(BeTrue(), "the other server is gone")
	})

	It("is read from the API server where it has lost its label, if there was one", func(ctx context.Context) {
		live.pvc = ownedBy("a", "u")
		delete(live.pvc.Labels, v1alpha1.LabelManagedBy)
		Expect(keeper.Retain(ctx, retained())).To(BeZero())
		Expect(live.reads).To(BeZero(), "there was none")

		instance := retained()
		instance.Status.Conditions = []metav1.Condition{{Type: string(v1alpha1.ConditionStorageReady), Reason: string(v1alpha1.ReasonStorageReady)}}
		Expect(keeper.Retain(ctx, instance).Released).To(BeTrue())
		Expect(patches.released).To(ConsistOf(HaveField("Labels", HaveKeyWithValue(v1alpha1.LabelManagedBy, HaveValue(Equal(v1alpha1.ManagedBy))))))
	})

	It("cannot be saved any more once it is being deleted", func(ctx context.Context) {
		cached.pvc = ownedBy("a", "u")
		cached.pvc.DeletionTimestamp = new(metav1.Now())
		Expect(keeper.Retain(ctx, retained()).Released).To(BeFalse())
	})

	It("comes with the error where it cannot be read or released", func(ctx context.Context) {
		cached.err = errors.New("no")
		Expect(keeper.Retain(ctx, retained()).Err).To(MatchError("failed to read PersistentVolumeClaim ns/a-pvc: no"))
		cached.err, cached.pvc, patches.err = nil, ownedBy("a", "u"), errors.New("no")
		Expect(keeper.Retain(ctx, retained())).To(And(HaveField("Err", MatchError("no")), HaveField("Released", false)))
	})

	Context("that existingClaim names and the cache does not have", func() {
		It("is read once, and reported where it is missing", func(ctx context.Context) {
			_, missing := keeper.Named(ctx, using("data"), nil)
			Expect(missing).To(BeTrue())

			live.pvc = &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "data"}}
			live.reads = 0
			for range 2 {
				_, missing = keeper.Named(ctx, using("data"), nil)
				Expect(missing).To(BeFalse())
			}
			Expect(live.reads).To(Equal(1))
		})

		It("is not read while the server runs on it", func(ctx context.Context) {
			running := &appsv1.Deployment{Status: appsv1.DeploymentStatus{AvailableReplicas: 1}}
			_, missing := keeper.Named(ctx, using("data"), running)
			Expect(missing).To(BeFalse())
			Expect(live.reads).To(BeZero())
		})

		It("is freed where it was the operator's, although the server runs", func(ctx context.Context) {
			live.pvc = ownedBy("a", "u")
			kept, _ := keeper.Named(ctx, using("a-pvc"), &appsv1.Deployment{Status: appsv1.DeploymentStatus{AvailableReplicas: 1}})
			Expect(kept.Released).To(BeTrue())
		})
	})

	Context("of a server that was deleted", func() {
		depart := func(ctx context.Context, instance *v1alpha1.LlamaStackDistribution) {
			queue := workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[reconcile.Request]())
			defer queue.ShutDown()
			keeper.Departures().Delete(ctx, event.DeleteEvent{Object: instance}, queue)
		}
		key := types.NamespacedName{Namespace: "ns", Name: "a"}

		It("is freed once", func(ctx context.Context) {
			depart(ctx, retained())
			cached.pvc = ownedBy("a", "u")
			Expect(keeper.RetainDeparted(ctx, key)).To(Succeed())
			Expect(keeper.RetainDeparted(ctx, key)).To(Succeed())
			Expect(patches.released).To(HaveLen(1))
		})

		It("is tried again after an error of the cluster, and not after one that no retry solves", func(ctx context.Context) {
			depart(ctx, retained())
			cached.pvc, patches.err = ownedBy("a", "u"), errors.New("no")
			Expect(keeper.RetainDeparted(ctx, key)).To(MatchError("no"))
			patches.err = &apply.RejectedError{Reason: "no"}
			Expect(keeper.RetainDeparted(ctx, key)).To(Succeed())
			patches.err = nil
			Expect(keeper.RetainDeparted(ctx, key)).To(Succeed())
			Expect(patches.released).To(BeEmpty())
		})

		It("is not read if it was deleted with the server", func(ctx context.Context) {
			depart(ctx, llsdtest.Make("a").Namespace("ns").Storage("1Gi").Obj())
			Expect(keeper.RetainDeparted(ctx, key)).To(Succeed())
			Expect(cached.reads).To(BeZero())
		})
	})
})
