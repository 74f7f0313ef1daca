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
	"fmt"
	"slices"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/apply"
	"github.com/llamastack/llama-stack-k8s-operator/internal/inputs"
	"github.com/llamastack/llama-stack-k8s-operator/internal/observed"
	"github.com/llamastack/llama-stack-k8s-operator/internal/operatorconfig"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// odhBundle is the ConfigMap in which Open Data Hub puts the trusted certificates of a namespace. It is found by itself.
const odhBundle = "odh-trusted-ca-bundle"

func (g *Gatherer) caBundle(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, config operatorconfig.Config, f *Found) error {
	spec := instance.Spec.Server.CABundle()
	if spec != nil && (!mayRead(spec, instance.Namespace, config) || !g.watches(bundleKey(spec, instance.Namespace).Namespace)) {
		return g.keepBundle(spec, instance, f)
	}
	if err := g.findSources(ctx, instance, spec, f); err != nil || len(f.Bundle.Sources) == 0 {
		return err
	}
	f.Bundle.Verifies = f.Input.TLS()
	f.Bundle.System = spec != nil && spec.IncludeSystemRoots
	finding, err := g.Contents.CABundle(ctx, &f.Bundle)
	if err != nil {
		return err
	}
	if why := unusable(&finding); why != "" && spec == nil {
		keepFound(why, f)
		return nil
	}
	if finding.Problem != nil {
		f.Problems = append(f.Problems, *finding.Problem)
		return nil
	}
	if finding.Notice != "" {
		f.Noticef("%s", finding.Notice)
	}
	f.Bundle.Roots, f.Bundle.Digest, f.Bundle.Source = finding.Roots, finding.Digest, finding.Source
	if finding.Certificates > 0 {
		f.Input.CABundle = &render.CABundle{Hash: finding.Hash}
	}
	return nil
}

// mayRead is whether certificates may come from the namespace of the ConfigMap: the server's own, or one that the
// operator's ConfigMap lists, because a copy shows its reader what is in the other namespace.
func mayRead(spec *v1alpha1.CABundleConfig, namespace string, config operatorconfig.Config) bool {
	return spec.ConfigMapNamespace == "" || spec.ConfigMapNamespace == namespace || slices.Contains(config.CABundleNamespaces.Value, spec.ConfigMapNamespace)
}

// keepBundle keeps a bundle that was copied before the namespace had to be listed, and refuses a new one.
func (g *Gatherer) keepBundle(spec *v1alpha1.CABundleConfig, instance *v1alpha1.LlamaStackDistribution, f *Found) error {
	why := fmt.Sprintf("spec.server.tlsConfig.caBundle names ConfigMap %s/%s, and the operator's ConfigMap %s does not list namespace %s "+
		"under ca-bundle-namespaces: list it there, or copy the ConfigMap to namespace %s",
		spec.ConfigMapNamespace, spec.ConfigMapName, operatorconfig.Name, spec.ConfigMapNamespace, instance.Namespace)
	if !g.watches(spec.ConfigMapNamespace) {
		why = fmt.Sprintf("spec.server.tlsConfig.caBundle names ConfigMap %s/%s, and the operator does not watch namespace %s: copy the ConfigMap to namespace %s",
			spec.ConfigMapNamespace, spec.ConfigMapName, spec.ConfigMapNamespace, instance.Namespace)
	}
	if f.Children.CABundle() == nil {
		f.Problemf(v1alpha1.ReasonCABundleOtherNS, "%s", why)
		return nil
	}
	f.Input.CABundle = &render.CABundle{Hash: keptHash(spec, &f.Children)}
	f.Noticef("%s; the certificates that were copied before stay as they are", why)
	return nil
}

// unusable is why nothing of a bundle can be used; "" where something can, and where it is blank on purpose.
func unusable(finding *inputs.CAFinding) string {
	switch {
	case finding.Problem != nil:
		return finding.Problem.Message
	case finding.Certificates == 0:
		return finding.Notice
	default:
		return ""
	}
}

// keepFound keeps the earlier certificates, if any, if the namespace's own cannot be used at all: the authors of the
// servers cannot solve that, and all of them are affected.
func keepFound(why string, f *Found) {
	f.Bundle = inputs.CABundle{}
	if f.Children.CABundle() == nil {
		f.Noticef("%s; until then the server trusts the authorities of its image", why)
		return
	}
	f.Input.CABundle = &render.CABundle{Hash: f.Children.CABundle().Annotations[apply.DigestAnnotation]}
	f.Noticef("%s; the certificates of before stay as they are", why)
}

// keptHash is the one with which Pods do not roll. The ConfigMap's digest, which the cache has, is theirs unless the
// public authorities are included.
func keptHash(spec *v1alpha1.CABundleConfig, have *observed.Children) string {
	if spec.IncludeSystemRoots && have.Deployment() != nil {
		return render.CABundleHash(have.Deployment())
	}
	return have.CABundle().Annotations[apply.DigestAnnotation]
}

// findSources are the ConfigMap that the CR names and the namespace's own, in this order.
func (g *Gatherer) findSources(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, spec *v1alpha1.CABundleConfig, f *Found) error {
	if spec != nil {
		source := inputs.CASource{Key: bundleKey(spec, instance.Namespace), Keys: spec.ConfigMapKeys}
		if len(source.Keys) == 0 {
			source.Keys = []string{v1alpha1.DefaultCABundleKey}
		}
		found, err := g.addSource(ctx, source, f)
		if err != nil {
			return err
		}
		if !found {
			f.Problemf(v1alpha1.ReasonCABundleNotFound, "ConfigMap %s, which spec.server.tlsConfig.caBundle names, does not exist: create it with the keys %s",
				source.Key, strings.Join(source.Keys, ", "))
			return nil
		}
	}
	_, err := g.addSource(ctx, inputs.CASource{Key: client.ObjectKey{Namespace: instance.Namespace, Name: odhBundle}, Found: true}, f)
	return err
}

func bundleKey(spec *v1alpha1.CABundleConfig, namespace string) client.ObjectKey {
	if spec.ConfigMapNamespace != "" {
		namespace = spec.ConfigMapNamespace
	}
	return client.ObjectKey{Namespace: namespace, Name: spec.ConfigMapName}
}

func (g *Gatherer) addSource(ctx context.Context, source inputs.CASource, f *Found) (bool, error) {
	reference, err := g.reference(ctx, source.Key)
	if err != nil || reference == nil {
		return false, err
	}
	source.UID, source.Version = string(reference.UID), reference.ResourceVersion
	f.Bundle.Sources = append(f.Bundle.Sources, source)
	return true, nil
}

// watches reports whether the operator watches a namespace.
func (g *Gatherer) watches(namespace string) bool {
	return len(g.Watched) == 0 || slices.Contains(g.Watched, namespace)
}
