//go:build perf

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

package perf_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const (
	// podsOfNode is how many Pods a simulated node accepts, perNode how many servers there are for each: every server
	// has one Pod, one that starts before that one is gone, and one of another owner.
	podsOfNode, perNode = 350, 100
	// leaseSeconds is how long a simulated node counts as running, as for a kubelet.
	leaseSeconds = 40
)

// simulateNodes runs what a cluster has beside an API server, until the specs end: its own controllers and scheduler,
// and kwok, which reports nodes as ready and their Pods as running. There are volumes for every server.
func simulateNodes(ctx context.Context, servers int) {
	GinkgoHelper()
	dir := GinkgoT().TempDir()
	kubeconfig := filepath.Join(dir, "kubeconfig")
	Expect(clientcmd.WriteToFile(adminKubeconfig(), kubeconfig)).To(Succeed())
	for number := range servers/perNode + 1 {
		create(ctx, nodeObject(number))
	}
	inParallel(servers, func(number int) { create(ctx, volumeObject(number)) })

	node := os.Getenv("BENCH_NODE_TOOLS")
	for _, name := range []string{"kube-controller-manager", "kube-scheduler"} {
		// Otherwise the test would measure Kubernetes' own default of 20 or 50 requests a second.
		daemon(filepath.Join(node, name), append(listening(dir), "--kubeconfig="+kubeconfig, "--leader-elect=false", "--kube-api-qps=1000", "--kube-api-burst=1000")...)
	}
	arguments := []string{"--kubeconfig=" + kubeconfig, "--manage-all-nodes", "--cidr=10.64.0.0/12", fmt.Sprintf("--node-lease-duration-seconds=%d", leaseSeconds)}
	for _, stage := range stages() {
		arguments = append(arguments, "--config="+stage)
	}
	daemon(os.Getenv("BENCH_KWOK"), arguments...)
	Eventually(func() int { return readyNodes(ctx) }).Should(Equal(servers/perNode+1), "nodes that are Ready")
}

// stages are the states of nodes and Pods in kwok's own files: ready at once, and gone at once.
func stages() []string {
	GinkgoHelper()
	var found []string
	for _, folder := range []string{"node/fast", "node/heartbeat-with-lease", "pod/fast"} {
		files, err := filepath.Glob(filepath.Join(os.Getenv("BENCH_KWOK_STAGES"), folder, "*-*.yaml"))
		Expect(err).NotTo(HaveOccurred())
		Expect(files).NotTo(BeEmpty(), "make bench-pods sets BENCH_KWOK_STAGES to the folder of kwok's stages")
		found = append(found, files...)
	}
	return found
}

func readyNodes(ctx context.Context) int {
	GinkgoHelper()
	list := &corev1.NodeList{}
	Expect(admin.List(ctx, list)).To(Succeed())
	n := 0
	for i := range list.Items {
		for _, condition := range list.Items[i].Status.Conditions {
			if condition.Type == corev1.NodeReady && condition.Status == corev1.ConditionTrue {
				n++
			}
		}
	}
	return n
}

// daemon runs a program until the specs end. Its output, which is long, is in a file in the folder TEST_PERF_DAEMONS,
// if that is set.
func daemon(path string, args ...string) {
	GinkgoHelper()
	Expect(path).To(BeAnExistingFile(), "make bench-pods builds it and sets its path")
	command := exec.CommandContext(context.Background(), path, args...)
	if dir := os.Getenv("TEST_PERF_DAEMONS"); dir != "" {
		log, err := os.Create(filepath.Join(dir, filepath.Base(path)+".log"))
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(log.Close)
		command.Stdout, command.Stderr = log, log
	}
	Expect(command.Start()).To(Succeed())
	session := make(chan error, 1)
	go func() { session <- command.Wait() }()
	DeferCleanup(func() {
		Expect(session).NotTo(Receive(), "%s ended by itself", path)
		Expect(command.Process.Kill()).To(Succeed())
		Eventually(session).Should(Receive())
	})
}

// listening is where a program of Kubernetes serves its own metrics, which it requires.
func listening(dir string) []string {
	GinkgoHelper()
	_, port, err := net.SplitHostPort(harness.FreeAddress())
	Expect(err).NotTo(HaveOccurred())
	return []string{"--bind-address=127.0.0.1", "--secure-port=" + port, "--cert-dir=" + filepath.Join(dir, port)}
}

func adminKubeconfig() clientcmdapi.Config {
	const name = "admin"
	config := clientcmdapi.NewConfig()
	config.Clusters[name] = &clientcmdapi.Cluster{Server: adminConfig.Host, CertificateAuthorityData: adminConfig.CAData}
	config.AuthInfos[name] = &clientcmdapi.AuthInfo{ClientCertificateData: adminConfig.CertData, ClientKeyData: adminConfig.KeyData}
	config.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: name}
	config.CurrentContext = name
	return *config
}

func nodeObject(number int) *corev1.Node {
	capacity := corev1.ResourceList{
		corev1.ResourceCPU: resource.MustParse("10k"), corev1.ResourceMemory: resource.MustParse("100Ti"),
		corev1.ResourcePods: *resource.NewQuantity(podsOfNode, resource.DecimalSI),
	}
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("simulated-%02d", number)},
		Status:     corev1.NodeStatus{Capacity: capacity, Allocatable: capacity},
	}
}

func volumeObject(number int) *corev1.PersistentVolume {
	return &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("volume-%04d", number)},
		Spec: corev1.PersistentVolumeSpec{
			Capacity:         corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")},
			AccessModes:      []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			StorageClassName: "standard",
			PersistentVolumeSource: corev1.PersistentVolumeSource{
				HostPath: &corev1.HostPathVolumeSource{Path: "/nowhere"},
			},
		},
	}
}
