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

package controller

import (
	"context"
	"fmt"
	"io"
	"iter"
	"net"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/apply"
	"github.com/llamastack/llama-stack-k8s-operator/internal/cabundle"
	"github.com/llamastack/llama-stack-k8s-operator/internal/distribution"
	"github.com/llamastack/llama-stack-k8s-operator/internal/events"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llamastack"
	"github.com/llamastack/llama-stack-k8s-operator/internal/metrics"
	"github.com/llamastack/llama-stack-k8s-operator/internal/operatorconfig"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/diff"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/source"
)

// concurrentReconciles is how many LlamaStackDistributions are worked on at once. A reconcile waits for the API server
// and for nothing else, so that a sick server delays no other.
const concurrentReconciles = 8

// Options say what is the same for every manager that the process builds.
type Options struct {
	// Version of the operator, for status.version.operatorVersion.
	Version string
	// Getenv reads the environment, for RELATED_IMAGE_*.
	Getenv func(string) string
	// Metrics that the controllers count in.
	Metrics *metrics.Metrics
	// Dial reaches servers; nil is the network's own.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Roots are the public certificate authorities, in DER; nil is cabundle.SystemRoots.
	Roots func() iter.Seq[[]byte]
	// Clock measures how long something has been waited for; nil is the real one.
	Clock clock.PassiveClock
	// Diffs is where edits of a spec are printed for people to read; nil is nowhere.
	Diffs io.Writer
}

// Parts are what the controllers are built on. They end with the manager.
type Parts struct {
	// Manager that the controllers are added to.
	Manager manager.Manager
	// References is the cache of the identities of all ConfigMaps.
	References cache.Cache
	// OperatorConfig is the cache of the operator's ConfigMap.
	OperatorConfig cache.Cache
	// Children are the kinds that the operator makes, as far as the cluster serves them.
	Children []client.Object
	// Unserved are the others; true: whoever serves the kind does not answer.
	Unserved map[schema.GroupKind]bool
	// OpenShift is whether the API group security.openshift.io exists.
	OpenShift bool
	// Namespace of the operator.
	Namespace string
}

// Setup adds the controllers to a manager. Errors are those of a manager that cannot be used.
func Setup(ctx context.Context, parts Parts, options Options) error {
	mgr := parts.Manager
	if err := mgr.GetFieldIndexer().IndexField(ctx, &v1alpha1.LlamaStackDistribution{}, referencesIndex, referencedConfigMaps); err != nil {
		return fmt.Errorf("failed to index LlamaStackDistributions by the ConfigMaps that they use: %w", err)
	}
	reconciler, err := newReconciler(parts, options)
	if err != nil {
		return err
	}
	if err := reconciler.watch(parts, options); err != nil {
		return err
	}
	if err := setupOperatorConfig(parts, reconciler); err != nil {
		return err
	}
	if err := mgr.Add(reconciler.prober); err != nil {
		return fmt.Errorf("failed to add the prober to the manager: %w", err)
	}
	if !parts.OpenShift {
		return nil
	}
	if err := mgr.Add(&legacyBindings{cached: mgr.GetClient(), live: mgr.GetAPIReader(), events: reconciler.events}); err != nil {
		return fmt.Errorf("failed to add the report of earlier bindings to the manager: %w", err)
	}
	return nil
}

func newReconciler(parts Parts, options Options) (*Reconciler, error) {
	catalog, err := distribution.New(options.Getenv)
	if err != nil {
		return nil, fmt.Errorf("failed to read the catalog of distributions: %w", err)
	}
	renderer, err := render.New()
	if err != nil {
		return nil, fmt.Errorf("failed to build the base manifests: %w", err)
	}
	if options.Clock == nil {
		options.Clock = clock.RealClock{}
	}
	if options.Roots == nil {
		options.Roots = cabundle.SystemRoots
	}
	mgr, rejoin := parts.Manager, &waker{}
	pods, err := newPods(mgr)
	if err != nil {
		return nil, err
	}
	secrets, err := newSecrets(mgr)
	if err != nil {
		return nil, err
	}
	return &Reconciler{
		cached: mgr.GetClient(), live: mgr.GetAPIReader(), writer: mgr.GetClient(), references: parts.References,
		catalog: catalog, config: operatorconfig.NewStore(), renderer: renderer,
		engine: apply.New(apply.Options{
			Scheme: mgr.GetScheme(), Cache: mgr.GetCache(), Live: mgr.GetAPIReader(), Writer: mgr.GetClient(),
			ManagedLabel: apply.Label{Key: v1alpha1.LabelManagedBy, Value: v1alpha1.ManagedBy}, LegacyManagers: legacyManagers, Observer: options.Metrics, Clock: options.Clock,
		}),
		prober: llamastack.NewProber(llamastack.NewClient(llamastack.ClientOptions{Dial: options.Dial}),
			llamastack.ProberOptions{OnChange: rejoin.wake, OnProbe: options.Metrics.Probed}),
		pods:     pods,
		secrets:  secrets,
		events:   events.New(mgr.GetEventRecorder("llama-stack-operator")),
		metrics:  options.Metrics,
		contents: newContents(mgr.GetAPIReader(), options.Metrics), rollouts: newRollouts(rejoin.wake), written: newWrittenStatuses(),
		copies: &copies{cached: mgr.GetClient(), live: mgr.GetAPIReader(), writer: mgr.GetClient(), metrics: options.Metrics, settled: map[types.UID]string{}},
		rejoin: rejoin, clock: options.Clock, roots: options.Roots, openShift: parts.OpenShift, unserved: parts.Unserved, namespace: parts.Namespace, version: options.Version,
	}, nil
}

// legacyManagers are the field managers that 0.9.0 left on its objects: its binary's name from the creation, and the
// name of the LlamaStackDistribution from every apply after it.
func legacyManagers(owner client.Object) apply.LegacyManagers {
	return apply.LegacyManagers{Update: legacyUpdateManager, Apply: owner.GetName()}
}

const legacyUpdateManager = "manager"

func (r *Reconciler) watch(parts Parts, options Options) error {
	build := ctrl.NewControllerManagedBy(parts.Manager).Named("llamastackdistribution").
		WithOptions(controller.Options{MaxConcurrentReconciles: concurrentReconciles, RateLimiter: retries()}).
		For(&v1alpha1.LlamaStackDistribution{}, builder.WithPredicates(declared(logEdit(options.Diffs)))).
		WatchesRawSource(source.Kind[client.Object](parts.References, configMapMetadata(), handler.EnqueueRequestsFromMapFunc(users(parts.Manager.GetClient())), moved())).
		WatchesRawSource(r.rejoin).
		WatchesRawSource(r.pods).
		WatchesRawSource(r.secrets)
	for _, child := range parts.Children {
		build = build.Watches(child, gathered(owners), builder.WithPredicates(foreign(r.isEcho)))
	}
	if err := build.Complete(r); err != nil {
		return fmt.Errorf("failed to add the controller of LlamaStackDistributions to the manager: %w", err)
	}
	return nil
}

func setupOperatorConfig(parts Parts, reconciler *Reconciler) error {
	first := &waker{}
	first.wake(types.NamespacedName{Namespace: parts.Namespace, Name: operatorconfig.Name}) // where there is no ConfigMap, no event tells
	err := ctrl.NewControllerManagedBy(parts.Manager).Named("operatorconfig").
		WatchesRawSource(source.Kind[client.Object](parts.OperatorConfig, &corev1.ConfigMap{}, &handler.EnqueueRequestForObject{})).
		WatchesRawSource(first).
		Complete(&configReconciler{
			config: parts.OperatorConfig, references: parts.References, instances: parts.Manager.GetClient(), writer: parts.Manager.GetClient(), store: reconciler.config,
			events: reconciler.events, metrics: reconciler.metrics, wake: reconciler.rejoin.wake,
		})
	if err != nil {
		return fmt.Errorf("failed to add the controller of the operator's ConfigMap to the manager: %w", err)
	}
	return nil
}

// logEdit says what an edit changed, in the log at verbosity 1 and on the writer, if there is one.
func logEdit(diffs io.Writer) func(before, after *v1alpha1.LlamaStackDistribution) {
	return func(before, after *v1alpha1.LlamaStackDistribution) {
		log := ctrl.Log.WithName("edits").V(1)
		if !log.Enabled() && diffs == nil {
			return
		}
		difference := diff.Diff(before.Spec, after.Spec)
		log.Info("spec edited", "namespace", after.Namespace, "name", after.Name, "diff", difference)
		if diffs != nil {
			_, _ = fmt.Fprintf(diffs, "LlamaStackDistribution %s/%s edited (-before +after):\n%s\n", after.Namespace, after.Name, difference)
		}
	}
}
