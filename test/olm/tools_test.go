//go:build olm

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

package olm_test

import (
	"context"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// root is the repository, seen from here.
const root = "../.."

// command runs a program in the repository and returns its standard output. Its messages are in the spec's report.
func command(ctx context.Context, environment []string, program string, args ...string) string {
	GinkgoHelper()
	started := exec.CommandContext(ctx, program, args...)
	started.Dir = root
	started.Env = append(os.Environ(), environment...)
	started.Stderr = GinkgoWriter
	output, err := started.Output()
	Expect(err).NotTo(HaveOccurred(), "%s %v\n%s", program, args, output)
	return string(output)
}

// images makes an image with test/infra/images, and puts it into the node's registry.
func images(ctx context.Context, kind, name, ref string, args ...string) {
	GinkgoHelper()
	folder := GinkgoT().TempDir()
	command(ctx, nil, "bin/images-tool", append([]string{kind, "--out", folder, "--name", name, "--ref", ref}, args...)...)
	command(ctx, nil, "bin/cluster", "push", filepath.Join(folder, name+".tar"))
}

// secureRegistry is the address of the node's registry where it speaks TLS.
func secureRegistry() string {
	GinkgoHelper()
	server, err := url.Parse(restConfig.Host)
	Expect(err).NotTo(HaveOccurred())
	return net.JoinHostPort(server.Hostname(), "5443")
}

// operatorSDK runs operator-sdk as a user on this machine does.
func operatorSDK(ctx context.Context, args ...string) {
	GinkgoHelper()
	// It keeps what it downloads in the folder in which it runs.
	started := exec.CommandContext(ctx, os.Getenv("OPERATOR_SDK"), args...)
	started.Dir = GinkgoT().TempDir()
	// These two commands read labels without the option for plain HTTP, so the registry is used with TLS.
	started.Env = append(os.Environ(), "SSL_CERT_FILE="+filepath.Join(os.Getenv("CLUSTER_STATE"), "pki", "ca.crt"), "HOME="+started.Dir)
	started.Stdout, started.Stderr = GinkgoWriter, GinkgoWriter
	Expect(started.Run()).To(Succeed(), "operator-sdk %v", args)
}
