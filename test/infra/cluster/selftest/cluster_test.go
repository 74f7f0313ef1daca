//go:build linux && selftest

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

package selftest_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/test/infra/cluster/internal/image"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const (
	// clusterName names the cluster's namespace, control group and interface; see leftovers.
	clusterName = "selftest"
	probeImage  = "quay.io/llamastack/cluster-probe:test"
	// soon is what a single step in a Pod may take on a busy machine.
	soon = 2 * time.Minute
)

// cluster runs the command under test and returns its standard output and its messages.
type cluster struct {
	program, state string
}

func (c cluster) start(args ...string) *exec.Cmd {
	command := exec.CommandContext(context.Background(), c.program, args...) // also in cleanups, where a spec has no context
	command.Env = append(os.Environ(), "CLUSTER_STATE="+c.state, "CLUSTER_NAME="+clusterName, "CLUSTER_SUBNET=10.251.0.0/24",
		"CLUSTER_ADMISSION_PLUGINS=OwnerReferencesPermissionEnforcement", "KUBECONFIG=")

	return command
}

func (c cluster) try(args ...string) (string, error) {
	var stderr bytes.Buffer

	command := c.start(args...)
	command.Stderr = &stderr
	output, err := command.Output()
	GinkgoWriter.Printf("cluster %s: %v\n%s%s\n", strings.Join(args, " "), err, output, stderr.String())

	return string(output), err
}

func (c cluster) run(args ...string) string {
	GinkgoHelper()

	output, err := c.try(args...)
	Expect(err).NotTo(HaveOccurred())

	return output
}

func (c cluster) kubectl(args ...string) string {
	GinkgoHelper()

	return c.run(append([]string{"kubectl", "-n", "probe"}, args...)...)
}

// inPod runs the probe in its Pod.
func (c cluster) inPod(args ...string) string {
	GinkgoHelper()

	return c.kubectl(append([]string{"exec", "probe", "--", "/program"}, args...)...)
}

// leftovers lists everything on the machine that belongs to the cluster.
func (c cluster) leftovers() []string {
	var found []string

	for _, pattern := range []string{
		c.state, "/run/netns/" + clusterName, "/sys/class/net/" + clusterName + "0",
		"/run/netns/" + clusterName + "-*", "/sys/fs/cgroup/" + clusterName + "-*", "/sys/fs/cgroup/*/" + clusterName + "-*",
		"/sys/fs/cgroup/" + clusterName, "/sys/fs/cgroup/*/" + clusterName, "/var/lib/cni/results/" + clusterName + "-*",
	} {
		files, err := filepath.Glob(pattern)
		Expect(err).NotTo(HaveOccurred())

		found = append(found, files...)
	}

	mounts, err := os.ReadFile("/proc/self/mounts")
	Expect(err).NotTo(HaveOccurred())

	if strings.Contains(string(mounts), c.state) {
		found = append(found, "mounts")
	}

	commands, err := filepath.Glob("/proc/[0-9]*/cmdline")
	Expect(err).NotTo(HaveOccurred())

	for _, file := range commands {
		if content, err := os.ReadFile(file); err == nil && strings.Contains(string(content), c.state) {
			found = append(found, string(content))
		}
	}

	return found
}

// kill ends every daemon at once, as a crash of the machine would, and leaves containers and mounts behind.
func (c cluster) kill() {
	GinkgoHelper()

	records, err := filepath.Glob(filepath.Join(c.state, "run", "*.pid"))
	Expect(err).NotTo(HaveOccurred())
	Expect(records).NotTo(BeEmpty())

	for _, record := range records {
		content, err := os.ReadFile(record)
		Expect(err).NotTo(HaveOccurred())

		pid, err := strconv.Atoi(strings.Fields(string(content))[0])
		Expect(err).NotTo(HaveOccurred())
		Expect(syscall.Kill(pid, syscall.SIGKILL)).To(Succeed())
	}
}

var _ = Describe("cluster", Ordered, func() {
	var subject cluster

	BeforeAll(func() {
		folder := GinkgoT().TempDir()
		subject = cluster{program: filepath.Join(folder, "cluster"), state: filepath.Join(folder, "state")}

		for name, pkg := range map[string]string{"cluster": "..", "probe": "../probe"} {
			build := exec.CommandContext(GinkgoT().Context(), "go", "build", "-o", filepath.Join(folder, name), pkg)
			build.Env = append(os.Environ(), "CGO_ENABLED=0")
			output, err := build.CombinedOutput()
			Expect(err).NotTo(HaveOccurred(), string(output))
		}

		DeferCleanup(func() {
			subject.run("down")
			Expect(subject.leftovers()).To(BeEmpty())
		})

		subject.run("up")

		archive := filepath.Join(folder, "probe.tar")
		Expect(image.Build(filepath.Join(folder, "probe"), probeImage, "1001", archive)).To(Succeed())
		Expect(subject.run("load", "--push", archive)).To(ContainSubstring("10.251.0.1:5000/llamastack/cluster-probe:test"))
		subject.run("kubectl", "apply", "-f", "testdata/probe.yaml")
		subject.kubectl("wait", "--for=condition=Ready", "pod/probe", "--timeout="+soon.String())
	})

	It("keeps a healthy cluster, at once", func() {
		started := time.Now()
		subject.run("up")
		Expect(time.Since(started)).To(BeNumerically("<", time.Second))
		Expect(subject.run("status")).To(ContainSubstring("healthy"))
	})

	It("refuses other options while it runs", func() {
		_, err := subject.try("up", "--admission-plugins", "AlwaysPullImages")
		Expect(err).To(HaveOccurred())
	})

	It("runs Pods under the default seccomp profile", func() {
		Expect(subject.inPod("read", "/proc/self/status")).To(MatchRegexp(`(?m)^Seccomp:\s+2$`))
	})

	It("gives volumes to the Pod's fsGroup", func() {
		Expect(subject.inPod("write", "/data/file")).To(Equal("/data mode 2775 group 2002\n/data/file mode 640 group 2002\n"))
	})

	It("expands a PVC", func() {
		subject.kubectl("patch", "pvc", "probe", "-p", `{"spec":{"resources":{"requests":{"storage":"3Gi"}}}}`)
		Eventually(func() string {
			return subject.kubectl("get", "pvc", "probe", "-o", "jsonpath={.status.capacity.storage}")
		}, soon).Should(Equal("3Gi"))
	})

	It("resolves Services and nothing else", func() {
		Expect(subject.inPod("lookup", "kubernetes.default.svc")).To(Equal("10.96.0.1\n"))

		_, err := subject.try("kubectl", "-n", "probe", "exec", "probe", "--", "/program", "lookup", "example.com")
		Expect(err).To(HaveOccurred())
	})

	It("routes Services, and pulls pushed images under their original name", func() {
		subject.kubectl("wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/pulled", "--timeout="+soon.String())
		Expect(subject.kubectl("logs", "pulled")).To(Equal("hello from the probe\n"))
		Expect(subject.inPod("get", "http://probe.probe")).To(Equal("hello from the probe\n")) // its own Service
	})

	It("serves the same images over TLS", func() {
		authority, err := os.ReadFile(filepath.Join(subject.state, "pki", "ca.crt"))
		Expect(err).NotTo(HaveOccurred())

		trusted := x509.NewCertPool()
		Expect(trusted.AppendCertsFromPEM(authority)).To(BeTrue())

		client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted, MinVersion: tls.VersionTLS12}}}
		DeferCleanup(client.CloseIdleConnections)

		response, err := client.Get("https://10.251.0.1:5443/v2/llamastack/cluster-probe/manifests/test")
		Expect(err).NotTo(HaveOccurred())
		Expect(response.Body.Close()).To(Succeed())
		Expect(response.StatusCode).To(Equal(http.StatusOK))
	})

	It("installs OLM, which serves what catalogs offer, and keeps one that is there", func() {
		// Twice, as "make cluster-up OLM=true" does on a cluster that has it.
		for range 2 {
			subject.run("olm", "../../../../bin/images/olm.tar", "../../../../bin/images/opm.tar")
		}

		Expect(subject.run("kubectl", "get", "clusterserviceversion", "-n", "olm", "packageserver", "-o", "jsonpath={.status.phase}")).To(Equal("Succeeded"))
		// The API is there when there is nothing to serve, too.
		Expect(subject.run("kubectl", "get", "packagemanifests", "-A", "-o", "name")).To(BeEmpty())
	})

	It("shows logs and forwards ports", func() {
		Expect(subject.kubectl("logs", "probe")).To(ContainSubstring("serving on"))

		forward := subject.start("kubectl", "-n", "probe", "port-forward", "pod/probe", "18480:8080")
		Expect(forward.Start()).To(Succeed())
		DeferCleanup(func() {
			Expect(forward.Process.Kill()).To(Succeed())
			_ = forward.Wait()
		})

		Eventually(func() (int, error) {
			response, err := http.Get("http://127.0.0.1:18480/")
			if err != nil {
				return 0, err
			}
			defer func() { Expect(response.Body.Close()).To(Succeed()) }()

			return response.StatusCode, nil
		}, soon).Should(Equal(http.StatusOK))
	})

	It("counts requests in an audit log", func() {
		content, err := os.ReadFile(filepath.Join(strings.TrimSpace(subject.run("logs")), "audit.log"))
		Expect(err).NotTo(HaveOccurred())
		Expect(string(content)).To(ContainSubstring(`/api/v1/namespaces/probe/pods`))
	})

	It("continues after one of its parts was killed and started again", func() {
		before := subject.kubectl("get", "pod", "probe", "-o", "jsonpath={.metadata.uid} {.status.containerStatuses[0].restartCount}")
		subject.run("kill", "containerd")

		_, err := subject.try("status")
		Expect(err).To(HaveOccurred())

		subject.run("start", "containerd")
		Expect(subject.run("status")).To(ContainSubstring("healthy"))
		Expect(subject.kubectl("get", "pod", "probe", "-o", "jsonpath={.metadata.uid} {.status.containerStatuses[0].restartCount}")).To(Equal(before))
	})

	It("runs commands in its network", func() {
		Expect(subject.run("exec", "ip", "-o", "addr", "show", "eth0")).To(ContainSubstring("10.251.0.1/24"))
	})

	It("adds a node, whose Pods reach the others by name, and which can die", func() {
		subject.run("up", "--nodes", "2")
		subject.run("kubectl", "apply", "-f", "testdata/second.yaml")
		subject.kubectl("wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/second", "--timeout="+soon.String())
		Expect(subject.kubectl("get", "pod", "second", "-o", "jsonpath={.spec.nodeName}")).To(Equal("node-2"))
		Expect(subject.kubectl("logs", "second")).To(Equal("hello from the probe\n"))
		Expect(subject.run("logs", "node-2/kubelet")).NotTo(BeEmpty())

		subject.run("kill", "node-2")

		_, err := subject.try("status")
		Expect(err).To(HaveOccurred())

		subject.run("start", "node-2")
		Expect(subject.run("status")).To(And(ContainSubstring("node-2/kubelet"), ContainSubstring("healthy")))
	})

	It("keeps its nodes when fewer are asked for, and removes one that is named", func() {
		subject.run("up", "--nodes", "1")
		Expect(subject.run("kubectl", "get", "nodes", "-o", "name")).To(Equal("node/node\nnode/node-2\n"))

		subject.run("down", "node-2")
		Expect(subject.run("kubectl", "get", "nodes", "-o", "name")).To(Equal("node/node\n"))
		Expect(subject.run("status")).To(ContainSubstring("healthy"))
	})

	It("deletes volumes with their PVCs", func() {
		subject.kubectl("delete", "pod,pvc", "probe", "--grace-period=1")
		Eventually(filepath.Glob, soon).WithArguments(filepath.Join(subject.state, "volumes", "*")).Should(BeEmpty())
	})

	It("starts again after all its daemons were killed", func() {
		subject.kubectl("get", "pod", "pulled")
		subject.run("kubectl", "apply", "-f", "testdata/probe.yaml")
		subject.kubectl("wait", "--for=condition=Ready", "pod/probe", "--timeout="+soon.String())
		subject.kill()

		_, err := subject.try("status")
		Expect(err).To(HaveOccurred())

		subject.run("up")
		Expect(subject.run("kubectl", "get", "pods", "-A")).To(BeEmpty())
	})

	It("leaves nothing behind, and can be stopped twice", func() {
		subject.run("down")
		Expect(subject.leftovers()).To(BeEmpty())
		subject.run("down")
	})
})
