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

package configwatch

import (
	"github.com/llamastack/llama-stack-k8s-operator/internal/events"
	"github.com/llamastack/llama-stack-k8s-operator/internal/metrics"
	"github.com/llamastack/llama-stack-k8s-operator/internal/operatorconfig"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/types"
	clientevents "k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// Surroundings are what a reconciler reads and reports to. The client is all of its caches, too.
type Surroundings struct {
	Client   client.Client
	Store    *operatorconfig.Store
	Recorder clientevents.EventRecorder
	Registry prometheus.Registerer
	Wake     func(types.NamespacedName)
}

// NewReconciler follows the ConfigMap of a client.
func NewReconciler(in Surroundings) reconcile.Reconciler {
	metrics, err := metrics.Register(in.Registry)
	if err != nil {
		panic(err)
	}
	return &reconciler{
		config: in.Client, references: in.Client, instances: in.Client, writer: in.Client,
		store: in.Store, events: events.New(in.Recorder), metrics: metrics, wake: in.Wake,
	}
}
