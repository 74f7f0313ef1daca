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

// Package debian makes a root filesystem of Debian with some of its packages, and runs programs inside, without a
// container engine. It needs root on Debian or Ubuntu.
package debian

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/test/infra/images/internal/archive"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/images/internal/command"
)

const (
	// suite is the Debian release; it has Python 3.13.
	suite   = "trixie"
	keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"

	folderMode = 0o755
)

// Python are the packages that the image of a server begins with.
func Python() []string { return []string{"python3", "python3-pip", "ca-certificates"} }

// Recipe names everything that decides what Build creates, except the versions of the mirror on that day.
func Recipe(packages ...string) string {
	return strings.Join(append([]string{"3", suite}, arguments(packages)...), " ")
}

// arguments are those of mmdebstrap that decide what is in the filesystem. Of the documentation only the
// licences stay.
func arguments(packages []string) []string {
	return []string{
		"--variant=apt", "--include=" + strings.Join(packages, ","),
		"--dpkgopt=path-exclude=/usr/share/man/*", "--dpkgopt=path-exclude=/usr/share/locale/*",
		"--dpkgopt=path-exclude=/usr/share/info/*", "--dpkgopt=path-exclude=/usr/share/doc/*",
		"--dpkgopt=path-include=/usr/share/doc/*/copyright",
	}
}

// Root is a folder with a root filesystem.
type Root struct{ Folder string }

// Build fills the folder, which must not exist, with Debian and these packages from mirror (see Mirror).
func (r Root) Build(ctx context.Context, out io.Writer, mirror string, packages ...string) error {
	args := append([]string{"--mode=root", "--format=directory"}, arguments(packages)...)
	if _, err := os.Stat(keyring); err == nil {
		args = append(args, "--keyring="+keyring)
	}
	for _, option := range aptOptions(ctx) {
		args = append(args, "--aptopt="+option)
	}
	args = append(args, suite, r.Folder)
	if mirror != "" {
		args = append(args, mirror)
	}

	return isolated(ctx, out, `exec mmdebstrap "$@"`, args...)
}

// Unpack fills the folder with the output of WriteLayer.
func (r Root) Unpack(ctx context.Context, out io.Writer, layer string) error {
	if err := os.MkdirAll(r.Folder, folderMode); err != nil {
		return fmt.Errorf("failed to create the root filesystem: %w", err)
	}
	return command.Run(ctx, out, command.Options{}, "tar", "--extract", "--numeric-owner", "--same-permissions", "--file="+layer, "--directory="+r.Folder)
}

// Compile compiles the Python files below folder, valid whatever their modification time is: image layers have no true
// times. Messages of Python name the files without the folder prefix.
func (r Root) Compile(ctx context.Context, out io.Writer, folder, prefix string) error {
	args := []string{"-m", "compileall", "-q", "-f", "-j2", "--invalidation-mode=unchecked-hash"}
	if prefix != "" {
		args = append(args, "-s", prefix)
	}
	return r.Run(ctx, out, nil, "python3", append(args, folder)...)
}

// Run runs a program inside, with nothing in its environment but a PATH and the given entries NAME=value.
func (r Root) Run(ctx context.Context, out io.Writer, environment []string, program string, args ...string) error {
	const enter = `set -e
root=$1
shift
mount -t proc none "$root/proc"
mount --rbind /dev "$root/dev"
exec chroot "$root" "$@"`

	inside := append([]string{r.Folder, "env", "-i", "PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/root", "LANG=C.UTF-8"}, environment...)
	return isolated(ctx, out, enter, append(append(inside, program), args...)...)
}

// isolated runs a shell script in its own namespaces: its mounts and processes are gone when it ends, however it ends.
func isolated(ctx context.Context, out io.Writer, script string, args ...string) error {
	// While it waits for its child, unshare ignores the milder signals.
	return command.Run(ctx, out, command.Options{End: syscall.SIGKILL}, "unshare", append([]string{
		"--mount", "--propagation=private", "--pid", "--fork", "--kill-child", "--mount-proc",
		"--", "sh", "-c", "umask 022\n" + script, "sh",
	}, args...)...)
}

// WriteLayer writes the filesystem as an image layer. What only this machine needs, such as its package sources,
// stays out.
func (r Root) WriteLayer(w io.Writer) error { return archive.WriteTree(w, r.Folder, Excluded) }

// Excluded reports whether a path stays out of the layer.
func Excluded(name string) bool {
	switch path.Dir(name) {
	case "/proc", "/sys", "/dev", "/run", "/tmp", "/root/.config", "/var/cache", "/var/log", "/var/lib/apt/lists", "/etc/apt/sources.list.d",
		"/var/lib/postgresql":
		return true
	}
	switch name {
	case "/etc/resolv.conf", "/etc/hostname", "/etc/pip.conf", "/etc/apt/sources.list",
		"/etc/apt/apt.conf.d/99mmdebstrap", "/etc/dpkg/dpkg.cfg.d/99mmdebstrap":
		return true
	}
	// 130 MB for compiling queries just in time, which no test needs.
	return strings.HasPrefix(path.Base(name), "libLLVM")
}

// EnsureTools installs what Build needs, or returns why it cannot.
func EnsureTools(ctx context.Context, out io.Writer) error {
	if os.Geteuid() != 0 {
		return errors.New("failed to prepare: a root filesystem can only be made by root")
	}
	if _, err := exec.LookPath("mmdebstrap"); err == nil {
		return nil
	}
	if _, err := exec.LookPath("apt-get"); err != nil {
		return errors.New("failed to prepare: mmdebstrap is needed, and only Debian and Ubuntu have it as a package; install it")
	}

	install := []string{"install", "--yes", "--no-install-recommends", "mmdebstrap", "debian-archive-keyring"}
	if err := apt(ctx, out, install...); err == nil {
		return nil
	}
	// The package lists are missing or old, as on a new machine.
	if err := apt(ctx, out, "update"); err != nil {
		return err
	}
	return apt(ctx, out, install...)
}

const (
	// lockPatience is how long apt waits for another process that installs packages, and lockPoll how often it tries again.
	lockPatience = 5 * time.Minute
	lockPoll     = time.Second
)

// apt runs apt-get, again and again while another process holds a lock that it needs: itself, it waits for one of them at most.
func apt(ctx context.Context, out io.Writer, args ...string) error {
	late := time.After(lockPatience)
	quiet := command.Options{Environment: []string{"DEBIAN_FRONTEND=noninteractive", "LC_ALL=C"}}
	for {
		err := command.Run(ctx, out, quiet, "apt-get", args...)
		if err == nil || !strings.Contains(err.Error(), "Could not get lock") {
			return err
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

// aptOptions are this machine's settings of apt for reaching a mirror; mmdebstrap reads none.
func aptOptions(ctx context.Context) []string {
	var dump bytes.Buffer
	if err := command.Run(ctx, &dump, command.Options{}, "apt-config", "dump"); err != nil {
		return nil // Without settings there is nothing to pass on.
	}

	var options []string
	for line := range strings.Lines(dump.String()) {
		for _, prefix := range []string{"Acquire::http", "Acquire::Check-", "Acquire::Retries"} {
			if strings.HasPrefix(line, prefix) && !strings.HasSuffix(strings.TrimSpace(line), ` "";`) {
				options = append(options, strings.TrimSpace(line))
			}
		}
	}
	return options
}

// Copy copies the file at from, if it exists, to the path to inside.
func (r Root) Copy(from, to string) error {
	content, err := os.ReadFile(from)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("failed to read: %w", err)
	}
	return r.Write(to, content)
}

// Write writes a file inside.
func (r Root) Write(to string, content []byte) error {
	target := filepath.Join(r.Folder, to)
	if err := os.MkdirAll(filepath.Dir(target), folderMode); err != nil {
		return fmt.Errorf("failed to create a folder: %w", err)
	}
	// The file may be a link to a path outside the root filesystem, as resolv.conf can be.
	if err := os.Remove(target); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("failed to replace: %w", err)
	}
	const fileMode = 0o644
	if err := os.WriteFile(target, content, fileMode); err != nil {
		return fmt.Errorf("failed to write: %w", err)
	}
	return nil
}
