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
	"net"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// serviceReady is about the Service being there.
func (f *facts) serviceReady() finding {
	problem := f.about(User, AboutService)
	switch {
	case problem != "":
		return finding{metav1.ConditionFalse, v1alpha1.ReasonServiceFailed, problem}
	case f.Service == nil || !f.Service.DeletionTimestamp.IsZero():
		return finding{metav1.ConditionFalse, v1alpha1.ReasonServicePending, join("Service is being created", f.pending(AboutService))}
	default:
		return finding{metav1.ConditionTrue, v1alpha1.ReasonServiceReady, "Service is ready"}
	}
}

// routeURL is nil where the server is not exposed, else what its HTTPRoute or Route says, or the host that the CR names, or
// what 0.9.0 shows: the Ingress's host, preferring what the load balancer says over what the rule says, and empty until
// there is one.
func routeURL(in Input) *string {
	network := in.Instance.Spec.Network
	if network != nil && (network.HTTPRoute != nil || network.Route != nil) {
		url := in.Exposure.url(network)
		return &url
	}
	if !network.Exposed() {
		return nil
	}
	url := ""
	if in.Ingress != nil {
		if host := exposedHost(network.Ingress, in.Ingress); host != "" {
			url = routeScheme(network.Ingress) + "://" + host
		}
	}
	return &url
}

func routeScheme(declared *v1alpha1.IngressSpec) string {
	if declared != nil && declared.TLS != nil {
		return schemeHTTPS
	}
	return schemeHTTP
}

// exposedHost is the host that the CR names, which is the one that the Ingress answers for. One for a whole domain is
// no address.
func exposedHost(declared *v1alpha1.IngressSpec, ingress *networkingv1.Ingress) string {
	if declared != nil && declared.Host != "" && !strings.HasPrefix(declared.Host, "*") {
		return declared.Host
	}
	return ingressHost(ingress)
}

func ingressHost(ingress *networkingv1.Ingress) string {
	for _, point := range ingress.Status.LoadBalancer.Ingress {
		if point.Hostname != "" {
			return point.Hostname
		}
	}
	for _, point := range ingress.Status.LoadBalancer.Ingress {
		if point.IP != "" {
			return urlHost(point.IP)
		}
	}
	for _, rule := range ingress.Spec.Rules {
		if rule.Host != "" && !strings.HasPrefix(rule.Host, "*") {
			return rule.Host
		}
	}
	return ""
}

// urlHost puts an IPv6 address in brackets.
func urlHost(ip string) string {
	if strings.Contains(ip, ":") && net.ParseIP(ip) != nil {
		return "[" + ip + "]"
	}
	return ip
}
