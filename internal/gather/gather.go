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

// Package gather finds everything that the rendering of a LlamaStackDistribution depends on: its image, the labels and
// the PVC that its children share, and the content of the ConfigMaps and Secrets that it refers to. It only reads
// caches, unless a referenced ConfigMap has changed. What the user must fix is a problem in what was found; an error is
// the cluster's.
package gather

import (
	"context"
	"fmt"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/distribution"
	"github.com/llamastack/llama-stack-k8s-operator/internal/inputs"
	"github.com/llamastack/llama-stack-k8s-operator/internal/observed"
	"github.com/llamastack/llama-stack-k8s-operator/internal/operatorconfig"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	"github.com/llamastack/llama-stack-k8s-operator/internal/secretwatch"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Gatherer reads what LlamaStackDistributions refer to.
type Gatherer struct {
	// References has the identities of all ConfigMaps, and Contents what is in them.
	References client.Reader
	Contents   *inputs.Contents
	Catalog    *distribution.Catalog
	Secrets    Secrets
	// Serves reports whether the cluster serves a kind and answers for it.
	Serves func(schema.GroupVersionKind) bool
	// RouteTimeouts is true if the cluster's HTTPRoutes have timeouts.
	RouteTimeouts bool
	OpenShift     bool
	// Namespace of the operator.
	Namespace string
	// Watched are the namespaces that the operator sees; none is all of them.
	Watched []string
}

// Secrets are those that servers roll for, as secretwatch.Secrets watches them.
type Secrets interface {
	// Follow is what is known of the Secrets of a server, which are in its namespace, by their names, and for how long to wait
	// for answers.
	Follow(server types.NamespacedName, secrets []string) (map[string]secretwatch.State, time.Duration)
}

// Found is what was gathered.
type Found struct {
	Input     render.Input
	Resolved  distribution.Resolved
	Available map[string]string
	// Children as they are. They are read first.
	Children observed.Children
	User     inputs.UserConfig
	State    status.State
	// places are those of State.
	places places
	Bundle inputs.CABundle
	// ConfigDigest is of the ConfigMap with the declared configuration.
	ConfigDigest string
	// Authenticated says that the configuration requires a token or a key of clients.
	Authenticated bool
	// Nothing is applied while there are Problems; Remarks are problems that do not stop anything else.
	Problems []status.Problem
	Remarks  []status.Problem
	Notices  []string
	// Requested is the image that was requested last, or the one that runs.
	Requested string
	// Awaits is for how long nothing is done yet, because of a pending answer that requeues the server.
	Awaits time.Duration
}

// Problemf adds a problem that the user must fix.
func (f *Found) Problemf(reason v1alpha1.Reason, format string, args ...any) {
	f.Problems = append(f.Problems, status.Problem{Reason: reason, Kind: status.User, Message: fmt.Sprintf(format, args...)})
}

// Noticef adds what the user should know.
func (f *Found) Noticef(format string, args ...any) {
	f.Notices = append(f.Notices, fmt.Sprintf(format, args...))
}

// Gather adds to what was found. The children are read already. After an error, the rest is not known.
func (g *Gatherer) Gather(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, config operatorconfig.Config, f *Found) error {
	f.Input = g.input(instance, &f.Children, config.NetworkPolicy)
	pvc(instance, f)
	files(instance, f)
	g.metadata(instance, f)
	if err := render.CheckName(instance.Name); err != nil {
		f.Problemf(v1alpha1.ReasonNameTooLong, "%v", err)
	}
	if err := render.CheckSize(&instance.Spec); err != nil {
		f.Problemf(v1alpha1.ReasonInvalidSpec, "%v", err)
	}
	g.image(instance, config, f)
	if err := g.userConfig(ctx, instance, f); err != nil {
		return err
	}
	if err := g.declared(ctx, instance, f); err != nil {
		return err
	}
	set := used(instance, f)
	secrets := g.followed(instance, set.Secrets, f)
	g.serving(instance, secrets, f)
	if err := g.references(ctx, instance, set, secrets, f); err != nil {
		return err
	}
	return g.caBundle(ctx, instance, config, f)
}

// input is what rendering depends on, as far as the instance itself, its children and the operator say.
func (g *Gatherer) input(instance *v1alpha1.LlamaStackDistribution, has *observed.Children, networkPolicy operatorconfig.Setting[bool]) render.Input {
	input := render.Input{
		Name: instance.Name, Namespace: instance.Namespace, Spec: instance.Spec,
		OpenShift: g.OpenShift, OperatorNamespace: g.Namespace,
		NetworkPolicy: has.NetworkPolicy() != nil,
		RestartedAt:   instance.Annotations[v1alpha1.AnnotationRestartedAt],
	}
	if secret := instance.Spec.Server.ServingSecret(); secret != "" {
		input.Serving = &render.Serving{SecretName: secret}
	}
	if networkPolicy.Known {
		input.NetworkPolicy = networkPolicy.Value
	}
	if network := instance.Spec.Network; network != nil && network.Policy != nil && network.Policy.Enabled != nil {
		input.NetworkPolicy = *network.Policy.Enabled
	}
	if deployment := has.Deployment(); deployment != nil && deployment.Spec.Selector != nil {
		input.Selector = deployment.Spec.Selector.MatchLabels
		input.Resuming = !instance.Spec.Suspend && deployment.Annotations[v1alpha1.AnnotationSuspended] != ""
	}
	return input
}

// reference is the identity of a ConfigMap, or nil where there is none.
func (g *Gatherer) reference(ctx context.Context, key client.ObjectKey) (*metav1.PartialObjectMetadata, error) {
	object := ConfigMapMetadata()
	if err := g.References.Get(ctx, key, object); err != nil {
		if apierrors.IsNotFound(err) {
			return nil, nil //nolint:nilnil // absent is an answer, not an error
		}
		return nil, fmt.Errorf("failed to read ConfigMap %s from the cache: %w", key, err)
	}
	return object, nil
}

// ConfigMapMetadata is an empty object for the identity of a ConfigMap.
func ConfigMapMetadata() *metav1.PartialObjectMetadata {
	object := &metav1.PartialObjectMetadata{}
	object.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("ConfigMap"))
	return object
}
