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

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/apply"
	"github.com/llamastack/llama-stack-k8s-operator/internal/events"
	"github.com/llamastack/llama-stack-k8s-operator/internal/metrics"
	"github.com/llamastack/llama-stack-k8s-operator/internal/operatorconfig"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

// configReconciler follows the operator's own ConfigMap: it makes one with the defaults where there is none, takes what
// is well formed, reports what is not, and wakes every LlamaStackDistribution when something changed. Those that are
// not affected find that their input is the same.
type configReconciler struct {
	config client.Reader
	// references has all ConfigMaps by identity.
	references client.Reader
	instances  client.Reader
	writer     client.Client
	store      *operatorconfig.Store
	events     *events.Events
	metrics    *metrics.Metrics
	wake       func(types.NamespacedName)

	// reported is the last set of problems, so that each is told once.
	reported string
}

// Reconcile loads the operator's ConfigMap.
func (c *configReconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
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
	if !changed {
		return ctrl.Result{}, nil
	}
	log.FromContext(ctx).Info("the operator's configuration changed")
	return ctrl.Result{}, c.wakeAll(ctx)
}

// create makes the ConfigMap with the defaults; the watch brings it back here.
func (c *configReconciler) create(ctx context.Context, key types.NamespacedName) error {
	configMap := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: key.Name, Labels: map[string]string{v1alpha1.LabelWatch: "true"}},
		Data:       operatorconfig.Defaults(),
	}
	err := c.writer.Create(ctx, configMap, client.FieldOwner(apply.FieldOwner))
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("failed to create ConfigMap %s with the defaults: %w", key, err)
	}
	return c.tellOthers(ctx, configMap)
}

// tellOthers says where a ConfigMap of this name is that nobody reads, such as that of an earlier release in another
// namespace. It is not taken over: whoever may write a ConfigMap anywhere could decide which images all servers run.
func (c *configReconciler) tellOthers(ctx context.Context, made *corev1.ConfigMap) error {
	list := &metav1.PartialObjectMetadataList{}
	list.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("ConfigMapList"))
	if err := c.references.List(ctx, list, client.UnsafeDisableDeepCopy); err != nil {
		return fmt.Errorf("failed to list ConfigMaps from the cache: %w", err)
	}
	for i := range list.Items {
		other := &list.Items[i]
		if other.Name != made.Name || other.Namespace == made.Namespace {
			continue
		}
		log.FromContext(ctx).Info("a ConfigMap of the operator's configuration is in another namespace, where it is not read", "other", other.Namespace+"/"+other.Name)
		c.events.ConfigElsewhere(made, other.Namespace)
	}
	return nil
}

func (c *configReconciler) report(ctx context.Context, configMap *corev1.ConfigMap, problems []operatorconfig.Problem) {
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

func (c *configReconciler) wakeAll(ctx context.Context) error {
	list := &v1alpha1.LlamaStackDistributionList{}
	if err := c.instances.List(ctx, list, client.UnsafeDisableDeepCopy); err != nil {
		return fmt.Errorf("failed to list LlamaStackDistributions from the cache: %w", err)
	}
	for i := range list.Items {
		c.wake(client.ObjectKeyFromObject(&list.Items[i]))
	}
	return nil
}
