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

package node

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/test/infra/cluster/internal/cgroup"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/cluster/internal/config"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/cluster/internal/image"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/cluster/internal/network"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/cluster/internal/pki"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/cluster/internal/process"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/cluster/internal/render"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/cluster/internal/storage"
)

const (
	folderMode = 0o755
	fileMode   = 0o644

	// enoughSpace is the free space, in bytes, below which images of servers may not fit.
	enoughSpace = 10 << 30
	gibibyte    = 1 << 30

	// pauseUser is the user of the sandbox container, as in the official image.
	pauseUser = "65535:65535"
)

// Running reports whether a healthy cluster runs. It returns an error that wraps ErrDiffers when that has other options
// than this one.
func (m *Manager) Running(ctx context.Context) (bool, error) {
	found, err := config.Load(m.State)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}

	if err != nil {
		return false, fmt.Errorf("failed to find a running cluster: %w", err)
	}

	existing := Manager{Node: found, Self: m.Self, Sayf: m.Sayf}
	health := existing.settle(ctx)

	if health == nil && !found.SameChoice(m.Node) {
		return false, fmt.Errorf("failed to start: %w in %s: name %s, subnet %s, admission plugins %v; use the same ones, or stop it first with \"cluster down\"",
			ErrDiffers, m.State, found.Name, found.Subnet, found.AdmissionPlugins)
	}

	if health != nil {
		m.Sayf("the cluster in %s has to be started anew: %v", m.State, health)
	}

	return health == nil, nil
}

// settle is Healthy, for a cluster of which all programs run: on a busy machine, one of them may be late with an answer, and a cluster
// that is started anew loses everything that is on it.
func (m *Manager) settle(ctx context.Context) error {
	deadline := time.Now().Add(settleLimit)

	for {
		health := m.Healthy(ctx)
		if health == nil || errors.Is(health, ErrEnded) || errors.Is(health, errNothing) || time.Now().After(deadline) {
			return health
		}

		select {
		case <-ctx.Done():
			return health
		case <-time.After(readyPoll):
		}
	}
}

// EnforceNetworkPolicies makes a cluster that runs without NetworkPolicies enforce them. It does not change one that
// already does.
func (m *Manager) EnforceNetworkPolicies(ctx context.Context) error {
	if m.NetworkPolicies {
		return nil
	}

	m.NetworkPolicies = true
	if err := m.Save(); err != nil {
		return fmt.Errorf("failed to record that the cluster enforces NetworkPolicies: %w", err)
	}

	for _, each := range append([]*Manager{m}, m.others()...) {
		for _, daemon := range render.Guards(each.Node) {
			if err := each.Start(ctx, daemon.Name); err != nil {
				return err
			}
		}
	}

	return nil
}

// Up removes what an earlier cluster left, then starts a new one from the programs in m.Binaries and waits until
// Pods can run in it.
func (m *Manager) Up(ctx context.Context) error {
	if err := m.clean(ctx); err != nil {
		return err
	}

	m.Snapshotter = snapshotter(filepath.Dir(m.State))
	m.warnAboutSpace()
	m.Sayf("starting the cluster %s in %s (about 15 s) ...", m.Name, m.State)

	nodes := m.Nodes
	m.Nodes = 1

	for _, step := range []func(context.Context) error{
		m.prepare, m.startFoundation, m.startWorkers, m.startGuards, m.finish,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}

	return m.Grow(ctx, nodes)
}

// clean removes the cluster that the state folder describes, and whatever is left under this one's name.
func (m *Manager) clean(ctx context.Context) error {
	if found, err := config.Load(m.State); err == nil {
		earlier := Manager{Node: found, Self: m.Self, Sayf: m.Sayf}
		if err := earlier.Down(ctx); err != nil {
			return err
		}
	}

	return m.Down(ctx)
}

// prepare writes everything that programs read, and makes network and control groups.
func (m *Manager) prepare(ctx context.Context) error {
	if err := m.Save(); err != nil {
		return fmt.Errorf("failed to prepare the state folder: %w", err)
	}

	if err := m.writeIdentities(); err != nil {
		return err
	}

	if err := m.writeFiles(); err != nil {
		return err
	}

	if err := network.Create(ctx, m.Node); err != nil {
		return fmt.Errorf("failed to prepare the network: %w", err)
	}

	if err := cgroup.Create(m.Name); err != nil {
		return fmt.Errorf("failed to prepare the control groups: %w", err)
	}

	return nil
}

func (m *Manager) startFoundation(ctx context.Context) error {
	if err := m.start(render.Foundation(m.Node, m.Self)); err != nil {
		return err
	}

	if err := image.Build(m.Binary("pause"), config.PauseImage, pauseUser, m.pauseArchive()); err != nil {
		return fmt.Errorf("failed to build the pause image: %w", err)
	}

	if err := m.importPause(ctx); err != nil {
		return err
	}

	return m.wait(ctx, "kube-apiserver", m.apiReady)
}

func (m *Manager) pauseArchive() string { return m.ControlPlane().Path("pause.tar") }

func (m *Manager) importPause(ctx context.Context) error {
	return m.wait(ctx, "containerd", func(ctx context.Context) error {
		return image.Import(ctx, m.Node, m.pauseArchive())
	})
}

func (m *Manager) startWorkers(ctx context.Context) error {
	if err := m.start(render.Workers(m.Node, m.Self)); err != nil {
		return err
	}

	client, err := m.client()
	if err != nil {
		return err
	}

	if err := storage.EnsureClasses(ctx, client); err != nil {
		return fmt.Errorf("failed to set up storage: %w", err)
	}

	return nil
}

func (m *Manager) startGuards(ctx context.Context) error {
	if err := m.wait(ctx, "kubelet", m.nodeReady); err != nil {
		return err
	}

	return m.start(render.Guards(m.Node))
}

// finish waits for what the first Pod needs beside the API server and the kubelet.
func (m *Manager) finish(ctx context.Context) error {
	for _, part := range m.parts()[2:] {
		if err := m.wait(ctx, part.daemon, part.ready); err != nil {
			return err
		}
	}

	return nil
}

// start starts daemons inside the node's network.
func (m *Manager) start(daemons []process.Daemon) error {
	for _, daemon := range daemons {
		daemon.Args = append(network.Enter(m.Node), daemon.Args...)

		if err := m.daemons().Start(daemon, m.Logs()); err != nil {
			return fmt.Errorf("failed to start the cluster: %w", err)
		}
	}

	return nil
}

func (m *Manager) writeFiles() error {
	files, err := render.Files(m.Node)
	if err != nil {
		return fmt.Errorf("failed to render the configuration: %w", err)
	}

	for _, path := range slices.Sorted(maps.Keys(files)) {
		target := m.Path(path)

		if err := os.MkdirAll(filepath.Dir(target), folderMode); err != nil {
			return fmt.Errorf("failed to create a configuration folder: %w", err)
		}

		if err := os.WriteFile(target, files[path], fileMode); err != nil {
			return fmt.Errorf("failed to write the configuration: %w", err)
		}
	}

	return nil
}

// writeIdentities makes two authorities, one for users and one for the API server as a proxy, and what they issue. For a node
// other than the first one, the authority of users that is there issues what the node needs.
func (m *Manager) writeIdentities() error {
	if !m.First() {
		users, err := pki.LoadAuthority(filepath.Join(m.ControlPlane().PKI(), "ca"))
		if err != nil {
			return fmt.Errorf("failed to find the cluster's authority: %w", err)
		}

		return m.issue(users, map[string]pki.Pair{"ca": {Cert: users.Cert}})
	}

	users, err := pki.NewAuthority("llama-stack-cluster-ca")
	if err != nil {
		return fmt.Errorf("failed to make the cluster's authority: %w", err)
	}

	proxies, err := pki.NewAuthority("llama-stack-cluster-front-proxy-ca")
	if err != nil {
		return fmt.Errorf("failed to make the front proxy's authority: %w", err)
	}

	pairs := map[string]pki.Pair{"ca": users.Pair, "front-proxy-ca": proxies.Pair}

	if pairs["sa"], err = pki.SigningKey(); err != nil {
		return fmt.Errorf("failed to make the token key: %w", err)
	}

	if pairs["front-proxy-client"], err = proxies.Issue(pki.Subject{User: "front-proxy-client"}); err != nil {
		return fmt.Errorf("failed to issue the front proxy's certificate: %w", err)
	}

	return m.issue(users, pairs)
}

// issue writes pairs, the servers' certificates and the users' kubeconfigs.
func (m *Manager) issue(users *pki.Authority, pairs map[string]pki.Pair) error {
	for name, subject := range render.Serving(m.Node) {
		pair, err := users.Issue(subject)
		if err != nil {
			return fmt.Errorf("failed to issue a server's certificate: %w", err)
		}

		pairs[name] = pair
	}

	for name, pair := range pairs {
		if err := pair.Write(filepath.Join(m.PKI(), name)); err != nil {
			return fmt.Errorf("failed to store a certificate: %w", err)
		}
	}

	return m.writeKubeconfigs(users)
}

func (m *Manager) writeKubeconfigs(authority *pki.Authority) error {
	const ownerOnly = 0o600

	for name, subject := range render.Clients(m.Node) {
		pair, err := authority.Issue(subject)
		if err != nil {
			return fmt.Errorf("failed to issue a user's certificate: %w", err)
		}

		content, err := pki.Kubeconfig(m.Server(), authority.Cert, pair)
		if err != nil {
			return fmt.Errorf("failed to make %s: %w", name, err)
		}

		if err := os.WriteFile(m.Path(name), content, ownerOnly); err != nil {
			return fmt.Errorf("failed to write a kubeconfig: %w", err)
		}
	}

	return nil
}

// warnAboutSpace warns if images may not fit: in some distributions /tmp is a part of the memory.
func (m *Manager) warnAboutSpace() {
	var space syscall.Statfs_t

	if err := syscall.Statfs(filepath.Dir(m.State), &space); err != nil {
		return // creating the folder reports what is wrong
	}

	if free := space.Bavail * uint64(space.Bsize); free < enoughSpace { //nolint:gosec // a block's size is positive
		m.Sayf("warning: only %d GiB are free in %s; images may not fit. Another folder can be named with --state", free/gibibyte, filepath.Dir(m.State))
	}
}

// snapshotter returns the name of the cheapest snapshotter that works under folder: overlayfs cannot be stacked
// on every file system.
func snapshotter(folder string) string {
	const fallback = "native"

	probe, err := os.MkdirTemp(folder, "overlay-probe-")
	if err != nil {
		return fallback
	}
	defer func() { _ = os.RemoveAll(probe) }()

	for _, name := range []string{"lower", "upper", "work", "merged"} {
		if err := os.Mkdir(filepath.Join(probe, name), folderMode); err != nil {
			return fallback
		}
	}

	merged := filepath.Join(probe, "merged")
	options := fmt.Sprintf("lowerdir=%[1]s/lower,upperdir=%[1]s/upper,workdir=%[1]s/work", probe)

	if err := syscall.Mount("overlay", merged, "overlay", 0, options); err != nil {
		return fallback
	}

	_ = syscall.Unmount(merged, syscall.MNT_DETACH) // it was mounted a line above

	return "overlayfs"
}

// settleLimit is how long a part of a running cluster may not answer until it is taken for broken.
const settleLimit = 30 * time.Second

// startLimit is how long any one part may take to become ready, on a machine that is busy with other things.
const startLimit = 3 * time.Minute
