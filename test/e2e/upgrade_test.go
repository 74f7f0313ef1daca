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
	"slices"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// setEnv sets a variable of a server's container.
func setEnv(name, value string) func(*v1alpha1.LlamaStackDistribution) {
	return func(server *v1alpha1.LlamaStackDistribution) {
		container := &server.Spec.Server.ContainerSpec
		container.Env = slices.DeleteFunc(container.Env, func(v corev1.EnvVar) bool { return v.Name == name })
		container.Env = append(container.Env, corev1.EnvVar{Name: name, Value: value})
	}
}

func setImage(reference string) func(*v1alpha1.LlamaStackDistribution) {
	return func(server *v1alpha1.LlamaStackDistribution) {
		server.Spec.Server.Distribution = v1alpha1.DistributionType{Image: reference}
	}
}

var _ = Describe("A real server from creation to deletion", Ordered, func() {
	const (
		pvcName  = "server-pvc"
		fileText = "kept through the upgrade\n"
		message  = "remember me"
	)
	var (
		server             *v1alpha1.LlamaStackDistribution
		pvc                corev1.PersistentVolumeClaim
		file, conversation string
	)

	BeforeAll(func(ctx SpecContext) {
		// Each server finds databases below its own ~/.llama or ~/.ogx. The newer one stores the whole path of files,
		// and only opens those below its own folder for files, so that folder is kept.
		server = realServer(newNamespace(ctx), "server", image.llamaStack).Storage("1Gi").Retention(v1alpha1.RetentionRetain).
			Env("FILES_STORAGE_DIR", "/.llama/distributions/starter/files").Obj()
	})

	It("becomes Ready and serves", func(ctx SpecContext) {
		create(ctx, server)
		becomeReady(ctx, server)
		answer(ctx, server)
		// A server creates its tables at the first use of its database, which can fail when there are two uses at once.
		// A chat is stored in the background, so this is done before one.
		Eventually(func() error {
			var err error
			file, err = upload(ctx, server, "kept.txt", fileText)
			return err
		}).Should(Succeed())
		Eventually(func() error {
			var err error
			conversation, err = converse(ctx, server, message)
			return err
		}).Should(Succeed())
		serve(ctx, server, "vllm/"+firstModel, openAIShape)

		Eventually(statusOf(ctx, server)).WithTimeout(observed).Should(And(
			HaveField("Phase", v1alpha1.PhaseReady),
			HaveField("Image", image.llamaStack),
			HaveField("Version.LlamaStackServerVersion", llamaStackVersion),
			HaveField("AvailableReplicas", int32(1)),
			HaveField("ServiceURL", ContainSubstring("server-service."+server.Namespace)),
			HaveField("DistributionConfig.Providers", ContainElement(HaveField("ProviderType", "remote::vllm"))),
		))
		for _, part := range []v1alpha1.ConditionType{
			v1alpha1.ConditionDeploymentReady, v1alpha1.ConditionHealthCheck, v1alpha1.ConditionStorageReady, v1alpha1.ConditionServiceReady,
		} {
			Eventually(conditionOf(ctx, server, part)).WithTimeout(observed).Should(HavePrefix("True "), string(part))
		}
	}, NodeTimeout(2*serverStarts))

	DescribeTable("reads with a newer server the data of the older one,", func(ctx SpecContext, newer func() string, version string) {
		pvc = *get(ctx, server.Namespace, pvcName, &corev1.PersistentVolumeClaim{})

		edit(ctx, server, setImage(newer()))
		becomeReady(ctx, server)
		Eventually(statusOf(ctx, server)).WithTimeout(observed).Should(HaveField("Version.LlamaStackServerVersion", version))
		answer(ctx, server)
		Expect(download(ctx, server, file)).To(Equal(fileText))
		Expect(recall(ctx, server, conversation)).To(ContainSubstring(message))
		serve(ctx, server, "vllm/"+firstModel, openAIShape)
		Expect(get(ctx, server.Namespace, pvcName, &corev1.PersistentVolumeClaim{}).UID).To(Equal(pvc.UID))
	},
		Entry("the first under its later name", NodeTimeout(2*serverStarts), func() string { return image.ogxBefore }, ogxBeforeVersion),
		Entry("the newest", NodeTimeout(2*serverStarts), func() string { return image.ogx }, ogxVersion),
	)

	It("rolls out when its environment changes", func(ctx SpecContext) {
		edit(ctx, server, setEnv("VLLM_URL", inference.second))
		Eventually(conditionOf(ctx, server, v1alpha1.ConditionReady)).Should(say(metav1.ConditionFalse, v1alpha1.ReasonProgressing))
		becomeReady(ctx, server)
		serve(ctx, server, "vllm/"+secondModel, openAIShape)

		Expect(revision(ctx, server)).To(Equal("4"), "one for the creation, one for each edit")
		Expect(download(ctx, server, file)).To(Equal(fileText))
	}, NodeTimeout(2*serverStarts))

	It("leaves nothing but the retained PVC when it is deleted", func(ctx SpecContext) {
		Expect(kube.Delete(ctx, server)).To(Succeed())
		Eventually(owned).WithContext(ctx).WithArguments(server.Namespace).WithTimeout(podStarts).Should(BeEmpty())

		kept := get(ctx, server.Namespace, pvcName, &corev1.PersistentVolumeClaim{})
		Expect(kept.DeletionTimestamp).To(BeNil())
		Expect(kept.OwnerReferences).To(BeEmpty())
		Expect(kept.Status.Phase).To(Equal(corev1.ClaimBound))
	}, NodeTimeout(2*podStarts))
})
