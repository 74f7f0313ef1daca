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

package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// fieldManager is the name under which the API server records what a person changed with this program.
const fieldManager = "kubectl-llamastack"

// Requests each second, and at once: those of a person, who waits.
const (
	requestsPerSecond = 50
	requestsAtOnce    = 100
)

// session is the connection of one command to the API server.
type session struct {
	client.Client

	core      corev1client.CoreV1Interface
	config    *rest.Config
	namespace string
	now       func() time.Time
}

// open connects as the flags say, with changes of the connection. It sends no request.
func (p *program) open(changes ...func(*rest.Config)) (*session, error) {
	config, err := p.flags.ToRESTConfig()
	if err != nil {
		return nil, fmt.Errorf("failed to read the kubeconfig: %w", err)
	}
	namespace, _, err := p.flags.ToRawKubeConfigLoader().Namespace()
	if err != nil {
		return nil, fmt.Errorf("failed to find the namespace in the kubeconfig: %w", err)
	}
	config = rest.CopyConfig(config)
	config.QPS, config.Burst = requestsPerSecond, requestsAtOnce
	config.UserAgent = fieldManager + "/" + p.version
	config.WarningHandler = rest.NewWarningWriter(p.ErrOut, rest.WarningWriterOptions{Deduplicate: true})
	for _, change := range changes {
		change(config)
	}
	connection, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, fmt.Errorf("failed to connect to the API server: %w", err)
	}
	scheme, err := newScheme()
	if err != nil {
		return nil, err
	}
	kube, err := client.New(config, client.Options{HTTPClient: connection, Scheme: scheme, Mapper: newMapper()})
	if err != nil {
		return nil, fmt.Errorf("failed to connect to the API server: %w", err)
	}
	core, err := corev1client.NewForConfigAndClient(config, connection)
	if err != nil {
		return nil, fmt.Errorf("failed to connect to the API server: %w", err)
	}
	return &session{Client: client.WithFieldOwner(kube, fieldManager), core: core, config: config, namespace: namespace, now: p.now}, nil
}

// scope is the namespace of a command, or all of them.
func (s *session) scope(everywhere bool) string {
	if everywhere {
		return metav1.NamespaceAll
	}
	return s.namespace
}

// readObject reads an object of a kind.
func (s *session) readObject(ctx context.Context, kind schema.GroupVersionKind, namespace, name string) (*unstructured.Unstructured, error) {
	object := &unstructured.Unstructured{}
	object.SetGroupVersionKind(kind)
	return object, s.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, object) //nolint:wrapcheck // the caller says what
}

// newScheme has LlamaStackDistributions, their children and core objects.
func newScheme() (*runtime.Scheme, error) {
	scheme := runtime.NewScheme()
	builders := []func(*runtime.Scheme) error{v1alpha1.AddToScheme, corev1.AddToScheme}
	for _, child := range children.All() {
		if !child.Optional() {
			builders = append(builders, child.AddToScheme)
		}
	}
	for _, add := range builders {
		if err := add(scheme); err != nil {
			return nil, fmt.Errorf("failed to build the scheme: %w", err)
		}
	}
	return scheme, nil
}

// newMapper knows the resources without discovery, which would cost a request for each group of the API.
func newMapper() meta.RESTMapper {
	mapper := meta.NewDefaultRESTMapper(nil)
	mapper.Add(v1alpha1.GroupVersion.WithKind(v1alpha1.Kind), meta.RESTScopeNamespace)
	for _, kind := range []string{"Pod", "Event"} {
		mapper.Add(corev1.SchemeGroupVersion.WithKind(kind), meta.RESTScopeNamespace)
	}
	for _, child := range children.All() {
		mapper.Add(child.GroupVersionKind, meta.RESTScopeNamespace)
	}
	mapper.Add(rbacv1.SchemeGroupVersion.WithKind("RoleBinding"), meta.RESTScopeNamespace)
	mapper.Add(rbacv1.SchemeGroupVersion.WithKind("ClusterRoleBinding"), meta.RESTScopeRoot)
	mapper.Add(certificateKind, meta.RESTScopeNamespace)
	mapOthers(mapper)
	return mapper
}
