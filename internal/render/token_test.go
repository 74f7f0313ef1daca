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

package render_test

import (
	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	corev1 "k8s.io/api/core/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const tokenFile = "/var/run/secrets/kubernetes.io/serviceaccount/token"

var _ = DescribeTable("A token of the Kubernetes API", func(change func(*render.Input), pod, account OmegaMatcher) {
	in := changed(change)
	Expect(podTemplate(in).Spec.AutomountServiceAccountToken).To(pod)
	Expect(object[corev1.ServiceAccount](rendered(in), "ServiceAccount").AutomountServiceAccountToken).To(account)
},
	Entry("is in no Pod", func(*render.Input) {}, HaveValue(BeFalse()), HaveValue(BeFalse())),
	Entry("is where the CR asks for it", overrides(v1alpha1.PodOverrides{AutomountServiceAccountToken: new(true)}),
		HaveValue(BeTrue()), HaveValue(BeTrue())),
	Entry("is left to a ServiceAccount of one's own", overrides(v1alpha1.PodOverrides{ServiceAccountName: "mine"}),
		BeNil(), HaveValue(BeFalse())),
	Entry("is not with a ServiceAccount of one's own where the CR says so",
		overrides(v1alpha1.PodOverrides{ServiceAccountName: "mine", AutomountServiceAccountToken: new(false)}),
		HaveValue(BeFalse()), HaveValue(BeFalse())),
	Entry("is where the configuration names it",
		func(in *render.Input) { in.UserConfig = &render.UserConfig{CopyName: "a", Hash: "b", NamesToken: true} },
		HaveValue(BeTrue()), HaveValue(BeTrue())),
	Entry("is not where the configuration names it and the CR forbids it",
		func(in *render.Input) {
			in.UserConfig = &render.UserConfig{CopyName: "a", Hash: "b", NamesToken: true}
			in.Spec.Server.PodOverrides = &v1alpha1.PodOverrides{AutomountServiceAccountToken: new(false)}
		},
		HaveValue(BeFalse()), HaveValue(BeFalse())),
	Entry("is where a command names it",
		func(in *render.Input) {
			in.Spec.Server.ContainerSpec.Command = []string{"/bin/sh", "-c", "TOKEN=$(cat " + tokenFile + ") exec llama stack run starter"}
		},
		HaveValue(BeTrue()), HaveValue(BeTrue())),
	Entry("is where an argument names it by another path to it",
		func(in *render.Input) {
			in.Spec.Server.ContainerSpec.Args = []string{"--ca=/run/secrets/kubernetes.io/serviceaccount/ca.crt"}
		},
		HaveValue(BeTrue()), HaveValue(BeTrue())),
	Entry("is where a variable names it",
		func(in *render.Input) {
			in.Spec.Server.ContainerSpec.Env = []corev1.EnvVar{{Name: "VLLM_API_TOKEN_FILE", Value: tokenFile}}
		},
		HaveValue(BeTrue()), HaveValue(BeTrue())),
	Entry("is where an init container names it",
		overrides(v1alpha1.PodOverrides{InitContainers: []v1alpha1.InitContainer{{Name: "a", Args: []v1alpha1.Argument{tokenFile}}}}),
		HaveValue(BeTrue()), HaveValue(BeTrue())),
)
