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
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/cluster/internal/config"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/cluster/internal/pki"
)

// administrators is the group to which Kubernetes grants everything.
const administrators = "system:masters"

// Serving returns the identities that serve, by the base name of their certificate in the PKI folder.
func Serving(node config.Node) map[string]pki.Subject {
	ip := node.IP().String()
	kubelet := pki.Subject{User: "system:node:" + node.NodeName(), Groups: []string{"system:nodes"}, Hosts: []string{node.NodeName(), ip}}

	if !node.First() {
		return map[string]pki.Subject{"kubelet": kubelet}
	}

	return map[string]pki.Subject{
		"apiserver": {User: "kube-apiserver", Hosts: []string{
			ip, config.ServiceIP, "127.0.0.1", "localhost", "kubernetes", "kubernetes.default",
			"kubernetes.default.svc", "kubernetes.default.svc." + config.ClusterDomain,
		}},
		"kubelet":  kubelet,
		"registry": {User: "registry", Hosts: []string{ip}},
		// The API server as a client of the kubelet.
		"kubelet-client": {User: "kube-apiserver-kubelet-client", Groups: []string{administrators}},
	}
}

// Clients returns the users of the API server, by the name of their kubeconfig in the state folder. Each of the node's
// own programs has a user of its own, so that the audit log shows who sent each request.
func Clients(node config.Node) map[string]pki.Subject {
	clients := map[string]pki.Subject{
		"kubelet.kubeconfig":     {User: "system:node:" + node.NodeName(), Groups: []string{"system:nodes"}},
		"kube-proxy.kubeconfig":  {User: "system:kube-proxy"},
		"kube-router.kubeconfig": {User: "kube-router", Groups: []string{administrators}},
		// The node's own programs check under this name whether everything is ready.
		"cluster.kubeconfig": {User: "cluster", Groups: []string{administrators}},
	}

	if node.First() {
		clients["kubeconfig"] = pki.Subject{User: "admin", Groups: []string{administrators}}
		clients["kube-controller-manager.kubeconfig"] = pki.Subject{User: "system:kube-controller-manager"}
		clients["kube-scheduler.kubeconfig"] = pki.Subject{User: "system:kube-scheduler"}
		clients["coredns.kubeconfig"] = pki.Subject{User: "coredns", Groups: []string{administrators}}
		clients["provisioner.kubeconfig"] = pki.Subject{User: "provisioner", Groups: []string{administrators}}
	}

	return clients
}
