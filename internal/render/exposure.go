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
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	"sigs.k8s.io/kustomize/api/resmap"
)

// setHTTPRoute sets what the CR says about the HTTPRoute.
type setHTTPRoute struct{ *server }

// Transform implements resmap.Transformer.
func (t setHTTPRoute) Transform(m resmap.ResMap) error {
	if t.Spec.Network == nil || t.Spec.Network.HTTPRoute == nil {
		return nil
	}
	declared := t.Spec.Network.HTTPRoute
	e := edit(m, children.HTTPRoute)
	setMap(e, "metadata", "annotations", declared.Annotations)
	parents := make([]any, 0, len(declared.ParentRefs))
	for i := range declared.ParentRefs {
		parents = append(parents, parentOf(&declared.ParentRefs[i]))
	}
	e.set(specPath, "parentRefs", parents)
	e.set("spec/rules/0", "timeouts", t.timeouts())
	if len(declared.Hostnames) > 0 {
		hostnames := make([]any, 0, len(declared.Hostnames))
		for _, hostname := range declared.Hostnames {
			hostnames = append(hostnames, string(hostname))
		}
		e.set(specPath, "hostnames", hostnames)
	}
	return e.err
}

// timeouts are the CR's. Without a word of it a request may take any time: the answers of models are streams, which
// Gateways otherwise cut off, many after 15 s.
func (t setHTTPRoute) timeouts() any {
	if t.NoRouteTimeouts {
		return nil
	}
	declared := t.Spec.Network.HTTPRoute.Timeouts
	if declared == nil {
		declared = &v1alpha1.HTTPRouteTimeouts{}
	}
	request := declared.Request
	if request == "" {
		request = "0s"
	}
	return map[string]any{"request": string(request), "backendRequest": text(declared.BackendRequest)}
}

// parentOf is a Gateway as an HTTPRoute has it.
func parentOf(declared *v1alpha1.ParentRef) map[string]any {
	parent := map[string]any{
		"group": children.Of(children.HTTPRoute).Group, "kind": "Gateway", nameKey: declared.Name,
		"namespace": text(declared.Namespace), "sectionName": text(declared.SectionName),
	}
	if declared.Port != 0 {
		parent[portKey] = declared.Port
	}
	return parent
}

// setRoute sets what the CR says about the Route and is not one value each.
type setRoute struct{ *server }

// Transform implements resmap.Transformer.
func (t setRoute) Transform(m resmap.ResMap) error {
	if t.Spec.Network == nil || t.Spec.Network.Route == nil {
		return nil
	}
	declared := t.Spec.Network.Route
	e := edit(m, children.Route)
	setMap(e, "metadata", "annotations", declared.Annotations)
	e.set(specPath, "host", text(declared.Host))
	if termination := RouteTermination(declared, t.TLS()); termination != "" {
		tls := map[string]any{"termination": strings.ToLower(string(termination))}
		if declared.TLS != nil {
			tls["insecureEdgeTerminationPolicy"] = text(declared.TLS.InsecureEdgeTerminationPolicy)
			tls["destinationCACertificate"] = text(declared.TLS.DestinationCACertificate)
		}
		e.set(specPath, "tls", tls)
	}
	return e.err
}

// RouteTermination is where the TLS of a Route ends, empty without TLS. A server that speaks HTTPS is passed through to
// where nothing is said: the router need not trust its certificate then.
func RouteTermination(declared *v1alpha1.RouteSpec, speaksTLS bool) v1alpha1.RouteTermination {
	switch {
	case declared.TLS != nil && declared.TLS.Termination != "":
		return declared.TLS.Termination
	case declared.TLS != nil && declared.TLS.DestinationCACertificate != "":
		return v1alpha1.RouteReencrypt
	case speaksTLS:
		return v1alpha1.RoutePassthrough
	case declared.TLS != nil:
		return v1alpha1.RouteEdge
	default:
		return ""
	}
}
