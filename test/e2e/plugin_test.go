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
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"sync"

	"github.com/creack/pty"
	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/onsi/gomega/gbytes"
	"github.com/onsi/gomega/gexec"
	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// buildPlugin builds the plugin once, until the suite ends.
var buildPlugin = sync.OnceValues(func() (string, error) {
	return gexec.Build("github.com/llamastack/llama-stack-k8s-operator/cmd/kubectl-llamastack", "-ldflags", "-s -w")
})

// may polls whether the API server lets a user do something: it reads roles and bindings from caches.
func may(ctx context.Context, user string, what *authorizationv1.ResourceAttributes) func() (bool, error) {
	return func() (bool, error) {
		review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{User: user, ResourceAttributes: what}}
		err := kube.Create(ctx, review)
		return review.Status.Allowed, err
	}
}

// pluginCommand is "kubectl llamastack" about a server, by a user with the rights of an editor of its namespace alone.
func pluginCommand(ctx context.Context, server *v1alpha1.LlamaStackDistribution, args ...string) *exec.Cmd {
	GinkgoHelper()
	program, err := buildPlugin()
	Expect(err).NotTo(HaveOccurred())
	editor := "editor-of-" + server.Namespace
	binding := &rbacv1.RoleBinding{
		ObjectMeta: objectMeta(server.Namespace, "editor"), RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "edit"},
		Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: editor}},
	}
	Expect(client.IgnoreAlreadyExists(kube.Create(ctx, binding))).To(Succeed())
	Eventually(may(ctx, editor, &authorizationv1.ResourceAttributes{Namespace: server.Namespace, Verb: "list", Resource: "pods"})).
		Should(BeTrue(), "the API server has not read the binding yet")
	command := exec.CommandContext(ctx, program, append(args, "--namespace", server.Namespace, "--as", editor)...)
	command.Env = append(os.Environ(), "KUBECONFIG="+kubeconfig(), "TERM=xterm")
	return command
}

// plugin runs pluginCommand and returns what it prints.
func plugin(ctx context.Context, server *v1alpha1.LlamaStackDistribution, args ...string) string {
	GinkgoHelper()
	command := pluginCommand(ctx, server, args...)
	command.Stderr = GinkgoWriter
	output, err := command.Output()
	Expect(err).NotTo(HaveOccurred(), string(output))
	return string(output)
}

// talk checks that a person can talk to a model of a server in a terminal: through the API server, to the Pod.
func talk(ctx context.Context, server *v1alpha1.LlamaStackDistribution, model string) {
	GinkgoHelper()
	const question, ctrlD = "Is anybody in the terminal?", "\x04"
	command := pluginCommand(ctx, server, "chat", server.Name, model)
	device, err := pty.Start(command)
	Expect(err).NotTo(HaveOccurred())
	defer func() { Expect(device.Close()).To(Succeed()) }()
	screen := gbytes.NewBuffer()
	ended := make(chan error, 1)
	go func() {
		_, _ = io.Copy(io.MultiWriter(screen, GinkgoWriter), device) // the end of the program is an error of the device
		ended <- command.Wait()
	}()
	Eventually(screen).Should(gbytes.Say("> "))
	_, err = device.WriteString(question + "\r")
	Expect(err).NotTo(HaveOccurred())
	Eventually(screen).Should(gbytes.Say(`(?s)in the terminal\?.*You said: .*in the terminal\?.*> `), "what was typed, and the answer, which repeats it")
	_, err = device.WriteString(ctrlD)
	Expect(err).NotTo(HaveOccurred())
	Eventually(ended).Should(Receive(Succeed()))
}

// examine checks that a doctor finds no failure of a server that is well.
func examine(ctx context.Context, server *v1alpha1.LlamaStackDistribution) {
	GinkgoHelper()
	Expect(plugin(ctx, server, "doctor", server.Name)).NotTo(BeEmpty())
}

// load is what "top" shows of the only server of a namespace.
func load(ctx context.Context, server *v1alpha1.LlamaStackDistribution) map[string]any {
	GinkgoHelper()
	var shown struct {
		Items []map[string]any `json:"items"`
	}
	Expect(json.Unmarshal([]byte(plugin(ctx, server, "top", server.Name, "--interval", "1s", "--output", "json")), &shown)).To(Succeed())
	Expect(shown.Items).To(HaveLen(1))
	return shown.Items[0]
}
