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

package observed_test

import (
	"context"
	"errors"
	"testing"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/apply"
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/internal/observed"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestObserved(t *testing.T) {
	t.Parallel()
	RegisterFailHandler(Fail)
	RunSpecs(t, "Observed")
}

// deployments are what a reader has of one Deployment: nil is none.
type deployments struct {
	object *appsv1.Deployment
	err    error
	reads  int
}

func (d *deployments) Get(_ context.Context, key client.ObjectKey, into client.Object, _ ...client.GetOption) error {
	deployment, ok := into.(*appsv1.Deployment)
	if !ok {
		return apierrors.NewNotFound(schema.GroupResource{}, key.Name)
	}
	d.reads++
	if d.err != nil {
		return d.err
	}
	if d.object == nil {
		return apierrors.NewNotFound(schema.GroupResource{}, key.Name)
	}
	d.object.DeepCopyInto(deployment)
	return nil
}

func (*deployments) List(context.Context, client.ObjectList, ...client.ListOption) error { return nil }

// writes are what the operator remembers of its own.
type writes struct {
	awaited bool
	// version of the Deployment that it wrote.
	version string
}

func (w *writes) Awaited(types.UID, apply.Ref) bool { return w.awaited }

func (w *writes) Ahead(_ types.UID, ref apply.Ref, read string) bool {
	return ref.GVK.Kind == children.Deployment && w.version != "" && read != w.version
}

var _ = Describe("The children of a server", func() {
	var (
		cached, live *deployments
		remembered   *writes
		counted      []string
		unserved     string
		reader       *observed.Reader
		instance     *v1alpha1.LlamaStackDistribution
	)
	BeforeEach(func() {
		cached, live, remembered, counted, unserved = &deployments{}, &deployments{}, &writes{}, nil, ""
		instance = llsdtest.Make("a").Namespace("ns").UID("u").Obj()
		reader = &observed.Reader{
			Cached: cached, Live: live, Writes: remembered, LiveRead: func(kind string) { counted = append(counted, kind) },
			Serves: func(gvk schema.GroupVersionKind) bool { return gvk.Kind != unserved },
		}
	})
	ours := func(version string) *appsv1.Deployment {
		return &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{
			Namespace: "ns", Name: "a", ResourceVersion: version,
			OwnerReferences: []metav1.OwnerReference{{Kind: v1alpha1.Kind, Name: "a", UID: "u", Controller: new(true)}},
		}}
	}
	read := func(ctx context.Context) *observed.Children {
		GinkgoHelper()
		have, err := reader.Read(ctx, instance)
		Expect(err).NotTo(HaveOccurred())
		return &have
	}

	It("are those in the cache", func(ctx context.Context) {
		cached.object = ours("1")
		have := read(ctx)
		Expect(have.Deployment()).To(HaveField("ResourceVersion", "1"))
		Expect(have.Service()).To(BeNil())
		Expect(counted).To(BeEmpty())
	})

	DescribeTable("are those that are its own", func(ctx context.Context, change func(*appsv1.Deployment), has bool) {
		cached.object = ours("1")
		change(cached.object)
		Expect(read(ctx).Deployment() != nil).To(Equal(has))
	},
		Entry("not another owner's", func(d *appsv1.Deployment) { d.OwnerReferences[0].UID = "v" }, false),
		Entry("not nobody's without the operator's label", func(d *appsv1.Deployment) { d.OwnerReferences = nil }, false),
		Entry("nobody's with the operator's label", func(d *appsv1.Deployment) {
			d.OwnerReferences, d.Labels = nil, map[string]string{v1alpha1.LabelManagedBy: v1alpha1.ManagedBy}
		}, true),
	)

	It("are not read where the cluster does not serve the kind", func(ctx context.Context) {
		unserved, cached.object = children.Deployment, ours("1")
		Expect(read(ctx).Deployment()).To(BeNil())
		Expect(cached.reads).To(BeZero())
	})

	It("are read from the API server where there was one and the cache has lost it", func(ctx context.Context) {
		instance.Status.Selector, live.object = "app=llama-stack", ours("2")
		Expect(read(ctx).Deployment()).To(HaveField("ResourceVersion", "2"))
		Expect(counted).To(Equal([]string{children.Deployment}))
	})

	It("are not read from the API server where the cache is only late", func(ctx context.Context) {
		instance.Status.Selector, live.object, remembered.awaited = "app=llama-stack", ours("2"), true
		Expect(read(ctx).Deployment()).To(BeNil())
		Expect(live.reads).To(BeZero())
	})

	It("cannot be known without a cache or an API server", func(ctx context.Context) {
		cached.err = errors.New("no")
		_, err := reader.Read(ctx, instance)
		Expect(err).To(MatchError(And(HavePrefix("failed to read Deployment ns/a from the cache"), ContainSubstring("no"))))

		cached.err, live.err, instance.Status.Selector = nil, errors.New("no"), "app=llama-stack"
		_, err = reader.Read(ctx, instance)
		Expect(err).To(MatchError(HavePrefix("failed to read ")))
	})

	It("are read anew where the cache has caught up with a write, and reported as late where it has not", func(ctx context.Context) {
		cached.object = ours("1")
		have := read(ctx)
		cached.object, remembered.version = ours("2"), "2"
		Expect(reader.CatchUp(ctx, instance, have)).To(BeFalse())
		Expect(have.Deployment().ResourceVersion).To(Equal("2"))

		remembered.version = "3"
		Expect(reader.CatchUp(ctx, instance, have)).To(BeTrue())
	})

	It("have the version at which they were read", func(ctx context.Context) {
		cached.object = ours("1")
		have := read(ctx)
		version := func(kind, name string) []any {
			version, read := have.Version(apply.Ref{GVK: children.Of(kind).GroupVersionKind, Namespace: "ns", Name: name}, "a")
			return []any{version, read}
		}
		Expect(version(children.Deployment, "a")).To(Equal([]any{"1", true}))
		have.Set(children.Deployment, nil)
		Expect(version(children.Deployment, "a")).To(Equal([]any{"", true}))
		Expect(version(children.ConfigMap, "a-config-1")).To(Equal([]any{"", false}), "a copy of a configuration")
	})

	It("are as a write returned them", func(ctx context.Context) {
		cached.object = ours("1")
		have := read(ctx)
		ref := observed.RefOf(instance, children.Of(children.Deployment))
		have.Follow(apply.Outcome{Ref: ref, Action: apply.ActionUpdated, Live: ours("2")}, "a")
		Expect(have.Deployment().ResourceVersion).To(Equal("2"))

		have.Follow(apply.Outcome{Ref: apply.Ref{GVK: corev1.SchemeGroupVersion.WithKind("ConfigMap"), Name: "a-config-1"}, Live: &corev1.ConfigMap{}}, "a")
		Expect(have.CABundle()).To(BeNil())

		have.Follow(apply.Outcome{Ref: ref, Action: apply.ActionDeleted}, "a")
		Expect(have.Deployment()).To(BeNil())
	})
})

var _ = DescribeTable("A server had a PVC", func(reason v1alpha1.Reason, had bool) {
	instance := llsdtest.Make("a").Obj()
	if reason != "" {
		instance.Status.Conditions = []metav1.Condition{{Type: string(v1alpha1.ConditionStorageReady), Reason: string(reason)}}
	}
	Expect(observed.HadPVC(instance)).To(Equal(had))
},
	Entry("not before the status has said so", v1alpha1.Reason(""), false),
	Entry("not while it is pending", v1alpha1.ReasonStoragePending, false),
	Entry("once it was bound", v1alpha1.ReasonStorageReady, true),
)

var _ = Describe("A Deployment", func() {
	made := func() *appsv1.Deployment {
		deployment := &appsv1.Deployment{}
		deployment.Spec.Template.Spec.Containers = []corev1.Container{{Name: "proxy", Image: "p"}, {Name: "llama-stack", Image: "s"}}
		return deployment
	}

	It("names the image of the server's container, not of a sidecar", func() {
		Expect(observed.RunningImage(made(), llsdtest.Make("a").ContainerName("llama-stack").Obj())).To(Equal("s"))
		Expect(observed.RunningImage(made(), llsdtest.Make("a").ContainerName("renamed").Obj())).To(Equal("p"))
		Expect(observed.RunningImage(nil, llsdtest.Make("a").Obj())).To(BeEmpty())
	})

	It("names the image that was asked for where admission rewrites images", func() {
		instance, deployment := llsdtest.Make("a").ContainerName("llama-stack").Obj(), made()
		Expect(observed.RequestedImage(deployment, instance)).To(Equal("s"))
		deployment.Annotations = map[string]string{v1alpha1.AnnotationAppliedFor: `{"author":"x","image":"asked"}`, v1alpha1.AnnotationAppliedTemplate: "h:"}
		Expect(observed.RequestedImage(deployment, instance)).To(Equal("asked"))
	})
})
