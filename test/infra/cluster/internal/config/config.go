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

// Package config has the names and paths of a node; every other package reads them from here.
package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// What every node has in common. The ranges exist only inside the nodes' network namespaces.
const (
	// MaxNodes is how many nodes a cluster can have.
	MaxNodes = 3
	// ClusterDomain is the DNS suffix of Services.
	ClusterDomain = "cluster.local"
	// ServiceCIDR is the range of ClusterIPs.
	ServiceCIDR = "10.96.0.0/16"
	// ServiceIP is the ClusterIP of the Service "kubernetes": the first address of ServiceCIDR.
	ServiceIP = "10.96.0.1"
	// ClusterCIDR is the range of the Pod addresses of all nodes.
	ClusterCIDR = "10.244.0.0/16"
	// PauseImage is the image of a Pod's sandbox; it is built from Go and imported, never pulled.
	PauseImage = "localhost/pause:1"

	// maxNameLength leaves one of the kernel's 15 characters of an interface name for a digit.
	maxNameLength = 14
	// privateFolder is the mode of folders that hold keys.
	privateFolder = 0o700
	// publicFolder is the mode of folders that programs of other users may enter.
	publicFolder = 0o755
	// privateFile is the mode of files that may hold keys.
	privateFile = 0o600
	// maxSubnetBits is the size of the smallest subnet that has an address for the host and one for each of MaxNodes.
	maxSubnetBits = 29
)

// ErrNotState is returned for a folder that holds something else than the state of a node.
var ErrNotState = errors.New("is not the state folder of a cluster")

// Node describes a node. The first one, which New returns, stands for the cluster: it has the control plane, and the
// others are derived from it. It is written into the state folder by Save, so that later commands need only the folder.
type Node struct {
	// Number is 0 for the first node, and counts the others from 2.
	Number int `json:"number,omitempty"`
	// Nodes is how many nodes the cluster has.
	Nodes int `json:"nodes"`
	// State is the absolute folder that holds everything the node writes.
	State string `json:"state"`
	// Name names the network namespace, the root of the cgroups and, with a 0 appended, the host's interface.
	Name string `json:"name"`
	// Subnet is the network between host and nodes: its first address is the first node's, its second the host's, and
	// those that follow are the other nodes'.
	Subnet netip.Prefix `json:"subnet"`
	// AdmissionPlugins are enabled in the API server on top of its defaults.
	AdmissionPlugins []string `json:"admissionPlugins,omitempty"`
	// NetworkPolicies says that the cluster enforces them. The demo does without, because kube-router takes minutes to build.
	NetworkPolicies bool `json:"networkPolicies"`
	// Binaries is the folder with the programs, CNI plugins in its folder "cni".
	Binaries string `json:"binaries"`
	// Snapshotter is how containerd stores images: "overlayfs" or "native".
	Snapshotter string `json:"snapshotter"`
}

// New checks the user's choice and returns the node that it describes. state is made absolute, links resolved
// as far as it exists, since the kernel reports mounts under the real path.
func New(state, name, subnet string, admissionPlugins []string) (Node, error) {
	if name == "" || len(name) > maxNameLength {
		return Node{}, fmt.Errorf("name %q: use 1 to %d characters; it becomes part of an interface name", name, maxNameLength)
	}

	prefix, err := netip.ParsePrefix(subnet)
	if err != nil || !prefix.Addr().Is4() || prefix.Bits() > maxSubnetBits {
		return Node{}, fmt.Errorf("subnet %q: use an IPv4 network of at least 8 addresses, such as 10.250.0.0/24", subnet)
	}

	folder, err := filepath.Abs(state)
	if err != nil {
		return Node{}, fmt.Errorf("failed to make the state folder %q absolute: %w", state, err)
	}

	if parent, err := filepath.EvalSymlinks(filepath.Dir(folder)); err == nil {
		folder = filepath.Join(parent, filepath.Base(folder))
	}

	return Node{Nodes: 1, State: folder, Name: name, Subnet: prefix.Masked(), AdmissionPlugins: admissionPlugins}, nil
}

// Other returns the node of a number from 2 on. Its folder is in the first node's.
func (n Node) Other(number int) Node {
	n.Number = number
	n.State, n.Name = n.Path(n.NodeName()), n.Name+"-"+n.NodeName()

	return n
}

// Others returns all nodes but the first one, of which it is asked.
func (n Node) Others() []Node {
	if !n.First() {
		return nil
	}

	var others []Node

	for number := 2; number <= n.Nodes; number++ {
		others = append(others, n.Other(number))
	}

	return others
}

// ControlPlane returns the first node.
func (n Node) ControlPlane() Node {
	if !n.First() {
		n.State, n.Name = filepath.Dir(n.State), strings.TrimSuffix(n.Name, "-"+n.NodeName())
		n.Number = 0
	}

	return n
}

// First reports whether the node is the one with the control plane.
func (n Node) First() bool { return n.Number == 0 }

// NodeName is the name of the Node object.
func (n Node) NodeName() string {
	if n.First() {
		return "node"
	}

	return "node-" + strconv.Itoa(n.Number)
}

// Load returns the node whose state is in folder. The error wraps fs.ErrNotExist where there is none.
func Load(folder string) (Node, error) {
	content, err := os.ReadFile(Node{State: folder}.file())
	if err != nil {
		return Node{}, fmt.Errorf("failed to read the cluster's description: %w", err)
	}

	var node Node
	if err := json.Unmarshal(content, &node); err != nil {
		return Node{}, fmt.Errorf("failed to parse %s: %w", Node{State: folder}.file(), err)
	}

	return node, nil
}

// Save creates the state folder with its subfolders and writes the description into it.
func (n Node) Save() error {
	for folder, mode := range map[string]os.FileMode{
		n.State: publicFolder, n.PKI(): privateFolder, n.Logs(): publicFolder, n.Volumes(): publicFolder, n.Path("run"): privateFolder,
	} {
		if err := os.MkdirAll(folder, mode); err != nil {
			return fmt.Errorf("failed to create a folder of the cluster: %w", err)
		}
	}

	content, err := json.MarshalIndent(n, "", "  ")
	if err != nil {
		return fmt.Errorf("failed to encode the cluster's description: %w", err)
	}

	if err := os.WriteFile(n.file(), append(content, '\n'), privateFile); err != nil {
		return fmt.Errorf("failed to write the cluster's description: %w", err)
	}

	return nil
}

// Remove deletes the state folder. It refuses, wrapping ErrNotState, when the folder holds no description of a node and
// is not empty: a mistyped path must not delete files of others.
func (n Node) Remove() error {
	entries, err := os.ReadDir(n.State)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}

	if err != nil {
		return fmt.Errorf("failed to read the state folder: %w", err)
	}

	if _, err := os.Stat(n.file()); err != nil && len(entries) > 0 {
		return fmt.Errorf("failed to use the state folder: %s %w: it has no %s; remove it yourself or name another one with --state",
			n.State, ErrNotState, filepath.Base(n.file()))
	}

	if err := os.RemoveAll(n.State); err != nil {
		return fmt.Errorf("failed to remove the state folder: %w", err)
	}

	return nil
}

// SameChoice reports whether both nodes have the same options; what the start adds by itself does not count.
func (n Node) SameChoice(other Node) bool {
	return n.Name == other.Name && n.Subnet == other.Subnet && slices.Equal(n.AdmissionPlugins, other.AdmissionPlugins)
}

// Path joins parts to the state folder.
func (n Node) Path(parts ...string) string {
	return filepath.Join(append([]string{n.State}, parts...)...)
}

// Binary is the path of one of the node's programs.
func (n Node) Binary(name string) string { return filepath.Join(n.Binaries, name) }

// Logs is the folder of all logs, the API server's audit log among them.
func (n Node) Logs() string { return n.Path("logs") }

// PKI is the folder of keys and certificates.
func (n Node) PKI() string { return n.Path("pki") }

// Volumes is the folder under which the provisioner creates one folder for each volume.
func (n Node) Volumes() string { return n.Path("volumes") }

// Kubeconfig is the administrator's; the others belong to the node's own programs.
func (n Node) Kubeconfig() string { return n.Path("kubeconfig") }

// ContainerdSocket is the path of containerd's socket.
func (n Node) ContainerdSocket() string { return n.Path("containerd.sock") }

// IP is the node's address, reachable from the host.
func (n Node) IP() netip.Addr {
	if n.First() {
		return n.ControlPlaneIP()
	}

	address := n.HostIP()
	for range n.Number - 1 {
		address = address.Next()
	}

	return address
}

// ControlPlaneIP is the first node's address, where the API server, the registry and the DNS server are.
func (n Node) ControlPlaneIP() netip.Addr { return n.Subnet.Addr().Next() }

// HostIP is the host's address, reachable from the nodes and their Pods.
func (n Node) HostIP() netip.Addr { return n.ControlPlaneIP().Next() }

// PodCIDR is the range of the node's Pod addresses.
func (n Node) PodCIDR() string { return fmt.Sprintf("10.244.%d.0/24", max(0, n.Number-1)) }

// HostInterface is the host's end of the link to the first node.
func (n Node) HostInterface() string { return n.Name + "0" }

// Server is the URL of the API server, from the host and from the node alike.
func (n Node) Server() string { return "https://" + n.endpoint(apiPort) }

// Registry is the address (host:port) of the plain-HTTP image registry, from the host and from the node alike.
func (n Node) Registry() string { return n.endpoint(registryPort) }

// SecureRegistry is the address (host:port) of the same registry over TLS, with a certificate of Authority.
func (n Node) SecureRegistry() string { return n.endpoint(secureRegistryPort) }

// Authority is the certificate of the authority that issued those of the API server and of the registry.
func (n Node) Authority() string { return filepath.Join(n.PKI(), "ca.crt") }

const (
	apiPort            = 6443
	registryPort       = 5000
	secureRegistryPort = 5443
)

func (n Node) endpoint(port int) string {
	return n.ControlPlaneIP().String() + ":" + strconv.Itoa(port)
}

func (n Node) file() string { return n.Path("cluster.json") }
