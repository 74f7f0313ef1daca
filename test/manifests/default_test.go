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

package manifests_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/internal/distribution"
	"github.com/llamastack/llama-stack-k8s-operator/internal/manager"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/yaml"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const (
	namespace = "llama-stack-k8s-operator-system"
	prefix    = "llama-stack-k8s-operator-"
	crd       = "CustomResourceDefinition/llamastackdistributions.llamastack.io"
)

// version reads a variable of versions.mk.
func version(name string) string {
	GinkgoHelper()
	content, err := os.ReadFile(filepath.Join(root, "versions.mk"))
	Expect(err).NotTo(HaveOccurred())
	found := regexp.MustCompile(`(?m)^` + name + ` \?= (\S+)$`).FindStringSubmatch(string(content))
	Expect(found).To(HaveLen(2), name)
	return found[1]
}

var _ = Describe("config/default", func() {
	var (
		objects    resmap.ResMap
		deployment *appsv1.Deployment
		container  corev1.Container
	)

	BeforeEach(func() {
		objects = build("default")
		deployment = the[appsv1.Deployment](objects, "Deployment")
		Expect(deployment.Spec.Template.Spec.Containers).To(HaveLen(1))
		container = deployment.Spec.Template.Spec.Containers[0]
	})

	Describe("over a running 0.9.0", func() {
		It("keeps every name", func() {
			Expect(names(objects)).To(ContainElements(
				"Namespace/"+namespace,
				crd,
				"Deployment/"+prefix+"controller-manager",
				"ServiceAccount/"+prefix+"controller-manager",
				"Service/"+prefix+"controller-manager-metrics-service",
				"PodDisruptionBudget/"+prefix+"controller-manager-pdb",
				"ClusterRole/"+prefix+"manager-role",
				"ClusterRoleBinding/"+prefix+"manager-rolebinding",
				"Role/"+prefix+"leader-election-role",
				"RoleBinding/"+prefix+"leader-election-rolebinding",
				"ClusterRole/"+prefix+"proxy-role",
				"ClusterRoleBinding/"+prefix+"proxy-rolebinding",
				"ClusterRole/"+prefix+"metrics-reader",
				"ClusterRole/"+prefix+"llsd-editor-role",
				"ClusterRole/"+prefix+"llsd-viewer-role",
			))
		})

		It("keeps the Deployment's selector, which is immutable", func() {
			Expect(deployment.Spec.Selector).To(Equal(&metav1.LabelSelector{MatchLabels: map[string]string{
				"app.kubernetes.io/name": "llama-stack-k8s-operator", "control-plane": "controller-manager",
			}}))
			Expect(deployment.Spec.Template.Labels).To(Equal(deployment.Spec.Selector.MatchLabels))
		})

		It("keeps command, flags and environment", func() {
			Expect(container.Command).To(Equal([]string{"/manager"}))
			Expect(container.Args).To(ContainElements("--leader-elect", "--health-probe-bind-address=:8081"))
			Expect(container.Env).To(ContainElement(corev1.EnvVar{Name: "OPERATOR_VERSION", Value: version("VERSION")}))
			Expect(container.Env).To(ContainElement(HaveField("Name", "GOMEMLIMIT")))
			Expect(container.Env).To(ContainElement(corev1.EnvVar{Name: "OPERATOR_NAMESPACE", ValueFrom: &corev1.EnvVarSource{
				FieldRef: &corev1.ObjectFieldSelector{FieldPath: "metadata.namespace"},
			}}))
		})

		It("names the image of each distribution, as in the operator's map", func() {
			catalog, err := distribution.New(func(string) string { return "" })
			Expect(err).NotTo(HaveOccurred())
			related := map[string]string{}
			for _, variable := range container.Env {
				if name, ok := strings.CutPrefix(variable.Name, "RELATED_IMAGE_"); ok {
					related[strings.ToLower(strings.ReplaceAll(name, "_", "-"))] = variable.Value
				}
			}
			Expect(related).To(Equal(catalog.Available(nil)))
		})

		It("puts everything that has a namespace into that of 0.9.0", func() {
			for _, object := range objects.Resources() {
				Expect(object.GetNamespace()).To(Or(BeEmpty(), Equal(namespace)), object.GetName())
			}
		})
	})

	It("has Pods that the servers' NetworkPolicies allow, here and in the bundle", func() {
		for key, value := range render.OperatorPodLabels() {
			Expect(deployment.Spec.Template.Labels).To(HaveKeyWithValue(key, value))
		}
		csv, err := os.ReadFile(filepath.Join(root, "bundle", "manifests", "llama-stack-k8s-operator.clusterserviceversion.yaml"))
		Expect(err).NotTo(HaveOccurred())
		var bundled struct {
			Spec struct {
				Install struct {
					Spec struct {
						Deployments []struct{ Spec appsv1.DeploymentSpec }
					}
				}
			}
		}
		Expect(yaml.Unmarshal(csv, &bundled)).To(Succeed())
		Expect(bundled.Spec.Install.Spec.Deployments).To(HaveExactElements(HaveField("Spec.Template.Labels", Equal(deployment.Spec.Template.Labels))))
	})

	It("runs the image of this version", func() {
		Expect(container.Image).To(Equal("quay.io/llamastack/llama-stack-k8s-operator:v" + version("VERSION")))
	})

	It("passes the restricted Pod Security Standard, with a read-only root", func() {
		evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
		Expect(err).NotTo(HaveOccurred())
		template := deployment.Spec.Template

		result := policy.AggregateCheckResults(evaluator.EvaluatePod(
			api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}, &template.ObjectMeta, &template.Spec))

		Expect(result.Allowed).To(BeTrue(), result.ForbiddenDetail())
		Expect(container.SecurityContext.ReadOnlyRootFilesystem).To(HaveValue(BeTrue()))
	})

	It("has a standby, and survives a drain", func() {
		Expect(deployment.Spec.Replicas).To(HaveValue(BeEquivalentTo(2)))
		budget := the[policyv1.PodDisruptionBudget](objects, "PodDisruptionBudget")
		Expect(budget.Spec.MaxUnavailable.IntValue()).To(Equal(1))
		Expect(budget.Spec.Selector).To(Equal(deployment.Spec.Selector))
		for _, constraint := range deployment.Spec.Template.Spec.TopologySpreadConstraints {
			Expect(constraint.LabelSelector).To(Equal(deployment.Spec.Selector))
			Expect(constraint.WhenUnsatisfiable).To(Equal(corev1.ScheduleAnyway))
		}
	})

	It("requests resources, and limits memory above the target of Go", func() {
		Expect(container.Resources.Requests).To(And(HaveKey(corev1.ResourceCPU), HaveKey(corev1.ResourceMemory)))
		Expect(container.Resources.Limits.Memory().Value()).To(BeNumerically(">", 800<<20))
		Expect(container.Resources.Limits).NotTo(HaveKey(corev1.ResourceCPU))
	})

	It("probes ports that the flags open, and serves metrics through a Service that finds them", func() {
		ports := map[string]int32{}
		for _, port := range container.Ports {
			ports[port.Name] = port.ContainerPort
		}
		Expect(ports).To(Equal(map[string]int32{"health": 8081, "https": 8443}))
		Expect(container.Args).To(ContainElement("--metrics-bind-address=:8443"))
		Expect(container.LivenessProbe.HTTPGet).To(And(HaveField("Path", "/healthz"), HaveField("Port.StrVal", "health")))
		Expect(container.ReadinessProbe.HTTPGet).To(And(HaveField("Path", "/readyz"), HaveField("Port.StrVal", "health")))

		service := the[corev1.Service](objects, "Service")
		Expect(service.Spec.Selector).To(Equal(deployment.Spec.Selector.MatchLabels))
		Expect(service.Spec.Ports).To(HaveExactElements(And(HaveField("Port", BeEquivalentTo(8443)), HaveField("TargetPort.StrVal", "https"))))
	})
})

var _ = Describe("config/undeploy", func() {
	It("removes everything but the CRD and the namespace", func() {
		Expect(names(build("undeploy"))).To(ConsistOf(without(names(build("default")), crd, "Namespace/"+namespace)))
	})
})

// without is a list without some of its elements, all of which it must have.
func without(all []string, some ...string) []string {
	GinkgoHelper()
	Expect(all).To(ContainElements(some))
	var rest []string
	for _, element := range all {
		if !slices.Contains(some, element) {
			rest = append(rest, element)
		}
	}
	return rest
}

var _ = Describe("config/monitoring", func() {
	It("finds the Service of the metrics", func() {
		monitor := ofKind(build("monitoring"), "ServiceMonitor")
		Expect(monitor).To(HaveLen(1))
		Expect(monitor[0].GetNamespace()).To(Equal(namespace))
		selector := read[struct {
			Spec struct{ Selector metav1.LabelSelector }
		}](monitor[0]).Spec.Selector

		service := the[corev1.Service](build("default"), "Service")

		Expect(selector.MatchLabels).To(Equal(service.Labels))
	})

	It("scrapes the operator and the servers as the jobs that the rules select", func() {
		objects := build("monitoring")
		Expect(read[struct {
			Spec struct{ JobLabel string }
		}](ofKind(objects, "ServiceMonitor")[0]).Spec.JobLabel).To(Equal("app.kubernetes.io/name"))
		Expect(the[corev1.Service](build("default"), "Service").Labels).To(HaveKeyWithValue("app.kubernetes.io/name", "llama-stack-k8s-operator"))

		rules, err := ofKind(objects, "PrometheusRule")[0].AsYAML()
		Expect(err).NotTo(HaveOccurred())
		jobs := map[string]bool{}
		for _, match := range regexp.MustCompile(`job="([^"]*)"`).FindAllStringSubmatch(string(rules), -1) {
			jobs[match[1]] = true
		}
		Expect(jobs).To(And(HaveLen(2), HaveKey("llama-stack-k8s-operator"), HaveKey("llama-stack-servers")))
	})

	It("delivers each dashboard to the sidecar of Grafana, with the Prometheus operator or without", func() {
		for _, folder := range []string{"monitoring", "monitoring/dashboards"} {
			titles := map[string]bool{}
			for _, object := range ofKind(build(folder), "ConfigMap") {
				Expect(object.GetLabels()).To(HaveKeyWithValue("grafana_dashboard", "1"))
				for _, content := range read[corev1.ConfigMap](object).Data {
					var dashboard struct {
						Title string `json:"title"`
					}
					Expect(json.Unmarshal([]byte(content), &dashboard)).To(Succeed())
					titles[dashboard.Title] = true
				}
			}
			Expect(titles).To(And(HaveLen(3), HaveKey("Llama Stack / Fleet"), HaveKey("Llama Stack / Server"), HaveKey("Llama Stack / Operator")), folder)
		}
	})

	It("scrapes the Pods of every server, and not those of checks", func() {
		monitors := ofKind(build("monitoring"), "PodMonitor")
		Expect(monitors).To(HaveLen(1))
		spec := read[podMonitor](monitors[0]).Spec
		Expect(spec.NamespaceSelector.Any).To(BeTrue())
		Expect(spec.PodMetricsEndpoints).To(HaveExactElements(And(
			HaveField("Port", "metrics"),
			HaveField("Relabelings", ContainElements(
				HaveField("TargetLabel", "llamastackdistribution"),
				And(HaveField("TargetLabel", "job"), HaveField("Replacement", "llama-stack-servers")),
			)),
		)))
		selector, err := metav1.LabelSelectorAsSelector(&spec.Selector)
		Expect(err).NotTo(HaveOccurred())

		for file, selected := range map[string]bool{"objects.yaml": true, "check.yaml": false} {
			pods := 0
			content, err := os.ReadFile(filepath.Join(root, "internal", "render", "testdata", "config", file))
			Expect(err).NotTo(HaveOccurred())
			for document := range strings.SplitSeq(string(content), "\n---\n") {
				var workload struct {
					Spec struct {
						Template struct{ Metadata metav1.ObjectMeta }
					}
				}
				Expect(yaml.Unmarshal([]byte(document), &workload)).To(Succeed())
				if template := workload.Spec.Template.Metadata.Labels; template != nil {
					Expect(selector.Matches(labels.Set(template))).To(Equal(selected), file)
					pods++
				}
			}
			Expect(pods).To(Equal(1), file)
		}
	})
})

// podMonitor has the fields of a PodMonitor that this package checks.
type podMonitor struct {
	Spec struct {
		NamespaceSelector   struct{ Any bool }
		Selector            metav1.LabelSelector
		PodMetricsEndpoints []struct {
			Port        string
			Relabelings []struct{ TargetLabel, Replacement string }
		}
	}
}

var _ = Describe("the lease", func() {
	It("may be read and renewed by the operator, and no other", func() {
		role := named[roleOf](build("default"), "Role", prefix+"leader-election-role")
		Expect(role.Rules).To(ContainElement(And(
			HaveField("Resources", []string{"leases"}),
			HaveField("ResourceNames", []string{manager.LeaseName}),
			HaveField("Verbs", ConsistOf("get", "update")),
		)))
	})
})
