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
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/apply"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// converge renders and applies, unless the cache shows that nothing is left to do. A LlamaStackDistribution with a
// mistake in it is left alone as a whole: half of a change, such as a Service that has moved to another port than the
// Pods, would break a server that runs.
func (r *Reconciler) converge(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, p *pass) {
	if len(p.problems) > 0 || p.held || instance.Paused() {
		return
	}
	intent := p.intent(instance)
	if r.engine.Settled(instance.UID, intent) { //nolint:contextcheck // the engine reads caches here, which does not wait
		r.metrics.Rendered(true)
		return
	}
	objects, err := r.desired(instance, p)
	if err != nil {
		p.fail(err)
		return
	}
	outcomes := r.engine.Apply(ctx, apply.Request{
		Owner: instance, OwnerGVK: v1alpha1.GroupVersion.WithKind(v1alpha1.Kind), Intent: intent,
		Objects: objects, Absent: r.absent(instance, p, objects), Content: r.content(p),
		Version: madeFrom(instance, p),
		NoOwner: func(object *unstructured.Unstructured) bool {
			return keepsClaim(instance) && object.GetKind() == kindClaim
		},
	})
	p.judge(ctx, outcomes, blockedFor(instance, r.clock.Now()))
	r.copies.prune(ctx, instance, p)
}

// fail tells a spec that cannot be rendered, which is the user's to mend, from trouble with the cluster.
func (p *pass) fail(err error) {
	if invalid, ok := errors.AsType[*render.SpecError](err); ok {
		p.blamef(v1alpha1.ReasonInvalidSpec, "%v", invalid)
		return
	}
	p.err = errors.Join(p.err, err)
	p.problems = append(p.problems, status.Problem{Reason: v1alpha1.ReasonReconcileError, Kind: status.Cluster, Message: err.Error()})
}

const (
	kindClaim     = "PersistentVolumeClaim"
	kindConfigMap = "ConfigMap"

	kindDeployment = "Deployment"
)

func keepsClaim(instance *v1alpha1.LlamaStackDistribution) bool {
	storage := instance.Spec.Server.Storage
	return storage != nil && storage.RetentionPolicy == v1alpha1.RetentionRetain
}

// intent is the same as long as applying would do the same.
func (p *pass) intent(instance *v1alpha1.LlamaStackDistribution) string {
	return fmt.Sprintf("%s/%t", p.input.Hash(), keepsClaim(instance))
}

// desired is everything that the spec asks for. ConfigMaps come with the digest of their content in its place, which is
// enough to see that nothing has to be written.
func (r *Reconciler) desired(instance *v1alpha1.LlamaStackDistribution, p *pass) ([]*unstructured.Unstructured, error) {
	r.metrics.Rendered(false)
	objects, err := r.renderer.Render(p.input)
	if err != nil {
		return nil, fmt.Errorf("failed to render: %w", err)
	}
	if err := r.rollBack(instance, p, objects); err != nil {
		return nil, err
	}
	var contents []*unstructured.Unstructured
	if p.input.UserConfig != nil {
		copied, err := render.UserConfigCopy(p.input, nil, nil)
		if err != nil {
			return nil, fmt.Errorf("failed to render the copy of ConfigMap %s: %w", p.user.key, err)
		}
		contents = append(contents, withDigest(copied, p.user.digest))
	}
	if p.input.CABundle != nil && len(p.bundle.sources) > 0 {
		bundle, err := render.CABundleConfigMap(p.input, "")
		if err != nil {
			return nil, fmt.Errorf("failed to render the CA bundle: %w", err)
		}
		delete(bundle.Object, "data")
		contents = append(contents, withDigest(bundle, p.bundle.digest))
	}
	return append(contents, r.served(objects)...), nil // before the Deployment, whose Pods mount them
}

func withDigest(object *unstructured.Unstructured, digest string) *unstructured.Unstructured {
	object.SetAnnotations(map[string]string{apply.DigestAnnotation: digest})
	return object
}

// content completes a ConfigMap that has to be written. What is only in the memory of its content is read again.
func (r *Reconciler) content(p *pass) func(context.Context, *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	return func(ctx context.Context, object *unstructured.Unstructured) (*unstructured.Unstructured, error) {
		if object.GetName() == render.CABundleName(p.input.Name) {
			pem, err := r.certificates(ctx, &p.bundle)
			if err != nil {
				return nil, err
			}
			return render.CABundleConfigMap(p.input, pem)
		}
		data, err := r.payload(ctx, &p.user)
		if err != nil {
			return nil, err
		}
		return render.UserConfigCopy(p.input, data.Data, data.BinaryData)
	}
}

// absent are the children that the spec does not ask for, as far as there can be such. Claims are never among them.
func (r *Reconciler) absent(instance *v1alpha1.LlamaStackDistribution, p *pass, objects []*unstructured.Unstructured) []apply.Ref {
	present := map[string]struct{}{}
	for _, object := range objects {
		present[object.GetKind()+"/"+object.GetName()] = struct{}{}
	}
	if p.input.CABundle != nil {
		present[kindConfigMap+"/"+render.CABundleName(instance.Name)] = struct{}{}
	}
	for _, name := range p.needed {
		present[kindConfigMap+"/"+name] = struct{}{}
	}
	var refs []apply.Ref
	for _, child := range render.Children(instance.Name) {
		if _, ok := present[child.GVK.Kind+"/"+child.Name]; !ok && !child.Keep && r.serves(child.GVK) {
			refs = append(refs, apply.Ref{GVK: child.GVK, Namespace: instance.Namespace, Name: child.Name})
		}
	}
	return refs
}

// judge sorts what became of each object into what the user must mend, what the cluster will mend, and what to wait for.
func (p *pass) judge(ctx context.Context, outcomes []apply.Outcome, blocked time.Duration) {
	for _, outcome := range outcomes {
		tell(ctx, outcome)
		p.children.follow(outcome)
		if outcome.Action == apply.ActionPending {
			p.retryAfter(unseenRetry)
		}
		if outcome.Err == nil {
			continue
		}
		problem := problemOf(outcome)
		p.problems = append(p.problems, problem)
		switch problem.Kind {
		case status.User:
			p.retryAfter(retryOf(outcome, blocked))
		case status.Wait:
			p.retryAfter(unseenRetry)
		case status.Cluster:
			p.err = errors.Join(p.err, outcome.Err)
		}
	}
}
