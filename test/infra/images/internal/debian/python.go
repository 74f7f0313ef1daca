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

package debian

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// certificates is the usual place of the certificates that programs of a Debian trust.
const certificates = "/etc/ssl/certs/ca-certificates.crt"

// InstallPython installs the packages that the requirements pin, without their dependencies, which must be pinned
// too, into the folder target inside, as if that were the root. Wheels only: nothing that comes from the index
// runs while it is installed. The index, proxy and certificates are those that this machine is configured with.
func (r Root) InstallPython(ctx context.Context, out io.Writer, requirements []byte, target string) error {
	if err := r.borrowSettings(); err != nil {
		return err
	}
	if err := r.Write("/tmp/requirements.txt", requirements); err != nil {
		return err
	}

	err := r.Run(ctx, out, PipEnvironment(os.Environ()), "python3", "-m", "pip", "install",
		"--root="+target, "--requirement=/tmp/requirements.txt", "--no-deps", "--ignore-installed", "--only-binary=:all:",
		"--no-compile", "--no-cache-dir", "--break-system-packages", "--root-user-action=ignore", "--progress-bar=off")
	if err != nil {
		return err
	}
	return r.Compile(ctx, out, target+"/usr/local/lib", target)
}

// borrowSettings gives programs inside the network settings of this machine. None of these files is part of a layer.
func (r Root) borrowSettings() error {
	home, _ := os.UserHomeDir() // Without a home folder there are no settings in it.
	files := map[string]string{
		"/etc/resolv.conf": "/etc/resolv.conf",
		"/etc/hosts":       "/etc/hosts",
		"/etc/pip.conf":    "/etc/pip.conf",
		trusted():          certificates,
		filepath.Join(home, ".config", "pip", "pip.conf"): "/root/.config/pip/pip.conf",
	}
	for from, to := range files {
		if err := r.Copy(from, to); err != nil {
			return err
		}
	}
	return nil
}

// trusted is the file of the certificates that pip trusts on this machine.
func trusted() string {
	for _, variable := range []string{"PIP_CERT", "SSL_CERT_FILE"} {
		if path := os.Getenv(variable); path != "" {
			return path
		}
	}
	return certificates
}

// PipEnvironment is the part of an environment for pip: its settings and the proxies. Folders of this machine do not
// exist inside.
func PipEnvironment(environment []string) []string {
	kept := []string{"PIP_CERT=" + certificates, "PIP_DISABLE_PIP_VERSION_CHECK=1"}
	for _, entry := range environment {
		name, _, _ := strings.Cut(entry, "=")
		switch strings.ToUpper(name) {
		case "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_TRUSTED_HOST", "PIP_PROXY", "PIP_RETRIES", "PIP_DEFAULT_TIMEOUT",
			"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY":
			kept = append(kept, entry)
		}
	}
	return kept
}
