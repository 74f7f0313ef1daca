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

// Package preview renders a LlamaStackDistribution as the operator would, and applies nothing. It reads what the
// LlamaStackDistribution refers to with the rights of its caller, or nothing at all.
package preview

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/cabundle"
	"github.com/llamastack/llama-stack-k8s-operator/internal/distribution"
	"github.com/llamastack/llama-stack-k8s-operator/internal/gather"
	"github.com/llamastack/llama-stack-k8s-operator/internal/inputs"
	"github.com/llamastack/llama-stack-k8s-operator/internal/observed"
	"github.com/llamastack/llama-stack-k8s-operator/internal/operatorconfig"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Preview is what the operator would make of a LlamaStackDistribution.
type Preview struct {
	// Problems stop the operator, which then applies nothing, and Objects is empty.
	Problems []status.Problem
	// Unknown are problems that may be none: what decides is not known here.
	Unknown []status.Problem
	// Notices are what its author should know.
	Notices []string
	// Objects in the order in which they are applied, without ConfigMaps.
	Objects []*unstructured.Unstructured
	// UserConfig and Declared are the contents that the Pods mount: the configuration of spec.server.userConfig, and what
	// spec.server.config declares, in JSON. Empty: there is none.
	UserConfig, Declared string
}

// Previewer renders.
type Previewer struct {
	reader   client.Reader
	offline  bool
	renderer *render.Renderer
	catalog  *distribution.Catalog
}

// New reads with the reader; nil: nothing.
func New(reader client.Reader) (*Previewer, error) {
	renderer, err := render.New()
	if err != nil {
		return nil, fmt.Errorf("failed to prepare the rendering: %w", err)
	}
	catalog, err := distribution.New(func(string) string { return "" })
	if err != nil {
		return nil, fmt.Errorf("failed to read the distributions: %w", err)
	}
	p := &Previewer{reader: reader, renderer: renderer, catalog: catalog}
	if reader == nil {
		p.reader, p.offline = nothing{}, true
	}
	return p, nil
}

// Of previews a LlamaStackDistribution. The status, as the operator wrote it last, says to which images names of
// distributions lead. Nothing is remembered of earlier calls.
func (p *Previewer) Of(ctx context.Context, instance *v1alpha1.LlamaStackDistribution) (Preview, error) {
	found := gather.Found{}
	var err error
	live := observed.Reader{Cached: p.reader, Live: p.reader, Writes: noWrites{}, Serves: isBuiltIn, LiveRead: func(string) {}}
	if found.Children, err = live.Read(ctx, instance); err != nil {
		return Preview{}, fmt.Errorf("failed to read what the server has: %w", err)
	}
	contents := inputs.New(p.reader, func(string) {}, cabundle.SystemRoots)
	gatherer := gather.Gatherer{
		References: p.reader, Contents: contents, Catalog: p.catalog, Secrets: noSecrets{}, Serves: isBuiltIn, RouteTimeouts: true,
		OpenShift: runsOnOpenShift(&found),
	}
	config := operatorconfig.Config{ImageOverrides: operatorconfig.Setting[map[string]string]{Known: true, Value: instance.Status.DistributionConfig.AvailableDistributions}}
	if err := gatherer.Gather(ctx, instance, config, &found); err != nil {
		return Preview{}, fmt.Errorf("failed to read what the server refers to: %w", err)
	}
	preview := Preview{Notices: found.Notices}
	p.sort(append(found.Problems, found.Remarks...), found.Input.Image != "" || len(config.ImageOverrides.Value) > 0, &preview)
	err = p.render(ctx, instance, contents, &found, &preview)
	return preview, err
}

// render renders, and adds what cannot be rendered to the problems.
func (p *Previewer) render(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, contents *inputs.Contents, found *gather.Found, preview *Preview) error {
	objects, err := p.renderer.Render(found.Input)
	if invalid, ok := errors.AsType[*render.SpecError](err); ok {
		preview.Problems = append(preview.Problems, status.Problem{Reason: v1alpha1.ReasonInvalidSpec, Message: invalid.Error()})
		return nil
	}
	if err != nil {
		return fmt.Errorf("failed to render: %w", err)
	}
	if len(preview.Problems) > 0 {
		return nil
	}
	preview.Objects = objects
	if found.Input.Config != nil {
		data, err := inputs.DeclaredData(instance)
		if err != nil {
			return fmt.Errorf("failed to prepare what spec.server.config declares: %w", err)
		}
		preview.Declared = data.Data[render.OverlayKey]
	}
	if found.Input.UserConfig != nil {
		data, err := contents.Payload(ctx, &found.User)
		if err != nil {
			return fmt.Errorf("failed to read the configuration: %w", err)
		}
		preview.UserConfig = data.Data[v1alpha1.UserConfigKey]
	}
	return nil
}

// sort separates problems that may be none: what the operator's ConfigMap and environment allow is not known, apart
// from the names that the operator wrote into a status; and without a cluster, neither is what exists.
func (p *Previewer) sort(problems []status.Problem, namesKnown bool, into *Preview) {
	unknown := []v1alpha1.Reason{v1alpha1.ReasonCABundleOtherNS}
	if !namesKnown {
		unknown = append(unknown, v1alpha1.ReasonUnknownDistribution)
	}
	if p.offline {
		unknown = append(unknown, v1alpha1.ReasonUserConfigNotFound, v1alpha1.ReasonCABundleNotFound)
	}
	for _, problem := range problems {
		if slices.Contains(unknown, problem.Reason) {
			into.Unknown = append(into.Unknown, problem)
		} else {
			into.Problems = append(into.Problems, problem)
		}
	}
}

// runsOnOpenShift says that the Deployment was made for OpenShift.
func runsOnOpenShift(found *gather.Found) bool {
	deployment := found.Children.Deployment()
	return deployment != nil && deployment.Spec.Template.Annotations[render.RequiredSCCAnnotation] != ""
}
