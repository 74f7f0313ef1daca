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
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/apply"
	"github.com/llamastack/llama-stack-k8s-operator/internal/cabundle"
	"github.com/llamastack/llama-stack-k8s-operator/internal/checks"
	"github.com/llamastack/llama-stack-k8s-operator/internal/configwatch"
	"github.com/llamastack/llama-stack-k8s-operator/internal/distribution"
	"github.com/llamastack/llama-stack-k8s-operator/internal/edits"
	"github.com/llamastack/llama-stack-k8s-operator/internal/events"
	"github.com/llamastack/llama-stack-k8s-operator/internal/gather"
	"github.com/llamastack/llama-stack-k8s-operator/internal/guard"
	"github.com/llamastack/llama-stack-k8s-operator/internal/inputs"
	"github.com/llamastack/llama-stack-k8s-operator/internal/legacy"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llamastack"
	"github.com/llamastack/llama-stack-k8s-operator/internal/metrics"
	"github.com/llamastack/llama-stack-k8s-operator/internal/observed"
	"github.com/llamastack/llama-stack-k8s-operator/internal/operatorconfig"
	"github.com/llamastack/llama-stack-k8s-operator/internal/podwatch"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	"github.com/llamastack/llama-stack-k8s-operator/internal/retention"
	"github.com/llamastack/llama-stack-k8s-operator/internal/rollouts"
	"github.com/llamastack/llama-stack-k8s-operator/internal/secretwatch"
	"github.com/llamastack/llama-stack-k8s-operator/internal/sharers"
	"github.com/llamastack/llama-stack-k8s-operator/internal/sources"
	"github.com/llamastack/llama-stack-k8s-operator/internal/statuswriter"
	"github.com/llamastack/llama-stack-k8s-operator/internal/turns"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
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

// concurrentReconciles is how many LlamaStackDistributions are reconciled at once. A reconcile only waits for the API
// server, so that an unhealthy server delays no other.
const concurrentReconciles = 8

// Options say what is the same for every manager that the process builds.
type Options struct {
	// Version of the operator, for status.version.operatorVersion.
	Version string
	// Getenv reads the environment, for RELATED_IMAGE_*.
	Getenv func(string) string
	// Environ are the variables of the environment, as os.Environ has them, so that the names of those are known.
	Environ []string
	// Metrics that the controllers count in.
	Metrics *metrics.Metrics
	// Dial reaches servers; nil is the network's own.
	Dial llamastack.Dial
	// Roots are the public certificate authorities, in DER; nil is cabundle.SystemRoots.
	Roots func() iter.Seq[[]byte]
	// Clock measures how long something has been waited for; nil is the real one.
	Clock clock.PassiveClock
	// PrintDiffs has edits of a spec printed on Stdout for people to read.
	PrintDiffs bool
	Stdout     io.Writer
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
	// Unserved are the others; true: the server of the kind does not answer.
	Unserved map[schema.GroupKind]bool
	// RouteTimeouts is whether the cluster's HTTPRoutes have timeouts.
	RouteTimeouts bool
	// OpenShift is whether the API group security.openshift.io exists.
	OpenShift bool
	// Namespace of the operator.
	Namespace string
	// WatchNamespaces are those whose LlamaStackDistributions are served; none is all of them.
	WatchNamespaces []string
	// Working is called when a reconcile begins, and its result when that has ended; nil is no function.
	Working func() (done func())
}

// Setup adds the controllers to a manager. Errors are those of a manager that cannot be used.
func Setup(ctx context.Context, parts Parts, options Options) error {
	mgr := parts.Manager
	if err := mgr.GetFieldIndexer().IndexField(ctx, &v1alpha1.LlamaStackDistribution{}, referencesIndex, gather.ReferencedConfigMaps); err != nil {
		return fmt.Errorf("failed to index LlamaStackDistributions by the ConfigMaps that they use: %w", err)
	}
	if err := mgr.GetFieldIndexer().IndexField(ctx, &appsv1.Deployment{}, turns.Index, turns.Held); err != nil {
		return fmt.Errorf("failed to index Deployments by the turns that they show: %w", err)
	}
	reconciler, err := newReconciler(parts, options)
	if err != nil {
		return err
	}
	if err := reconciler.watch(parts, options); err != nil {
		return err
	}
	if err := configwatch.Setup(mgr, configwatch.Options{
		Config: parts.OperatorConfig, References: parts.References, Namespace: parts.Namespace, Store: reconciler.config,
		Events: reconciler.events, Metrics: reconciler.metrics, Wake: reconciler.requeue.Wake, Working: parts.Working,
	}); err != nil {
		return err
	}
	for _, runnable := range []manager.Runnable{reconciler.prober, reconciler.pods.Background(), reconciler.secrets.Background()} {
		if err := mgr.Add(runnable); err != nil {
			return fmt.Errorf("failed to add what runs beside the controllers to the manager: %w", err)
		}
	}
	if !parts.OpenShift {
		return nil
	}
	if err := mgr.Add(&legacy.Bindings{Cached: mgr.GetClient(), Live: mgr.GetAPIReader(), Events: reconciler.events, Namespaces: parts.WatchNamespaces}); err != nil {
		return fmt.Errorf("failed to add the report of earlier bindings to the manager: %w", err)
	}
	return nil
}

// namesOf are the names of variables.
func namesOf(environ []string) []string {
	names := make([]string, 0, len(environ))
	for _, variable := range environ {
		name, _, _ := strings.Cut(variable, "=")
		names = append(names, name)
	}
	return names
}

func newReconciler(parts Parts, options Options) (*Reconciler, error) {
	catalog, err := distribution.New(options.Getenv, namesOf(options.Environ)...)
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
	mgr, requeue := parts.Manager, &sources.Waker{}
	pods, err := podwatch.New(mgr, parts.WatchNamespaces)
	if err != nil {
		return nil, err
	}
	secrets, err := secretwatch.New(mgr, options.Clock)
	if err != nil {
		return nil, err
	}
	engine := apply.New(apply.Options{
		Scheme: mgr.GetScheme(), Cache: mgr.GetCache(), Live: mgr.GetAPIReader(), Writer: mgr.GetClient(),
		ManagedLabel: apply.Label{Key: v1alpha1.LabelManagedBy, Value: v1alpha1.ManagedBy}, LegacyManagers: legacy.Managers, Observer: options.Metrics, Clock: options.Clock,
	})
	contents := inputs.New(mgr.GetAPIReader(), options.Metrics.LiveRead, options.Roots)
	waiting := func(cause rollouts.Cause, count int) { options.Metrics.RolloutsWaiting(string(cause), count) }
	config, reporter := operatorconfig.NewStore(), events.New(mgr.GetEventRecorder("llama-stack-operator"))
	return &Reconciler{
		cached:   mgr.GetClient(),
		children: &observed.Reader{Cached: mgr.GetClient(), Live: mgr.GetAPIReader(), Writes: engine, Serves: parts.serves, LiveRead: options.Metrics.LiveRead},
		gatherer: &gather.Gatherer{
			References: parts.References, Contents: contents, Catalog: catalog, Secrets: secrets, Serves: parts.serves,
			RouteTimeouts: parts.RouteTimeouts, OpenShift: parts.OpenShift, Namespace: parts.Namespace, Watched: parts.WatchNamespaces,
		},
		config: config, renderer: renderer, engine: engine,
		prober: llamastack.NewProber(llamastack.NewClient(llamastack.ClientOptions{Dial: options.Dial}),
			llamastack.ProberOptions{OnChange: requeue.Wake, OnProbe: options.Metrics.Probed}),
		pods: pods, pvcs: podwatch.NewPVCs(pods, requeue.Wake), templates: podwatch.NewTemplates(mgr.GetAPIReader(), options.Metrics.LiveRead),
		secrets: secrets, events: reporter, metrics: options.Metrics, contents: contents,
		turns: &turns.Turns{
			Cached: mgr.GetClient(), Live: mgr.GetAPIReader(), Intents: engine, Queue: rollouts.NewQueue(requeue.Wake, waiting), Config: config,
			Clock: options.Clock, LiveRead: options.Metrics.LiveRead,
		},
		checks: &checks.Checks{
			Live: mgr.GetAPIReader(), LiveRead: options.Metrics.LiveRead, Writer: mgr.GetClient(), Queue: checks.NewQueue(requeue.Wake), Ended: options.Metrics.Checked,
			Events: pods.Events, Clock: options.Clock, Namespaces: parts.WatchNamespaces, Served: served(mgr.GetClient()),
		},
		statuses: statuswriter.New(mgr.GetClient(), reporter, options.Clock),
		copies:   inputs.NewCopies(mgr.GetClient(), mgr.GetAPIReader(), options.Metrics.LiveRead),
		sharers:  sharers.New(mgr.GetClient()),
		keeper: &retention.Keeper{
			Cached: mgr.GetClient(), Live: mgr.GetAPIReader(), Releaser: engine, Contents: contents, LiveRead: options.Metrics.LiveRead,
		},
		requeue: requeue, clock: options.Clock, unserved: parts.Unserved, version: options.Version,
	}, nil
}

// serves reports whether the cluster serves a kind and answers for it.
func (p *Parts) serves(gvk schema.GroupVersionKind) bool {
	_, unserved := p.Unserved[gvk.GroupKind()]
	return !unserved
}

func (r *Reconciler) watch(parts Parts, options Options) error {
	var diffs io.Writer
	if options.PrintDiffs {
		diffs = options.Stdout
	}
	build := ctrl.NewControllerManagedBy(parts.Manager).Named("llamastackdistribution").
		WithOptions(controller.Options{MaxConcurrentReconciles: concurrentReconciles, RateLimiter: retries()}).
		For(&v1alpha1.LlamaStackDistribution{}, builder.WithPredicates(guard.Predicate(declared(edits.Log(diffs))))).
		WatchesRawSource(source.Kind[client.Object](parts.References, gather.ConfigMapMetadata(),
			handler.EnqueueRequestsFromMapFunc(users(parts.Manager.GetClient())), guard.Predicate(moved()))).
		Watches(&v1alpha1.LlamaStackDistribution{}, r.sharers).
		Watches(&v1alpha1.LlamaStackDistribution{}, r.keeper.Departures()).
		WatchesRawSource(r.requeue).
		WatchesRawSource(r.pods).
		WatchesRawSource(r.secrets)
	for _, child := range parts.Children {
		build = build.Watches(child, gathered(r.owners), builder.WithPredicates(guard.Predicate(foreign(r.isEcho))))
	}
	if err := build.Complete(guard.Reconciler(r, parts.Working)); err != nil {
		return fmt.Errorf("failed to add the controller of LlamaStackDistributions to the manager: %w", err)
	}
	return nil
}
