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

package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// await waits until an edit has taken effect, and prints how the condition Ready changes meanwhile. It bears an API server that
// does not answer in the meantime.
func (e *editing) await(ctx context.Context, s *session, server *v1alpha1.LlamaStackDistribution, value string) error {
	shown, outage := "", &patience{to: e.ErrOut, limit: e.timeout}
	err := wait.PollUntilContextTimeout(ctx, pollInterval, e.timeout, true, func(context.Context) (bool, error) {
		// A request that is sent shortly before the timeout is answered: only the end of the wait is reported as such.
		asking, cancel := context.WithTimeout(ctx, answersWithin)
		defer cancel()
		done, err := e.poll(asking, s, server, value, &shown)
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
		return done, outage.bear(err)
	})
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%s is not %s within %s: %s; next: %s", server.Name, e.done, e.timeout, progress(server), next(server))
	}
	if err != nil {
		return fmt.Errorf("failed to wait for %s %s: %w", v1alpha1.Kind, server.Name, err)
	}
	return nil
}

// poll reads the server, prints its progress if it has changed, and says whether the edit has taken effect.
func (e *editing) poll(ctx context.Context, s *session, server *v1alpha1.LlamaStackDistribution, value string, shown *string) (bool, error) {
	if err := s.Get(ctx, client.ObjectKeyFromObject(server), server); err != nil {
		return false, fmt.Errorf("failed to read it: %w", err)
	}
	if text := progress(server); text != *shown {
		sayf(e.ErrOut, "%s\n", text)
		*shown = text
	}
	return e.settled(ctx, s, server, value)
}

// progress is the condition Ready in a line.
func progress(server *v1alpha1.LlamaStackDistribution) string {
	ready := meta.FindStatusCondition(server.Status.Conditions, string(v1alpha1.ConditionReady))
	if ready == nil {
		return "the operator has not seen the server yet"
	}
	return fmt.Sprintf("Ready %s, %s: %s", ready.Status, ready.Reason, clean(ready.Message))
}

// current says that the status is about the spec as it is.
func current(server *v1alpha1.LlamaStackDistribution) bool {
	return server.Status.ObservedGeneration >= server.Generation
}

// isServerReady says that the condition Ready is True, for the spec as it is.
func isServerReady(server *v1alpha1.LlamaStackDistribution) bool {
	return current(server) && meta.IsStatusConditionTrue(server.Status.Conditions, string(v1alpha1.ConditionReady))
}

// restarted says that the Pods have the value of the annotation, and that the server is Ready with them.
func restarted(ctx context.Context, s *session, server *v1alpha1.LlamaStackDistribution, value string) (bool, error) {
	deployment := &appsv1.Deployment{}
	key := client.ObjectKey{Namespace: server.Namespace, Name: children.Of(children.Deployment).Name(server.Name)}
	err := s.Get(ctx, key, deployment)
	if client.IgnoreNotFound(err) != nil {
		return false, fmt.Errorf("failed to read Deployment %s: %w", key.Name, err)
	}
	rolled := err == nil && deployment.Spec.Template.Annotations[v1alpha1.AnnotationRestartedAt] == value && status.RolledOut(deployment)
	return rolled && isServerReady(server), nil
}

// suspended says that no Pod is left.
func suspended(ctx context.Context, s *session, server *v1alpha1.LlamaStackDistribution, _ string) (bool, error) {
	pods, err := s.pods(ctx, server)
	return err == nil && isServerReady(server) && len(pods) == 0, err
}

// serves says that the server is Ready again.
func serves(_ context.Context, _ *session, server *v1alpha1.LlamaStackDistribution, _ string) (bool, error) {
	return isServerReady(server) && server.Status.Phase == v1alpha1.PhaseReady, nil
}

// paused says that the operator has confirmed the pause.
func paused(_ context.Context, _ *session, server *v1alpha1.LlamaStackDistribution, _ string) (bool, error) {
	return meta.IsStatusConditionTrue(server.Status.Conditions, string(v1alpha1.ConditionPaused)), nil
}

// unpaused says that the operator works again, and that everything is as declared.
func unpaused(_ context.Context, _ *session, server *v1alpha1.LlamaStackDistribution, _ string) (bool, error) {
	return meta.FindStatusCondition(server.Status.Conditions, string(v1alpha1.ConditionPaused)) == nil && isServerReady(server), nil
}

// observed says that the operator has seen the spec.
func observed(_ context.Context, _ *session, server *v1alpha1.LlamaStackDistribution, _ string) (bool, error) {
	return current(server), nil
}

// checked says that the requested check has its result; an invalid configuration is an error.
func checked(_ context.Context, _ *session, server *v1alpha1.LlamaStackDistribution, value string) (bool, error) {
	if server.Status.AnsweredCheck != value {
		return false, nil
	}
	result := meta.FindStatusCondition(server.Status.Conditions, string(v1alpha1.ConditionConfigValid))
	switch {
	case result == nil:
		return false, nil
	case result.Status == metav1.ConditionTrue:
		return true, nil
	case result.Status == metav1.ConditionUnknown:
		return false, fmt.Errorf("the configuration was not checked: %s: %s", result.Reason, clean(result.Message))
	}
	return false, fmt.Errorf("the configuration is not valid: %s: %s", result.Reason, clean(result.Message))
}
