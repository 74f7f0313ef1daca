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

package gather

import (
	"context"
	"reflect"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/inputs"
	"github.com/llamastack/llama-stack-k8s-operator/internal/observed"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	"github.com/llamastack/llama-stack-k8s-operator/internal/serverconfig"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Places are where a configuration keeps state.
type Places struct{ Local, Forgotten, Vectors, Separate []serverconfig.Place }

// StateWith is where a server keeps its state that declares a configuration.
func StateWith(base status.State, in Places, found inputs.Declared, server *v1alpha1.ServerSpec) status.State {
	return stateWith(base, places{in.Local, in.Forgotten, in.Vectors, in.Separate}, found, server)
}

// PVC is what a PVC adds to the input of a rendering, and the problems with it.
func PVC(instance *v1alpha1.LlamaStackDistribution, volume *corev1.PersistentVolumeClaim) (render.Input, []status.Problem) {
	found := &Found{Children: ChildrenOf(instance, volume)}
	pvc(instance, found)
	return found.Input, found.Remarks
}

// Files is whether others than the server may have written to its volumes, as its children show.
func Files(instance *v1alpha1.LlamaStackDistribution, deployment *appsv1.Deployment, pvc *corev1.PersistentVolumeClaim, openShift bool) bool {
	found := &Found{Children: ChildrenOf(instance, deployment, pvc), Input: render.Input{Spec: instance.Spec, OpenShift: openShift}}
	files(instance, found)
	return found.Input.ForeignFiles
}

// Allowing is the command that an operator in the namespace "home" suggests.
func Allowing(namespace, user string) string {
	return (&Gatherer{Namespace: "home"}).allowing(namespace, user)
}

// ChildrenOf are children, of which those that are nil are absent.
func ChildrenOf(instance *v1alpha1.LlamaStackDistribution, objects ...client.Object) observed.Children {
	reader := observed.Reader{Cached: shown(objects), Serves: func(schema.GroupVersionKind) bool { return true }}
	read, err := reader.Read(context.Background(), instance)
	if err != nil {
		panic(err)
	}
	return read
}

// shown are the objects of a cache, one of a kind, with the operator's label.
type shown []client.Object

func (s shown) Get(_ context.Context, key client.ObjectKey, into client.Object, _ ...client.GetOption) error {
	for _, object := range s {
		if reflect.TypeOf(object) == reflect.TypeOf(into) && !reflect.ValueOf(object).IsNil() {
			reflect.ValueOf(into).Elem().Set(reflect.ValueOf(object.DeepCopyObject()).Elem())
			into.SetLabels(map[string]string{v1alpha1.LabelManagedBy: v1alpha1.ManagedBy})
			return nil
		}
	}
	return apierrors.NewNotFound(schema.GroupResource{}, key.Name)
}

func (shown) List(context.Context, client.ObjectList, ...client.ListOption) error { return nil }

// DeploymentWith is a Deployment whose server has an image.
func DeploymentWith(image string) *appsv1.Deployment {
	deployment := &appsv1.Deployment{}
	deployment.Spec.Template.Spec.Containers = []corev1.Container{{Image: image}}
	return deployment
}
