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

package manager

import (
	"context"
	"fmt"
	"slices"

	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
	toolscache "k8s.io/client-go/tools/cache"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

// LeaseName is the leader election lease, the one that 0.9.0 held, so that the two never lead at once in one namespace.
const LeaseName = "54e06e98.llamastack.io"

// Options of the operator's process.
type Options struct {
	// RESTConfig is how to reach the API server; it is asked anew for each manager.
	RESTConfig func() (*rest.Config, error)
	// Namespace of the operator: its lease and its ConfigMap are there.
	Namespace string
	// WatchNamespaces are those whose LlamaStackDistributions are served; none is all of them. Nothing is read then that
	// takes a right beyond these namespaces and the operator's own.
	WatchNamespaces []string
	// OperatorConfigName is the name of the operator's ConfigMap.
	OperatorConfigName string
	// MetricsAddress is where metrics are served, "0" for nowhere.
	MetricsAddress string
	// MetricsSecure serves metrics over TLS to users that the API server authenticates and authorizes.
	MetricsSecure bool
	// MetricsCertDir is a folder with the certificate that metrics are served with, tls.crt, and its key, tls.key. They are
	// read again when they change. Empty: a certificate that signs itself, made at every start.
	MetricsCertDir string
	// HealthAddress is where /healthz and /readyz are served, "0" for nowhere.
	HealthAddress string
	// PprofAddress is where profiles are served, to anybody; "" or "0" for nowhere.
	PprofAddress string
	// LeaderElection lets one of several processes work and the others stand by with warm caches.
	LeaderElection bool
	// Transform is called for each manager, and returns what its cache does with the LlamaStackDistributions and their
	// children before it keeps them; nil keeps them as they are.
	Transform func() func(object any) (any, error)
	// Setup adds the controllers to a new manager.
	Setup func(ctx context.Context, parts Parts) error
	// Ended is called when a manager has ended, with all that it ran; nil is nothing.
	Ended func()

	// identity of the process for the lease.
	identity string
	// newCache makes the caches of one manager.
	newCache cache.NewCacheFunc
}

// Parts are what a controller is built from.
type Parts struct {
	// Manager that the controllers are added to.
	Manager manager.Manager
	// Caches of ConfigMaps beside the manager's own.
	Caches Caches
	// Children are the kinds that the operator makes, as far as the cluster serves them.
	Children []client.Object
	// OpenShift is whether the API group security.openshift.io exists.
	OpenShift bool
	// Unserved are the kinds that the operator makes and the cluster does not serve; true: it knows the kind, and whoever
	// serves it does not answer.
	Unserved map[schema.GroupKind]bool
	// RouteTimeouts is whether HTTPRoutes have timeouts.
	RouteTimeouts bool
	// Namespace of the operator.
	Namespace string
	// WatchNamespaces are those that the caches hold; none is all of them.
	WatchNamespaces []string
	// Working is called when a reconcile begins, and what it returns when that has ended.
	Working func() (done func())
}

// build makes a manager that runs until the context ends. It calls lost when the API server no longer answers.
func build(ctx context.Context, options Options, health *Health, lost func()) (manager.Manager, error) {
	restConfig, err := options.RESTConfig()
	if err != nil {
		return nil, fmt.Errorf("failed to find the API server: %w", err)
	}
	restConfig = rest.CopyConfig(restConfig)
	restConfig.QPS = -1                  // the API server's priority and fairness decides, not a guess of ours
	restConfig.DisableCompression = true // within a cluster, bytes cost less than what each watch needs to unpack them
	scheme, err := NewScheme()
	if err != nil {
		return nil, err
	}
	discoverer, err := discovery.NewDiscoveryClientForConfig(restConfig)
	if err != nil {
		return nil, fmt.Errorf("failed to make a discovery client: %w", err)
	}
	optional := findOptional(ctx, discoverer.RESTClient(), options.WatchNamespaces)
	lease, err := newLock(restConfig, options.Namespace, options.identity, lost)
	if err != nil {
		return nil, err
	}
	mgr, err := ctrl.NewManager(restConfig, managerOptions(options, optional, manager.Options{Scheme: scheme, LeaderElectionResourceLockInterface: lease}))
	if err != nil {
		return nil, fmt.Errorf("failed to make the manager: %w", err)
	}
	starting, started := context.WithCancel(ctx)
	if err := populate(ctx, mgr, options, optional, &readiness{health: health, started: started, ended: ctx.Done()}); err != nil {
		started()
		return nil, err
	}
	if options.LeaderElection {
		go lease.keepAsking(starting)
	}
	return mgr, nil
}

func (o *Options) transform() toolscache.TransformFunc {
	if o.Transform == nil {
		return nil
	}
	return o.Transform()
}

func managerOptions(options Options, optional Optional, base manager.Options) manager.Options {
	yes := true
	base.Cache = MainCacheOptions(options.transform(), optional, options.WatchNamespaces)
	base.NewCache = options.newCache
	base.MapperProvider = newMapper
	base.Client = client.Options{Cache: &client.CacheOptions{Unstructured: true}}
	base.Metrics = metricsserver.Options{BindAddress: "0"} // served by Run, for longer than a manager lives
	base.PprofBindAddress = options.PprofAddress
	base.LeaderElection = options.LeaderElection
	base.RenewDeadline = new(renewDeadline)
	base.LeaderElectionReleaseOnCancel = true
	base.GracefulShutdownTimeout = new(shutdownLimit)
	base.Controller = config.Controller{
		SkipNameValidation: &yes, // names repeat when a manager is rebuilt
		EnableWarmup:       &yes, // a standby fills its caches before it leads
		RecoverPanic:       &yes,

		ReconciliationTimeout: reconcileTimeout,
	}
	return base
}

func populate(ctx context.Context, mgr manager.Manager, options Options, optional Optional, ready *readiness) error {
	discoverer, err := discovery.NewDiscoveryClientForConfigAndClient(mgr.GetConfig(), mgr.GetHTTPClient())
	if err != nil {
		return fmt.Errorf("failed to make a discovery client: %w", err)
	}
	openShift, err := isOpenShift(discoverer)
	if err != nil {
		return err
	}
	caches, err := newCaches(mgr, options)
	if err != nil {
		return err
	}
	routes := findRouteFields(ctx, optional, discoverer.RESTClient())
	watches, err := platformWatches(mgr, options, optional, routes, discoverer.RESTClient(), openShift)
	if err != nil {
		return err
	}
	ready.caches = []waiter{mgr.GetCache(), caches.References, caches.OperatorConfig}
	runnables := slices.Concat(watches, []manager.Runnable{
		standby{caches.References}, standby{caches.OperatorConfig},
		ready,
	})
	for _, runnable := range runnables {
		if err := mgr.Add(runnable); err != nil {
			return fmt.Errorf("failed to add to the manager: %w", err)
		}
	}
	return options.Setup(ctx, Parts{
		Manager: mgr, Caches: caches, Children: append(ManagedObjects(), optional.served()...),
		OpenShift: openShift, Unserved: optional.unserved(), Namespace: options.Namespace, WatchNamespaces: options.WatchNamespaces,
		RouteTimeouts: routes.timeouts, Working: ready.health.workers.begin,
	})
}

// platformWatches are what ends the manager when the cluster turns out to be another platform, or when a kind of another
// API appears, goes away or gets other fields.
func platformWatches(mgr manager.Manager, options Options, optional Optional, routes routeFields, through rest.Interface, openShift bool) ([]manager.Runnable, error) {
	if len(options.WatchNamespaces) > 0 {
		return []manager.Runnable{newOptionalPoll(optional, through, options.WatchNamespaces)}, nil
	}
	runnables := []manager.Runnable{&platformWatch{cache: mgr.GetCache(), openShift: openShift}}
	for _, kind := range optionalKinds() {
		marker, err := newMarkerCache(mgr, options.newCache, kind)
		if err != nil {
			return nil, err
		}
		runnables = append(runnables, standby{marker}, &optionalWatch{
			kind: kind, built: optional[kind.GroupKind()], cache: marker, pause: checking,
			check: func(ctx context.Context) Availability { return kind.check(ctx, through, nil) },
		})
		if kind.Kind == children.HTTPRoute && optional[kind.GroupKind()] == Served {
			runnables = append(runnables, &routeFieldsWatch{
				built: routes, cache: marker, pause: checking,
				check: func(ctx context.Context) (bool, error) { return routesHaveTimeouts(ctx, through) },
			})
		}
	}
	return runnables, nil
}

type waiter interface {
	WaitForCacheSync(ctx context.Context) bool
}

// readiness turns /readyz green when the caches are synchronised and red when the manager ends.
type readiness struct {
	health *Health
	caches []waiter
	// started is called when the manager has its caches and starts all else.
	started func()
	// ended is closed when the manager ends, also while it waits for its caches.
	ended <-chan struct{}
}

// Start implements manager.Runnable.
func (r *readiness) Start(ctx context.Context) error {
	r.started()
	for _, cache := range r.caches {
		if !cache.WaitForCacheSync(ctx) {
			return nil
		}
	}
	select {
	case <-r.ended:
		return nil // the caches may have nothing
	default:
	}
	r.health.SetReady(true)
	<-ctx.Done()
	r.health.SetReady(false)
	return nil
}

// NeedLeaderElection is false: a standby with warm caches is ready.
func (*readiness) NeedLeaderElection() bool { return false }
