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

package apiserver_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// crdTimeout is how long the server may take to serve a changed CustomResourceDefinition on a busy machine.
const crdTimeout = 30 * time.Second

var _ = Describe("The resource", func() {
	var namespace string

	BeforeEach(func() {
		namespace = newNamespace()
	})

	It("has the names that people use", func() {
		resources, err := discovery.NewDiscoveryClientForConfigOrDie(config).ServerResourcesForGroupVersion(v1alpha1.GroupVersion.String())
		Expect(err).NotTo(HaveOccurred())
		names := map[string]metav1.APIResource{}
		for _, resource := range resources.APIResources {
			names[resource.Name] = resource
		}
		Expect(names).To(HaveLen(3))
		Expect(names).To(And(HaveKey("llamastackdistributions/status"), HaveKey("llamastackdistributions/scale")))
		main := names["llamastackdistributions"]
		Expect(main.ShortNames).To(ConsistOf("llsd"))
		Expect(main.Namespaced).To(BeTrue())
		Expect(main.SingularName).To(Equal("llamastackdistribution"))
	})

	It("is scaled as kubectl and autoscalers do", func(ctx SpecContext) {
		object := llsdtest.Make("a").Namespace(namespace).Replicas(2).Obj()
		Expect(admin.Create(ctx, object)).To(Succeed())
		object.Status.Replicas, object.Status.Selector = 2, "app=llama-stack"
		Expect(admin.Status().Update(ctx, object)).To(Succeed())

		var scale autoscalingv1.Scale
		Expect(admin.SubResource("scale").Get(ctx, object, &scale)).To(Succeed())
		Expect(scale.Spec.Replicas).To(Equal(int32(2)))
		Expect(scale.Status).To(Equal(autoscalingv1.ScaleStatus{Replicas: 2, Selector: "app=llama-stack"}))

		scale.Spec.Replicas = 0
		Expect(admin.SubResource("scale").Update(ctx, object, client.WithSubResourceBody(&scale))).To(Succeed())
		Expect(admin.Get(ctx, client.ObjectKeyFromObject(object), object)).To(Succeed())
		Expect(object.Spec.Replicas).To(HaveValue(BeZero()))
		Expect(object.Generation).To(Equal(int64(2)))
	})

	It("is not scaled beyond what its rules allow", func(ctx SpecContext) {
		object := llsdtest.Make("a").Namespace(namespace).Replicas(1).Autoscaling(1, 2).Obj()
		Expect(admin.Create(ctx, object)).To(Succeed())
		var scale autoscalingv1.Scale
		Expect(admin.SubResource("scale").Get(ctx, object, &scale)).To(Succeed())
		scale.Spec.Replicas = 3
		Expect(admin.SubResource("scale").Update(ctx, object, client.WithSubResourceBody(&scale))).To(haveCause(
			"spec.server.autoscaling.maxReplicas", "server.autoscaling.maxReplicas must be at least replicas; raise maxReplicas or lower replicas"))
	})

	It("keeps the class of its PVC, as the PVC does", func(ctx SpecContext) {
		object := llsdtest.Make("a").Namespace(namespace).Storage("1Gi").Obj()
		object.Spec.Server.Storage.StorageClassName = new("fast")
		Expect(admin.Create(ctx, object)).To(Succeed())

		without := object.DeepCopy()
		without.Spec.Server.Storage.StorageClassName = nil
		Expect(admin.Update(ctx, without)).To(haveCause("spec.server.storage", "the StorageClass of a PVC cannot be changed; set storageClassName to the class of the PVC"))

		without.Spec.Server.Storage = &v1alpha1.StorageSpec{ExistingClaim: "data"}
		Expect(admin.Update(ctx, without)).To(Succeed(), "another PVC has another class")
	})

	It("shows what matters in a table, and the URL in a wide one", func(ctx SpecContext) {
		object := llsdtest.Make("a").Namespace(namespace).Obj()
		Expect(admin.Create(ctx, object)).To(Succeed())
		object.Status = v1alpha1.LlamaStackDistributionStatus{
			Phase: v1alpha1.PhaseReady, AvailableReplicas: 2, ServiceURL: "http://a-service:8321",
			Models:  &v1alpha1.ModelsStatus{Total: new(int32(3))},
			Version: v1alpha1.VersionInfo{OperatorVersion: "1.2.3", LlamaStackServerVersion: "0.7.3", LastUpdated: metav1.Now()},
			Conditions: []metav1.Condition{
				{Type: "HealthCheck", Status: metav1.ConditionFalse, Reason: "A", LastTransitionTime: metav1.Now()},
				{Type: "Ready", Status: metav1.ConditionTrue, Reason: "A", LastTransitionTime: metav1.Now()},
			},
		}
		Expect(admin.Status().Update(ctx, object)).To(Succeed())

		table := tableOf(ctx, namespace)
		type column struct {
			name     string
			priority int32
		}
		var columns []column
		for _, c := range table.ColumnDefinitions {
			columns = append(columns, column{c.Name, c.Priority})
		}
		Expect(columns).To(Equal([]column{
			{"Name", 0}, {"Phase", 0}, {"Ready", 0}, {"Operator Version", 0}, {"Server Version", 0}, {"Available", 0}, {"URL", 1}, {"Models", 1},
			{"Age", 0},
		}))
		Expect(table.Rows).To(HaveLen(1))
		Expect(table.Rows[0].Cells[:8]).To(Equal([]any{"a", "Ready", "True", "1.2.3", "0.7.3", float64(2), "http://a-service:8321", float64(3)}))
	})

	It("is found by the ConfigMaps that it names", func(ctx SpecContext) {
		Expect(admin.Create(ctx, llsdtest.Make("a").Namespace(namespace).UserConfigIn("x", "config").CABundleIn("y", "ca").Obj())).To(Succeed())
		Expect(admin.Create(ctx, llsdtest.Make("b").Namespace(namespace).Obj())).To(Succeed())
		for field, value := range map[string]string{
			"spec.server.userConfig.configMapName": "config", "spec.server.userConfig.configMapNamespace": "x",
			"spec.server.tlsConfig.caBundle.configMapName": "ca", "spec.server.tlsConfig.caBundle.configMapNamespace": "y",
		} {
			var list v1alpha1.LlamaStackDistributionList
			Expect(admin.List(ctx, &list, client.InNamespace(namespace), client.MatchingFields{field: value})).To(Succeed(), field)
			Expect(list.Items).To(ConsistOf(HaveField("Name", "a")), field)
		}
	})
})

// tableOf is what "kubectl get" asks for.
func tableOf(ctx context.Context, namespace string) metav1.Table {
	GinkgoHelper()
	data, err := kubernetes.NewForConfigOrDie(config).Discovery().RESTClient().Get().
		AbsPath("/apis/llamastack.io/v1alpha1/namespaces", namespace, "llamastackdistributions").
		SetHeader("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io").DoRaw(ctx)
	Expect(err).NotTo(HaveOccurred())
	var table metav1.Table
	Expect(json.Unmarshal(data, &table)).To(Succeed())
	return table
}

var _ = Describe("The CustomResourceDefinition", func() {
	It("can be applied by kubectl on the client's side, twice", func(ctx SpecContext) {
		kubectl := filepath.Join(server.ControlPlane.APIServer.Path, "..", "kubectl")
		if _, err := os.Stat(kubectl); err != nil {
			Skip("kubectl is missing beside the API server")
		}
		user, err := server.AddUser(envtest.User{Name: "person", Groups: []string{"system:masters"}}, nil)
		Expect(err).NotTo(HaveOccurred())
		folder := GinkgoT().TempDir()
		kubeconfig, err := user.KubeConfig()
		Expect(err).NotTo(HaveOccurred())
		Expect(os.WriteFile(filepath.Join(folder, "kubeconfig"), kubeconfig, 0o600)).To(Succeed())
		// A copy in a group of its own: what the suite installed was not applied.
		crd, err := os.ReadFile(crdFile)
		Expect(err).NotTo(HaveOccurred())
		file := filepath.Join(folder, "crd.yaml")
		Expect(os.WriteFile(file, bytes.ReplaceAll(crd, []byte(v1alpha1.GroupVersion.Group), []byte("applied.example.com")), 0o600)).To(Succeed())

		for _, want := range []string{"created", "unchanged"} {
			command := exec.CommandContext(ctx, kubectl, "--kubeconfig", filepath.Join(folder, "kubeconfig"), "apply", "-f", file)
			output, err := command.CombinedOutput()
			Expect(err).NotTo(HaveOccurred(), string(output))
			Expect(string(output)).To(ContainSubstring(want))
		}
	})
})
