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

// Package turns lets a server roll when it is its turn. It decides for one reconcile whether the rendered Pod template is
// applied now, and puts the one that was applied last in its place where it is not. Package rollouts has the rules; this
// package reads what the Deployments show of turns, and the template that stays.
package turns

import (
	"context"
	"fmt"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/apply"
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	"github.com/llamastack/llama-stack-k8s-operator/internal/operatorconfig"
	"github.com/llamastack/llama-stack-k8s-operator/internal/outcomes"
	"github.com/llamastack/llama-stack-k8s-operator/internal/podtemplate"
	"github.com/llamastack/llama-stack-k8s-operator/internal/rollouts"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Index finds the Deployments of servers that roll in a turn.
const (
	Index    = "turn"
	turnHeld = "held"
)

// Held indexes a Deployment.
func Held(object client.Object) []string {
	if deployment, ok := object.(*appsv1.Deployment); ok && rollouts.Holding(deployment) {
		return []string{turnHeld}
	}
	return nil
}

// Intents are what package apply has brought to the cluster, as apply.Engine knows it.
type Intents interface {
	// Settled says that nothing is left to do for an intent.
	Settled(owner types.UID, intent string) bool
	// Completed says that the intent was applied.
	Completed(owner types.UID, intent string) bool
}

// Turns reads what the cluster shows, and asks for turns.
type Turns struct {
	// Cached has the Deployments, by Index, and the LlamaStackDistributions. Live is the API server.
	Cached  client.Reader
	Live    client.Reader
	Intents Intents
	Queue   *rollouts.Queue
	Config  *operatorconfig.Store
	Clock   clock.PassiveClock
	// LiveRead counts the reads from the API server.
	LiveRead func(kind string)
}

// Request is a rendered Deployment that would be applied.
type Request struct {
	Instance *v1alpha1.LlamaStackDistribution
	// Live is the Deployment as the cache has it; nil is absent. Rendered is what it would become.
	Live     *appsv1.Deployment
	Rendered *unstructured.Unstructured
	// Before is what had been granted to the server before its Deployment was read from the cache. Read in the other order,
	// neither might show a turn: it is forgotten once the cache shows it.
	Before *rollouts.Grant
	// Author identifies what the author of the server asks for, and Intent the whole application.
	Author, Intent string
	// Keep says that the template that was applied last stays for another reason than a turn.
	Keep bool
	// Image of the rendered template, and the name of the distribution that has it, for people.
	Image, Distribution string
}

// Decision is what one reconcile found out about the change of the Pod template that it would make. The zero value is that
// it applies what is rendered.
type Decision struct {
	// Held leaves all children of the server as they are.
	Held bool
	// Settled says that the server waits as it did before, so that there is nothing to apply.
	Settled bool
	// AsRead says that the server gets another template in a turn. The Deployment is written only as it was read, because a later
	// one may show that the turn has been used.
	AsRead bool
	// ConfigMaps are those that the template needs which stays.
	ConfigMaps []string
	// Notice says what the server waits for.
	Notice string
	// RetryAfter is when the server asks again, because no watch shows that the time of a turn is over.
	RetryAfter time.Duration

	// waits is what the server waits for a turn with, or None. keeps says that it keeps its template for another reason.
	waits rollouts.Cause
	keeps bool
	// kept is the template that stays meanwhile, and its image; empty where what an earlier release made stays as a whole.
	kept rollouts.Record
}

// Waits says that the server keeps its template: it waits for a turn, or the request says so.
func (d *Decision) Waits() bool { return d.waits != rollouts.None || d.keeps }

// Suffix of the intent of a server that keeps another template than the one that was rendered.
func (d *Decision) Suffix() string {
	if !d.Waits() {
		return ""
	}
	return "/keeps " + d.kept.Template
}

// Image of the template that is applied: the rendered one, or the one that stays, which is the last one that was requested.
func (d *Decision) Image(rendered, requested string) string {
	switch {
	case !d.Waits():
		return rendered
	case d.kept.Image != "":
		return d.kept.Image
	default:
		return requested
	}
}

// Take decides whether the rendered Pod template is applied now, and records on the Deployment what the next decision
// needs. If it is not, the last applied template replaces it, so that everything else continues.
func (t *Turns) Take(ctx context.Context, request Request) (Decision, error) {
	wanted, found, err := unstructured.NestedMap(request.Rendered.Object, "spec", "template")
	if err != nil || !found {
		return Decision{}, fmt.Errorf("failed to read the template of the rendered Deployment: %w", err)
	}
	packed, err := podtemplate.Pack(wanted)
	if err != nil {
		return Decision{}, fmt.Errorf("failed to decide on a rollout: %w", err)
	}
	next := rollouts.Record{Author: request.Author, Image: request.Image, Template: packed.Hash}
	decision := Decision{}
	if request.Keep {
		decision.keeps, decision.kept = true, rollouts.Read(request.Live)
		t.Queue.Forget(rollouts.ServerOf(request.Instance))
	} else if next.Turn, err = t.turn(ctx, &request, next, &decision); err != nil {
		return decision, err
	}
	if decision.Waits() {
		err := t.keepTemplate(ctx, &request, &decision)
		return decision, err
	}
	return decision, annotate(request.Rendered, next, packed)
}

// turn is the turn in which a server continues, empty for one that needs none, unless it has to wait.
func (t *Turns) turn(ctx context.Context, request *Request, next rollouts.Record, decision *Decision) (string, error) {
	now, instance, server := t.Clock.Now(), request.Instance, rollouts.ServerOf(request.Instance)
	verdict := rollouts.Judge(rollouts.Seen{
		Deployment: request.Live, Earlier: request.Live != nil && !apply.Applied(request.Live), Edited: editedMeanwhile(instance),
		Applied: t.Intents.Completed(instance.UID, request.Intent), Granted: request.Before, Now: now,
	}, next)
	if verdict.Cause == rollouts.None {
		decision.AsRead = verdict.Turn != "" && rollouts.Read(request.Live).Template != next.Template
		t.Queue.Proceed(server, verdict.Turn)
		return verdict.Turn, nil
	}
	limits := t.limits()
	answer, err := t.Queue.Ask(rollouts.Asker{Server: server, Author: next.Author, Cause: verdict.Cause}, t.shown(ctx, now), limits, now)
	if err != nil || answer.Granted {
		decision.AsRead = answer.Granted
		return answer.Turn, err
	}
	decision.waits, decision.kept = verdict.Cause, rollouts.Read(request.Live)
	decision.Notice = decision.notice(request, limits)
	if !answer.Ends.IsZero() {
		decision.RetryAfter = max(answer.Ends.Sub(now), time.Second)
	}
	return "", nil
}

func (d *Decision) notice(request *Request, limits rollouts.Limits) string {
	what := "this release of the operator renders other Pods; the server keeps its Pod template"
	switch d.waits {
	case rollouts.Image:
		what = fmt.Sprintf("the image of distribution %s is now %s; the server keeps %s", request.Distribution, request.Image, d.kept.Image)
	case rollouts.Takeover:
		what = "the server runs as an earlier release of the operator made it"
	case rollouts.Rendering, rollouts.None:
	}
	return fmt.Sprintf("%s until fewer than %d servers are being rolled by the operator, and fewer than %d in namespace %s",
		what, limits.AtOnce, limits.PerNamespace, request.Instance.Namespace)
}

// keepTemplate replaces the rendered template by the last applied one. If that is not known, nothing of the server
// changes: a Service of this release may not fit the Pods of another.
func (t *Turns) keepTemplate(ctx context.Context, request *Request, decision *Decision) error {
	if decision.kept.Template == "" {
		decision.Held = true
		return nil
	}
	if decision.Settled = t.Intents.Settled(request.Instance.UID, request.Intent+decision.Suffix()); decision.Settled {
		return nil
	}
	packed, err := t.appliedTemplate(ctx, request.Instance)
	if err != nil {
		return err
	}
	kept, err := packed.Template()
	if err != nil || kept == nil || packed.Hash != decision.kept.Template {
		decision.Held = true // somebody has changed the annotation, or the template is too long for it
		return nil           //nolint:nilerr // what cannot be read is as good as none
	}
	if err := unstructured.SetNestedMap(request.Rendered.Object, kept, "spec", "template"); err != nil {
		return fmt.Errorf("failed to keep the template that was applied last: %w", err)
	}
	decision.ConfigMaps = podtemplate.ConfigMaps(kept)
	return annotate(request.Rendered, decision.kept, packed)
}

func annotate(deployment *unstructured.Unstructured, record rollouts.Record, packed podtemplate.Packed) error {
	texts, err := record.Annotations(packed)
	if err != nil {
		return err
	}
	children.Annotate(deployment, texts)
	return nil
}

// appliedTemplate reads the template that was applied last from the Deployment itself: caches leave it out.
func (t *Turns) appliedTemplate(ctx context.Context, instance *v1alpha1.LlamaStackDistribution) (podtemplate.Packed, error) {
	t.LiveRead(children.Deployment)
	deployment := &appsv1.Deployment{}
	if err := t.Live.Get(ctx, client.ObjectKeyFromObject(instance), deployment); err != nil {
		return podtemplate.Packed{}, fmt.Errorf("failed to read Deployment %s/%s: %w", instance.Namespace, instance.Name, err)
	}
	return rollouts.Applied(deployment), nil
}

// Return returns a turn that was not used: the Deployment was refused, or something before it.
func (t *Turns) Return(instance *v1alpha1.LlamaStackDistribution, decision Decision, applied []apply.Outcome) {
	if decision.Waits() {
		return
	}
	for _, outcome := range applied {
		if outcome.Ref.GVK.Kind == children.Deployment && (outcome.Err == nil || outcomes.Problem(outcome).Kind == status.Cluster) {
			return // it was written, or may have been
		}
	}
	t.Queue.Forget(rollouts.ServerOf(instance))
}

// editedMeanwhile is whether somebody edited a server of an earlier release while it waits: an edit never waits. An
// edit before the first reconcile is not known, since the earlier release did not record what it had seen.
func editedMeanwhile(instance *v1alpha1.LlamaStackDistribution) bool {
	ready := meta.FindStatusCondition(instance.Status.Conditions, string(v1alpha1.ConditionReady))
	return ready != nil && ready.ObservedGeneration != 0 && ready.ObservedGeneration != instance.Generation
}

// limits are the defaults while no good configuration is known.
func (t *Turns) limits() rollouts.Limits {
	limits := operatorconfig.DefaultRollouts()
	if configured := t.Config.Current().Rollouts; configured.Known {
		limits = configured.Value
	}
	return rollouts.Limits{AtOnce: limits.AtOnce, PerNamespace: limits.PerNamespace}
}

// End ends what a reconcile had to do with turns. A server that does not wait leaves the queue, and one that has stopped to roll
// leaves its turn to the next.
func (t *Turns) End(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, decision Decision) error {
	if decision.waits == rollouts.None {
		t.Queue.Leave(rollouts.ServerOf(instance))
	}
	return t.Advance(ctx)
}

// Advance requeues the servers whose turn it is now.
func (t *Turns) Advance(ctx context.Context) error {
	now := t.Clock.Now()
	return t.Queue.Advance(t.shown(ctx, now), t.limits(), now)
}
