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

package faults_test

import (
	"context"
	"slices"
	"sync"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// invisible are the fields that change no object, and why. docs/api.md says so, too.
var invisible = map[string]string{}

var _ = Describe("Every field of the spec", func() {
	It("is visible in some object, or in a problem of the status", func(ctx context.Context) {
		spec := specSchema()
		leaves := leavesOf(spec)
		var (
			mutex  sync.Mutex
			unseen []string
			runs   []func()
		)
		for batch := range slices.Chunk(leaves, 20) {
			runs = append(runs, func() {
				s := newStory(ctx, spec, leaves, 0)
				renderer, err := render.New()
				Expect(err).NotTo(HaveOccurred())
				for _, one := range batch {
					if !s.shows(ctx, renderer, one) {
						mutex.Lock()
						unseen = append(unseen, one.String())
						mutex.Unlock()
					}
				}
			})
		}
		together(runs)
		slices.Sort(unseen)
		Expect(unseen).To(ConsistOf(names(asAny(invisible))))
	})
})

func asAny(texts map[string]string) map[string]any {
	out := map[string]any{}
	for key, text := range texts {
		out[key] = text
	}
	return out
}

// shows is whether a leaf makes a difference: to what is rendered, or else to what becomes of the objects and the status.
func (s *story) shows(ctx context.Context, renderer *render.Renderer, one leaf) bool {
	GinkgoHelper()
	for _, base := range s.bases() {
		var rendered, made []map[string]any
		for _, spec := range s.variants(base, one) {
			if objects, ok := rendering(renderer, spec); ok {
				rendered = append(rendered, objects)
			}
		}
		if differ(rendered) {
			return true
		}
		for _, spec := range s.variants(base, one) {
			if s.change(ctx, one.String(), spec) {
				s.check(ctx)
				made = append(made, state(s.server.Namespace))
			}
		}
		if differ(made) {
			return true
		}
	}
	return false
}

func differ(states []map[string]any) bool {
	return slices.ContainsFunc(states, func(one map[string]any) bool { return different(states[0], one) != "" })
}

// variants are a spec without a leaf, and with each of its values.
func (s *story) variants(base *v1alpha1.LlamaStackDistribution, one leaf) []map[string]any {
	GinkgoHelper()
	first := func(int) int { return 0 }
	all := []map[string]any{specOf(base)}
	for _, value := range one.values() {
		next := specOf(base)
		put(next, s.schema, one.path, 0, runtime.DeepCopyJSONValue(value), first)
		all = append(all, next)
	}
	return all
}

// bases are the specs in which a leaf is tried: fields without dependencies, fields with some, an image instead of a
// name, another strategy with a reference, telemetry, and declared configurations.
func (s *story) bases() []*v1alpha1.LlamaStackDistribution {
	image := llsdtest.Make("demo").Image("registry.example/a:1").Obj()
	rolling := llsdtest.Make("demo").Edit(func(i *v1alpha1.LlamaStackDistribution) {
		i.Spec.Server.Rollout = &v1alpha1.RolloutSpec{Strategy: string(appsv1.RollingUpdateDeploymentStrategyType)}
		i.Spec.Server.ContainerSpec.EnvFrom = []corev1.EnvFromSource{{ConfigMapRef: &corev1.ConfigMapEnvSource{
			LocalObjectReference: corev1.LocalObjectReference{Name: "config"},
		}}}
	}).Obj()
	reporting := llsdtest.Make("demo").Edit(func(i *v1alpha1.LlamaStackDistribution) {
		i.Spec.Server.Telemetry = &v1alpha1.TelemetrySpec{
			Metrics: &v1alpha1.TelemetryMetrics{Enabled: true}, OTLP: &v1alpha1.TelemetryOTLP{Endpoint: "http://collector:4318"},
		}
	}).Obj()
	bases := []*v1alpha1.LlamaStackDistribution{llsdtest.Make("demo").Obj(), full().Obj(), image, rolling, reporting}
	for _, config := range configurations() {
		bases = append(bases, llsdtest.Make("demo").Edit(func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Server.Config = config }).Obj())
	}
	return bases
}

// configurations have the fields that others of a declared configuration require.
func configurations() []*v1alpha1.ServerConfig {
	key := v1alpha1.SecretKey{Name: "a", Key: "b"}
	return []*v1alpha1.ServerConfig{
		{
			Providers: []v1alpha1.ConfigProvider{{API: "inference", ID: "a", Type: "remote::a"}},
			Models:    []v1alpha1.ConfigModel{{ID: "a", Provider: "a", Type: "embedding", EmbeddingDimension: new(int32(1))}},
			Storage: &v1alpha1.ConfigStorage{Postgres: &v1alpha1.ConfigPostgres{
				Host: "a", Database: "a", User: "a", PasswordSecretRef: &key,
			}},
			Auth: &v1alpha1.ConfigAuth{OAuth2: &v1alpha1.ConfigOAuth2{JWKSURI: "https://a"}},
		},
		{Auth: &v1alpha1.ConfigAuth{Kubernetes: &v1alpha1.ConfigKubernetesAuth{}}},
	}
}

func specOf(instance *v1alpha1.LlamaStackDistribution) map[string]any {
	GinkgoHelper()
	fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(instance)
	Expect(err).NotTo(HaveOccurred())
	spec, _ := fields["spec"].(map[string]any)
	return spec
}

// rendering is what a spec is rendered to, if the API's types can hold it and it makes sense.
func rendering(renderer *render.Renderer, spec map[string]any) (map[string]any, bool) {
	typed := v1alpha1.LlamaStackDistributionSpec{}
	if runtime.DefaultUnstructuredConverter.FromUnstructured(spec, &typed) != nil {
		return nil, false
	}
	rendered, err := renderer.Render(render.Input{Name: "demo", Namespace: "ns", Image: "image", Spec: typed, NetworkPolicy: true})
	if err != nil {
		return nil, false
	}
	found := map[string]any{}
	for _, object := range rendered {
		found[object.GetKind()+"/"+object.GetName()] = object.Object
	}
	return found, true
}
