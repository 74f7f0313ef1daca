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

package status

import (
	"cmp"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

const (
	schemeHTTP  = "http"
	schemeHTTPS = "https"
	httpPort    = 80
	httpsPort   = 443
)

// routeReady reports the state of the HTTPRoute or the Route, and is nil if the spec has neither. It does not count for
// Ready: the server serves inside the cluster, as it does with an Ingress without a controller.
func (f *facts) routeReady() *finding {
	network := f.Instance.Spec.Network
	if !f.Instance.DeletionTimestamp.IsZero() || network == nil || network.HTTPRoute == nil && network.Route == nil {
		return nil
	}
	found := f.routeThere(network)
	if found == nil && network.HTTPRoute != nil {
		found = f.Exposure.accepted(network.HTTPRoute)
	} else if found == nil {
		found = f.Exposure.admitted()
	}
	return found
}

// routeThere returns why the object does not exist.
func (f *facts) routeThere(network *v1alpha1.NetworkSpec) *finding {
	kind, api, missing, instead := "Route", "route.openshift.io/v1", v1alpha1.ReasonRouteAPIMissing, "remove network.route, or use network.ingress"
	if network.HTTPRoute != nil {
		kind, api, missing = "HTTPRoute", "gateway.networking.k8s.io/v1", v1alpha1.ReasonGatewayAPIMissing
		instead = "install the Gateway API, or remove network.httpRoute"
	}
	problem := f.about(User, v1alpha1.ConditionRouteReady)
	switch {
	case f.Exposure.Unavailable:
		return &finding{
			metav1.ConditionUnknown, v1alpha1.ReasonAPIUnavailable,
			fmt.Sprintf("The API %s does not respond: the %s is not updated until it does", api, kind),
		}
	case f.Exposure.Unserved:
		return &finding{
			metav1.ConditionFalse, missing,
			fmt.Sprintf("The cluster does not serve %s of %s, so the server is not exposed: %s", kind+"s", api, instead),
		}
	case problem != "":
		return &finding{metav1.ConditionFalse, v1alpha1.ReasonRouteFailed, problem}
	case f.Exposure.Object == nil || f.Exposure.Object.GetDeletionTimestamp() != nil:
		return &finding{metav1.ConditionFalse, v1alpha1.ReasonRoutePending, join(kind+" is being created", f.pending(v1alpha1.ConditionRouteReady))}
	}
	return nil
}

// accepted reports the conditions that the Gateways set.
func (e Exposure) accepted(declared *v1alpha1.HTTPRouteSpec) *finding {
	parents := listAt(e.Object.Object, "status", "parents")
	var pending, refused []string
	for i := range declared.ParentRefs {
		name := gatewayName(&declared.ParentRefs[i])
		answer := answerOf(parents, &declared.ParentRefs[i], e.Object)
		switch {
		case answer == nil:
			pending = append(pending, name)
		case answer.status != metav1.ConditionTrue:
			refused = append(refused, fmt.Sprintf("%s reports %s: %s", name, answer.reason, answer.message))
		}
	}
	switch {
	case len(refused) > 0:
		return &finding{metav1.ConditionFalse, v1alpha1.ReasonRouteRefused, "The HTTPRoute does not route: " + join(refused...)}
	case len(pending) > 0:
		return &finding{
			metav1.ConditionFalse, v1alpha1.ReasonRoutePending,
			"The HTTPRoute is not accepted yet by " + strings.Join(pending, ", ") + ": check that each exists and has a controller",
		}
	}
	message := "The HTTPRoute is accepted"
	if e.SpeaksTLS {
		message += ". The server uses HTTPS: create a BackendTLSPolicy for its Service"
	}
	return &finding{metav1.ConditionTrue, v1alpha1.ReasonRouteReady, message}
}

func gatewayName(parent *v1alpha1.ParentRef) string {
	name := "Gateway " + parent.Name
	if parent.Namespace != "" {
		name = "Gateway " + parent.Namespace + "/" + parent.Name
	}
	if parent.SectionName != "" {
		name += " (" + parent.SectionName + ")"
	}
	return name
}

// answerOf returns the condition that a parent sets for the current HTTPRoute, or nil. If several controllers or
// conditions differ, the worst counts.
func answerOf(parents []any, declared *v1alpha1.ParentRef, route *unstructured.Unstructured) *finding {
	var answer *finding
	for _, item := range parents {
		parent, ok := item.(map[string]any)
		if !ok || !refersTo(parent, declared, route.GetNamespace()) {
			continue
		}
		for _, kind := range []string{"Accepted", "ResolvedRefs"} {
			said := conditionIn(listAt(parent, "conditions"), kind, route.GetGeneration())
			if said != nil && (answer == nil || said.status != metav1.ConditionTrue) && (kind == "Accepted" || said.status == metav1.ConditionFalse) {
				answer = said
			}
		}
	}
	return answer
}

func refersTo(parent map[string]any, declared *v1alpha1.ParentRef, namespace string) bool {
	ref, _ := parent["parentRef"].(map[string]any)
	port, _ := ref["port"].(int64)
	return textAt(ref, "name") == declared.Name && textAt(ref, "sectionName") == declared.SectionName && port == int64(declared.Port) &&
		cmp.Or(textAt(ref, "namespace"), namespace) == cmp.Or(declared.Namespace, namespace)
}

// conditionIn finds a condition that does not describe an earlier generation.
func conditionIn(conditions []any, kind string, generation int64) *finding {
	for _, item := range conditions {
		condition, ok := item.(map[string]any)
		if !ok || textAt(condition, "type") != kind {
			continue
		}
		if observed, ok := condition["observedGeneration"].(int64); ok && observed < generation {
			continue
		}
		return &finding{
			metav1.ConditionStatus(textAt(condition, "status")), v1alpha1.Reason(textAt(condition, "reason")), textAt(condition, "message"),
		}
	}
	return nil
}

// routers returns the host of the first router that admits the Route, and the first refusal. There can be both or
// neither.
func (e Exposure) routers() (string, *finding) {
	var (
		host    string
		refusal *finding
	)
	for _, item := range listAt(e.Object.Object, "status", "ingress") {
		point, _ := item.(map[string]any)
		admitted := conditionIn(listAt(point, "conditions"), "Admitted", 0)
		switch {
		case admitted == nil:
		case admitted.status == metav1.ConditionTrue:
			host = cmp.Or(host, textAt(point, "host"))
		case refusal == nil:
			refusal = &finding{
				metav1.ConditionFalse, v1alpha1.ReasonRouteRefused,
				fmt.Sprintf("The router %s does not admit the Route: %s: %s", textAt(point, "routerName"), admitted.reason, admitted.message),
			}
		}
	}
	return host, refusal
}

// admitted reports the conditions that the routers set, and whether their TLS fits the server.
func (e Exposure) admitted() *finding {
	host, refusal := e.routers()
	switch mismatch := e.mismatch(); {
	case refusal != nil:
		return refusal
	case mismatch != "":
		return &finding{metav1.ConditionFalse, v1alpha1.ReasonRouteTLSMismatch, mismatch}
	case host == "":
		return &finding{metav1.ConditionFalse, v1alpha1.ReasonRoutePending, "No router has admitted the Route yet"}
	}
	return &finding{metav1.ConditionTrue, v1alpha1.ReasonRouteReady, "The Route is admitted"}
}

// mismatch returns why the protocols of router and server differ, or an empty string.
func (e Exposure) mismatch() string {
	termination := strings.ToLower(e.termination())
	toServer := termination == "reencrypt" || termination == "passthrough"
	switch {
	case e.SpeaksTLS && !toServer:
		return "The server uses HTTPS, but the router connects over HTTP: set network.route.tls.termination to Reencrypt or Passthrough, or remove it"
	case !e.SpeaksTLS && toServer:
		return "The server uses HTTP, but the router connects over HTTPS: set network.route.tls.termination to Edge, or enable TLS in the server"
	}
	return ""
}

func (e Exposure) termination() string {
	termination, _, _ := unstructured.NestedString(e.Object.Object, "spec", "tls", "termination")
	return termination
}

// url returns the URL for clients outside of the cluster, or an empty string if it is unknown.
func (e Exposure) url(network *v1alpha1.NetworkSpec) string {
	switch {
	case e.Object == nil:
		return ""
	case network.HTTPRoute != nil:
		return gatewayURL(network.HTTPRoute)
	}
	host, _ := e.routers()
	switch {
	case host == "":
		return ""
	case e.termination() != "":
		return schemeHTTPS + "://" + host
	default:
		return schemeHTTP + "://" + host
	}
}

// gatewayURL returns the URL of the first host without a wildcard at the first Gateway. The operator does not read
// listeners: it assumes HTTPS if the port is 443 or the name starts with https.
func gatewayURL(declared *v1alpha1.HTTPRouteSpec) string {
	var host string
	for _, hostname := range declared.Hostnames {
		if !strings.HasPrefix(string(hostname), "*") {
			host = string(hostname)
			break
		}
	}
	if host == "" || len(declared.ParentRefs) == 0 {
		return ""
	}
	first := declared.ParentRefs[0]
	scheme, usual := schemeHTTP, int32(httpPort)
	if first.Port == httpsPort || strings.HasPrefix(first.SectionName, schemeHTTPS) {
		scheme, usual = schemeHTTPS, httpsPort
	}
	if first.Port != 0 && first.Port != usual {
		host = net.JoinHostPort(host, strconv.Itoa(int(first.Port)))
	}
	return scheme + "://" + host
}

// listAt and textAt read fields of an unstructured object. Missing fields are empty.
func listAt(object map[string]any, path ...string) []any {
	list, _, _ := unstructured.NestedFieldNoCopy(object, path...)
	items, _ := list.([]any)
	return items
}

func textAt(object map[string]any, key string) string {
	text, _ := object[key].(string)
	return text
}
