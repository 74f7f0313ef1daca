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

package gather

import (
	"context"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/references"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	"github.com/llamastack/llama-stack-k8s-operator/internal/rollouts"
	"github.com/llamastack/llama-stack-k8s-operator/internal/secretwatch"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// ReferencedConfigMaps indexes a LlamaStackDistribution by every ConfigMap whose change it must follow, and so by its
// namespace's own bundle even before there is one.
func ReferencedConfigMaps(object client.Object) []string {
	instance, ok := object.(*v1alpha1.LlamaStackDistribution)
	if !ok {
		return nil
	}
	keys := []string{instance.Namespace + "/" + odhBundle}
	if spec := instance.Spec.Server.UserConfig; spec != nil {
		keys = append(keys, instance.Namespace+"/"+spec.ConfigMapName)
	}
	if spec := instance.Spec.Server.CABundle(); spec != nil {
		keys = append(keys, bundleKey(spec, instance.Namespace).String())
	}
	used := references.Of(&instance.Spec.Server, nil).ConfigMaps
	for i := range used {
		keys = append(keys, instance.Namespace+"/"+used[i].Name)
	}
	return keys
}

// used is what the Pods read, for a server that rolls for it.
func used(instance *v1alpha1.LlamaStackDistribution, f *Found) references.Set {
	var declared []corev1.EnvVar
	if f.Input.Config != nil {
		declared = f.Input.Config.Env
	}
	return references.Of(&instance.Spec.Server, declared)
}

// references finds the contents that the Pods are to carry. While a rollout that contents have caused is under way, these
// are the ones of before, and nothing is read.
func (g *Gatherer) references(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, set references.Set, secrets map[string]secretwatch.State, f *Found) error {
	if len(set.ConfigMaps) == 0 && len(set.Secrets) == 0 || f.Awaits > 0 {
		return nil
	}
	g.noticeReferences(instance, set, secrets, f)
	author, record, rolling := references.AuthorOf(instance.Generation, f.Input.RestartedAt), references.Record{}, false
	if deployment := f.Children.Deployment(); deployment != nil {
		record, rolling = references.Read(deployment.Annotations[v1alpha1.AnnotationReferences]), rollouts.Rolling(deployment)
	}
	if !record.Waits(author, rolling) {
		configMaps, err := g.sums(ctx, instance.Namespace, set.ConfigMaps)
		if err != nil {
			return err
		}
		record = record.Next(author, configMaps, versions(set.Secrets, secrets))
	}
	f.Input.References = &render.References{ConfigMaps: record.ConfigMaps.Hash(), Secrets: record.Secrets.Hash(), Record: record.String()}
	return nil
}

// sums are of what counts of each ConfigMap.
func (g *Gatherer) sums(ctx context.Context, namespace string, configMaps []references.ConfigMap) (references.Seen, error) {
	seen := make(references.Seen, len(configMaps))
	for i := range configMaps {
		configMap := &configMaps[i]
		reference, err := g.reference(ctx, client.ObjectKey{Namespace: namespace, Name: configMap.Name})
		if err != nil {
			return nil, err
		}
		sums, err := g.Contents.Sums(ctx, reference)
		if err != nil {
			return nil, err
		}
		seen[configMap.Name] = sums.Of(configMap.Keys, configMap.Whole)
	}
	return seen, nil
}

func versions(names []string, secrets map[string]secretwatch.State) references.Seen {
	seen := make(references.Seen, len(names))
	for _, name := range names {
		seen[name] = secrets[name].Version
	}
	return seen
}

// noticeReferences says for which references the server does not roll, as its spec asks for.
func (g *Gatherer) noticeReferences(instance *v1alpha1.LlamaStackDistribution, set references.Set, secrets map[string]secretwatch.State, f *Found) {
	if set.Beyond {
		f.Noticef("onReferenceChange: Roll rolls the Pods for at most %d ConfigMaps and %d Secrets, and the server refers to more: "+
			"put several into one, or set %s to another time when one changes", references.MaxConfigMaps, references.MaxSecrets, v1alpha1.AnnotationRestartedAt)
	}
	denied, beyond, user := "", "", ""
	for _, name := range set.Secrets {
		switch state := secrets[name]; {
		case state.Beyond && beyond == "":
			beyond = name
		case state.Denied != "" && denied == "":
			denied, user = name, state.Denied
		}
	}
	if beyond != "" {
		f.Noticef("a change of Secret %s does not roll the Pods, as onReferenceChange: Roll asks for, because the operator watches at most %d Secrets in a namespace: "+
			"use one Secret for several servers, or set %s to another time when it changes", beyond, secretwatch.MaxPerNamespace, v1alpha1.AnnotationRestartedAt)
	}
	if denied != "" {
		f.Noticef("the operator may not watch Secret %s, so that its change does not roll the Pods, as onReferenceChange: Roll asks for: allow it by %s",
			client.ObjectKey{Namespace: instance.Namespace, Name: denied}, g.allowing(instance.Namespace, user))
	}
}
