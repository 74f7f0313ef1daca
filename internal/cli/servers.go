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

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/pager"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// pageSize is how many objects a request lists. A LlamaStackDistribution has up to some tens of kilobytes.
const pageSize = 250

// server reads a LlamaStackDistribution of the session's namespace.
func (s *session) server(ctx context.Context, name string) (*v1alpha1.LlamaStackDistribution, error) {
	server := &v1alpha1.LlamaStackDistribution{}
	if err := s.Get(ctx, client.ObjectKey{Namespace: s.namespace, Name: name}, server); err != nil {
		return nil, fmt.Errorf("failed to read %s %s: %w", v1alpha1.Kind, name, err)
	}
	return server, nil
}

// eachServer calls a function for the LlamaStackDistributions of a namespace, or of all with "", one page after the other.
func (s *session) eachServer(ctx context.Context, namespace string, see func(*v1alpha1.LlamaStackDistribution)) error {
	err := s.eachPage(ctx, func() client.ObjectList { return &v1alpha1.LlamaStackDistributionList{} }, func(object runtime.Object) {
		if server, ok := object.(*v1alpha1.LlamaStackDistribution); ok {
			see(server)
		}
	}, client.InNamespace(namespace))
	if err != nil {
		return fmt.Errorf("failed to list the %ss: %w", v1alpha1.Kind, err)
	}
	return nil
}

// eachPage lists page by page.
func (s *session) eachPage(ctx context.Context, list func() client.ObjectList, see func(runtime.Object), options ...client.ListOption) error {
	return eachPage(ctx, s.Client, list, see, options...)
}

// eachPage lists page by page. When the API server has forgotten the first page, it lists the rest at once.
func eachPage(ctx context.Context, from client.Reader, list func() client.ObjectList, see func(runtime.Object), options ...client.ListOption) error {
	pages := pager.New(func(ctx context.Context, page metav1.ListOptions) (runtime.Object, error) {
		into := list()
		if err := from.List(ctx, into, append(options, &client.ListOptions{Limit: page.Limit, Continue: page.Continue})...); err != nil {
			return nil, fmt.Errorf("failed to read a page: %w", err)
		}
		return into, nil
	})
	pages.PageSize = pageSize
	err := pages.EachListItem(ctx, metav1.ListOptions{}, func(object runtime.Object) error {
		see(object)
		return nil
	})
	if err != nil {
		return fmt.Errorf("failed to read all pages: %w", err)
	}
	return nil
}

// completeServer completes the first argument with the names of the namespace's servers. It reads their metadata only.
func (p *program) completeServer(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	s, err := p.open()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var names []string
	err = s.eachPage(cmd.Context(), metadataOf(v1alpha1.GroupVersion.WithKind(v1alpha1.Kind)), func(object runtime.Object) {
		if server, ok := object.(*metav1.PartialObjectMetadata); ok {
			names = append(names, server.Name)
		}
	}, client.InNamespace(s.namespace))
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
