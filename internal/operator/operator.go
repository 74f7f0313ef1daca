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

// Package operator joins the parts of the operator: a manager, and the controllers that run in it. The binary and the tests run it.
package operator

import (
	"context"

	"github.com/llamastack/llama-stack-k8s-operator/internal/apply"
	"github.com/llamastack/llama-stack-k8s-operator/internal/controller"
	"github.com/llamastack/llama-stack-k8s-operator/internal/manager"
	"github.com/llamastack/llama-stack-k8s-operator/internal/operatorconfig"
)

// Run runs the operator until the context ends, as manager.Run does. The series about servers end with each manager: another
// process may serve them next.
func Run(ctx context.Context, managers manager.Options, controllers controller.Options) error {
	managers.OperatorConfigName, managers.Transform = operatorconfig.Name, apply.SharingTransform
	ended := managers.Ended
	managers.Ended = func() {
		controllers.Metrics.Reset()
		if ended != nil {
			ended()
		}
	}
	managers.Setup = func(ctx context.Context, parts manager.Parts) error {
		return controller.Setup(ctx, controller.Parts{
			Manager: parts.Manager, References: parts.Caches.References, OperatorConfig: parts.Caches.OperatorConfig,
			Children: parts.Children, Unserved: parts.Unserved, OpenShift: parts.OpenShift, Namespace: parts.Namespace, WatchNamespaces: parts.WatchNamespaces,
			RouteTimeouts: parts.RouteTimeouts, Working: parts.Working,
		}, controllers)
	}
	return manager.Run(ctx, managers)
}
