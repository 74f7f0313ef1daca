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
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/apply"
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	"github.com/llamastack/llama-stack-k8s-operator/internal/inputs"
	"github.com/llamastack/llama-stack-k8s-operator/internal/observed"
	"github.com/llamastack/llama-stack-k8s-operator/internal/outcomes"
	"github.com/llamastack/llama-stack-k8s-operator/internal/ports"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	"github.com/llamastack/llama-stack-k8s-operator/internal/turns"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

// converge renders and applies, unless the cache shows that nothing is left to do. The children of a
// LlamaStackDistribution with a mistake do not change at all: half of a change, such as a Service that has moved to
// another port than the Pods, would break a server that runs.
func (r *Reconciler) converge(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, s *scope) {
	if len(s.Problems) > 0 || instance.Paused() {
		s.kept = true
		r.leaveCheck(ctx, instance, s)
		return
	}
	intent := s.intent(instance)
	if !r.checks.Busy(instance.UID) && r.engine.Settled(instance.UID, intent) { //nolint:contextcheck // the engine reads caches here, which does not wait
		r.metrics.Rendered(true)
		s.rendered = true
		return
	}
	objects, err := r.desired(ctx, instance, s)
	if err != nil {
		s.fail(err)
		return
	}
	if s.rollout.Held || s.rollout.Settled {
		s.kept = s.kept || s.rollout.Held
		r.actOnCheck(ctx, instance, s)
		return
	}
	applied := r.engine.Apply(ctx, apply.Request{
		Owner: instance, OwnerGVK: v1alpha1.GroupVersion.WithKind(v1alpha1.Kind), Intent: s.intent(instance) + s.check.Suffix() + s.rollout.Suffix(),
		Stages: stages(objects, r.absent(instance, s)), Suffices: suffices, Content: r.content(instance, s),
		Version: madeFrom(instance, s),
		Read:    func(ref apply.Ref) (string, bool) { return s.Children.Version(ref, instance.Name) },
		NoOwner: func(object *unstructured.Unstructured) bool {
			return instance.Spec.Server.Storage.Retains() && object.GetKind() == children.PersistentVolumeClaim
		},
	})
	r.turns.Return(instance, s.rollout, applied)
	s.judge(ctx, applied, blockedFor(instance, r.clock.Now()))
	r.actOnCheck(ctx, instance, s)
	if outcomes.QuotaExceeded(applied) {
		r.pruneForQuota(ctx, instance, s)
		return
	}
	s.err = errors.Join(s.err, r.copies.Prune(ctx, instance, s.copiesInUse()))
}

// pruneForQuota deletes copies where a quota refuses a new one, and retries that soon.
func (r *Reconciler) pruneForQuota(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, s *scope) {
	retry, err := r.copies.PruneForQuota(ctx, instance, s.copiesInUse(), r.clock.Now())
	s.err = errors.Join(s.err, err)
	if retry > 0 {
		s.retryAfter(retry)
	}
}

// copiesInUse are the copies of the user configuration that the server needs.
func (s *scope) copiesInUse() inputs.InUse {
	inUse := inputs.InUse{Deployment: s.Children.Deployment(), Names: slices.Clone(s.needed)}
	if s.Input.UserConfig != nil {
		inUse.Names = append(inUse.Names, s.Input.UserConfig.CopyName)
	}
	if s.Input.Config != nil {
		inUse.Names = append(inUse.Names, s.Input.Config.CopyName)
	}
	return inUse
}

// fail distinguishes a spec that cannot be rendered, which the user must fix, from a problem of the cluster.
func (s *scope) fail(err error) {
	s.kept = true
	if invalid, ok := errors.AsType[*render.SpecError](err); ok {
		s.Problemf(v1alpha1.ReasonInvalidSpec, "%v", invalid)
		return
	}
	s.err = errors.Join(s.err, err)
	s.Problems = append(s.Problems, status.Problem{Reason: v1alpha1.ReasonReconcileError, Kind: status.Cluster, Message: err.Error()})
}

// stop ends a reconcile whose gathering failed: nothing is applied, and the status says why.
func (s *scope) stop(err error) {
	if err != nil {
		s.partial = true
		s.fail(err)
	}
}

// intent is the same as long as applying would do the same.
func (s *scope) intent(instance *v1alpha1.LlamaStackDistribution) string {
	intent := fmt.Sprintf("%s/%t/%t/%s", s.Input.Hash(), instance.Spec.Server.Storage.Retains(), s.mountsRemovedBundle(instance), s.author(instance))
	if requested := instance.RequestedCheck(); requested != "" && instance.Spec.Server.Configured() {
		intent += "/" + requested
	}
	return intent
}

// mountsRemovedBundle says that Pods may mount a CA bundle which the spec no longer requests: one of them that is
// replaced, say on another node, could not start without it.
func (s *scope) mountsRemovedBundle(instance *v1alpha1.LlamaStackDistribution) bool {
	deployment := s.Children.Deployment()
	if s.Input.CABundle != nil || s.Children.CABundle() == nil || deployment == nil {
		return false
	}
	return inputs.Mounted(&deployment.Spec.Template).Has(children.CABundleName(instance.Name)) || !status.RolledOut(deployment)
}

// desired is everything that the spec requests. ConfigMaps come with the digest of their content in its place, which is
// enough to see that nothing has to be written.
func (r *Reconciler) desired(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, s *scope) ([]*unstructured.Unstructured, error) {
	r.metrics.Rendered(false)
	objects, err := r.renderer.Render(s.Input)
	if err != nil {
		return nil, fmt.Errorf("failed to render: %w", err)
	}
	if err := r.considerCheck(ctx, instance, s, objects); err != nil {
		return nil, err
	}
	if err := r.takeTurn(ctx, instance, s, objects); err != nil || s.rollout.Held || s.rollout.Settled {
		return nil, err
	}
	if err := s.recordCheck(objects); err != nil {
		return nil, err
	}
	if err := r.rollBack(ctx, instance, s, objects); err != nil {
		return nil, err
	}
	ports.LeadToPods(objects, ports.Live{Deployment: s.Children.Deployment(), Service: s.Children.Service(), NetworkPolicy: s.Children.NetworkPolicy()})
	objects = s.stayPut(instance, objects)
	var contents []*unstructured.Unstructured
	if s.Input.UserConfig != nil {
		copied, err := render.UserConfigCopy(s.Input, nil, nil)
		if err != nil {
			return nil, fmt.Errorf("failed to render the copy of ConfigMap %s: %w", s.User.Key, err)
		}
		contents = append(contents, withDigest(copied, s.User.Digest))
	}
	if s.Input.Config != nil {
		copied, err := render.ConfigCopy(s.Input, nil, nil)
		if err != nil {
			return nil, fmt.Errorf("failed to render the copy of the declared configuration: %w", err)
		}
		contents = append(contents, withDigest(copied, s.ConfigDigest))
	}
	if s.Input.CABundle != nil && len(s.Bundle.Sources) > 0 {
		bundle, err := render.CABundleConfigMap(s.Input, "")
		if err != nil {
			return nil, fmt.Errorf("failed to render the CA bundle: %w", err)
		}
		delete(bundle.Object, "data")
		contents = append(contents, withDigest(bundle, s.Bundle.Digest))
	}
	return append(contents, r.served(objects)...), nil
}

func withDigest(object *unstructured.Unstructured, digest string) *unstructured.Unstructured {
	children.Annotate(object, map[string]string{apply.DigestAnnotation: digest})
	return object
}

// content completes a ConfigMap that has to be written. What is only in the memory of its content is read again.
func (r *Reconciler) content(instance *v1alpha1.LlamaStackDistribution, s *scope) func(context.Context, *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	return func(ctx context.Context, object *unstructured.Unstructured) (*unstructured.Unstructured, error) {
		if object.GetName() == children.CABundleName(s.Input.Name) {
			pem, err := r.contents.Certificates(ctx, &s.Bundle)
			if err != nil {
				return nil, err
			}
			return render.CABundleConfigMap(s.Input, pem)
		}
		if s.Input.Config != nil && object.GetName() == s.Input.Config.CopyName {
			data, err := inputs.DeclaredData(instance)
			if err != nil {
				return nil, err
			}
			return render.ConfigCopy(s.Input, data.Data, data.BinaryData)
		}
		data, err := r.contents.Payload(ctx, &s.User)
		if err != nil {
			return nil, err
		}
		return render.UserConfigCopy(s.Input, data.Data, data.BinaryData)
	}
}

// absent are the children that the spec does not request, and that are not kept.
func (r *Reconciler) absent(instance *v1alpha1.LlamaStackDistribution, s *scope) []apply.Ref {
	demand := s.Input.Demand()
	demand.CABundle = demand.CABundle || s.mountsRemovedBundle(instance) || slices.Contains(s.needed, children.CABundleName(instance.Name))
	var refs []apply.Ref
	all := children.All()
	for i := range all {
		if child := &all[i]; !child.IsWanted(demand) && !child.Kept && r.children.Serves(child.GroupVersionKind) {
			refs = append(refs, observed.RefOf(instance, child))
		}
	}
	return refs
}

// judge sorts the outcome of each object into what the user must fix, what the cluster will fix, and what to wait for.
func (s *scope) judge(ctx context.Context, applied []apply.Outcome, blocked time.Duration) {
	kept := outcomes.KeptBehind(applied)
	for _, outcome := range applied {
		logWrite(ctx, outcome)
		s.Children.Follow(outcome, s.Input.Name)
		if outcome.Action == apply.ActionPending {
			s.retryAfter(unseenRetry)
		}
		if outcome.Err == nil {
			continue
		}
		s.kept = s.kept || outcomes.KeepsAddress(outcome)
		if outcomes.IsHeld(outcome) {
			continue
		}
		problem := outcomes.Problem(outcome)
		if outcomes.IsContested(problem) {
			s.contested = append(s.contested, outcome.Ref.GVK.Kind)
		}
		problem.Message += kept[outcome.Ref]
		s.Problems = append(s.Problems, problem)
		switch problem.Kind {
		case status.User:
			s.retryAfter(outcomes.RetryAfter(outcome, blocked))
		case status.Wait:
			s.retryAfter(unseenRetry)
		case status.Cluster:
			s.err = errors.Join(s.err, outcome.Err)
		}
	}
}

// logWrite logs every write once.
func logWrite(ctx context.Context, outcome apply.Outcome) {
	switch outcome.Action {
	case apply.ActionUnchanged, apply.ActionPending, apply.ActionNone:
		return
	case apply.ActionCreated, apply.ActionUpdated, apply.ActionDeleted, apply.ActionAdopted, apply.ActionTakenOver:
		log.FromContext(ctx).Info("applied", "object", outcome.Ref.String(), "action", outcome.Action)
	}
}

// author identifies what the author of a server declares: its spec, and the contents that it refers to.
func (s *scope) author(instance *v1alpha1.LlamaStackDistribution) string {
	version := ""
	if s.Input.Serving != nil {
		version = s.Input.Serving.Version
	}
	sum := sha256.New()
	_, _ = fmt.Fprintf(sum, "%d/%q/%q/%q/%q", instance.Generation, s.Input.RestartedAt, s.User.Source, s.Bundle.Source, version) // a hash takes everything
	if used := s.Input.References; used != nil {                                                                                 // without, it is that of an earlier release
		_, _ = fmt.Fprintf(sum, "/%q/%q", used.ConfigMaps, used.Secrets)
	}
	return hex.EncodeToString(sum.Sum(nil)[:authorBytes])
}

// authorBytes of a SHA-256 are enough to distinguish the specs of one author.
const authorBytes = 16

// takeTurn lets the server roll if it is its turn.
func (r *Reconciler) takeTurn(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, s *scope, objects []*unstructured.Unstructured) error {
	var err error
	s.rollout, err = r.turns.Take(ctx, turns.Request{
		Instance: instance, Live: s.Children.Deployment(), Rendered: children.Find(objects, children.Deployment), Before: s.granted,
		Author: s.author(instance), Intent: s.intent(instance) + s.check.Suffix(), Image: s.Input.Image, Distribution: s.Resolved.Active,
		Keep: s.check.Keep,
	})
	s.needed = append(s.needed, s.rollout.ConfigMaps...)
	if s.rollout.Notice != "" {
		s.Noticef("%s", s.rollout.Notice)
	}
	if s.rollout.RetryAfter > 0 {
		s.retryAfter(s.rollout.RetryAfter)
	}
	return err
}
