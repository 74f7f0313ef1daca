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
	"github.com/llamastack/llama-stack-k8s-operator/test/cluster/internal/config"
	"github.com/llamastack/llama-stack-k8s-operator/test/cluster/internal/pki"
)

// administrators is the group to which Kubernetes grants everything.
const administrators = "system:masters"

// Serving returns the identities that serve, by the base name of their certificate in the PKI folder.
func Serving(node config.Node) map[string]pki.Subject {
	ip := node.IP().String()

	return map[string]pki.Subject{
		"apiserver": {User: "kube-apiserver", Hosts: []string{
			ip, config.ServiceIP, "127.0.0.1", "localhost", "kubernetes", "kubernetes.default",
			"kubernetes.default.svc", "kubernetes.default.svc." + config.ClusterDomain,
		}},
		"kubelet":  {User: "system:node:" + config.NodeName, Groups: []string{"system:nodes"}, Hosts: []string{config.NodeName, ip}},
		"registry": {User: "registry", Hosts: []string{ip}},
		// The API server as a client of the kubelet.
		"kubelet-client": {User: "kube-apiserver-kubelet-client", Groups: []string{administrators}},
	}
}

// Clients returns the users of the API server, by the name of their kubeconfig in the state folder. Each of the
// node's own programs has a user of its own, so that the audit log tells who asked for what.
func Clients() map[string]pki.Subject {
	return map[string]pki.Subject{
		"kubeconfig":                         {User: "admin", Groups: []string{administrators}},
		"kubelet.kubeconfig":                 {User: "system:node:" + config.NodeName, Groups: []string{"system:nodes"}},
		"kube-controller-manager.kubeconfig": {User: "system:kube-controller-manager"},
		"kube-scheduler.kubeconfig":          {User: "system:kube-scheduler"},
		"kube-proxy.kubeconfig":              {User: "system:kube-proxy"},
		"kube-router.kubeconfig":             {User: "kube-router", Groups: []string{administrators}},
		"coredns.kubeconfig":                 {User: "coredns", Groups: []string{administrators}},
		"provisioner.kubeconfig":             {User: "provisioner", Groups: []string{administrators}},
		// The node's programs themselves ask under this name whether everything is up.
		"cluster.kubeconfig": {User: "cluster", Groups: []string{administrators}},
	}
}
