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

package monitoring_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/test/monitoring/grafana"
	"github.com/llamastack/llama-stack-k8s-operator/test/monitoring/scraping"
	"github.com/prometheus/common/model"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// What the monitors expect of the targets.
const (
	tokenOfScrapes = "secret"
	// monitored is the namespace of the monitors before kustomize sets it.
	monitored = "system"
	// deadline is for two scrapes, on a busy machine.
	deadline = 3 * time.Minute
)

// source serves a recording, in which everything happens again at each scrape. With TLS, it requires the token.
func source(file string, secure bool) *httptest.Server {
	GinkgoHelper()
	content, err := os.ReadFile(filepath.Join(recorded, file))
	Expect(err).NotTo(HaveOccurred())
	var scrapes atomic.Int64
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if secure && r.Header.Get("Authorization") != "Bearer "+tokenOfScrapes {
			http.Error(w, "no token", http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		times := float64(scrapes.Add(1))
		for line := range strings.Lines(string(content)) {
			series, text, ok := strings.Cut(line, "} ")
			if value, err := strconv.ParseFloat(strings.TrimSpace(text), 64); ok && err == nil && !strings.HasPrefix(line, "#") {
				line = fmt.Sprintf("%s} %g\n", series, value*times)
			} else if name, text, ok := strings.Cut(line, " "); ok && name != "#" {
				if value, err := strconv.ParseFloat(strings.TrimSpace(text), 64); err == nil {
					line = fmt.Sprintf("%s %g\n", name, value*times)
				}
			}
			_, _ = w.Write([]byte(line))
		}
	})
	server := httptest.NewUnstartedServer(handler)
	if secure {
		server.StartTLS()
	} else {
		server.Start()
	}
	DeferCleanup(server.Close)
	return server
}

// at is a target of Prometheus' discovery, with more labels in pairs.
func at(server *httptest.Server, namespace string, more ...string) model.LabelSet {
	set := model.LabelSet{model.AddressLabel: model.LabelValue(server.Listener.Addr().String()), "__meta_kubernetes_namespace": model.LabelValue(namespace)}
	for i := 0; i < len(more); i += 2 {
		set[model.LabelName("__meta_kubernetes_"+more[i])] = model.LabelValue(more[i+1])
	}
	return set
}

// shipped are the objects of config/monitoring, and the monitor of the kubelet.
func shipped() scraping.Objects {
	GinkgoHelper()
	files := [][]byte{}
	for _, name := range []string{config + "/operator_monitor.yaml", config + "/servers_monitor.yaml", config + "/rules.yaml", "testdata/kubelet.yaml"} {
		content, err := os.ReadFile(name)
		Expect(err).NotTo(HaveOccurred())
		files = append(files, content)
	}
	objects, err := scraping.Read(bytes.Join(files, []byte("\n---\n")))
	Expect(err).NotTo(HaveOccurred())
	for _, name := range boards() {
		objects.Dashboards = append(objects.Dashboards, board(name))
	}
	return objects
}

var _ = Describe("Targets that are scraped with the monitors", func() {
	It("get data for every query of every dashboard, and raise the alerts that they must", func(ctx context.Context) {
		operator, server, kubelet := source("operator.prom", true), source("server.prom", false), source("kubelet.prom", true)
		gone := httptest.NewServer(nil)
		gone.Close()
		ofServer := func(pod, port string) []string {
			return []string{
				"pod_name", pod, "pod_container_port_name", port, "pod_label_app", "llama-stack", "pod_labelpresent_app", "true",
				"pod_label_app_kubernetes_io_instance", "declared", "pod_labelpresent_app_kubernetes_io_instance", "true",
			}
		}
		ofService := func(name string) []string {
			return []string{"service_label_app_kubernetes_io_name", name, "service_labelpresent_app_kubernetes_io_name", "true"}
		}
		ofOperator := append(ofService("llama-stack-k8s-operator"), "endpoint_port_name", "https", "pod_name", "operator-0",
			"service_label_control_plane", "controller-manager", "service_labelpresent_control_plane", "true")
		all := scraping.Discovered{
			Pods: []model.LabelSet{
				at(server, "apps", ofServer("declared-0", "metrics")...),
				at(gone, "apps", ofServer("declared-0", "http")...),
				at(gone, "apps", append(ofServer("declared-1", "metrics"), "pod_phase", "Succeeded")...),
				at(gone, "apps", "pod_label_app", "llama-stack", "pod_labelpresent_app", "true", "pod_container_port_name", "metrics"),
			},
			Endpoints: []model.LabelSet{
				at(operator, monitored, ofOperator...),
				at(gone, "another", ofOperator...),
				at(kubelet, "kube-system", append(ofService("kubelet"), "endpoint_port_name", "https-metrics")...),
			},
		}

		folder := GinkgoT().TempDir()
		token := filepath.Join(folder, "token")
		Expect(os.WriteFile(token, []byte(tokenOfScrapes), 0o600)).To(Succeed())
		objects := shipped()
		scraper, err := scraping.Start(ctx, &objects, folder, token)
		Expect(err).NotTo(HaveOccurred())
		defer func() { Expect(scraper.Close()).To(Succeed()) }()
		see := func() scraping.Report {
			return scraper.Evaluate(ctx, grafana.Values{"namespace": "apps", "server": "declared"})
		}

		By("finding none without targets")
		Expect(see().Missing).To(ContainElement(HavePrefix("Llama Stack / Fleet: failed to select")))

		By("finding all but what the kubelet has")
		without := all
		without.Endpoints = all.Endpoints[:2]
		scraper.Discover(without)
		Eventually(see).WithTimeout(deadline).Should(HaveField("Missing", And(
			HaveLen(2), HaveEach(HavePrefix("Llama Stack / Server, Volume: no data for ")))))

		By("finding all")
		scraper.Discover(all)
		Eventually(see).WithTimeout(deadline).Should(And(
			HaveField("Missing", BeEmpty()), HaveField("Queries", BeNumerically(">", 60)), HaveField("Down", BeEmpty()),
			HaveField("Up", Equal(map[string]int{"llama-stack-k8s-operator": 1, "llama-stack-servers": 1, "kubelet": 1})),
			HaveField("Alerts", And(
				ContainElement(scraping.Alert{Name: "LlamaStackCertificateExpires", Namespace: "apps", Server: "secure"}),
				Not(ContainElement(HaveField("Name", "LlamaStackOperatorDown"))))),
		))

		By("losing the operator")
		operator.Close()
		Eventually(see).WithTimeout(deadline).Should(And(
			HaveField("Down", ConsistOf(ContainSubstring("/metrics: "))),
			HaveField("Alerts", ContainElement(HaveField("Name", "LlamaStackOperatorDown")))))
	})

	It("are not scraped with a field that is not known", func() {
		_, err := scraping.Read([]byte("kind: PodMonitor\nspec: {podTargetLabels: [a]}"))
		Expect(err).To(MatchError(ContainSubstring(`unknown field "podTargetLabels"`)))
	})
})
