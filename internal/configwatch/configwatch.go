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

// Package configwatch follows the operator's ConfigMap: it creates one with the defaults where there is none, takes what is
// well formed, reports what is not, and wakes every LlamaStackDistribution when something changed.
package configwatch

import (
	"context"
	"fmt"
	"slices"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/apply"
	"github.com/llamastack/llama-stack-k8s-operator/internal/events"
	"github.com/llamastack/llama-stack-k8s-operator/internal/guard"
	"github.com/llamastack/llama-stack-k8s-operator/internal/metrics"
	"github.com/llamastack/llama-stack-k8s-operator/internal/operatorconfig"
	"github.com/llamastack/llama-stack-k8s-operator/internal/sources"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/source"
)

// Options are what the controller reads and reports to.
type Options struct {
	// Config is the cache of the operator's ConfigMap, and References that of the identities of all ConfigMaps.
	Config     cache.Cache
	References client.Reader
	// Namespace of the operator.
	Namespace string
	Store     *operatorconfig.Store
	Events    *events.Events
	Metrics   *metrics.Metrics
	// Wake triggers a reconcile of a LlamaStackDistribution.
	Wake func(types.NamespacedName)
	// Working is called when a reconcile begins, and its result when that has ended; nil is no function.
	Working func() (done func())
}

// Setup adds the controller to a manager.
func Setup(mgr manager.Manager, options Options) error {
	first := &sources.Waker{}
	first.Wake(types.NamespacedName{Namespace: options.Namespace, Name: operatorconfig.Name}) // without a ConfigMap there is no event
	err := ctrl.NewControllerManagedBy(mgr).Named("operatorconfig").
		WatchesRawSource(source.Kind[client.Object](options.Config, &corev1.ConfigMap{}, &handler.EnqueueRequestForObject{})).
		WatchesRawSource(first).
		Complete(guard.Reconciler(&reconciler{
			config: options.Config, references: options.References, instances: mgr.GetClient(), writer: mgr.GetClient(),
			store: options.Store, events: options.Events, metrics: options.Metrics, wake: options.Wake,
		}, options.Working))
	if err != nil {
		return fmt.Errorf("failed to add the controller of the operator's ConfigMap to the manager: %w", err)
	}
	return nil
}

// reconciler follows the operator's own ConfigMap: it creates one with the defaults if there is none, uses what
// is well formed, reports what is not, and reconciles every LlamaStackDistribution when something changed. Those that
// are not affected find that their input is the same.
type reconciler struct {
	config client.Reader
	// references has all ConfigMaps by identity.
	references client.Reader
	instances  client.Reader
	writer     client.Client
	store      *operatorconfig.Store
	events     *events.Events
	metrics    *metrics.Metrics
	wake       func(types.NamespacedName)

	// owed means that not all LlamaStackDistributions were reconciled for the last change.
	owed bool
	// reported is the last set of problems, so that each is reported once.
	reported string
}

// Reconcile loads the operator's ConfigMap.
func (c *reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	configMap := &corev1.ConfigMap{}
	err := c.config.Get(ctx, request.NamespacedName, configMap)
	if apierrors.IsNotFound(err) {
		return ctrl.Result{}, c.create(ctx, request.NamespacedName)
	}
	if err != nil {
		return ctrl.Result{}, fmt.Errorf("failed to read ConfigMap %s: %w", request, err)
	}
	changed, problems := c.store.Update(configMap.Data)
	c.report(ctx, configMap, problems)
	if changed {
		log.FromContext(ctx).Info("the operator's configuration changed")
	}
	c.owed = c.owed || changed
	if !c.owed {
		return ctrl.Result{}, nil
	}
	if err := c.wakeAll(ctx); err != nil {
		return ctrl.Result{}, err
	}
	c.owed = false
	return ctrl.Result{}, nil
}

// maxElsewhere is how many ConfigMaps in other namespaces are reported: every tenant can make some.
const maxElsewhere = 10

// create creates the ConfigMap with the defaults; the watch causes a reconcile of it.
func (c *reconciler) create(ctx context.Context, key types.NamespacedName) error {
	configMap := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: key.Name, Labels: map[string]string{v1alpha1.LabelWatch: "true"}},
		Data:       operatorconfig.Defaults(),
	}
	others, err := c.others(ctx, key) // before the creation, because a failure after it would leave them unreported
	if err != nil {
		return err
	}
	err = c.writer.Create(ctx, configMap, client.FieldOwner(apply.FieldOwner))
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("failed to create ConfigMap %s with the defaults: %w", key, err)
	}
	slices.Sort(others)
	for _, other := range others[:min(len(others), maxElsewhere)] {
		log.FromContext(ctx).Info("a ConfigMap of the operator's configuration is in another namespace, where it is not read", "other", other+"/"+key.Name)
		c.events.ConfigElsewhere(configMap, other)
	}
	return nil
}

// others are the namespaces with a ConfigMap of this name that nobody reads, such as that of an earlier release. It is
// not used: otherwise, whoever may write any ConfigMap could decide which images all servers run.
func (c *reconciler) others(ctx context.Context, key types.NamespacedName) ([]string, error) {
	list := &metav1.PartialObjectMetadataList{}
	list.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("ConfigMapList"))
	if err := c.references.List(ctx, list, client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("failed to list ConfigMaps from the cache: %w", err)
	}
	var namespaces []string
	for i := range list.Items {
		if other := &list.Items[i]; other.Name == key.Name && other.Namespace != key.Namespace {
			namespaces = append(namespaces, other.Namespace)
		}
	}
	return namespaces, nil
}

func (c *reconciler) report(ctx context.Context, configMap *corev1.ConfigMap, problems []operatorconfig.Problem) {
	malformed := map[string]bool{}
	for _, problem := range problems {
		malformed[problem.Key] = true
	}
	for _, key := range operatorconfig.Keys() {
		c.metrics.ConfigMalformed(key, malformed[key])
	}
	if said := fmt.Sprint(problems); said != c.reported {
		c.reported = said
		for _, problem := range problems {
			log.FromContext(ctx).Error(nil, "the operator's ConfigMap is malformed; the last good value stays", "key", problem.Key, "problem", problem.Message)
			c.events.ConfigMalformed(configMap, problem.Key, problem.Message)
		}
	}
}

func (c *reconciler) wakeAll(ctx context.Context) error {
	list := &v1alpha1.LlamaStackDistributionList{}
	if err := c.instances.List(ctx, list, client.UnsafeDisableDeepCopy); err != nil {
		return fmt.Errorf("failed to list LlamaStackDistributions from the cache: %w", err)
	}
	for i := range list.Items {
		c.wake(client.ObjectKeyFromObject(&list.Items[i]))
	}
	return nil
}
