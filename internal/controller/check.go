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
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/bound"
	"github.com/llamastack/llama-stack-k8s-operator/internal/checks"
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	"github.com/llamastack/llama-stack-k8s-operator/internal/podtemplate"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	"github.com/llamastack/llama-stack-k8s-operator/internal/rollouts"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// maxRefusal is how much of the result of a check Ready repeats, in bytes.
const maxRefusal = 512

// checked says that the server has a configuration that is checked, by its spec or on request.
func checked(instance *v1alpha1.LlamaStackDistribution) bool {
	return instance.Spec.Server.ChecksBeforeRollout() || instance.Spec.Server.Configured() && instance.RequestedCheck() != ""
}

// recordCheck records the result: on the Deployment, where that gets the template anyway, and otherwise on the ServiceAccount. An
// annotation alone would be a new generation of the Deployment, so that it would seem to roll.
func (s *scope) recordCheck(objects []*unstructured.Unstructured) error {
	if !s.check.Decided {
		return nil
	}
	before := checks.Record{}
	if live := s.Children.Deployment(); live != nil {
		before = checks.Read(live.Annotations)
	}
	next, apart := before, s.check.Record
	if s.changed && !s.rollout.Waits() {
		next = apart
	}
	if apart == next {
		apart = checks.Record{}
	}
	for kind, record := range map[string]checks.Record{children.Deployment: next, children.ServiceAccount: apart} {
		annotations, err := record.Annotations()
		if err != nil {
			return err
		}
		children.Annotate(children.Find(objects, kind), annotations)
	}
	return nil
}

// recorded is the result of the last check.
func (r *Reconciler) recorded(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, s *scope) (checks.Record, error) {
	account := &corev1.ServiceAccount{}
	key := client.ObjectKey{Namespace: instance.Namespace, Name: children.Of(children.ServiceAccount).Name(instance.Name)}
	switch err := r.cached.Get(ctx, key, account, client.UnsafeDisableDeepCopy); {
	case client.IgnoreNotFound(err) != nil:
		return checks.Record{}, fmt.Errorf("failed to read ServiceAccount %s from the cache: %w", key, err)
	case err == nil && metav1.IsControlledBy(account, instance) && account.Annotations[v1alpha1.AnnotationChecked] != "":
		return checks.Read(account.Annotations), nil
	}
	if deployment := s.Children.Deployment(); deployment != nil {
		return checks.Read(deployment.Annotations), nil
	}
	return checks.Record{}, nil
}

// considerCheck decides about a check of what was rendered.
func (r *Reconciler) considerCheck(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, s *scope, objects []*unstructured.Unstructured) error {
	deployment := children.Find(objects, children.Deployment)
	if !checked(instance) || deployment == nil {
		s.rendered = true
		return r.checks.Cancel(ctx, instance)
	}
	check, err := render.NewCheck(s.Input, deployment)
	if err != nil {
		return fmt.Errorf("failed to prepare a check: %w", err)
	}
	template, _, err := unstructured.NestedMap(deployment.Object, "spec", "template")
	if err != nil {
		return fmt.Errorf("failed to read the template of the rendered Deployment: %w", err)
	}
	hash, err := podtemplate.Hash(template)
	if err != nil {
		return fmt.Errorf("failed to decide on a check: %w", err)
	}
	last := rollouts.Read(s.Children.Deployment())
	record, err := r.recorded(ctx, instance, s)
	if err != nil {
		return err
	}
	s.changed = last.Template != hash
	s.check, err = r.checks.Consider(ctx, checks.Request{
		Instance: instance, Record: record, Deployment: s.Children.Deployment(), Check: check, Changed: s.changed, Known: last.Template != "",
	})
	if err != nil {
		return err
	}
	s.rendered = true
	s.edited = last.Author != s.author(instance)
	s.reportCheck(instance)
	return nil
}

// reportCheck says in Ready that the template is not the declared one. What the operator itself changes leaves the server as
// its author declares it.
func (s *scope) reportCheck(instance *v1alpha1.LlamaStackDistribution) {
	if !s.check.Keep {
		return
	}
	s.kept = s.moves(instance)
	message := "the Pods keep their template until the check of the configuration has a result: see the condition ConfigValid"
	if s.check.Record.Refuses() && s.check.Reason != v1alpha1.ReasonChecking {
		message = fmt.Sprintf("the Pods keep their template, because the check of the configuration refuses the new one: %s (see the condition ConfigValid)",
			bound.Text(s.check.Record.Message, maxRefusal))
	}
	switch {
	case !s.edited:
		s.Noticef("%s", message)
	case s.check.Reason == v1alpha1.ReasonInvalid:
		s.held = append(s.held, status.Problem{Reason: v1alpha1.ReasonInvalidSpec, Kind: status.User, Message: message})
	default:
		s.held = append(s.held, status.Problem{Kind: status.Wait, Message: message})
	}
}

// moves says that the spec wants the server at another address than it has.
func (s *scope) moves(instance *v1alpha1.LlamaStackDistribution) bool {
	scheme, port := schemeHTTP, instance.ServerPort()
	if s.Input.TLS() {
		scheme = schemeHTTPS
	}
	last, err := url.Parse(instance.Status.ServiceURL)
	return err == nil && last.Host != "" && (last.Scheme != scheme || last.Port() != strconv.Itoa(int(port)))
}

// stayPut leaves what points at the Pods as it is while they keep a template with another address.
func (s *scope) stayPut(instance *v1alpha1.LlamaStackDistribution, objects []*unstructured.Unstructured) []*unstructured.Unstructured {
	if !s.check.Keep || !s.moves(instance) {
		return objects
	}
	return slices.DeleteFunc(objects, func(object *unstructured.Unstructured) bool {
		child := children.Of(object.GetKind())
		return child != nil && child.Stage == children.StagePointing
	})
}

// actOnCheck starts and ends Jobs. None is started without what it mounts.
func (r *Reconciler) actOnCheck(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, s *scope) {
	blocked := s.check.Start && len(s.Problems) > 0
	s.Problems = append(s.Problems, s.held...)
	if blocked {
		s.err = errors.Join(s.err, r.checks.Cancel(ctx, instance))
		return
	}
	if s.check.RetryAfter > 0 {
		s.retryAfter(s.check.RetryAfter)
	}
	s.err = errors.Join(s.err, r.checks.Act(ctx, instance, &s.check))
}

// leaveCheck ends a check of a spec that is not in force: it has a mistake, the server is paused, or is being deleted.
func (r *Reconciler) leaveCheck(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, s *scope) {
	if !s.partial {
		s.err = errors.Join(s.err, r.checks.Cancel(ctx, instance))
	}
}

// checkInput is what the condition ConfigValid reports.
func (r *Reconciler) checkInput(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, s *scope) status.Check {
	if !s.rendered {
		return status.Check{}
	}
	record := checks.Record{}
	if checked(instance) && !s.check.Decided {
		var err error
		if record, err = r.recorded(ctx, instance, s); err != nil {
			return status.Check{}
		}
	}
	reported := status.Check{Known: true, Reason: record.Reason, Message: record.Message, Answered: record.Answered}
	if s.check.Decided {
		reported.Reason, reported.Message, reported.Keeps = s.check.Reason, s.check.Message, s.check.Keep
		reported.Edited = s.edited
		reported.Answered = s.check.Record.Answered
	}
	r.reportWarnings(instance, &reported)
	reported.Applies = checked(instance) && (instance.Spec.Server.ChecksBeforeRollout() || reported.Reason != "")
	return reported
}

// reportWarnings reports what the Pods were warned of when they started, as long as there was no check.
func (r *Reconciler) reportWarnings(instance *v1alpha1.LlamaStackDistribution, reported *status.Check) {
	if reported.Reason != "" || instance.Spec.Server.Config == nil {
		return
	}
	if warnings := r.pods.Summary(client.ObjectKeyFromObject(instance)).Warnings; warnings != "" {
		reported.Reason, reported.Message = v1alpha1.ReasonValidWithWarnings, "The Pods started with this configuration, without a check: "+warnings
	}
}

// served says whether the cache has a LlamaStackDistribution.
func served(cached client.Reader) func(context.Context, types.NamespacedName, types.UID) bool {
	return func(ctx context.Context, key types.NamespacedName, uid types.UID) bool {
		instance := &v1alpha1.LlamaStackDistribution{}
		return cached.Get(ctx, key, instance, client.UnsafeDisableDeepCopy) == nil && instance.UID == uid
	}
}
