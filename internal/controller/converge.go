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

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/apply"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// converge renders and applies, unless the cache shows that nothing is left to do. A LlamaStackDistribution with a
// mistake in it is left alone as a whole: half of a change, such as a Service that has moved to another port than the
// Pods, would break a server that runs.
func (r *Reconciler) converge(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, p *pass) {
	if len(p.problems) > 0 {
		return
	}
	intent := p.intent(instance)
	wanted := r.wantedContents(instance, p)                          //nolint:contextcheck // the engine reads caches here, which does not wait
	if r.engine.Settled(instance.UID, intent) && !wanted.pending() { //nolint:contextcheck // as above
		r.metrics.Rendered(true)
		return
	}
	objects, err := r.desired(ctx, p, wanted)
	if err != nil {
		p.fail(err)
		return
	}
	outcomes := r.engine.Apply(ctx, apply.Request{
		Owner: instance, OwnerGVK: v1alpha1.GroupVersion.WithKind(v1alpha1.Kind), Intent: intent,
		Objects: objects, Absent: absent(instance, p, objects), Kept: kept(instance, p, wanted),
		NoOwner: func(object *unstructured.Unstructured) bool {
			return keepsClaim(instance) && object.GetKind() == kindClaim
		},
	})
	p.judge(ctx, outcomes)
	if p.input.CABundle != nil {
		r.contents.found.Add(bundleMemory(instance), p.input.CABundle.Hash)
	}
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
)

func keepsClaim(instance *v1alpha1.LlamaStackDistribution) bool {
	storage := instance.Spec.Server.Storage
	return storage != nil && storage.RetentionPolicy == v1alpha1.RetentionRetain
}

// intent is the same as long as applying would do the same.
func (p *pass) intent(instance *v1alpha1.LlamaStackDistribution) string {
	return fmt.Sprintf("%s/%t", p.input.Hash(), keepsClaim(instance))
}

// desired is everything that the spec asks for. What is only in the memory of its content is read again.
func (r *Reconciler) desired(ctx context.Context, p *pass, wanted wantedContents) ([]*unstructured.Unstructured, error) {
	r.metrics.Rendered(false)
	objects, err := r.renderer.Render(p.input)
	if err != nil {
		return nil, fmt.Errorf("failed to render: %w", err)
	}
	var contents []*unstructured.Unstructured
	if wanted.copy {
		data, err := r.payload(ctx, &p.user)
		if err != nil {
			return nil, err
		}
		object, err := render.UserConfigCopy(p.input, data.Data, data.BinaryData)
		if err != nil {
			return nil, fmt.Errorf("failed to render the copy of ConfigMap %s: %w", p.user.key, err)
		}
		contents = append(contents, object)
	}
	if wanted.bundle {
		pem, err := r.certificates(ctx, &p.bundle)
		if err != nil {
			return nil, err
		}
		object, err := render.CABundleConfigMap(p.input, pem)
		if err != nil {
			return nil, fmt.Errorf("failed to render the CA bundle: %w", err)
		}
		contents = append(contents, object)
	}
	return append(contents, objects...), nil // before the Deployment, whose Pods mount them
}

// wantedContents says which ConfigMaps must be written or compared, because they are new or not as we left them.
type wantedContents struct{ copy, bundle bool }

func (w wantedContents) pending() bool { return w.copy || w.bundle }

func (r *Reconciler) wantedContents(instance *v1alpha1.LlamaStackDistribution, p *pass) wantedContents {
	var wanted wantedContents
	if p.input.UserConfig != nil {
		wanted.copy = !r.engine.InSync(instance.UID, configMapRef(instance, p.input.UserConfig.CopyName)) // its name says its content
	}
	if p.input.CABundle != nil && len(p.bundle.sources) > 0 {
		applied, _ := recall[string](r.contents, bundleMemory(instance))
		wanted.bundle = applied != p.input.CABundle.Hash || !r.engine.InSync(instance.UID, configMapRef(instance, render.CABundleName(instance.Name)))
	}
	return wanted
}

// kept are the ConfigMaps with content that are wanted and need not be looked at.
func kept(instance *v1alpha1.LlamaStackDistribution, p *pass, wanted wantedContents) []apply.Ref {
	var refs []apply.Ref
	if p.input.UserConfig != nil && !wanted.copy {
		refs = append(refs, configMapRef(instance, p.input.UserConfig.CopyName))
	}
	if p.input.CABundle != nil && !wanted.bundle {
		refs = append(refs, configMapRef(instance, render.CABundleName(instance.Name)))
	}
	return refs
}

// bundleMemory is the key under which the hash of the CA bundle that was last applied is remembered.
func bundleMemory(instance client.Object) string { return "bundle/" + string(instance.GetUID()) }

func configMapRef(instance client.Object, name string) apply.Ref {
	return apply.Ref{GVK: corev1.SchemeGroupVersion.WithKind(kindConfigMap), Namespace: instance.GetNamespace(), Name: name}
}

// absent are the children that the spec does not ask for. Claims are never among them.
func absent(instance *v1alpha1.LlamaStackDistribution, p *pass, objects []*unstructured.Unstructured) []apply.Ref {
	present := map[string]struct{}{}
	for _, object := range objects {
		present[object.GetKind()+"/"+object.GetName()] = struct{}{}
	}
	if p.input.CABundle != nil {
		present[kindConfigMap+"/"+render.CABundleName(instance.Name)] = struct{}{}
	}
	var refs []apply.Ref
	for _, child := range render.Children(instance.Name) {
		if _, ok := present[child.GVK.Kind+"/"+child.Name]; !ok && !child.Keep {
			refs = append(refs, apply.Ref{GVK: child.GVK, Namespace: instance.Namespace, Name: child.Name})
		}
	}
	return refs
}

// judge sorts what became of each object into what the user must mend, what the cluster will mend, and what to wait for.
func (p *pass) judge(ctx context.Context, outcomes []apply.Outcome) {
	for _, outcome := range outcomes {
		tell(ctx, outcome)
		p.children.follow(outcome)
		if outcome.Action == apply.ActionPending {
			p.result.RequeueAfter = unseenRetry
		}
		if outcome.Err == nil {
			continue
		}
		problem := problemOf(outcome)
		p.problems = append(p.problems, problem)
		switch problem.Kind {
		case status.User:
			p.retryAfter(blockedRetry)
		case status.Wait:
			p.retryAfter(unseenRetry)
		case status.Cluster:
			p.err = errors.Join(p.err, outcome.Err)
		}
	}
}
