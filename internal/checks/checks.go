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

package checks

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/bound"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

const (
	// firstRead is when a Job is read after it was started; the pause doubles up to longestRead.
	firstRead   = time.Second
	longestRead = 5 * time.Second
	// readsOfEvents is how many reads of a Pod whose volumes are not mounted have one of the Events about it.
	readsOfEvents = 4
	// slotPause is when a server that waits for others is reconciled although nobody called it.
	slotPause = 30 * time.Second
	// firstRepeat is when a check that may have another result is repeated; the pause doubles up to longestRepeat.
	firstRepeat   = time.Minute
	longestRepeat = 10 * time.Minute
	// mostPods are read of a Job, which has one. Anybody in a namespace can give a Pod its labels.
	mostPods = 3
)

// Checks runs checks, at most one for each server.
type Checks struct {
	// Live reads from the API server, and LiveRead counts that. Writer writes.
	Live     client.Reader
	LiveRead func(kind string)
	Writer   client.Client
	// Events reads some of those about an object, or none while others are read.
	Events func(ctx context.Context, namespace string, about types.UID) ([]corev1.Event, error)
	Queue  *Queue
	// Ended counts the result of each check.
	Ended func(result string)
	Clock clock.PassiveClock
	// Namespaces that are served; none is all of them. Served says whether a LlamaStackDistribution exists.
	Namespaces []string
	Served     func(ctx context.Context, key types.NamespacedName, uid types.UID) bool

	mu      sync.Mutex
	loaded  bool
	servers map[types.UID]*state
}

// state is what is known of one server. One reconcile at a time uses it.
type state struct {
	key types.NamespacedName
	job *job
	// asked identifies the question, and since is when the server began to wait for its answer; or for a slot, until it has one.
	asked string
	since time.Time
	slot  bool
	// result is the last one, until the cache shows it.
	result *Record
	// waits is what a Job waits for or what keeps one from being started, and denied which right is missing.
	waits, denied string
	reads         int
	repeats       int
	retryAt       time.Time
}

// job is a Job that was started, or found.
type job struct {
	name string
	hash string
	uid  types.UID
	// unmounted is why the volumes of its Pod are not mounted, as far as Events have said.
	unmounted status.Trouble
}

// Request is a rendered server.
type Request struct {
	Instance *v1alpha1.LlamaStackDistribution
	// Deployment as the cache has it; nil: there is none.
	Deployment *appsv1.Deployment
	// Record of the last check, as the cache has it.
	Record Record
	Check  render.Check
	// Changed says that the rendered template is another one than the last, and Known that the latter can be kept.
	Changed, Known bool
}

// Decision is what one reconcile does about a check.
type Decision struct {
	Verdict

	// RetryAfter is when there is more to see; zero: nothing is waited for.
	RetryAfter time.Duration
	// Decided says that there was a decision.
	Decided bool

	check render.Check
	stop  *job
}

// Suffix of the intent of a server with a check that is not over, or whose result keeps the Pod template.
func (d *Decision) Suffix() string {
	if !d.Pending && !d.Keep && !d.Open {
		return ""
	}
	return fmt.Sprintf("/check %t %t %t %s %s %s", d.Keep, d.Pending, d.Open, d.Record.Hash, d.Record.Reason, d.Record.Answered)
}

// Consider decides. It reads what a Job has come to, and changes nothing in the cluster.
func (c *Checks) Consider(ctx context.Context, request Request) (Decision, error) {
	instance, now := request.Instance, c.Clock.Now()
	if err := c.load(ctx); err != nil {
		return Decision{}, err
	}
	s := c.of(instance)
	situation := c.situation(s, request, now)
	if err := c.confirm(ctx, &situation, instance); err != nil {
		return Decision{}, err
	}
	situation.ask(s)
	if err := c.observe(ctx, s, &situation, instance); err != nil {
		return Decision{}, err
	}
	if situation.needs() && s.denied == "" {
		situation.admit(s, s.job != nil || c.Queue.Ask(instance.UID, s.key, now))
	}
	verdict := Decide(situation)
	decision := Decision{Verdict: verdict, Decided: true, check: request.Check, stop: s.job}
	if verdict.Ended {
		c.Ended(string(verdict.Reason))
	}
	s.settle(verdict, situation.Record, now)
	decision.RetryAfter = s.pause(verdict, &situation, now)
	if !verdict.Pending {
		c.Queue.Release(instance.UID, now)
	}
	return decision, nil
}

func (c *Checks) situation(s *state, request Request, now time.Time) Situation {
	instance := request.Instance
	situation := Situation{
		Enabled: instance.Spec.Server.ChecksBeforeRollout(), Requested: instance.RequestedCheck(),
		Exists: request.Deployment != nil, Serves: serves(instance, request.Deployment), Changed: request.Changed, Known: request.Known,
		Hash: request.Check.Hash, Record: request.Record, Deadline: instance.Spec.Server.CheckDeadline(), Now: now,
	}
	if s.result != nil {
		if *s.result == situation.Record {
			s.result = nil
		} else {
			situation.Record = *s.result
		}
	}
	return situation
}

// confirm reads a Deployment whose template is about to be replaced because its Pods do not serve: the cache may be late.
func (c *Checks) confirm(ctx context.Context, situation *Situation, instance *v1alpha1.LlamaStackDistribution) error {
	serving := *situation
	serving.Serves = true
	if situation.Serves || !serving.due() {
		return nil
	}
	c.LiveRead("Deployment")
	live := &appsv1.Deployment{}
	if err := c.Live.Get(ctx, client.ObjectKeyFromObject(instance), live); apierrors.IsNotFound(err) {
		return nil
	} else if err != nil {
		return fmt.Errorf("failed to read Deployment %s/%s: %w", instance.Namespace, instance.Name, err)
	}
	situation.Serves = serves(instance, live)
	return nil
}

// needs says that a Job is needed.
func (s *Situation) needs() bool { return s.due() || s.asked() || s.repeats() }

// ask begins to wait anew when the question is another one.
func (s *Situation) ask(state *state) {
	asked := s.Hash + " " + s.Requested
	if found := state.asked == "" && state.job != nil && state.job.hash == s.Hash; found {
		state.asked = asked
	}
	if state.asked != asked {
		state.asked, state.since, state.slot, state.waits, state.denied = asked, time.Time{}, false, "", ""
		state.repeats, state.retryAt, state.reads = 0, time.Time{}, 0
	}
	s.Since, s.RetryAt = state.since, state.retryAt
	s.Waits, s.Denied = state.waits, state.denied
}

// admit gives a check a slot, or not yet. What others took is not part of the time that it has.
func (s *Situation) admit(state *state, slot bool) {
	if slot && !state.slot && !state.since.IsZero() {
		state.since = s.Now
	}
	state.slot = slot
	s.Slot, s.Since = slot, state.since
}

// settle remembers the result until the cache shows it.
func (s *state) settle(verdict Verdict, before Record, now time.Time) {
	if verdict.Record != before {
		s.result = new(verdict.Record)
	}
	switch {
	case verdict.Pending && s.since.IsZero():
		s.since = now
	case !verdict.Pending:
		s.since, s.slot, s.reads, s.waits = time.Time{}, false, 0, ""
	}
	if fresh := verdict.Record != before && verdict.Record.Again; fresh || verdict.Failed {
		s.retryAt = now.Add(min(firstRepeat<<min(s.repeats, 10), longestRepeat))
		s.repeats++
	}
}

// pause is after what time there may be more to see.
func (s *state) pause(verdict Verdict, situation *Situation, now time.Time) time.Duration {
	switch {
	case verdict.Pending && situation.Run == nil && !situation.Slot:
		return max(min(slotPause, s.since.Add(situation.Deadline).Sub(now)), firstRead)
	case verdict.Pending:
		s.reads++
		return min(firstRead<<min(s.reads-1, 10), longestRead)
	case verdict.Keep && verdict.Record.Again:
		return max(s.retryAt.Sub(now), firstRead)
	default:
		return 0
	}
}

// serves says that a server has been ready with its last template, so that there is something to lose.
func serves(instance *v1alpha1.LlamaStackDistribution, deployment *appsv1.Deployment) bool {
	if deployment == nil || instance.Spec.Suspend || deployment.Spec.Replicas != nil && *deployment.Spec.Replicas == 0 {
		return false
	}
	if !instance.Spec.Server.Autoscaled() && instance.WantedReplicas() == 0 {
		return false
	}
	return deployment.Status.AvailableReplicas > 0 || slices.ContainsFunc(deployment.Status.Conditions, func(one appsv1.DeploymentCondition) bool {
		return one.Type == appsv1.DeploymentProgressing && one.Reason == "NewReplicaSetAvailable"
	})
}

// Act stops and starts what was decided, after everything else was applied.
func (c *Checks) Act(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, d *Decision) error {
	if !d.Decided {
		return nil
	}
	s := c.of(instance)
	if d.Stop && d.stop != nil {
		if err := c.delete(ctx, s.key.Namespace, d.stop); err != nil {
			return err
		}
		if s.job == d.stop {
			s.job = nil
		}
	}
	if d.Start {
		c.start(ctx, s, instance, d)
	}
	return nil
}

// Busy says that a server has a Job.
func (c *Checks) Busy(uid types.UID) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.servers[uid]
	return s != nil && s.job != nil
}

// Cancel ends the Job of a server.
func (c *Checks) Cancel(ctx context.Context, instance *v1alpha1.LlamaStackDistribution) error {
	return c.cancel(ctx, instance.UID)
}

func (c *Checks) cancel(ctx context.Context, uid types.UID) error {
	c.mu.Lock()
	s := c.servers[uid]
	c.mu.Unlock()
	if s == nil {
		return nil
	}
	if s.job != nil {
		if err := c.delete(ctx, s.key.Namespace, s.job); err != nil {
			return err
		}
	}
	s.job, s.asked, s.since, s.slot = nil, "", time.Time{}, false
	c.Queue.Release(uid, c.Clock.Now())
	return nil
}

// Forget a server that no longer exists. The garbage collector deletes its Job, too.
func (c *Checks) Forget(ctx context.Context, uid types.UID) {
	if err := c.cancel(ctx, uid); err != nil {
		log.FromContext(ctx).Info("the Job of a check is left to the garbage collector", "reason", err.Error())
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.servers, uid)
	c.Queue.Release(uid, c.Clock.Now())
}

// start creates the Job, or takes the one that there is. What is refused is waited for.
func (c *Checks) start(ctx context.Context, s *state, instance *v1alpha1.LlamaStackDistribution, d *Decision) {
	wanted := d.check.Job.DeepCopy()
	wanted.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(instance, v1alpha1.GroupVersion.WithKind(v1alpha1.Kind))}
	err := c.Writer.Create(ctx, wanted)
	if apierrors.IsAlreadyExists(err) {
		wanted, err = c.existing(ctx, client.ObjectKeyFromObject(wanted), instance, d.check.Hash)
	}
	switch {
	case err == nil:
		log.FromContext(ctx).Info("the configuration is checked", "job", wanted.Name)
		s.job, s.waits = &job{name: wanted.Name, hash: d.check.Hash, uid: wanted.UID}, ""
	case forbids(err):
		s.denied = denial("create")
	case apierrors.IsInvalid(err):
		s.denied = bound.Text(fmt.Sprintf("The API server refuses the Job of the check (%v)", err), maxMessage)
	default:
		s.waits = bound.Text(fmt.Sprintf("Job %s cannot be created (%v)", d.check.Job.Name, err), maxWaits)
	}
}

// existing is a Job of the name, if it is that of this check.
func (c *Checks) existing(ctx context.Context, key client.ObjectKey, instance *v1alpha1.LlamaStackDistribution, hash string) (*batchv1.Job, error) {
	c.LiveRead("Job")
	live := &batchv1.Job{}
	if err := c.Live.Get(ctx, key, live); err != nil {
		return nil, fmt.Errorf("failed to read Job %s: %w", key, err)
	}
	if !metav1.IsControlledBy(live, instance) || live.Labels[v1alpha1.LabelCheck] != hash || live.DeletionTimestamp != nil {
		return nil, fmt.Errorf("failed to use Job %s, which is another one", key) //nolint:err113 // it is text of a status
	}
	return live, nil
}

func (c *Checks) delete(ctx context.Context, namespace string, one *job) error {
	object := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: one.name}}
	err := c.Writer.Delete(ctx, object, client.PropagationPolicy(metav1.DeletePropagationBackground), client.Preconditions{UID: &one.uid})
	if apierrors.IsConflict(err) && c.replaced(ctx, client.ObjectKeyFromObject(object), one) {
		return nil
	}
	if err != nil && !apierrors.IsNotFound(err) && !forbids(err) {
		return fmt.Errorf("failed to delete Job %s/%s: %w", namespace, one.name, err)
	}
	return nil
}

// replaced says that the Job is gone, and that another may have its name.
func (c *Checks) replaced(ctx context.Context, key client.ObjectKey, one *job) bool {
	c.LiveRead("Job")
	live := &batchv1.Job{}
	err := c.Live.Get(ctx, key, live)
	return apierrors.IsNotFound(err) || err == nil && live.UID != one.uid
}

// of is what is known of a server.
func (c *Checks) of(instance *v1alpha1.LlamaStackDistribution) *state {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.known(instance.UID, client.ObjectKeyFromObject(instance))
}

func (c *Checks) known(uid types.UID, key types.NamespacedName) *state {
	if c.servers == nil {
		c.servers = map[types.UID]*state{}
	}
	s := c.servers[uid]
	if s == nil {
		s = &state{key: key}
		c.servers[uid] = s
	}
	return s
}

// forbids says that the ClusterRole of the operator has no such right, and not that a quota or a policy refuses an object.
func forbids(err error) bool {
	return apierrors.IsForbidden(err) && strings.Contains(err.Error(), `resource "jobs"`)
}

func denial(verb string) string {
	return fmt.Sprintf(`The operator may not %s Jobs: allow get, list, create and delete of jobs in the API group "batch" in its ClusterRole`, verb)
}
