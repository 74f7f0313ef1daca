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

package apply

import (
	"bytes"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/weighted"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	// sharedTexts is what the texts that a SharingTransform knows weigh, in bytes: the ones that it met last.
	sharedTexts = 512 << 10
	// longestShared is the length of a text that is shared, in bytes: the script that servers start with is the longest that
	// they have in common.
	longestShared = 16 << 10
	// sharedSets is what the sets of labels and of quantities that it knows weigh, in bytes. A server has up to four of the
	// former, and the latter in common with others.
	sharedSets = 1 << 20
)

// SharingTransform returns a CacheTransform for many similar objects: it keeps the texts that they have in common in memory once. That
// is the script that all servers start with, the keys and values of labels, who made and manages them, and what conditions say. A set
// of labels that several objects, or several selectors of one, have in common is kept once, too, and so are quantities of resources: a
// small map takes more than 300 bytes, one of quantities 700.
// So what is in the cache must not be changed in place, which holds for every cache.
func SharingTransform() func(obj any) (any, error) {
	s := sharer{texts: weighted.New[string](sharedTexts), sets: weighted.New[any](sharedSets), empty: &apiextensionsv1.JSON{Raw: []byte("{}")}}
	return func(obj any) (any, error) {
		if o, ok := obj.(metav1.Object); ok {
			abridge(o) // before its text is kept to be shared
			s.metadata(o)
		}
		switch o := obj.(type) {
		case *appsv1.Deployment:
			s.selector(o.Spec.Selector)
			s.template(&o.Spec.Template)
		case *corev1.Service:
			o.Spec.Selector = s.set(o.Spec.Selector)
		case *corev1.PersistentVolumeClaim:
			o.Spec.Resources.Requests, o.Status.Capacity = s.resources(o.Spec.Resources.Requests), s.resources(o.Status.Capacity)
		case *policyv1.PodDisruptionBudget:
			s.selector(o.Spec.Selector)
		case *v1alpha1.LlamaStackDistribution:
			s.conditions(o.Name, o.Status.Conditions)
			s.providers(o.Status.DistributionConfig.Providers)
		}
		return CacheTransform(obj)
	}
}

type sharer struct {
	texts *weighted.Cache[string]
	// sets are maps of strings, and lists of resources.
	sets  *weighted.Cache[any]
	empty *apiextensionsv1.JSON
}

func (s sharer) metadata(o metav1.Object) {
	o.SetLabels(s.set(o.GetLabels()))
	o.SetAnnotations(s.pairs(o.GetAnnotations()))
	o.SetNamespace(s.text(o.GetNamespace()))
	owners := o.GetOwnerReferences()
	for i := range owners {
		owners[i].APIVersion, owners[i].Kind, owners[i].Name = s.text(owners[i].APIVersion), s.text(owners[i].Kind), s.text(owners[i].Name)
	}
	entries := o.GetManagedFields()
	for i := range entries {
		entries[i].Manager = s.text(entries[i].Manager)
		entries[i].Operation = metav1.ManagedFieldsOperationType(s.text(string(entries[i].Operation)))
	}
}

func (s sharer) template(t *corev1.PodTemplateSpec) {
	s.metadata(t)
	for i := range t.Spec.Containers {
		container := &t.Spec.Containers[i]
		container.Image = s.text(container.Image)
		s.words(container.Command)
		s.words(container.Args)
		container.Resources.Requests, container.Resources.Limits = s.resources(container.Resources.Requests), s.resources(container.Resources.Limits)
	}
	for i := range t.Spec.TopologySpreadConstraints {
		s.selector(t.Spec.TopologySpreadConstraints[i].LabelSelector)
	}
	if affinity := t.Spec.Affinity; affinity != nil && affinity.PodAntiAffinity != nil {
		preferred := affinity.PodAntiAffinity.PreferredDuringSchedulingIgnoredDuringExecution
		for i := range preferred {
			s.selector(preferred[i].PodAffinityTerm.LabelSelector)
		}
	}
}

func (s sharer) selector(selector *metav1.LabelSelector) {
	if selector != nil {
		selector.MatchLabels = s.set(selector.MatchLabels)
	}
}

// conditions have their words in common, and most of their sentences: those that do not contain the name of a server.
func (s sharer) conditions(name string, conditions []metav1.Condition) {
	for i := range conditions {
		c := &conditions[i]
		c.Type, c.Reason, c.Status = s.text(c.Type), s.text(c.Reason), metav1.ConditionStatus(s.text(string(c.Status)))
		if !strings.Contains(c.Message, name) {
			c.Message = s.text(c.Message)
		}
	}
}

// providers are the same ones in all servers of a distribution, and have the same configuration: none.
func (s sharer) providers(providers []v1alpha1.ProviderInfo) {
	for i := range providers {
		p := &providers[i]
		p.API, p.ProviderID, p.ProviderType = s.text(p.API), s.text(p.ProviderID), s.text(p.ProviderType)
		p.Health.Status = s.text(p.Health.Status)
		if p.Config != nil && bytes.Equal(p.Config.Raw, s.empty.Raw) {
			p.Config = s.empty
		}
	}
}

// set is the same map, where an equal one was met before.
func (s sharer) set(pairs map[string]string) map[string]string {
	if len(pairs) == 0 {
		return pairs
	}
	id := identity(pairs)
	if known, ok := s.sets.Get(id); ok {
		if known, ok := known.(map[string]string); ok {
			return known
		}
	}
	shared := s.pairs(pairs)
	s.sets.Add(id, shared, len(id))
	return shared
}

// resources is the same map, where an equal one was met before.
func (s sharer) resources(list corev1.ResourceList) corev1.ResourceList {
	if len(list) == 0 {
		return list
	}
	texts := make(map[string]string, len(list))
	for name, quantity := range list {
		texts[string(name)] = quantity.String()
	}
	id := "resources " + identity(texts)
	if known, ok := s.sets.Get(id); ok {
		if known, ok := known.(corev1.ResourceList); ok {
			return known
		}
	}
	s.sets.Add(id, list, len(id))
	return list
}

// identity returns a text that no other set of pairs has.
func identity(pairs map[string]string) string {
	var id strings.Builder
	for _, key := range slices.Sorted(maps.Keys(pairs)) {
		id.WriteString(strconv.Quote(key))
		id.WriteString(strconv.Quote(pairs[key]))
	}
	return id.String()
}

func (s sharer) pairs(pairs map[string]string) map[string]string {
	if pairs == nil {
		return nil
	}
	shared := make(map[string]string, len(pairs))
	for key, value := range pairs {
		shared[s.text(key)] = s.text(value)
	}
	return shared
}

func (s sharer) words(words []string) {
	for i, word := range words {
		words[i] = s.text(word)
	}
}

// text is the same text, where it was met before in the memory that it has there.
func (s sharer) text(text string) string {
	if len(text) > longestShared {
		return text
	}
	if known, ok := s.texts.Get(text); ok {
		return known
	}
	s.texts.Add(text, text, 0) // it is its key
	return text
}
