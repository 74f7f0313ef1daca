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

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

// observe finds out what became of the Job.
func (c *Checks) observe(ctx context.Context, s *state, situation *Situation, instance *v1alpha1.LlamaStackDistribution) error {
	if s.job == nil {
		return nil
	}
	situation.Run = &Run{Hash: s.job.hash}
	if s.job.hash != situation.Hash || !situation.needs() {
		return nil // it ends anyway
	}
	pod, err := c.pod(ctx, s)
	if err != nil {
		return err
	}
	found := Run{}
	if pod != nil {
		found = c.read(ctx, s, pod, instance.Spec.Server.Config != nil)
	} else if found, err = c.withoutPod(ctx, s); err != nil {
		return err
	}
	found.Hash, s.waits = s.job.hash, found.Waits
	situation.Run, situation.Waits = &found, found.Waits
	if found.Gone {
		s.job = nil
	}
	return nil
}

// pod is the Pod of the Job, nil while there is none.
func (c *Checks) pod(ctx context.Context, s *state) (*corev1.Pod, error) {
	c.LiveRead("Pod")
	list := &corev1.PodList{}
	err := c.Live.List(ctx, list, client.InNamespace(s.key.Namespace), client.Limit(mostPods), client.MatchingLabels{
		render.LabelComponent: render.ComponentCheck, v1alpha1.LabelCheck: s.job.hash, "batch.kubernetes.io/job-name": s.job.name,
	})
	if err != nil {
		return nil, fmt.Errorf("failed to list the Pods of Job %s/%s: %w", s.key.Namespace, s.job.name, err)
	}
	for i := range list.Items {
		if owner := metav1.GetControllerOf(&list.Items[i]); owner != nil && owner.UID == s.job.uid {
			return &list.Items[i], nil
		}
	}
	return nil, nil //nolint:nilnil // absence is an answer
}

// read says what a Pod shows, and why its volumes are not mounted, which only Events say: they are read now and then.
func (c *Checks) read(ctx context.Context, s *state, pod *corev1.Pod, declared bool) Run {
	found := readPod(pod, declared, s.waits)
	if found != (Run{}) || status.Asks(pod) != status.WhyNotMounted {
		return found
	}
	if s.reads > 0 && s.reads%readsOfEvents == 0 {
		c.askEvents(ctx, s, pod)
	}
	return waitsFor(s.job.unmounted, s.waits)
}

func (c *Checks) askEvents(ctx context.Context, s *state, pod *corev1.Pod) {
	c.LiveRead("Event")
	events, err := c.Events(ctx, pod.Namespace, pod.UID)
	if err != nil {
		log.FromContext(ctx).V(1).Info("the Events about the Pod of a check could not be read", "pod", pod.Name, "error", err.Error())
	}
	if found := status.Answer(status.WhyNotMounted, events); found.Reason != "" {
		s.job.unmounted = found
	}
}

// withoutPod says what became of a Job that has no Pod.
func (c *Checks) withoutPod(ctx context.Context, s *state) (Run, error) {
	c.LiveRead("Job")
	live := &batchv1.Job{}
	err := c.Live.Get(ctx, client.ObjectKey{Namespace: s.key.Namespace, Name: s.job.name}, live)
	switch {
	case apierrors.IsNotFound(err), err == nil && live.UID != s.job.uid, err == nil && live.DeletionTimestamp != nil:
		return Run{Gone: true}, nil
	case err != nil:
		return Run{}, fmt.Errorf("failed to read Job %s/%s: %w", s.key.Namespace, s.job.name, err)
	}
	for _, condition := range live.Status.Conditions {
		if condition.Type == batchv1.JobFailed && condition.Status == corev1.ConditionTrue {
			return Run{Lost: true}, nil
		}
	}
	if s.reads <= 1 {
		return Run{}, nil // its controller has not seen it yet
	}
	return Run{Waits: fmt.Sprintf("Job %s has no Pod yet, and its Events say why", s.job.name)}, nil
}

// load finds the Jobs of an earlier process, once. Without the right to list them there are none.
func (c *Checks) load(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.loaded {
		return nil
	}
	namespaces := c.Namespaces
	if len(namespaces) == 0 {
		namespaces = []string{metav1.NamespaceAll}
	}
	for _, namespace := range namespaces {
		list := &metav1.PartialObjectMetadataList{}
		list.SetGroupVersionKind(batchv1.SchemeGroupVersion.WithKind("JobList"))
		c.LiveRead("Job")
		err := c.Live.List(ctx, list, client.InNamespace(namespace), client.MatchingLabels{
			v1alpha1.LabelManagedBy: v1alpha1.ManagedBy, render.LabelComponent: render.ComponentCheck,
		})
		if err != nil && !forbids(err) {
			return fmt.Errorf("failed to list the Jobs of checks: %w", err)
		}
		for i := range list.Items {
			c.take(ctx, &list.Items[i])
		}
	}
	c.loaded = true
	return nil
}

// take takes a Job of an earlier process over.
func (c *Checks) take(ctx context.Context, found *metav1.PartialObjectMetadata) {
	owner := metav1.GetControllerOf(found)
	if owner == nil || owner.Kind != v1alpha1.Kind || found.DeletionTimestamp != nil {
		return
	}
	key := types.NamespacedName{Namespace: found.Namespace, Name: owner.Name}
	if !c.Served(ctx, key, owner.UID) {
		return // the garbage collector deletes it
	}
	s := c.known(owner.UID, key)
	s.job = &job{name: found.Name, hash: found.Labels[v1alpha1.LabelCheck], uid: found.UID}
	s.since, s.slot = found.CreationTimestamp.Time, true
	c.Queue.Hold(owner.UID, s.key)
}
