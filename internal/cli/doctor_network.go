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

package cli

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// dnsPorts are where Pods reach DNS: Kubernetes, and OpenShift.
var dnsPorts = []int32{53, 5353} //nolint:gochecknoglobals // nobody changes it

// checkHealth reports a server that is not healthy, or does not answer as it should.
func checkHealth(f *patient) []finding {
	found := f.conditions(nil, v1alpha1.ReasonUnhealthy, v1alpha1.ReasonHealthCheckFailed)
	for i := range f.server.Status.Conditions {
		condition := &f.server.Status.Conditions[i]
		serves := slices.ContainsFunc(f.pods, func(p corev1.Pod) bool { return status.PodReady(&p) })
		if condition.Type == string(v1alpha1.ConditionHealthCheck) && condition.Reason == string(v1alpha1.ReasonNotObserved) && serves {
			found = append(found, warning("see the log: "+command("logs", f.server)+"; a NetworkPolicy or mutual TLS can also keep the operator out",
				"the Pods are ready, and the operator gets no valid answer: %s", condition.Message))
		}
	}
	for i := range f.pods {
		view := podView(&f.pods[i], f.now)
		if f.pods[i].Status.Phase == corev1.PodRunning && view.State == stateWaits && f.pods[i].DeletionTimestamp == nil {
			found = append(found, warning("wait if it has just started, else see the log: "+command("logs", f.server),
				"Pod %s runs and is not ready: its probe does not succeed", view.Name))
		}
	}
	return found
}

// checkNetwork reports a Service without Pods behind it, and policies that block DNS or all else.
func checkNetwork(f *patient) []finding {
	found := f.conditions(nil, v1alpha1.ReasonServiceFailed)
	ready := slices.ContainsFunc(f.pods, func(p corev1.Pod) bool { return status.PodReady(&p) })
	if ready && f.service != nil && f.slices != nil && !f.leads() {
		found = append(found, failure("compare the selector of the Service with the labels of the Pods", "Pods are ready, and Service %s leads to none of them", f.service.Name))
	}
	var limiting []string
	dns, limited := false, false
	for i := range f.policies {
		policy := &f.policies[i]
		if !slices.Contains(policy.Spec.PolicyTypes, networkingv1.PolicyTypeEgress) || !f.selected(policy) {
			continue
		}
		limited = true
		limiting = append(limiting, policy.Name)
		dns = dns || slices.ContainsFunc(policy.Spec.Egress, func(rule networkingv1.NetworkPolicyEgressRule) bool { return allowsDNS(&rule) })
	}
	if limited && !dns {
		found = append(found, failure("allow egress to port 53, and 5353 on OpenShift, over UDP and TCP", "NetworkPolicy %s lets the Pods reach no DNS", strings.Join(limiting, ", ")))
	}
	for _, provider := range f.failing() {
		message := provider.ProviderID + ": " + provider.Health.Message
		switch {
		case aboutDNS.MatchString(message):
			found = append(found, failure("correct the host of the provider, or let the Pods reach DNS", "provider %s (the name is not found)", message))
		case aboutNetwork.MatchString(message) && limited:
			found = append(found, failure("let NetworkPolicy "+strings.Join(limiting, ", ")+" allow egress to the provider", "provider %s (a NetworkPolicy limits egress)", message))
		}
	}
	return found
}

// leads says whether the Service has a ready endpoint.
func (f *patient) leads() bool {
	for i := range f.slices {
		for _, endpoint := range f.slices[i].Endpoints {
			if endpoint.Conditions.Ready == nil || *endpoint.Conditions.Ready {
				return true
			}
		}
	}
	return false
}

// selected says whether a policy is about the Pods of the server.
func (f *patient) selected(policy *networkingv1.NetworkPolicy) bool {
	selector, err := metav1.LabelSelectorAsSelector(&policy.Spec.PodSelector)
	return err == nil && slices.ContainsFunc(f.pods, func(p corev1.Pod) bool { return selector.Matches(labels.Set(p.Labels)) })
}

// allowsDNS says whether a rule lets Pods ask for names over UDP: it has a port of DNS, or has it among others and can be about
// the Pods of DNS.
func allowsDNS(rule *networkingv1.NetworkPolicyEgressRule) bool {
	precise := slices.ContainsFunc(rule.Ports, func(port networkingv1.NetworkPolicyPort) bool {
		return hasDNS(&port) && port.Port != nil && port.Port.Type == intstr.Int && port.EndPort == nil
	})
	has := len(rule.Ports) == 0 || slices.ContainsFunc(rule.Ports, func(port networkingv1.NetworkPolicyPort) bool { return hasDNS(&port) })
	return precise || has && (len(rule.To) == 0 || slices.ContainsFunc(rule.To, func(peer networkingv1.NetworkPolicyPeer) bool { return canBeDNS(&peer) }))
}

// hasDNS says whether a port, or a range of them, has one of DNS. A name cannot be judged.
func hasDNS(port *networkingv1.NetworkPolicyPort) bool {
	if port.Protocol == nil || *port.Protocol != corev1.ProtocolUDP {
		return false // TCP is the default, and is asked only for long answers
	}
	if port.Port == nil || port.Port.Type == intstr.String {
		return true
	}
	last := port.Port.IntVal
	if port.EndPort != nil {
		last = *port.EndPort
	}
	return slices.ContainsFunc(dnsPorts, func(dns int32) bool { return port.Port.IntVal <= dns && dns <= last })
}

// dnsNamespaces are where the Pods of DNS are: Kubernetes, and OpenShift.
var dnsNamespaces = []string{metav1.NamespaceSystem, "openshift-dns"} //nolint:gochecknoglobals // nobody changes it

// canBeDNS says whether a peer can be the Pods of DNS. It is not if it is one address, Pods of the server's own namespace, or
// another namespace by its name. What else a namespace is selected by is not known.
func canBeDNS(peer *networkingv1.NetworkPolicyPeer) bool {
	switch {
	case peer.IPBlock != nil:
		block, err := netip.ParsePrefix(peer.IPBlock.CIDR)
		return err != nil || !block.IsSingleIP()
	case peer.NamespaceSelector == nil:
		return false
	}
	named := &metav1.LabelSelector{}
	for key, value := range peer.NamespaceSelector.MatchLabels {
		if key == corev1.LabelMetadataName {
			named.MatchLabels = map[string]string{key: value}
		}
	}
	for _, expression := range peer.NamespaceSelector.MatchExpressions {
		if expression.Key == corev1.LabelMetadataName {
			named.MatchExpressions = append(named.MatchExpressions, expression)
		}
	}
	selector, err := metav1.LabelSelectorAsSelector(named)
	return err == nil && slices.ContainsFunc(dnsNamespaces, func(name string) bool {
		return selector.Matches(labels.Set{corev1.LabelMetadataName: name})
	})
}

// failing are the providers that report an error.
func (f *patient) failing() []v1alpha1.ProviderInfo {
	var found []v1alpha1.ProviderInfo
	for _, provider := range f.server.Status.DistributionConfig.Providers {
		if healthTone(provider.Health.Status) == bad {
			found = append(found, provider)
		}
	}
	return found
}

// checkProviders reports providers with an error, and models that are missing.
func checkProviders(f *patient) []finding {
	var found []finding
	for _, provider := range f.failing() {
		fix := "check the address of the provider, and whether it runs"
		if strings.Contains(provider.Health.Message, "401") || strings.Contains(provider.Health.Message, "403") {
			fix = "correct the credentials of the provider"
		}
		found = append(found, failure(fix, "provider %s of %s: %s", provider.ProviderID, provider.API, provider.Health.Message))
	}
	return append(found, f.conditions(nil, v1alpha1.ReasonProviderError, v1alpha1.ReasonModelsMissing)...)
}

// checkCertificates reports certificates that are not valid, as far as conditions and providers say so, and those that end.
func checkCertificates(f *patient) []finding {
	found := f.conditions(aboutCertificate, v1alpha1.ReasonCABundleInvalid, v1alpha1.ReasonRouteTLSMismatch)
	for _, provider := range f.failing() {
		if aboutCertificate.MatchString(provider.Health.Message) {
			found = append(found, failure("add the certificate authority of the provider to tlsConfig.caBundle", "provider %s: %s", provider.ProviderID, provider.Health.Message))
		}
	}
	return append(found, f.endingCertificates()...)
}

func checkExposure(f *patient) []finding {
	return f.conditions(nil, v1alpha1.ReasonRouteRefused, v1alpha1.ReasonRouteFailed, v1alpha1.ReasonGatewayAPIMissing,
		v1alpha1.ReasonRouteAPIMissing, v1alpha1.ReasonAPIUnavailable, v1alpha1.ReasonNoAuthentication)
}

// checkOther reports the bad conditions that no other check is about.
func checkOther(f *patient) []finding {
	var found []finding
	for i := range f.server.Status.Conditions {
		condition := &f.server.Status.Conditions[i]
		if stateOf(condition) == stateBad && !f.reported[condition.Type] {
			found = append(found, warning(step(f.server, condition), "%s is %s, %s: %s", condition.Type, condition.Status, condition.Reason, condition.Message))
		}
	}
	return found
}
