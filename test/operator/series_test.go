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

package operator_test

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// recordSeries writes the series of the operator instead of comparing them; with -ginkgo.focus='series of the operator'.
var recordSeries = flag.Bool("record-series", false, "write config/monitoring/testdata/operator.prom")

const (
	recordedOperator = "../../config/monitoring/testdata/operator.prom"
	recordedHead     = "# Series of the operator with servers in the states that alerts are about, recorded by test/operator (-record-series). The\n" +
		"# values are not those of the operator.\n"
)

// stableSeries are those that every run has, whatever other specs did before and in which order things happened.
var stableSeries = regexp.MustCompile(`^(llama_stack_operator_(applies_total\{action="Created",kind="Deployment"|config_|contested_|llamastackdistribution_|probe_|` +
	`live_reads_total\{kind="(ConfigMap|Job)"|probes_total\{result="healthy"|renders_|rollouts_|time_)|controller_runtime_(reconcile|active|max)_|leader_election_|` +
	`process_(cpu|open_fds|resident|start)|go_(goroutines|memstats_alloc_bytes)|` +
	`workqueue_(depth\{controller="llamastackdistribution",.*priority="0"|(adds|retries|queue|work|unfinished|longest).*\{controller="llamastackdistribution")|` +
	`rest_client_requests_total\{code="200",.*method="GET")`)

var _ = Describe("The series of the operator", func() {
	It("are those that rules and dashboards are tested with", func(ctx context.Context) {
		seen := map[string]bool{}
		namespace, checked := newNamespace(ctx, true), newCheckedNamespace(ctx)
		see := func() map[string]bool {
			GinkgoHelper()
			for _, series := range exported(namespace, checked) {
				seen[series] = true
			}
			return seen
		}
		// waitFor waits until a condition of a server is exported. Those in between are not recorded: a run can miss them.
		awaited := map[string]bool{}
		waitFor := func(server string, conditionType v1alpha1.ConditionType, status metav1.ConditionStatus, reason v1alpha1.Reason) {
			GinkgoHelper()
			series := fmt.Sprintf(`llama_stack_operator_llamastackdistribution_condition{exported_namespace="apps",llamastackdistribution=%q,reason=%q,status=%q,type=%q} 1`,
				server, reason, status, conditionType)
			Eventually(see).Should(HaveKey(series))
			awaited[series] = true
		}

		stopped := llsdtest.Make("stopped").Namespace(namespace).Replicas(0).Obj()
		failed := llsdtest.Make("failed").Namespace(namespace).Replicas(2).Obj()
		undone := rollingBack(namespace).Replicas(2).Obj()
		broken := llsdtest.Make("broken").Namespace(namespace).Obj()
		missing := llsdtest.Make("missing").Namespace(namespace).UserConfig("nowhere").Obj()
		servers.Replace(namespace, "broken", harness.Answer(map[string]string{
			"/v1/health": `{"status":"OK"}`, "/v1/version": `{"version":"0.7.3"}`,
			"/v1/providers": `{"data":[{"api":"inference","provider_id":"vllm","provider_type":"remote::vllm","config":{},"health":{"status":"Error","message":"gone"}}]}`,
		}))
		secure := llsdtest.Make("secure").Namespace(namespace).Command("serve").ServingTLS("mine").CABundle("ca").Obj()
		create(ctx, configMap(namespace, "ca", map[string]string{"ca-bundle.crt": servers.ReplaceTLS(namespace, "secure", healthy())}))
		create(ctx, stopped, failed, undone, broken, missing, secure)
		waitFor("failed", v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonProgressing)
		waitFor("missing", v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonUserConfigNotFound)
		waitFor("stopped", v1alpha1.ConditionAvailable, metav1.ConditionFalse, v1alpha1.ReasonScaledToZero)
		rollOutNow(ctx, broken)
		waitFor("broken", v1alpha1.ConditionHealthCheck, metav1.ConditionFalse, v1alpha1.ReasonProviderError)

		rollOutNow(ctx, secure)
		waitFor("secure", v1alpha1.ConditionHealthCheck, metav1.ConditionTrue, v1alpha1.ReasonHealthCheckPassed)

		serveNow(ctx, undone)
		setImage(ctx, undone, badImage)
		Eventually(deploymentNow(ctx, undone)).Should(haveImage(badImage))
		waitingPod(ctx, undone, "ImagePullBackOff", "no such image")
		giveUp(ctx, undone, time.Now())
		waitFor("undone", v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonRolledBack)

		reportRollout(ctx, failed, appsv1.DeploymentStatus{Replicas: 2, UpdatedReplicas: 1, Conditions: []appsv1.DeploymentCondition{{
			Type: appsv1.DeploymentProgressing, Status: corev1.ConditionFalse, Reason: "ProgressDeadlineExceeded",
		}}})
		waitFor("failed", v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonRolloutFailed)
		waitFor("failed", v1alpha1.ConditionAvailable, metav1.ConditionFalse, v1alpha1.ReasonUnavailable)

		declared := llsdtest.Make("declared").Namespace(checked).Distribution("starter").Edit(func(i *v1alpha1.LlamaStackDistribution) {
			i.Spec.Server.Config = &v1alpha1.ServerConfig{Providers: []v1alpha1.ConfigProvider{{
				API: "inference", ID: "vllm", Type: "remote::vllm", Config: free(`{"base_url":"http://a"}`),
			}}}
		}).Obj()
		create(ctx, declared)
		becomeReady(ctx, declared)
		declare := func(config string) {
			GinkgoHelper()
			edit(ctx, declared, func(i *v1alpha1.LlamaStackDistribution) { i.Spec.Server.Config.Providers[0].Config = free(config) })
		}
		declare(`{"base_ur":"http://b"}`)
		job := startedJob(ctx, checked)
		ends(ctx, job, 1, invalid)
		waitFor("declared", v1alpha1.ConditionConfigValid, metav1.ConditionFalse, v1alpha1.ReasonInvalid)
		declare(`{"base_url":"http://b"}`)
		ends(ctx, anotherJob(ctx, job), 0, harness.ValidReport)
		waitFor("declared", v1alpha1.ConditionConfigValid, metav1.ConditionTrue, v1alpha1.ReasonValid)
		waitFor("declared", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady)
		waitFor("declared", v1alpha1.ConditionHealthCheck, metav1.ConditionTrue, v1alpha1.ReasonHealthCheckPassed)

		configureOperator(ctx, map[string]string{"featureFlags": malformed, "image-overrides": "- nothing\n"})
		Eventually(malformedKey("featureFlags")).Should(BeEquivalentTo(1))

		if *recordSeries {
			lines := slices.AppendSeq(exported(namespace, checked), maps.Keys(awaited))
			slices.Sort(lines)
			Expect(os.WriteFile(recordedOperator, []byte(recordedHead+strings.Join(slices.Compact(lines), "\n")+"\n"), 0o600)).To(Succeed())
		}
		content, err := os.ReadFile(recordedOperator)
		Expect(err).NotTo(HaveOccurred())
		recorded := strings.Split(strings.TrimSuffix(strings.TrimPrefix(string(content), recordedHead), "\n"), "\n")
		Expect(recorded).NotTo(BeEmpty())
		Eventually(func() []string {
			now := see()
			return slices.DeleteFunc(slices.Clone(recorded), func(series string) bool { return now[series] })
		}).Should(BeEmpty(), "recorded series that the operator does not export")
	})

	It("are gone with the lead, as far as they are about a server", func(ctx context.Context) {
		namespace := newNamespace(ctx, false)
		instance := llsdtest.Make("led").Namespace(namespace).Obj()
		create(ctx, instance)
		becomeReady(ctx, instance)
		about := func() []string {
			return slices.DeleteFunc(exported(namespace), func(series string) bool { return !strings.Contains(series, `llamastackdistribution="led"`) })
		}
		Eventually(about).ShouldNot(BeEmpty())
		whileDown(func() { Expect(about()).To(BeEmpty()) })
		Eventually(about).ShouldNot(BeEmpty())
	})
})

// exported are the series that the operator exports, without their values, and of servers only those in some namespaces.
func exported(namespaces ...string) []string {
	GinkgoHelper()
	response := httptest.NewRecorder()
	promhttp.HandlerFor(prometheus.Gatherers{registry, ctrlmetrics.Registry}, promhttp.HandlerOpts{}).
		ServeHTTP(response, httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/metrics", http.NoBody))
	Expect(response.Code).To(Equal(http.StatusOK), response.Body.String())
	var all []string
	for line := range strings.Lines(response.Body.String()) {
		series, of := anonymous(line, namespaces)
		if of && stableSeries.MatchString(series) {
			all = append(all, series)
		}
	}
	return all
}

var (
	namespaceLabel = regexp.MustCompile(`exported_namespace="([^"]*)"`)
	hostLabel      = regexp.MustCompile(`host="[^"]*"`)
)

// anonymous is a line of the metrics without value and what differs from run to run, and whether it is about a server in one of
// the namespaces, or about none.
func anonymous(line string, namespaces []string) (string, bool) {
	of := true
	if found := namespaceLabel.FindStringSubmatch(line); found != nil {
		of = slices.Contains(namespaces, found[1])
	}
	line = namespaceLabel.ReplaceAllLiteralString(line, `exported_namespace="apps"`)
	line = hostLabel.ReplaceAllLiteralString(line, `host="api"`)
	return line[:strings.LastIndex(line, " ")] + " 1", of
}
