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

package render

import (
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/kustomize/api/resmap"
)

// Kinds of the rendered objects.
const (
	kindServiceAccount = "ServiceAccount"
	kindClaim          = "PersistentVolumeClaim"
	kindConfigMap      = "ConfigMap"
	kindService        = "Service"
	kindNetworkPolicy  = "NetworkPolicy"
	kindBudget         = "PodDisruptionBudget"
	kindDeployment     = "Deployment"
	kindAutoscaler     = "HorizontalPodAutoscaler"
	kindIngress        = "Ingress"
	kindHTTPRoute      = "HTTPRoute"
	kindRoute          = "Route"
)

// gatewayGroup is the API group of Gateways and of what is attached to them.
const gatewayGroup = "gateway.networking.k8s.io"

// HTTPRouteGVK is the kind of an HTTPRoute, which a cluster serves where the Gateway API is installed.
func HTTPRouteGVK() schema.GroupVersionKind {
	return schema.GroupVersionKind{Group: gatewayGroup, Version: "v1", Kind: kindHTTPRoute}
}

// RouteGVK is the kind of a Route, which OpenShift serves.
func RouteGVK() schema.GroupVersionKind {
	return schema.GroupVersionKind{Group: "route.openshift.io", Version: "v1", Kind: kindRoute}
}

// Suffixes of derived names, those of 0.9.0: clients, policies and data depend on them.
const (
	serviceSuffix  = "-service"
	caBundleSuffix = "-ca-bundle"
)

// copyHashLength is how many characters of a content hash are part of a configuration copy's name.
const copyHashLength = 16

// maxNameLength is the longest name whose derived names and labels are all valid. The Service's is the tightest:
// it is a DNS label. The others are DNS subdomains (253), and the instance label's value has 63 to itself.
const maxNameLength = validation.DNS1123LabelMaxLength - len(serviceSuffix)

// Child is an object that a LlamaStackDistribution may own.
type Child struct {
	GVK  schema.GroupVersionKind
	Name string
	// Keep says that the object outlives the wish for it: a claim, whose data no edit of a spec may delete.
	Keep bool
}

// Children lists every object that a LlamaStackDistribution of this name may own, in the order in which they are
// applied. Copies of the user's configuration are not among them: there can be several, see ConfigCopyName.
func Children(name string) []Child {
	return []Child{
		{GVK: corev1.SchemeGroupVersion.WithKind(kindServiceAccount), Name: name + "-sa"},
		{GVK: corev1.SchemeGroupVersion.WithKind(kindClaim), Name: name + "-pvc", Keep: true},
		{GVK: corev1.SchemeGroupVersion.WithKind(kindConfigMap), Name: CABundleName(name)},
		{GVK: corev1.SchemeGroupVersion.WithKind(kindService), Name: ServiceName(name)},
		{GVK: networkingv1.SchemeGroupVersion.WithKind(kindNetworkPolicy), Name: name + "-network-policy"},
		{GVK: policyv1.SchemeGroupVersion.WithKind(kindBudget), Name: name + "-pdb"},
		{GVK: appsv1.SchemeGroupVersion.WithKind(kindDeployment), Name: name},
		{GVK: autoscalingv2.SchemeGroupVersion.WithKind(kindAutoscaler), Name: name + "-hpa"},
		{GVK: networkingv1.SchemeGroupVersion.WithKind(kindIngress), Name: name + "-ingress"},
		{GVK: HTTPRouteGVK(), Name: name + "-httproute"},
		{GVK: RouteGVK(), Name: name + "-route"},
	}
}

// ConfigCopyName is the name of the copy of a user's configuration with this content hash (hex):
// <cr>-config-<first 16 characters of the hash>.
func ConfigCopyName(cr, hash string) string {
	return cr + "-config-" + hash[:min(copyHashLength, len(hash))]
}

// CheckName says why a LlamaStackDistribution of this name cannot have the objects that it needs, and what name
// could; nil when it can. A name that starts with a digit passes: whether a Service may have one is a matter of the
// cluster's version, and only the Service is concerned.
func CheckName(name string) error {
	if n := len(name); n > maxNameLength {
		return fmt.Errorf("the name %q has %d characters; create it again with a name of at most %d, because its Service is called <name>%s "+
			"and the name of a Service has at most %d", name, n, maxNameLength, serviceSuffix, validation.DNS1123LabelMaxLength)
	}
	if strings.Contains(name, ".") {
		return fmt.Errorf("the name %q has a dot; create it again with a name without one (at most %d characters), because its Service is called <name>%s "+
			"and the name of a Service has none", name, maxNameLength, serviceSuffix)
	}
	return nil
}

// ServiceName is the name of the Service of a LlamaStackDistribution of this name.
func ServiceName(name string) string { return name + serviceSuffix }

// CABundleName is the name of the ConfigMap with the merged CA bundle of a LlamaStackDistribution of this name.
func CABundleName(name string) string { return name + caBundleSuffix }

// baseName is the name of the server in the base manifests, and what the names there start with.
const baseName = "llama-stack"

// reference is a field that holds the name of another object of the base.
type reference struct{ kind, path, key string }

// references lists the fields of the base that hold names of its objects.
func references() []reference {
	return []reference{
		{kindDeployment, podSpecPath + "/volumes/0/persistentVolumeClaim", "claimName"},
		{kindAutoscaler, "spec/scaleTargetRef", nameKey},
		{kindIngress, "spec/rules/0/http/paths/0/backend/service", nameKey},
		{kindHTTPRoute, "spec/rules/0/backendRefs/0", nameKey},
		{kindRoute, "spec/to", nameKey},
	}
}

// setNames names the objects after the LlamaStackDistribution, and what refers to them with them.
type setNames struct {
	*server

	references []reference
}

// Transform implements resmap.Transformer.
func (t setNames) Transform(m resmap.ResMap) error {
	for _, res := range m.Resources() {
		e := editResource(res)
		e.set("metadata", nameKey, t.rename(res.GetName()))
		if e.err != nil {
			return e.err
		}
	}
	for _, ref := range t.references {
		e := edit(m, ref.kind)
		if name, ok := e.get(ref.path, ref.key).(string); ok {
			e.set(ref.path, ref.key, t.rename(name))
		}
		if e.err != nil {
			return e.err
		}
	}
	return nil
}

// rename replaces the name of the base's server at the start of a name.
func (t setNames) rename(name string) string {
	return t.Name + strings.TrimPrefix(name, baseName)
}

// setNamespace puts the objects into the LlamaStackDistribution's namespace.
type setNamespace struct{ *server }

// Transform implements resmap.Transformer.
func (t setNamespace) Transform(m resmap.ResMap) error {
	for _, res := range m.Resources() {
		e := editResource(res)
		e.set("metadata", "namespace", t.Namespace)
		if e.err != nil {
			return e.err
		}
	}
	return nil
}
