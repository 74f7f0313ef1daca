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

package cli_test

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// planted is a part of every secret that a spec plants.
const planted = "Planted-7f3a9c"

// short is a secret of fewer bytes than the report searches for in texts.
const short = "q9!Zx7K"

// seeds are the secrets that were planted.
var seeds = []string{short}

// plant makes a secret for a place.
func plant(where string) string {
	seeds = append(seeds, where+"-"+planted)
	return seeds[len(seeds)-1]
}

// encodings are a secret as it is, in JSON, in URLs, and in base64 at each place in a longer text.
func encodings(secret string) []string {
	quoted, err := json.Marshal(secret)
	Expect(err).NotTo(HaveOccurred())
	found := []string{secret, strings.Trim(string(quoted), `"`), url.QueryEscape(secret), url.PathEscape(secret)}
	for from := range 3 { // the characters that do not depend on what is before and after it
		whole := []byte(secret[from : from+(len(secret)-from)/3*3])
		found = append(found, base64.StdEncoding.EncodeToString(whole), base64.URLEncoding.EncodeToString(whole))
	}
	return found
}

// expectNoSecret says that no file has a planted secret in any form.
func expectNoSecret(files map[string]string) {
	GinkgoHelper()
	for name, content := range files {
		Expect(name+content).NotTo(ContainSubstring(planted), name)
		for _, secret := range seeds {
			Expect(content).NotTo(ContainSubstring(hashOf(secret)), name)
			for _, form := range encodings(secret) {
				Expect(strings.Contains(content, form)).To(BeFalse(), "%s has %s as %s", name, secret, form)
			}
		}
	}
}

// readFolder reads the files of a folder.
func readFolder(folder string) map[string]string {
	GinkgoHelper()
	files := map[string]string{}
	Expect(fs.WalkDir(os.DirFS(folder), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(filepath.Join(folder, name))
		files[name] = string(content)
		return err
	})).To(Succeed())
	return files
}

// hashOf is the beginning of the hash of a text, by which a short one can be guessed.
func hashOf(text string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(text)))[:16] }

// unpack reads a .tar.gz file.
func unpack(file string) map[string]string {
	GinkgoHelper()
	content, err := os.Open(file)
	Expect(err).NotTo(HaveOccurred())
	defer func() { _ = content.Close() }()
	unzipped, err := gzip.NewReader(content)
	Expect(err).NotTo(HaveOccurred())
	found, entries := map[string]string{}, tar.NewReader(unzipped)
	for {
		header, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return found
		}
		Expect(err).NotTo(HaveOccurred())
		text, err := io.ReadAll(entries)
		Expect(err).NotTo(HaveOccurred())
		_, name, _ := strings.Cut(header.Name, "/")
		found[name] = string(text)
	}
}

// metricsOf lets a server answer for the Pods that the API server would forward requests for metrics to.
func metricsOf(answer http.HandlerFunc) func(*http.Request) {
	GinkgoHelper()
	pods := httptest.NewServer(answer)
	DeferCleanup(pods.Close)
	to, err := url.Parse(pods.URL)
	Expect(err).NotTo(HaveOccurred())
	return func(request *http.Request) {
		if strings.HasSuffix(request.URL.Path, "/proxy/metrics") {
			request.URL.Scheme, request.URL.Host, request.Host = to.Scheme, to.Host, to.Host
		}
	}
}

var _ = Describe("report", func() {
	It("has what support needs, and no secret of any place", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		plantedServers(ctx, namespace)
		answer := metricsOf(func(w http.ResponseWriter, request *http.Request) {
			if strings.HasSuffix(request.URL.Path, "/pods/https:planted-operator:8443/proxy/metrics") {
				http.Error(w, "Authentication failed", http.StatusUnauthorized)
				return
			}
			_, _ = w.Write([]byte("requests{url=\"http://u:" + plant("metrics") + "@h\"} 1\nmemory{api_key=\"" + plant("label") + "\"} 2\n"))
		})
		file := filepath.Join(GinkgoT().TempDir(), "r.tar.gz")

		found := run(ctx, answer, "report", "-n", namespace, "--output-file", file)

		Expect(found.Code).To(BeZero(), found.Err)
		files := unpack(file)
		expectNoSecret(files)
		folder := path.Join("namespaces", namespace)
		Expect(files).To(And(HaveKey("cluster/crd.yaml"), HaveKey("cluster/version.json"), HaveKey("cluster/storageclass-standard.yaml"),
			HaveKeyWithValue("operator/configmap-llama-stack-operator-config.yaml", ContainSubstring("data:")),
			HaveKeyWithValue("operator/deployment-planted.yaml", ContainSubstring("[value of OPERATOR]")),
			HaveKeyWithValue("operator/planted-operator/manager.log", And(ContainSubstring("starts with [value of OPERATOR]"), ContainSubstring("encoded "))),
			HaveKeyWithValue(folder+"/events.yaml", ContainSubstring("reason: Killing")),
			HaveKey(folder+"/demo/llamastackdistribution-demo.yaml"), HaveKey(folder+"/declared/llamastackdistribution-declared.yaml"),
			HaveKey(folder+"/demo/service-demo-service.yaml"), HaveKey(folder+"/demo/pod-demo-a.yaml"),
			HaveKeyWithValue(folder+"/demo/deployment-demo.yaml", And(ContainSubstring("[value of PLAIN]"), MatchRegexp(`applied-template: '\[removed: \d+ bytes\]'`))),
			HaveKeyWithValue(folder+"/demo/configmap-user.yaml", MatchRegexp(`config.yaml: '\[removed: \d+ bytes, equal to demo-config-[0-9a-f]{16}\]'`)),
			HaveKeyWithValue(folder+"/demo/demo-a/llama-stack.log", And(ContainSubstring("starts with [value of PLAIN]"), ContainSubstring("Bearer [removed]"))),
			HaveKey(folder+"/demo/demo-a/llama-stack.previous.log"),
			HaveKeyWithValue(folder+"/demo/demo-a/metrics.txt", ContainSubstring("@h\"} 1")),
		))
		Expect(found.Requests).NotTo(ContainElement(ContainSubstring("/secrets")))
		index := struct {
			Files   []map[string]any    `json:"files"`
			Missing []map[string]string `json:"missing"`
		}{}
		Expect(json.Unmarshal([]byte(files["index.json"]), &index)).To(Succeed())
		Expect(index.Files).To(HaveLen(len(files) - 1))
		Expect(index.Missing).To(ContainElements(HaveKeyWithValue("why", "the cluster does not serve metrics.k8s.io/v1beta1"),
			And(HaveKeyWithValue("what", "the metrics of Pod planted-operator"), HaveKeyWithValue("why", ContainSubstring("for clients with a token")))))
		Expect(run(ctx, nil, "report", "--output-file", file)).To(And(HaveField("Code", 1), HaveField("Err", ContainSubstring("file exists"))))
	})

	It("has what a user may read in a folder, and names the rest", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		harness.Create(ctx, admin, llsdtest.Make("demo").Namespace(namespace).Obj())
		folder := filepath.Join(GinkgoT().TempDir(), "must-gather")

		found := asEditor(ctx, namespace, "report", "demo", "--output-dir", folder)

		Expect(found.Code).To(BeZero(), found.Err)
		Expect(filepath.Join(folder, "namespaces", namespace, "demo", "llamastackdistribution-demo.yaml")).To(BeARegularFile())
		index, err := os.ReadFile(filepath.Join(folder, "index.json"))
		Expect(err).NotTo(HaveOccurred())
		Expect(string(index)).To(And(ContainSubstring("you cannot get customresourcedefinitions"), ContainSubstring("you cannot list pods in namespace "+harness.OperatorNamespace)))
		Expect(found.Err).To(ContainSubstring("Not read: the CRD: you cannot get customresourcedefinitions"))
		Expect(asEditor(ctx, namespace, "report", "other", "--output-dir", folder)).To(And(HaveField("Code", 1), HaveField("Err", ContainSubstring("other does not exist"))))
	})

	It("is not there after an interrupt", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		server := llsdtest.Make("demo").Namespace(namespace).Obj()
		harness.Create(ctx, admin, server)
		startLogNode(ctx).pod(ctx, podOf(server, "demo-a"), "")
		silent, asked := silentServer()
		folder := GinkgoT().TempDir()
		running, stop := context.WithCancel(ctx)
		found := start(running, func(request *http.Request) {
			if strings.HasSuffix(request.URL.Path, "/log") {
				silent(request)
			}
		}, "report", "-n", namespace, "--output-file", filepath.Join(folder, "r.tar.gz"))

		Eventually(asked).Should(Receive())
		stop()
		Eventually(found.ended).Should(Receive(Equal(1)))
		Expect(found.Err.String()).To(Equal("error: failed to write " + filepath.Join(folder, "r.tar.gz") + ": interrupted\n"))
		Expect(os.ReadDir(folder)).To(BeEmpty())
	})

	It("asks an API server that does not answer only once", func(ctx context.Context) {
		silent, _ := silentServer()
		folder := GinkgoT().TempDir()

		found := run(ctx, silent, "report", "demo", "--output-dir", folder, "--request-timeout=1s", "-o", "json")

		Expect(found.Requests).To(HaveLen(1))
		var view struct {
			Path    string              `json:"path"`
			Files   int                 `json:"files"`
			Missing []map[string]string `json:"missing"`
		}
		Expect(json.Unmarshal([]byte(found.Out), &view)).To(Succeed(), found.Err)
		Expect(view.Path).To(Equal(folder))
		Expect(view.Files).To(Equal(1), "the version of the program")
		Expect(view.Missing).To(ContainElement(HaveKeyWithValue("why", ContainSubstring("the API server took too long to answer an earlier request"))))
	})

	It("is of the operator alone where nobody may list servers", func(ctx context.Context) {
		folder := filepath.Join(GinkgoT().TempDir(), "report")

		found := run(ctx, nil, "--as="+nobody, "report", "-A", "--output-dir", folder)

		Expect(found.Code).To(BeZero(), found.Err)
		Expect(fs.Glob(os.DirFS(folder), "*")).To(ConsistOf("cluster", "index.json", "version"))
		Expect(found.Err).To(ContainSubstring("Not read: LlamaStackDistributions of any namespace: you cannot list llamastackdistributions in all namespaces"))
	})
})

// silentServer is a server that never answers. It returns what sends requests to it, and what receives something for each.
func silentServer() (func(*http.Request), <-chan string) {
	GinkgoHelper()
	asked, over := make(chan string, 100), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, request *http.Request) {
		asked <- request.URL.Path
		select {
		case <-request.Context().Done():
		case <-over:
		}
	}))
	DeferCleanup(server.Close)
	DeferCleanup(func() { close(over) })
	return func(request *http.Request) {
		request.URL.Scheme, request.URL.Host = "http", server.Listener.Addr().String()
	}, asked
}

// plantedServers are two servers with a secret wherever they can have one, and a Deployment of the operator with one.
func plantedServers(ctx context.Context, namespace string) {
	GinkgoHelper()
	harness.Create(ctx, admin,
		&corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Name: "user", Namespace: namespace}, Data: map[string]string{
				"config.yaml": "version: '2'\nx: " + plant("config") + "\n", "short": plant("short"), "later": "",
			},
		},
		&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "keys", Namespace: namespace}, StringData: map[string]string{"key": plant("secret")}},
	)
	demo := llsdtest.Make("demo").Namespace(namespace).UserConfig("user").Annotation("example.com/token", plant("annotation")).
		Env("PLAIN", plant("env")).Env("SHORT", short).Env("DSN", "postgres://u:"+plant("userinfo")+"@db/x").
		EnvVar(corev1.EnvVar{Name: "REF", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{
			LocalObjectReference: corev1.LocalObjectReference{Name: "keys"}, Key: "key",
		}}}).
		Args("--api-key="+plant("arg"), "--token", plant("word")).
		Edit(func(s *v1alpha1.LlamaStackDistribution) {
			s.Spec.Server.Telemetry = &v1alpha1.TelemetrySpec{Metrics: &v1alpha1.TelemetryMetrics{Enabled: true}}
		}).Obj()
	declared := llsdtest.Make("declared").Namespace(namespace).Annotation(v1alpha1.AnnotationPaused, "true").Edit(func(s *v1alpha1.LlamaStackDistribution) {
		s.Spec.Server.Config = &v1alpha1.ServerConfig{
			Providers: []v1alpha1.ConfigProvider{{
				API: "inference", ID: "vllm", Type: "remote::vllm", Config: &apiextensionsv1.JSON{Raw: []byte(`{"url":"` + plant("declared") + `"}`)},
			}},
			Patch: &apiextensionsv1.JSON{Raw: []byte(`{"server":{"x":"` + plant("patch") + `"}}`)},
		}
	}).Obj()
	killed := event(namespace, "demo-6c5f8b9d7c-x2x4z", "Killing")
	killed.Message = "killed with " + plant("env") + " and password=" + plant("event")
	harness.Create(ctx, admin, demo, declared, killed)
	plantedPod(ctx, demo)
	plantedOperator(ctx)
	harness.Get(ctx, admin, namespace, "demo-service", &corev1.Service{})
}

// plantedOperator is an operator with a secret in its environment, and in its log in all forms.
func plantedOperator(ctx context.Context) {
	GinkgoHelper()
	labels, secret := render.OperatorPodLabels(), plant("operator")
	operator := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "planted", Namespace: harness.OperatorNamespace, Labels: labels},
		Spec: appsv1.DeploymentSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels}, Replicas: new(int32(0)),
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: corev1.PodSpec{
				Containers: []corev1.Container{{Name: "manager", Image: image, Env: []corev1.EnvVar{{Name: "OPERATOR", Value: secret}, {Name: "SHORT", Value: short}}}},
			}},
		},
	}
	harness.Create(ctx, admin, operator)
	DeferCleanup(func(ctx context.Context) { Expect(admin.Delete(ctx, operator)).To(Succeed()) })
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "planted-operator", Namespace: harness.OperatorNamespace, Labels: labels}, Spec: *operator.Spec.Template.Spec.DeepCopy(),
	}
	pod.Spec.AutomountServiceAccountToken = new(false)
	lines := []string{"2026-03-01T12:00:00Z starts with " + secret}
	for _, before := range []string{"", "u", "us"} {
		lines = append(lines, "2026-03-01T12:00:00Z encoded "+base64.StdEncoding.EncodeToString([]byte(before+secret+" and more")))
	}
	startLogNode(ctx).pod(ctx, pod, strings.Join(append(lines, ""), "\n"))
	DeferCleanup(func(ctx context.Context) { Expect(admin.Delete(ctx, pod, client.GracePeriodSeconds(0))).To(Succeed()) })
}

// plantedPod is a Pod that prints secrets, and ended once.
func plantedPod(ctx context.Context, server *v1alpha1.LlamaStackDistribution) {
	GinkgoHelper()
	pod := podOf(server, "demo-a")
	startLogNode(ctx).pod(ctx, pod, strings.Join([]string{
		"2026-03-01T12:00:00Z starts with " + plant("env"),
		"2026-03-01T12:00:00Z > Authorization: Bearer " + plant("header") + " and Bearer " + plant("bearer"),
		"2026-03-01T12:00:00Z {\"msg\":\"{\\\"api_key\\\":\\\"" + plant("json") + "\\\"}\",\"password\":\"" + plant("password") + "\"}",
		"2026-03-01T12:00:00Z sk-" + plant("key") + " http://u:" + plant("url") + "@h/ GET /?token=" + plant("query"),
		"2026-03-01T12:00:00Z login with " + plant("userinfo") + ", " + plant("arg") + ", " + plant("word"), "",
	}, "\n"))
	pod.Status.PodIP, pod.Status.PodIPs = "127.0.0.1", []corev1.PodIP{{IP: "127.0.0.1"}}
	pod.Status.ContainerStatuses[0].RestartCount = 1
	pod.Status.ContainerStatuses[0].LastTerminationState.Terminated = &corev1.ContainerStateTerminated{
		ContainerID: "test://before", Message: "refused " + plant("env") + " with token: " + plant("message"),
	}
	pod.Status.Conditions = []corev1.PodCondition{{
		Type: corev1.PodReady, Status: corev1.ConditionFalse, Message: "postgres://u:" + plant("status") + "@db is down",
	}}
	Expect(admin.Status().Update(ctx, pod)).To(Succeed())
}
