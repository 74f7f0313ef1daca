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
	"github.com/llamastack/llama-stack-k8s-operator/internal/bound"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// maxURL is the maximum length of a URL, in bytes.
const maxURL = 300

// serviceReady reports whether the Service exists.
func (f *facts) serviceReady() finding {
	problem := f.about(User, v1alpha1.ConditionServiceReady)
	switch {
	case problem != "":
		return finding{metav1.ConditionFalse, v1alpha1.ReasonServiceFailed, problem}
	case f.Service == nil || !f.Service.DeletionTimestamp.IsZero():
		return finding{metav1.ConditionFalse, v1alpha1.ReasonServicePending, join(f.absent("Service is being created", "Service is deleted"), f.pending(v1alpha1.ConditionServiceReady))}
	default:
		return finding{metav1.ConditionTrue, v1alpha1.ReasonServiceReady, "Service is ready"}
	}
}

// routeURL returns nil if the server is not exposed. Otherwise it returns the URL of the HTTPRoute or Route, of the
// host in the spec, or of the Ingress as in 0.9.0: the host of the load balancer, then the host of the rule, then an
// empty string.
//
// Routers and load balancers can choose the host, so it is truncated to maxURL.
func routeURL(in Input) *string {
	network := in.Instance.Spec.Network
	if network != nil && (network.HTTPRoute != nil || network.Route != nil) {
		url := bound.Text(in.Exposure.url(network), maxURL)
		return &url
	}
	if !network.Exposed() {
		return nil
	}
	url := ""
	if in.Ingress != nil {
		if host := exposedHost(network.Ingress, in.Ingress); host != "" {
			url = bound.Text(routeScheme(network.Ingress)+"://"+host, maxURL)
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

// exposedHost returns the host in the spec, which is the host of the Ingress. A wildcard is no address.
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
