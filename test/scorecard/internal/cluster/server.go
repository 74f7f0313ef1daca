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

package cluster

import (
	"context"
	"errors"
	"fmt"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/rand"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// suffixLength is long enough for unique names of a test's objects.
const suffixLength = 5

// server is the copy of one example on the cluster.
type server struct {
	*Tester

	// example is the name that the example has in the bundle.
	example string
	// object is the copy, under its own name, so that existing objects do not change.
	object *unstructured.Unstructured
	// typed is the copy as its Go type.
	typed v1alpha1.LlamaStackDistribution
}

// start creates the example unchanged, except for its name. A bundle's example has to work by itself: a user of a
// console does not have the ConfigMaps that it might refer to.
func (s *server) start(ctx context.Context, example *unstructured.Unstructured) error {
	object := example.DeepCopy()
	object.SetNamespace(s.namespace)
	object.SetName(example.GetName() + "-" + rand.String(suffixLength))
	err := s.client.Create(ctx, object)
	// Without an answer, such as when the test is stopped, the object can exist.
	if answer := apierrors.APIStatus(nil); err == nil || !errors.As(err, &answer) {
		s.object = object
	}
	if err != nil {
		return fmt.Errorf("failed to create it: %w%s", err, s.hint(err))
	}
	return s.understand()
}

// understand reads the object into its type.
func (s *server) understand() error {
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(s.object.Object, &s.typed); err != nil {
		return fmt.Errorf("failed to understand it as a %s: %w", v1alpha1.Kind, err)
	}
	return nil
}

// hint says what to do about an answer of the API server.
func (s *server) hint(err error) string {
	switch {
	case apierrors.IsForbidden(err):
		return "; give the ServiceAccount of this Pod the rights of test/scorecard/access.yaml (kubectl apply --namespace " + s.namespace +
			" --filename test/scorecard/access.yaml), and run operator-sdk scorecard with --service-account scorecard"
	case apierrors.IsInvalid(err), apierrors.IsBadRequest(err):
		return "; correct it in config/samples, and run make bundle"
	default:
		return ""
	}
}

// stop removes what was created, also when the test is stopped.
func (s *server) stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.patience.Cleanup)
	defer cancel()

	if s.object == nil {
		return nil
	}
	return errors.Join(s.remove(ctx), s.deletePVC(ctx))
}

// remove deletes the server and waits until it is gone.
func (s *server) remove(ctx context.Context) error {
	if err := client.IgnoreNotFound(s.client.Delete(ctx, s.object)); err != nil {
		return fmt.Errorf("failed to clean up %s: %w", s.object.GetName(), err)
	}
	err := s.until(ctx, func(ctx context.Context) (bool, error) {
		err := s.client.Get(ctx, client.ObjectKeyFromObject(s.object), s.object)
		return apierrors.IsNotFound(err), client.IgnoreNotFound(err)
	})
	if err != nil {
		return fmt.Errorf("failed to see %s go: %w", s.object.GetName(), err)
	}
	return nil
}

// deletePVC deletes the PVC, which outlives the server under Retain, and then carries no label with the server's name.
func (s *server) deletePVC(ctx context.Context) error {
	pvc := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: s.object.GetName() + "-pvc"}}
	if err := client.IgnoreNotFound(s.client.Delete(ctx, pvc)); err != nil {
		return fmt.Errorf("failed to clean up the PVC: %w", err)
	}
	return nil
}

// until polls a condition, as long as the context allows.
func (s *server) until(ctx context.Context, condition wait.ConditionWithContextFunc) error {
	return wait.PollUntilContextCancel(ctx, s.patience.Poll, true, condition) //nolint:wrapcheck // callers say what they waited for
}
