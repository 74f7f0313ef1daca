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
	"os"
	"slices"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/test/infra/cluster/internal/config"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/cluster/internal/process"
)

const etcdURL = "http://127.0.0.1:2379"

// Foundation returns the daemons that need no API server, in the order in which to start them. self is the path of this
// program, which also is the image registry and the volume provisioner.
func Foundation(node config.Node, self string) []process.Daemon {
	return []process.Daemon{
		daemon(node, "etcd", node.Binary("etcd"),
			"--data-dir="+node.Path("etcd"),
			"--listen-client-urls="+etcdURL,
			"--advertise-client-urls="+etcdURL,
			"--listen-peer-urls=http://127.0.0.1:2380",
			"--unsafe-no-fsync", // nothing outlives the machine, so nothing is lost with it
		),
		apiServer(node),
		containerd(node),
		daemon(node, "registry", self, "registry", "--state="+node.State,
			node.Path("pki", "registry.crt"), node.Path("pki", "registry.key")),
	}
}

// Workers returns the daemons to start when the API server is ready.
func Workers(node config.Node, self string) []process.Daemon {
	return []process.Daemon{
		daemon(node, "kube-controller-manager", node.Binary("kube-controller-manager"),
			"--kubeconfig="+node.Path("kube-controller-manager.kubeconfig"),
			"--service-account-private-key-file="+node.Path("pki", "sa.key"),
			"--root-ca-file="+node.Path("pki", "ca.crt"),
			"--cluster-signing-cert-file="+node.Path("pki", "ca.crt"),
			"--cluster-signing-key-file="+node.Path("pki", "ca.key"),
			"--use-service-account-credentials",
			"--leader-elect=false",
		),
		daemon(node, "kube-scheduler", node.Binary("kube-scheduler"),
			"--kubeconfig="+node.Path("kube-scheduler.kubeconfig"),
			"--leader-elect=false",
		),
		kubelet(node),
		kubeProxy(node),
		daemon(node, "coredns", node.Binary("coredns"), "-conf="+node.Path("Corefile")),
		daemon(node, "provisioner", self, "provisioner", "--state="+node.State),
	}
}

// Guards returns the daemons to start when the Node is ready: they end if they do not find it.
func Guards(node config.Node) []process.Daemon {
	if !node.NetworkPolicies {
		return nil
	}

	return []process.Daemon{
		// Of kube-router only the part that enforces NetworkPolicies.
		daemon(node, "kube-router", node.Binary("kube-router"),
			"--kubeconfig="+node.Path("kube-router.kubeconfig"),
			"--hostname-override="+node.NodeName(),
			"--service-cluster-ip-range="+config.ServiceCIDR,
			"--run-firewall",
			"--run-router=false",
			"--run-service-proxy=false",
		),
	}
}

// Joining returns the daemons of a node without the control plane, in the order in which to start them; those of Guards come later.
func Joining(node config.Node) []process.Daemon {
	return []process.Daemon{containerd(node), kubelet(node), kubeProxy(node)}
}

// All returns every daemon of a node, in the order in which to start them.
func All(node config.Node, self string) []process.Daemon {
	if !node.First() {
		return slices.Concat(Joining(node), Guards(node))
	}

	return slices.Concat(Foundation(node, self), Workers(node, self), Guards(node))
}

func containerd(node config.Node) process.Daemon {
	return daemon(node, "containerd", node.Binary("containerd"), "--config="+node.Path("containerd.toml"))
}

func kubelet(node config.Node) process.Daemon {
	return daemon(node, "kubelet", node.Binary("kubelet"),
		"--config="+node.Path("kubelet.yaml"),
		"--kubeconfig="+node.Path("kubelet.kubeconfig"),
		"--hostname-override="+node.NodeName(),
		"--node-ip="+node.IP().String(),
		"--root-dir="+node.Path("kubelet"),
		"--cert-dir="+node.Path("kubelet", "pki"),
	)
}

func kubeProxy(node config.Node) process.Daemon {
	return daemon(node, "kube-proxy", node.Binary("kube-proxy"), "--config="+node.Path("kube-proxy.yaml"))
}

func apiServer(node config.Node) process.Daemon {
	args := []string{
		"--etcd-servers=" + etcdURL,
		"--bind-address=0.0.0.0",
		"--advertise-address=" + node.IP().String(),
		"--secure-port=6443",
		"--service-cluster-ip-range=" + config.ServiceCIDR,
		"--authorization-mode=Node,RBAC",
		"--allow-privileged",
		"--client-ca-file=" + node.Path("pki", "ca.crt"),
		"--tls-cert-file=" + node.Path("pki", "apiserver.crt"),
		"--tls-private-key-file=" + node.Path("pki", "apiserver.key"),
		"--service-account-issuer=https://kubernetes.default.svc." + config.ClusterDomain,
		"--service-account-key-file=" + node.Path("pki", "sa.crt"),
		"--service-account-signing-key-file=" + node.Path("pki", "sa.key"),
		// The node's name does not resolve; without the address "kubectl logs" and "exec" would resolve it.
		"--kubelet-preferred-address-types=InternalIP",
		"--kubelet-certificate-authority=" + node.Path("pki", "ca.crt"),
		"--kubelet-client-certificate=" + node.Path("pki", "kubelet-client.crt"),
		"--kubelet-client-key=" + node.Path("pki", "kubelet-client.key"),
		// Aggregated APIs (OLM's package server, metrics) are authenticated by an authority of their own.
		"--enable-aggregator-routing",
		"--requestheader-client-ca-file=" + node.Path("pki", "front-proxy-ca.crt"),
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--requestheader-group-headers=X-Remote-Group",
		"--requestheader-username-headers=X-Remote-User",
		"--proxy-client-cert-file=" + node.Path("pki", "front-proxy-client.crt"),
		"--proxy-client-key-file=" + node.Path("pki", "front-proxy-client.key"),
		"--audit-policy-file=" + node.Path("audit-policy.yaml"),
		"--audit-log-path=" + node.Path("logs", "audit.log"),
		"--audit-log-maxsize=0", // never rotated: tests read it while it grows
	}

	if len(node.AdmissionPlugins) > 0 {
		args = append(args, "--enable-admission-plugins="+strings.Join(node.AdmissionPlugins, ","))
	}

	return daemon(node, "kube-apiserver", node.Binary("kube-apiserver"), args...)
}

// daemon completes a command line. The environment is small on purpose: a proxy or a kubeconfig of the user's
// must not reach the node.
func daemon(node config.Node, name, binary string, args ...string) process.Daemon {
	return process.Daemon{
		Name: name,
		Args: append([]string{binary}, args...),
		Env:  []string{"PATH=" + node.Binaries + string(os.PathListSeparator) + SystemPath, "HOME=" + node.State},
	}
}

// SystemPath is where the system's own programs are, those for the administrator included.
const SystemPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
