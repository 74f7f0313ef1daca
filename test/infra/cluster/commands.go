//go:build linux

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

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"

	"github.com/llamastack/llama-stack-k8s-operator/test/infra/cluster/internal/config"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/cluster/internal/image"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/cluster/internal/node"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/cluster/internal/olm"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/cluster/internal/storage"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/cluster/internal/system"
)

func up(ctx context.Context, o options) error {
	if path := o.foreign(); path != "" {
		sayf("using the cluster of KUBECONFIG=%s; nothing to start", path)

		return nil
	}

	manager, err := o.manager(o.node)
	if err != nil {
		return err
	}

	if os.Geteuid() != 0 {
		missing := system.Missing(ctx, system.Requirements(false))

		return fmt.Errorf("failed to start: %w\n%s", errNoRoot, system.Explain(missing))
	}

	unlock, err := manager.Lock(ctx)
	if err != nil {
		return fmt.Errorf("failed to start: %w", err)
	}
	defer unlock()

	running, err := manager.Running(ctx)
	if err != nil {
		return fmt.Errorf("failed to start: %w", err)
	}

	if running {
		err = complete(ctx, o)
	} else {
		err = start(ctx, manager)
	}

	if err != nil {
		return err
	}

	sayf("the cluster is up: export KUBECONFIG=%s", manager.Kubeconfig())

	return nil
}

// complete adds what the running cluster lacks of what is asked for.
func complete(ctx context.Context, o options) error {
	manager, err := o.existing()
	if err != nil {
		return err
	}

	if o.node.NetworkPolicies && !manager.NetworkPolicies {
		tools, err := findTools()
		if err != nil {
			return err
		}

		if err := tools.provide(ctx, true); err != nil {
			return err
		}

		if err := manager.EnforceNetworkPolicies(ctx); err != nil {
			return fmt.Errorf("failed to make the running cluster enforce NetworkPolicies: %w", err)
		}
	}

	if err := manager.Grow(ctx, o.node.Nodes); err != nil {
		return fmt.Errorf("failed to grow the running cluster: %w", err)
	}

	return nil
}

func start(ctx context.Context, manager *node.Manager) error {
	tools, err := findTools()
	if err != nil {
		return err
	}

	if manager.Binaries, err = tools.folder(ctx); err != nil {
		return err
	}

	missing := system.Missing(ctx, system.Requirements(!built(manager.Binaries)))
	if err := system.Ensure(ctx, sayf, missing); err != nil {
		return fmt.Errorf("failed to prepare the system: %w", err)
	}

	if err := tools.provide(ctx, manager.NetworkPolicies); err != nil {
		return err
	}

	if err := manager.Up(ctx); err != nil {
		return fmt.Errorf("failed to start the cluster (its logs are in %s): %w", manager.Logs(), err)
	}

	return nil
}

func down(ctx context.Context, o options) error {
	if path := o.foreign(); path != "" {
		sayf("the cluster of KUBECONFIG=%s was not started here; nothing to stop", path)

		return nil
	}

	if os.Geteuid() != 0 {
		return errNoRoot
	}

	described, err := config.Load(o.node.State)
	if err != nil {
		described = o.node // whatever is left under the name given
	}

	manager, err := o.manager(described)
	if err != nil {
		return err
	}

	unlock, err := manager.Lock(ctx)
	if err != nil {
		return fmt.Errorf("failed to stop: %w", err)
	}
	defer unlock()

	return stop(ctx, manager, o.args)
}

// stop stops the nodes that are named, or else the cluster.
func stop(ctx context.Context, manager *node.Manager, names []string) error {
	for _, name := range names {
		if err := manager.RemoveNode(ctx, name); err != nil {
			return fmt.Errorf("failed to stop: %w", err)
		}

		sayf("%s is gone", name)
	}

	if len(names) > 0 {
		return nil
	}

	if err := manager.Down(ctx); err != nil {
		return fmt.Errorf("failed to stop: %w", err)
	}

	sayf("the cluster is down")

	return nil
}

func status(ctx context.Context, o options) error {
	manager, err := o.existing()
	if err != nil {
		return err
	}

	parts, err := manager.Status()
	if err != nil {
		return fmt.Errorf("failed to check the cluster: %w", err)
	}

	fmt.Print(parts)

	if err := manager.Healthy(ctx); err != nil {
		return fmt.Errorf("failed to find a healthy cluster: %w", err)
	}

	fmt.Println("the cluster is healthy")

	return nil
}

func load(ctx context.Context, o options) error {
	manager, err := o.own("load the images")
	if err != nil {
		return err
	}

	for _, archive := range o.args {
		sayf("loading %s ...", archive)

		for _, each := range append([]config.Node{manager.Node}, manager.Others()...) {
			if err := image.Import(ctx, each, archive); err != nil {
				return fmt.Errorf("failed to load an image: %w", err)
			}
		}

		if !o.push {
			continue
		}

		names, err := image.Push(ctx, manager.Registry(), archive)
		if err != nil {
			return fmt.Errorf("failed to load an image: %w", err)
		}

		fmt.Println(strings.Join(names, "\n"))
	}

	return nil
}

// push fills the registry, from which the node pulls when a Pod needs it.
func push(ctx context.Context, o options) error {
	manager, err := o.own("load the images")
	if err != nil {
		return err
	}

	for _, archive := range o.args {
		names, err := image.Push(ctx, manager.Registry(), archive)
		if err != nil {
			return fmt.Errorf("failed to load an image: %w", err)
		}

		fmt.Println(strings.Join(names, "\n"))
	}

	return nil
}

// lifecycleManager installs OLM from images that are pulled from the registry.
func lifecycleManager(ctx context.Context, o options) error {
	if len(o.args) != 2 {
		return fmt.Errorf("failed to install OLM: %w", errOLM)
	}

	manager, err := o.own("install OLM")
	if err != nil {
		return err
	}

	names := make([]string, 0, len(o.args))

	for _, archive := range o.args {
		pushed, err := image.Push(ctx, manager.Registry(), archive)
		if err != nil {
			return fmt.Errorf("failed to install OLM: %w", err)
		}

		names = append(names, pushed[0])
	}

	sayf("installing OLM from %s ...", names[0])

	cluster := olm.Cluster{Folder: manager.Path("olm"), Sayf: sayf, Kubectl: func(ctx context.Context, args ...string) error {
		_, err := system.Run(ctx, append([]string{manager.Binary("kubectl"), "--kubeconfig=" + manager.Kubeconfig()}, args...)...)

		return err
	}}
	if err := cluster.Install(ctx, olm.Images{OLM: names[0], OPM: names[1]}); err != nil {
		return fmt.Errorf("failed to install OLM: %w", err)
	}

	return nil
}

func kubeconfig(_ context.Context, o options) error {
	if path := o.foreign(); path != "" {
		fmt.Println(path)

		return nil
	}

	manager, err := o.existing()
	if err != nil {
		return err
	}

	fmt.Println(manager.Kubeconfig())

	return nil
}

// kubectl becomes the cluster's kubectl.
func kubectl(_ context.Context, o options) error {
	manager, err := o.existing()
	if err != nil {
		return err
	}

	if err := os.Setenv("KUBECONFIG", manager.Kubeconfig()); err != nil {
		return fmt.Errorf("failed to set KUBECONFIG: %w", err)
	}

	if err := syscall.Exec(manager.Binary("kubectl"), append([]string{"kubectl"}, o.args...), os.Environ()); err != nil {
		return fmt.Errorf("failed to run %s: %w", manager.Binary("kubectl"), err)
	}

	return nil
}

func logs(_ context.Context, o options) error {
	manager, err := o.existing()
	if err != nil {
		return err
	}

	if len(o.args) == 0 {
		fmt.Println(manager.Logs())

		return nil
	}

	log, err := os.Open(manager.Log(o.args[0]))
	if err != nil {
		return fmt.Errorf("failed to show a log (\"cluster status\" lists the parts): %w", err)
	}
	defer func() { _ = log.Close() }()

	if _, err := io.Copy(os.Stdout, log); err != nil {
		return fmt.Errorf("failed to show a log: %w", err)
	}

	return nil
}

// registry is the daemon that serves images. Its arguments are its certificate and the key.
func registry(ctx context.Context, o options) error {
	if len(o.args) != 2 {
		return fmt.Errorf("failed to run the registry: %w", errPair)
	}

	manager, err := o.existing()
	if err != nil {
		return err
	}

	served := image.Registry{
		Address: manager.Registry(), SecureAddress: manager.SecureRegistry(), Folder: manager.Path("registry"),
		Certificate: o.args[0], Key: o.args[1],
	}
	if err := served.Serve(ctx); err != nil {
		return fmt.Errorf("failed to run the registry: %w", err)
	}

	return nil
}

// provisioner is the daemon that makes volumes.
func provisioner(ctx context.Context, o options) error {
	manager, err := o.existing()
	if err != nil {
		return err
	}

	client, err := node.Client(manager.Path("provisioner.kubeconfig"))
	if err != nil {
		return fmt.Errorf("failed to run the provisioner: %w", err)
	}

	if err := storage.Run(ctx, client, manager.Volumes()); err != nil {
		return fmt.Errorf("failed to run the provisioner: %w", err)
	}

	return nil
}
