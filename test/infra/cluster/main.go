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

// Command cluster runs a one-node Kubernetes on a bare Linux machine, without a container engine: every part of it
// is built from pinned Go modules and lives in a network namespace of its own.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"

	"github.com/llamastack/llama-stack-k8s-operator/test/infra/cluster/internal/config"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/cluster/internal/node"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/cluster/internal/render"
)

const usage = `usage: cluster COMMAND [flags] [arguments]

  up                  start the cluster and wait until Pods can run; a healthy one is kept, and gets what it lacks
  down [NODE]         stop it, or its last node alone, and delete everything it made
  status              show every part; fails when the cluster is not healthy
  load ARCHIVE...     import image archives (docker save, OCI); with --push also into the cluster's registry
  push ARCHIVE...     put image archives (docker save) into the cluster's registry alone
  olm OLM OPM         install the Operator Lifecycle Manager from the archives of its image and of opm's
  kubeconfig          print the path of the administrator's kubeconfig
  kubectl ...         run the cluster's kubectl as administrator
  logs [PART]         print the folder of all logs, or the log of one part
  kill PART           end one part at once, as a crash would, or a node other than the first one; "status" lists the parts
  start PART          start a part, or such a node, that has ended, and wait until the cluster is healthy
  exec COMMAND...     run a command in the node's network, such as iptables

Where KUBECONFIG names a cluster, that one is meant: "up" and "down" leave it alone (unless --force is given).
Flags, before the arguments:
`

var (
	errUsage   = errors.New("unknown command")
	errNoRoot  = errors.New("a cluster can be started and stopped by root alone (with sudo, keep the way to Go: sudo env PATH=$PATH ...)")
	errForeign = errors.New("KUBECONFIG names a cluster that this program did not start")
	errPart    = errors.New("name one part; \"cluster status\" lists them")
	errCommand = errors.New("there is no command to run")
	errPair    = errors.New("name its certificate and its key")
	errNodes   = fmt.Errorf("the number of nodes is from 1 to %d", config.MaxNodes)
	errOLM     = errors.New("name two archives, that of OLM's image and that of opm's (make image-olm image-opm)")
	errNone    = errors.New("no cluster is running; start one with \"cluster up\"")
)

// options are those of the command line.
type options struct {
	node config.Node
	// force ignores KUBECONFIG.
	force bool
	// push makes "load" fill the registry, too.
	push bool
	// args are what follows the flags.
	args []string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])

	stop()

	if errors.Is(err, flag.ErrHelp) {
		return
	}

	if err != nil {
		fmt.Fprintf(os.Stderr, "error: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	// The administrator's programs are not on every user's path.
	if err := os.Setenv("PATH", os.Getenv("PATH")+string(os.PathListSeparator)+render.SystemPath); err != nil {
		return fmt.Errorf("failed to extend PATH: %w", err)
	}

	commands := map[string]func(context.Context, options) error{
		"up": up, "down": down, "status": status, "load": load, "push": push, "olm": lifecycleManager, "kubeconfig": kubeconfig, "kubectl": kubectl, "logs": logs,
		"kill": kill, "start": startPart, "exec": execute,
		"registry": registry, "provisioner": provisioner,
	}

	name := ""
	if len(args) > 0 {
		name = args[0]
	}

	command, known := commands[name]
	if !known {
		_, _ = parse([]string{"--help"})

		if name == "" || strings.TrimLeft(name, "-") == "help" {
			return flag.ErrHelp
		}

		return fmt.Errorf("failed to read the command: %w %q", errUsage, name)
	}

	flags, rest := args[1:], []string(nil)
	if name == "kubectl" || name == "exec" { // all flags are the other command's own
		flags, rest = nil, flags
	}

	parsed, err := parse(flags)
	if err != nil {
		return err
	}

	parsed.args = append(parsed.args, rest...)

	return command(ctx, parsed)
}

func parse(args []string) (options, error) {
	flags := flag.NewFlagSet("cluster", flag.ContinueOnError)
	flags.Usage = func() {
		fmt.Fprint(os.Stderr, usage)
		flags.PrintDefaults()
	}

	var parsed options
	state := flags.String("state", fromEnvironment("CLUSTER_STATE", "/tmp/llama-stack-cluster"), "`folder` of everything the cluster writes; also $CLUSTER_STATE")
	name := flags.String("name", fromEnvironment("CLUSTER_NAME", "llama-stack"), "`name` of network namespace and control group; also $CLUSTER_NAME")
	subnet := flags.String("subnet", fromEnvironment("CLUSTER_SUBNET", "10.250.0.0/24"), "`network` between host and node; also $CLUSTER_SUBNET")
	nodes := flags.String("nodes", fromEnvironment("CLUSTER_NODES", "1"),
		fmt.Sprintf("`number` of nodes, up to %d; \"up\" adds those that a running cluster lacks; also $CLUSTER_NODES", config.MaxNodes))
	plugins := flags.String("admission-plugins", os.Getenv("CLUSTER_ADMISSION_PLUGINS"),
		"`names` of admission plugins to enable, such as OwnerReferencesPermissionEnforcement; also $CLUSTER_ADMISSION_PLUGINS")
	policies := flags.Bool("network-policies", os.Getenv("CLUSTER_NETWORK_POLICIES") != "false",
		"enforce NetworkPolicies; \"up\" adds this to a cluster that runs without; also $CLUSTER_NETWORK_POLICIES")
	flags.BoolVar(&parsed.force, "force", false, "ignore KUBECONFIG")
	flags.BoolVar(&parsed.push, "push", false, "load: push to the cluster's registry as well")

	if err := flags.Parse(args); err != nil {
		return options{}, fmt.Errorf("failed to parse the command line: %w", err)
	}

	split := strings.FieldsFunc(*plugins, func(r rune) bool { return r == ',' })

	wanted, err := config.New(*state, *name, *subnet, split)
	if err != nil {
		return options{}, fmt.Errorf("failed to understand the command line: %w", err)
	}

	wanted.NetworkPolicies = *policies

	if wanted.Nodes, err = strconv.Atoi(*nodes); err != nil || wanted.Nodes < 1 || wanted.Nodes > config.MaxNodes {
		return options{}, fmt.Errorf("failed to understand the command line: %w: %q", errNodes, *nodes)
	}

	parsed.node, parsed.args = wanted, flags.Args()

	return parsed, nil
}

func fromEnvironment(name, fallback string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}

	return fallback
}

// sayf reports progress.
func sayf(format string, args ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", args...)
}

// foreign returns the kubeconfig of a cluster that the user already has, or nothing.
func (o options) foreign() string {
	if path := os.Getenv("KUBECONFIG"); !o.force && path != o.node.Kubeconfig() {
		return path
	}

	return ""
}

// manager returns the manager of the cluster as asked for.
func (o options) manager(described config.Node) (*node.Manager, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("failed to find this program: %w", err)
	}

	return &node.Manager{Node: described, Self: self, Sayf: sayf}, nil
}

// existing returns the manager of the running cluster.
func (o options) existing() (*node.Manager, error) {
	described, err := config.Load(o.node.State)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("failed to find the cluster: %w (state folder %s)", errNone, o.node.State)
	}

	if err != nil {
		return nil, fmt.Errorf("failed to find the cluster: %w", err)
	}

	return o.manager(described)
}

// own returns the manager of the running cluster, unless KUBECONFIG names another one, which must not change. what
// completes "failed to".
func (o options) own(what string) (*node.Manager, error) {
	if path := o.foreign(); path != "" {
		return nil, fmt.Errorf("failed to %s: %w: KUBECONFIG=%s; hand it images by its own means, such as \"kind load image-archive\"", what, errForeign, path)
	}

	return o.existing()
}
