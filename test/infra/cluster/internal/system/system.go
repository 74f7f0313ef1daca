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

// Package system runs the system's own programs and installs those that the node needs.
package system

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"text/tabwriter"
	"time"
)

// ErrMissing is returned by Ensure when something is missing that it may not or cannot install.
var ErrMissing = errors.New("this system lacks what a cluster needs")

const (
	// lockPatience is how long Ensure waits for another process that installs packages, such as an automatic upgrade.
	lockPatience = 5 * time.Minute
	// lockPoll is how often it tries again.
	lockPoll = time.Second
)

// Requirement is something that the system has to provide.
type Requirement struct {
	// Command is the program's name; empty for Library.
	Command string
	// Library is a C library with its headers, by its pkg-config name.
	Library string
	// Package is the package of Debian and Ubuntu that holds it.
	Package string
	// Purpose completes the sentence "is needed to ...".
	Purpose string
}

// Requirements lists what a node needs to run, and, if its programs are not built yet, to build them.
func Requirements(build bool) []Requirement {
	needs := []Requirement{
		{Command: "ip", Package: "iproute2", Purpose: "make the node's network"},
		{Command: "nsenter", Package: "util-linux", Purpose: "start programs in the node's network"},
		{Command: "mount", Package: "mount", Purpose: "mount volumes"},
		{Command: "iptables", Package: "iptables", Purpose: "route Services"},
		{Command: "ipset", Package: "ipset", Purpose: "enforce NetworkPolicies"},
		{Command: "conntrack", Package: "conntrack", Purpose: "forget connections to Pods that are gone"},
	}

	if build {
		needs = append(needs,
			Requirement{Command: "gcc", Package: "gcc", Purpose: "build runc"},
			Requirement{Library: "libc6-dev", Package: "libc6-dev", Purpose: "build runc"},
			Requirement{Command: "pkg-config", Package: "pkg-config", Purpose: "build runc"},
			Requirement{Library: "libseccomp", Package: "libseccomp-dev", Purpose: "build runc with seccomp profiles"},
		)
	}

	return needs
}

// Missing returns the requirements that this system does not have.
func Missing(ctx context.Context, needs []Requirement) []Requirement {
	var missing []Requirement

	for _, need := range needs {
		if !present(ctx, need) {
			missing = append(missing, need)
		}
	}

	return missing
}

// present reports whether this system has a requirement.
func present(ctx context.Context, need Requirement) bool {
	var err error

	switch need.Library {
	case "":
		_, err = exec.LookPath(need.Command)
	case "libc6-dev":
		_, err = os.Stat("/usr/include/stdlib.h")
	default:
		err = exec.CommandContext(ctx, "pkg-config", "--exists", need.Library).Run()
	}

	return err == nil
}

// Explain returns what is missing, what for, and how to install it on Debian and Ubuntu.
func Explain(missing []Requirement) string {
	var text strings.Builder // accepts everything, so that writing into it never fails

	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	for _, need := range missing {
		_, _ = fmt.Fprintf(table, "  %s\tis needed to %s\t(Debian, Ubuntu: %s)\n", need.Command+need.Library, need.Purpose, need.Package)
	}

	_ = table.Flush()

	return text.String() + "install them, for example with: " + strings.Join(append([]string{"apt-get", "install", "-y"}, packages(missing)...), " ")
}

// Ensure installs what is missing where it can: as root on Debian and its kin. Elsewhere it returns an error that
// wraps ErrMissing and lists everything.
func Ensure(ctx context.Context, sayf func(format string, args ...any), missing []Requirement) error {
	if len(missing) == 0 {
		return nil
	}

	release, err := os.ReadFile("/etc/os-release")
	if err != nil || os.Geteuid() != 0 || !IsDebian(string(release)) {
		return fmt.Errorf("failed to find all programs: %w:\n%s", ErrMissing, Explain(missing))
	}

	names := packages(missing)
	sayf("installing the packages %s ...", strings.Join(names, " "))

	for _, command := range [][]string{
		{"apt-get", "update", "-q"},
		append([]string{"apt-get", "install", "-q", "-y", "--no-install-recommends"}, names...),
	} {
		if err := RunUnlocked(ctx, sayf, append([]string{"env", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C"}, command...)...); err != nil {
			return fmt.Errorf("failed to find all programs: %w:\n%s\nand to install them: %w", ErrMissing, Explain(missing), err)
		}
	}

	if left := Missing(ctx, missing); len(left) > 0 {
		return fmt.Errorf("failed to find all programs: %w even after an installation:\n%s", ErrMissing, Explain(left))
	}

	return nil
}

// RunUnlocked runs a command of apt's, again and again while another process holds a lock that it needs. apt itself waits only for one
// of its locks.
func RunUnlocked(ctx context.Context, sayf func(format string, args ...any), command ...string) error {
	late := time.After(lockPatience)

	for reported := false; ; {
		_, err := Run(ctx, command...)
		if err == nil || !strings.Contains(err.Error(), "Could not get lock") {
			return err
		}

		if !reported {
			sayf("waiting for another process that installs packages ...")

			reported = true
		}

		select {
		case <-ctx.Done():
			return err
		case <-late:
			return err
		case <-time.After(lockPoll):
		}
	}
}

// IsDebian reads the content of /etc/os-release and reports whether apt-get installs packages there.
func IsDebian(release string) bool {
	for line := range strings.Lines(release) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		if key != "ID" && key != "ID_LIKE" {
			continue
		}

		for id := range strings.FieldsSeq(strings.Trim(value, `"`)) {
			if id == "debian" || id == "ubuntu" {
				return true
			}
		}
	}

	return false
}

// Run executes a command and returns its standard output; the error has the command and its output, the error output at
// the end: each has its own pipe, so that the order is unknown.
func Run(ctx context.Context, args ...string) (string, error) {
	var stdout, stderr strings.Builder

	command := exec.CommandContext(ctx, args[0], args[1:]...)
	command.Stdout, command.Stderr = &stdout, &stderr

	if err := command.Run(); err != nil {
		return stdout.String(), fmt.Errorf("failed to run %q: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(stdout.String()+stderr.String()))
	}

	return stdout.String(), nil
}

func packages(missing []Requirement) []string {
	names := make([]string, 0, len(missing))
	for _, need := range missing {
		names = append(names, need.Package)
	}

	return names
}
