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
	"crypto/x509"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/apply"
	"github.com/llamastack/llama-stack-k8s-operator/internal/cabundle"
	"github.com/llamastack/llama-stack-k8s-operator/internal/operatorconfig"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// odhBundle is the ConfigMap in which Open Data Hub puts the trusted certificates of a namespace. It is found by itself.
const odhBundle = "odh-trusted-ca-bundle"

// withSystemRoots ends the hash of Pods that have the public authorities, too, whichever these are.
const withSystemRoots = "+system"

// caBundle is where the certificates come from. pem is "" while only the finding is remembered.
type caBundle struct {
	sources []caSource
	withTLS bool
	// system says that the public authorities are to be among the certificates.
	system bool
	pem    string
	// digest is that of the ConfigMap with all of them.
	digest string
	roots  *x509.CertPool
}

// caSource is one ConfigMap with certificates, and those keys of it that count; none is all of them.
type caSource struct {
	key     client.ObjectKey
	keys    []string
	version string
}

// caFinding is what is remembered of the certificates. roots is kept for servers that serve TLS only, because the
// operator verifies no other.
type caFinding struct {
	// digest is that of the ConfigMap with the merged certificates.
	digest string
	// hash is what the Pods carry: the digest, or where the public authorities are included that of the user's alone, so
	// that a release with newer ones does not roll servers.
	hash         string
	certificates int
	roots        *x509.CertPool
	problem      *status.Problem
}

func (r *Reconciler) gatherCABundle(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, config operatorconfig.Config, p *pass) error {
	spec := explicitBundle(instance)
	if spec != nil && !mayRead(spec, instance.Namespace, config) {
		return r.keepBundle(spec, instance, p)
	}
	if err := r.findSources(ctx, instance, spec, p); err != nil || len(p.bundle.sources) == 0 {
		return err
	}
	p.bundle.withTLS = p.input.TLS()
	p.bundle.system = spec != nil && spec.IncludeSystemRoots
	finding, err := r.findCABundle(ctx, &p.bundle)
	if err != nil {
		return err
	}
	if finding.problem != nil {
		p.problems = append(p.problems, *finding.problem)
		return nil
	}
	p.bundle.roots, p.bundle.digest = finding.roots, finding.digest
	if finding.certificates > 0 {
		p.input.CABundle = &render.CABundle{Hash: finding.hash}
	}
	return nil
}

func explicitBundle(instance *v1alpha1.LlamaStackDistribution) *v1alpha1.CABundleConfig {
	if tls := instance.Spec.Server.TLSConfig; tls != nil {
		return tls.CABundle
	}
	return nil
}

// mayRead is whether certificates may come from the namespace of the ConfigMap: the server's own, or one that the
// operator's ConfigMap lists, because a copy tells its reader what is in the other namespace.
func mayRead(spec *v1alpha1.CABundleConfig, namespace string, config operatorconfig.Config) bool {
	return spec.ConfigMapNamespace == "" || spec.ConfigMapNamespace == namespace || slices.Contains(config.CABundleNamespaces.Value, spec.ConfigMapNamespace)
}

// keepBundle goes on with a bundle that was copied before the namespace had to be listed, and refuses a new one.
func (*Reconciler) keepBundle(spec *v1alpha1.CABundleConfig, instance *v1alpha1.LlamaStackDistribution, p *pass) error {
	why := fmt.Sprintf("spec.server.tlsConfig.caBundle names ConfigMap %s/%s, and the operator's ConfigMap %s does not list namespace %s "+
		"under ca-bundle-namespaces: list it there, or copy the ConfigMap to namespace %s",
		spec.ConfigMapNamespace, spec.ConfigMapName, operatorconfig.Name, spec.ConfigMapNamespace, instance.Namespace)
	if p.children.bundle == nil {
		p.blamef(v1alpha1.ReasonCABundleOtherNS, "%s", why)
		return nil
	}
	p.input.CABundle = &render.CABundle{Hash: keptHash(spec, &p.children)}
	p.noticef("%s; the certificates that were copied before stay as they are", why)
	return nil
}

// keptHash is the one with which Pods do not roll. The ConfigMap's digest, which the cache has, is theirs unless the
// public authorities are included.
func keptHash(spec *v1alpha1.CABundleConfig, have *children) string {
	if spec.IncludeSystemRoots && have.deployment != nil {
		return render.CABundleHash(have.deployment)
	}
	return have.bundle.Annotations[apply.DigestAnnotation]
}

// findSources are the ConfigMap that the CR names and the namespace's own, in this order.
func (r *Reconciler) findSources(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, spec *v1alpha1.CABundleConfig, p *pass) error {
	if spec != nil {
		source := caSource{key: bundleKey(spec, instance.Namespace), keys: spec.ConfigMapKeys}
		if len(source.keys) == 0 {
			source.keys = []string{v1alpha1.DefaultCABundleKey}
		}
		found, err := r.addSource(ctx, source, p)
		if err != nil {
			return err
		}
		if !found {
			p.blamef(v1alpha1.ReasonCABundleNotFound, "ConfigMap %s, which spec.server.tlsConfig.caBundle names, does not exist: create it with the keys %s",
				source.key, strings.Join(source.keys, ", "))
			return nil
		}
	}
	_, err := r.addSource(ctx, caSource{key: client.ObjectKey{Namespace: instance.Namespace, Name: odhBundle}}, p)
	return err
}

func bundleKey(spec *v1alpha1.CABundleConfig, namespace string) client.ObjectKey {
	if spec.ConfigMapNamespace != "" {
		namespace = spec.ConfigMapNamespace
	}
	return client.ObjectKey{Namespace: namespace, Name: spec.ConfigMapName}
}

func (r *Reconciler) addSource(ctx context.Context, source caSource, p *pass) (bool, error) {
	reference, err := r.reference(ctx, source.key)
	if err != nil || reference == nil {
		return false, err
	}
	source.version = string(reference.UID) + "@" + reference.ResourceVersion
	p.bundle.sources = append(p.bundle.sources, source)
	return true, nil
}

func (b *caBundle) memoryKey() string {
	var key strings.Builder
	fmt.Fprintf(&key, "ca/%t/%t", b.withTLS, b.system)
	for _, source := range b.sources {
		fmt.Fprintf(&key, "/%s%q", source.version, source.keys)
	}
	return key.String()
}

func (r *Reconciler) findCABundle(ctx context.Context, bundle *caBundle) (caFinding, error) {
	return once(r.contents, bundle.memoryKey(), func() (caFinding, error) {
		finding, err := r.mergeCABundle(ctx, bundle)
		if err != nil {
			return caFinding{}, err
		}
		r.contents.found.Add(bundle.memoryKey(), finding)
		return finding, nil
	})
}

// mergeCABundle reads every source. The finding is remembered for the versions that were read.
func (r *Reconciler) mergeCABundle(ctx context.Context, bundle *caBundle) (caFinding, error) {
	sources := make([]cabundle.Source, 0, len(bundle.sources))
	for i := range bundle.sources {
		source := &bundle.sources[i]
		configMap, err := r.contents.load(ctx, source.key)
		if err != nil {
			return caFinding{}, err
		}
		if configMap == nil {
			return caFinding{}, fmt.Errorf("failed to read ConfigMap %s: it has just been deleted", source.key)
		}
		source.version = string(configMap.UID) + "@" + configMap.ResourceVersion
		read, problem := source.read(configMap)
		if problem != nil {
			return caFinding{problem: problem}, nil
		}
		sources = append(sources, read)
	}
	return bundle.merge(sources, r.roots), nil
}

// read takes the keys that count, all of them where none is named, in a fixed order.
func (s *caSource) read(configMap *corev1.ConfigMap) (cabundle.Source, *status.Problem) {
	keys := s.keys
	if len(keys) == 0 {
		keys = slices.Sorted(maps.Keys(configMap.Data))
	}
	source := cabundle.Source{ConfigMap: s.key.String()}
	for _, key := range keys {
		text, ok := configMap.Data[key]
		if !ok {
			return source, userProblemf(v1alpha1.ReasonCABundleKeyNotFound,
				"ConfigMap %s, which spec.server.tlsConfig.caBundle names, has no key %s (it has %v): add the key or change configMapKeys",
				s.key, key, slices.Sorted(maps.Keys(configMap.Data)))
		}
		source.Keys = append(source.Keys, cabundle.Key{Name: key, PEM: text})
	}
	return source, nil
}

func (b *caBundle) merge(sources []cabundle.Source, roots func() iter.Seq[[]byte]) caFinding {
	own, err := cabundle.Merge(sources)
	merged := own
	if err == nil && b.system {
		merged, err = own.With(roots())
	}
	var invalid *cabundle.InvalidError
	var limit *cabundle.LimitError
	if errors.As(err, &invalid) || errors.As(err, &limit) {
		return caFinding{problem: userProblemf(v1alpha1.ReasonCABundleInvalid, "the CA bundle cannot be used: %v: mend that key", err)}
	}
	b.pem = merged.PEM
	finding := caFinding{digest: digestOf(merged), hash: digestOf(own), certificates: merged.Certificates}
	if b.system {
		finding.hash += withSystemRoots
	}
	if b.withTLS {
		// The user's alone: no public authority vouches for the name of a Service.
		finding.roots = x509.NewCertPool()
		finding.roots.AppendCertsFromPEM([]byte(own.PEM))
	}
	return finding
}

func digestOf(bundle cabundle.Bundle) string {
	return apply.DigestOf(&corev1.ConfigMap{Data: map[string]string{v1alpha1.DefaultCABundleKey: bundle.PEM}})
}

// certificates is the merged bundle; it reads the sources again where only the finding was remembered.
func (r *Reconciler) certificates(ctx context.Context, bundle *caBundle) (string, error) {
	if bundle.pem != "" {
		return bundle.pem, nil
	}
	finding, err := r.mergeCABundle(ctx, bundle)
	if err != nil {
		return "", err
	}
	if finding.problem != nil {
		return "", fmt.Errorf("failed to use the CA bundle: it has just changed: %s", finding.problem.Message)
	}
	return bundle.pem, nil
}
