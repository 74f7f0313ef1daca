//go:build e2e

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

package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/onsi/gomega/gexec"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// podNetwork labels specs that reach Pods from the network of the node of `make cluster-up`. With KUBECONFIG, test/e2e/run.sh leaves
// them out and says so.
var podNetwork = Label("network")

// scraper is a process of test/monitoring/cmd/scrape: the code of Prometheus, with the objects of config/monitoring.
type scraper struct {
	session *gexec.Session
	input   io.WriteCloser
	// namespace is that of the servers. Those of other specs, which run beside this one, are not discovered.
	namespace string
}

// scraping is what it reports.
type scraping struct {
	Queries int            `json:"queries"`
	Missing []string       `json:"missing"`
	Alerts  []activeAlert  `json:"alerts"`
	Down    []string       `json:"down"`
	Up      map[string]int `json:"up"`
}

// activeAlert is pending, or fires.
type activeAlert struct {
	Name      string `json:"name"`
	Namespace string `json:"namespace"`
	Server    string `json:"server"`
}

// startScraper starts to scrape with the rights that docs/monitor.md gives a Prometheus, and with that to read the kubelet's metrics,
// which every Prometheus of a cluster has. The dashboards show a server.
func startScraper(ctx context.Context, namespace, server string) *scraper {
	GinkgoHelper()
	program := os.Getenv("SCRAPE_PROGRAM")
	Expect(program).NotTo(BeEmpty(), "set SCRAPE_PROGRAM to bin/scrape, as make test-e2e does")
	folder := GinkgoT().TempDir()
	objects, token := filepath.Join(folder, "objects.yaml"), filepath.Join(folder, "token")
	Expect(os.WriteFile(objects, monitoringObjects(ctx), 0o600)).To(Succeed())
	Expect(os.WriteFile(token, []byte(prometheusToken(ctx, namespace)), 0o600)).To(Succeed())

	command := exec.CommandContext(context.WithoutCancel(ctx), os.Getenv("CLUSTER_PROGRAM"), "exec", program,
		"-objects", objects, "-token", token, "-namespace", namespace, "-server", server)
	input, err := command.StdinPipe()
	Expect(err).NotTo(HaveOccurred())
	session, err := gexec.Start(command, nil, GinkgoWriter)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() {
		Expect(input.Close()).To(Succeed())
		Eventually(session).Should(gexec.Exit(0))
	})
	return &scraper{session: session, input: input, namespace: namespace}
}

// monitoringObjects are what "kubectl apply -k config/monitoring" creates, and how kube-prometheus scrapes the kubelet.
func monitoringObjects(ctx context.Context) []byte {
	GinkgoHelper()
	built, err := exec.CommandContext(ctx, os.Getenv("KUBECTL"), "kustomize", "../../config/monitoring").Output()
	Expect(err).NotTo(HaveOccurred())
	kubelet, err := os.ReadFile("../monitoring/testdata/kubelet.yaml")
	Expect(err).NotTo(HaveOccurred())
	return bytes.Join([][]byte{bytes.TrimSpace(built), kubelet}, []byte("\n---\n"))
}

// prometheusToken is that of a new ServiceAccount, which may read metrics.
func prometheusToken(ctx context.Context, namespace string) string {
	GinkgoHelper()
	account := &corev1.ServiceAccount{ObjectMeta: objectMeta(namespace, "prometheus")}
	kubelets := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: namespace + "-kubelets"}, Rules: []rbacv1.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"nodes/metrics"}, Verbs: []string{"get"}},
	}}
	create(ctx, account, kubelets)
	ofCluster := []client.Object{kubelets}
	for _, role := range []string{"llama-stack-k8s-operator-metrics-reader", kubelets.Name} {
		binding := &rbacv1.ClusterRoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: namespace + "-" + role}, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
			Subjects: []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: namespace, Name: account.Name}},
		}
		create(ctx, binding)
		ofCluster = append(ofCluster, binding)
	}
	DeferCleanup(func(ctx SpecContext) {
		for _, object := range ofCluster {
			Expect(client.IgnoreNotFound(kube.Delete(ctx, object))).To(Succeed())
		}
	})
	request, err := clientset.CoreV1().ServiceAccounts(namespace).CreateToken(ctx, account.Name, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	Expect(err).NotTo(HaveOccurred())
	return request.Status.Token
}

// last discovers the targets again, and returns the last report.
func (s *scraper) last(ctx context.Context) (scraping, error) {
	var result scraping
	targets, err := discover(ctx, s.namespace)
	if err != nil {
		return result, err
	}
	text, err := json.Marshal(targets)
	if err != nil {
		return result, err
	}
	if _, err := s.input.Write(text); err != nil {
		return result, fmt.Errorf("failed to reach the scraper: %w", err)
	}
	output := s.session.Out.Contents()
	lines := bytes.Split(output[:bytes.LastIndexByte(output, '\n')+1], []byte("\n"))
	if len(lines) < 2 {
		return result, io.ErrUnexpectedEOF
	}
	err = json.Unmarshal(lines[len(lines)-2], &result)
	return result, err
}

// targetLabels describe a target, as Prometheus' discovery does.
type targetLabels map[string]string

const metaLabel = "__meta_kubernetes_"

var notInLabels = regexp.MustCompile(`[^a-zA-Z0-9_]`)

func (t targetLabels) ofObject(kind string, labels map[string]string) targetLabels {
	for name, value := range labels {
		name = notInLabels.ReplaceAllString(name, "_")
		t[metaLabel+kind+"_label_"+name], t[metaLabel+kind+"_labelpresent_"+name] = value, "true"
	}
	return t
}

func targetAt(namespace, address string, port int32) targetLabels {
	return targetLabels{"__address__": net.JoinHostPort(address, strconv.Itoa(int(port))), metaLabel + "namespace": namespace}
}

// discover lists what Prometheus discovers: the ports of the Pods of a namespace, and those of the endpoints of all Services and of the
// kubelets.
func discover(ctx context.Context, namespace string) (map[string][]targetLabels, error) {
	var (
		pods      corev1.PodList
		services  corev1.ServiceList
		endpoints discoveryv1.EndpointSliceList
		nodes     corev1.NodeList
	)
	if err := kube.List(ctx, &pods, client.InNamespace(namespace)); err != nil {
		return nil, err
	}
	for _, list := range []client.ObjectList{&services, &endpoints, &nodes} {
		if err := kube.List(ctx, list); err != nil {
			return nil, err
		}
	}
	found := map[string][]targetLabels{"pods": {}, "endpoints": kubelets(nodes.Items)}
	for i := range pods.Items {
		found["pods"] = append(found["pods"], portsOf(&pods.Items[i])...)
	}
	labels := map[client.ObjectKey]map[string]string{}
	for i := range services.Items {
		labels[client.ObjectKeyFromObject(&services.Items[i])] = services.Items[i].Labels
	}
	for i := range endpoints.Items {
		service := client.ObjectKey{Namespace: endpoints.Items[i].Namespace, Name: endpoints.Items[i].Labels[discoveryv1.LabelServiceName]}
		found["endpoints"] = append(found["endpoints"], endpointsOf(&endpoints.Items[i], service.Name, labels[service])...)
	}
	return found, nil
}

func portsOf(pod *corev1.Pod) []targetLabels {
	var found []targetLabels
	for _, container := range pod.Spec.Containers {
		for _, port := range container.Ports {
			if pod.Status.PodIP == "" {
				continue
			}
			one := targetAt(pod.Namespace, pod.Status.PodIP, port.ContainerPort).ofObject("pod", pod.Labels)
			one[metaLabel+"pod_name"], one[metaLabel+"pod_phase"] = pod.Name, string(pod.Status.Phase)
			one[metaLabel+"pod_container_name"], one[metaLabel+"pod_container_port_name"] = container.Name, port.Name
			found = append(found, one)
		}
	}
	return found
}

func endpointsOf(slice *discoveryv1.EndpointSlice, service string, labels map[string]string) []targetLabels {
	var found []targetLabels
	for _, port := range slice.Ports {
		for _, endpoint := range slice.Endpoints {
			if port.Port == nil || port.Name == nil {
				continue
			}
			one := targetAt(slice.Namespace, endpoint.Addresses[0], *port.Port).ofObject("service", labels)
			one[metaLabel+"service_name"], one[metaLabel+"endpoint_port_name"] = service, *port.Name
			if endpoint.TargetRef != nil && endpoint.TargetRef.Kind == "Pod" {
				one[metaLabel+"pod_name"] = endpoint.TargetRef.Name
			}
			found = append(found, one)
		}
	}
	return found
}

// kubelets are the endpoints of the Service that the Prometheus operator keeps for them.
func kubelets(nodes []corev1.Node) []targetLabels {
	found := []targetLabels{}
	for i := range nodes {
		for _, address := range nodes[i].Status.Addresses {
			if address.Type == corev1.NodeInternalIP {
				one := targetAt("kube-system", address.Address, nodes[i].Status.DaemonEndpoints.KubeletEndpoint.Port).
					ofObject("service", map[string]string{"app.kubernetes.io/name": "kubelet"})
				one[metaLabel+"endpoint_port_name"] = "https-metrics"
				found = append(found, one)
			}
		}
	}
	return found
}

var _ = Describe("Prometheus, with the shipped monitors, rules and dashboards", podNetwork, Ordered, func() {
	const (
		busy, secure, contested = "busy", "secure", "contested"
		model                   = "declared/" + firstModel
	)
	var (
		server *v1alpha1.LlamaStackDistribution
		watch  *scraper
	)

	// use sends requests of several kinds, one of which fails.
	use := func(ctx context.Context) error {
		if _, err := chat(ctx, server, model, "Is anybody there?"); err != nil {
			return err
		}
		if err := post(ctx, server, "/v1/chat/completions", map[string]any{
			"model": model, "stream": true, "messages": []map[string]string{{"role": "user", "content": "Bit by bit?"}},
		}, nil); err != nil {
			return err
		}
		if answer, err := chat(ctx, server, "declared/missing", "Nobody?"); err == nil {
			return fmt.Errorf("a model that does not exist answered %q", answer)
		}
		return nil
	}

	BeforeAll(func(ctx SpecContext) {
		namespace := newNamespace(ctx)
		watch = startScraper(ctx, namespace, busy)
		Eventually(func() (map[string]int, error) {
			last, err := watch.last(ctx)
			return last.Up, err
		}).WithTimeout(podStarts).Should(HaveKeyWithValue("llama-stack-k8s-operator", 2), "what happens to the servers is counted from here")

		server = declaring(realServer(namespace, busy, image.ogx).Storage("1Gi"), "base_url")
		server.Spec.Server.Telemetry = &v1alpha1.TelemetrySpec{Metrics: &v1alpha1.TelemetryMetrics{Enabled: true}}
		encrypted := standIn(namespace, secure, "").Command("/stand-in").ServingTLS(secretName).CABundle("ca").
			Env("STAND_IN_TLS_CERT", "/etc/llama-stack-tls/tls.crt").Env("STAND_IN_TLS_KEY", "/etc/llama-stack-tls/tls.key").Obj()
		certificate, trusted := certificateFor(encrypted)
		create(ctx,
			&corev1.Secret{ObjectMeta: objectMeta(namespace, "provider"), StringData: map[string]string{"token": "secret"}},
			&corev1.ConfigMap{ObjectMeta: objectMeta(namespace, "ca"), Data: map[string]string{v1alpha1.DefaultCABundleKey: trusted}},
			certificate, serviceOf(namespace, contested+"-service", server.ServerPort()),
			server, encrypted, standIn(namespace, contested, "").Obj())
		becomeReady(ctx, server)
		Eventually(func() error { return use(ctx) }).Should(Succeed())

		By("refusing an edit of the configuration, so that a check ends")
		edit(ctx, server, func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Server.Config.Providers[0].Type = "remote::vlm" })
		Eventually(conditionOf(ctx, server, v1alpha1.ConditionConfigValid)).WithTimeout(verdictTime).
			Should(say(metav1.ConditionFalse, v1alpha1.ReasonInvalid))
	}, NodeTimeout(3*serverStarts))

	It("raises the alerts about what is wrong here, and no others", func(ctx SpecContext) {
		Eventually(func(g Gomega) {
			last, err := watch.last(ctx)
			g.Expect(err).NotTo(HaveOccurred())
			here := slices.DeleteFunc(last.Alerts, func(alert activeAlert) bool { return alert.Namespace != server.Namespace })
			g.Expect(here).To(ConsistOf( // one for each server, whatever else is wrong with it for the same reason
				activeAlert{"LlamaStackCertificateExpires", server.Namespace, secure},
				activeAlert{"LlamaStackConfigInvalid", server.Namespace, busy},
				activeAlert{"LlamaStackServerUnavailable", server.Namespace, contested},
			))
		}).Should(Succeed())
	})

	It("gets data for every query of every panel", func(ctx SpecContext) {
		var last scraping
		Eventually(func(g Gomega) {
			g.Expect(use(ctx)).To(Succeed())
			var err error
			last, err = watch.last(ctx)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(last.Missing).To(BeEmpty())
			g.Expect(last.Queries).To(BeNumerically(">", 60))
			g.Expect(last.Down).To(BeEmpty())
			g.Expect(last.Up).To(Equal(map[string]int{"llama-stack-k8s-operator": 2, "llama-stack-servers": 1, "kubelet": 1}))
		}).WithTimeout(2*verdictTime).Should(Succeed(), func() string { // The kubelet measures volumes once a minute.
			return fmt.Sprintf("the last report has these queries without data, and targets that are down: %q, %q", last.Missing, last.Down)
		})
	}, NodeTimeout(3*verdictTime))
})
