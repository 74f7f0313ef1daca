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

package cluster

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/distribution"
	"github.com/llamastack/llama-stack-k8s-operator/test/scorecard/internal/report"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// checkDistribution requires that the example names a public distribution.
func (s *server) checkDistribution(r *report.Report) {
	catalog, err := distribution.New(func(string) string { return "" })
	if err != nil {
		r.Errorf("%v", err)
		return
	}
	public := catalog.Available(nil)
	wanted := s.typed.Spec.Server.Distribution
	_, named := public[wanted.Name]
	if !named && !slices.Contains(slices.Collect(maps.Values(public)), wanted.Image) {
		r.Errorf("the example %s uses the distribution %q, which is not public: name one of %s in config/samples, and run make bundle",
			s.example, wanted.Name+wanted.Image, strings.Join(slices.Sorted(maps.Keys(public)), ", "))
	}
}

// checkReady waits until the server is Ready.
func (s *server) checkReady(ctx context.Context, r *report.Report) {
	ctx, cancel := context.WithTimeout(ctx, s.patience.Ready)
	defer cancel()

	said := "the operator has not reported a status; is it running?"
	err := s.until(ctx, func(ctx context.Context) (bool, error) {
		if err := s.client.Get(ctx, client.ObjectKeyFromObject(s.object), s.object); err != nil {
			return false, fmt.Errorf("failed to read it: %w", err)
		}
		ready, err := s.ready()
		if err == nil && ready != nil {
			said = fmt.Sprintf("Ready is %s, %s: %s", ready.Status, ready.Reason, ready.Message)
		}
		return ready != nil && ready.Status == metav1.ConditionTrue, err
	})
	if err != nil {
		r.Errorf("the example %s did not become Ready within %s: %s (%v)", s.example, s.patience.Ready, said, err)
		return
	}
	r.Logf("%s: %s", s.example, said)
}

// ready is the condition Ready of the current generation, or nil.
func (s *server) ready() (*metav1.Condition, error) {
	if err := s.understand(); err != nil {
		return nil, err
	}
	ready := apimeta.FindStatusCondition(s.typed.Status.Conditions, string(v1alpha1.ConditionReady))
	if ready == nil || ready.ObservedGeneration != s.typed.Generation {
		return nil, nil //nolint:nilnil // there is none, and that is no error
	}
	return ready, nil
}

// checkRestricted checks the template of the server's Pods, and then those Pods. In a namespace that enforces the
// standard there is no Pod of a template that violates it.
func (s *server) checkRestricted(ctx context.Context, r *report.Report) {
	ctx, cancel := context.WithTimeout(ctx, s.patience.Objects)
	defer cancel()

	deployment := &appsv1.Deployment{}
	if err := s.until(ctx, func(ctx context.Context) (bool, error) {
		err := s.client.Get(ctx, client.ObjectKey{Namespace: s.namespace, Name: s.object.GetName()}, deployment)
		return err == nil, client.IgnoreNotFound(err)
	}); err != nil {
		r.Errorf("the example %s: the operator created no Deployment within %s; is it running? (%v)", s.example, s.patience.Objects, err)
		return
	}
	template := deployment.Spec.Template
	if found := violations(&template.ObjectMeta, &template.Spec); found != "" {
		r.Errorf("the example %s: the Pods that the operator renders violate the standard restricted: %s; correct internal/render, or the example in config/samples",
			s.example, found)
		return
	}
	s.checkPods(ctx, deployment, r)
}

func (s *server) checkPods(ctx context.Context, deployment *appsv1.Deployment, r *report.Report) {
	pods := &corev1.PodList{}
	if err := s.until(ctx, func(ctx context.Context) (bool, error) {
		err := s.client.List(ctx, pods, client.InNamespace(s.namespace), client.MatchingLabels(deployment.Spec.Selector.MatchLabels))
		return len(pods.Items) > 0, client.IgnoreNotFound(err)
	}); err != nil {
		r.Errorf("the example %s: its Deployment has no Pod within %s; its conditions say why (%v)", s.example, s.patience.Objects, err)
		return
	}
	for i := range pods.Items {
		if found := violations(&pods.Items[i].ObjectMeta, &pods.Items[i].Spec); found != "" {
			r.Errorf("the example %s: its Pod violates the standard restricted, although the operator's template does not: %s; something on this cluster changes Pods",
				s.example, found)
		}
	}
	r.Logf("%s: template and %d Pods pass", s.example, len(pods.Items))
}

// violations returns how a Pod violates the standard restricted.
func violations(meta *metav1.ObjectMeta, spec *corev1.PodSpec) string {
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		return fmt.Sprintf("failed to set up the standard: %v", err)
	}
	level := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	result := policy.AggregateCheckResults(evaluator.EvaluatePod(level, meta, spec))
	return result.ForbiddenDetail()
}
