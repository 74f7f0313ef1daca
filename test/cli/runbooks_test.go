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
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const runbooks = "../../docs/runbooks"

// pluginWord is the first argument of kubectl for the commands of this program.
const pluginWord = "llamastack"

// filters are the programs, beside kubectl, that commands may use.
var filters = []string{"base64", "grep", "openssl", "tail"}

// unserved are commands that need what no API server alone has: a running container, and the metrics of Pods.
var unserved = []string{"exec", "top"}

var (
	shellBlock = regexp.MustCompile("(?s)```(?:shell|sh|bash)\n(.*?)```")
	inlineCode = regexp.MustCompile("(?s)`(kubectl [^`]*)`")
	// placeholder is a word in capitals that stands for a name.
	placeholder = regexp.MustCompile(`\b(NAMESPACE|NAME|SECRET|POD)\b`)
	// group is the usage of a command that has others below it.
	group = regexp.MustCompile(`(?m)^\s+kubectl .*(?:SUBCOMMAND|\[command\])`)
)

// commandsIn are the commands of a text in Markdown, as words: each part of a pipeline, in blocks and in the text.
func commandsIn(text string) ([][]string, error) {
	var found [][]string
	lines := []string{}
	for _, block := range shellBlock.FindAllStringSubmatch(text, -1) {
		lines = append(lines, strings.Split(strings.ReplaceAll(block[1], "\\\n", " "), "\n")...)
	}
	for _, code := range inlineCode.FindAllStringSubmatch(text, -1) {
		lines = append(lines, strings.Join(strings.Fields(code[1]), " "))
	}
	for _, line := range lines {
		commands, err := pipeline(line)
		if err != nil {
			return nil, fmt.Errorf("failed to read %q: %w", line, err)
		}
		found = append(found, commands...)
	}
	return found, nil
}

// pipeline are the words of the commands in a line of the shell, as far as runbooks need one: words, quotes and pipes.
func pipeline(line string) ([][]string, error) {
	var (
		commands [][]string
		words    []string
		word     strings.Builder
		quote    rune
		inWord   bool
	)
	endWord := func() {
		if inWord {
			words = append(words, word.String())
		}
		word.Reset()
		inWord = false
	}
	endCommand := func() {
		endWord()
		if len(words) > 0 {
			commands = append(commands, words)
		}
		words = nil
	}
	for _, char := range line {
		switch {
		case quote != 0 && char == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(char)
		case char == '\'' || char == '"':
			quote, inWord = char, true
		case char == '|':
			endCommand()
		case char == ' ':
			endWord()
		case strings.ContainsRune(";&<>$`\\#", char):
			return nil, fmt.Errorf("%q is more than this test reads; use words, quotes and pipes", char)
		default:
			word.WriteRune(char)
			inWord = true
		}
	}
	endCommand()
	if quote != 0 {
		return nil, fmt.Errorf("the quote %c has no end", quote)
	}
	return commands, nil
}

// kubectl runs the kubectl of the control plane, as the administrator, and returns what it prints.
func kubectl(ctx context.Context, words ...string) (string, error) {
	command := exec.CommandContext(ctx, filepath.Join(os.Getenv("KUBEBUILDER_ASSETS"), "kubectl"), words...)
	command.Env = append(os.Environ(), "KUBECONFIG="+kubeconfig)
	output, err := command.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("failed to run kubectl %s: %w: %s", strings.Join(words, " "), err, output)
	}
	return string(output), err
}

// parsed fails for a command that the program does not know, or with options that it does not have.
func parsed(ctx context.Context, words []string) error {
	switch {
	case slices.Contains(filters, words[0]):
		return nil
	case words[0] != "kubectl":
		return fmt.Errorf("runbooks use kubectl and %v, and not %s", filters, words[0])
	case slices.Contains(words, "--"): // what runs in a container is not kubectl's
		words = words[:slices.Index(words, "--")]
	}
	if words[1] == pluginWord {
		found := run(ctx, nil, append(slices.Clone(words[2:]), "--help")...)
		if found.Code != 0 {
			return errors.New(found.Err)
		}
		return nil
	}
	help, err := kubectl(ctx, append(slices.Clone(words[1:]), "--help")...)
	if err == nil && group.MatchString(help) {
		err = fmt.Errorf("%v is no command: its help is that of a group of commands", words)
	}
	return err
}

// reads says whether a command changes nothing, and can run against an API server alone.
func reads(words []string) bool {
	if words[0] != "kubectl" {
		return false
	}
	if words[1] == pluginWord {
		return !slices.Contains([]string{"restart", "suspend", "resume", "pause", "unpause", "rollback", "check", "create", "chat"}, words[2])
	}
	for _, verb := range []string{"get", "describe", "logs", "events"} {
		if slices.Contains(words, verb) {
			return !slices.ContainsFunc(unserved, func(other string) bool { return slices.Contains(words, other) })
		}
	}
	return false
}

// troubled is a server with everything that the commands of runbooks are about, and what they call it.
func troubled(ctx context.Context) map[string]string {
	GinkgoHelper()
	namespace := newNamespace(ctx)
	server := llsdtest.Make("demo").Namespace(namespace).Storage("1Gi").Obj()
	harness.Create(ctx, admin, server, &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "certificate", Namespace: namespace}, Data: map[string][]byte{"tls.crt": []byte("a"), "tls.key": []byte("b")},
		Type: corev1.SecretTypeTLS,
	})
	harness.BecomeReady(ctx, admin, server)
	node := startLogNode(ctx)
	pod := podOf(server, "demo-a")
	pod.Labels = harness.Get(ctx, admin, namespace, "demo", &appsv1.Deployment{}).Spec.Template.Labels
	node.pod(ctx, pod, "2026-03-01T12:00:00Z a line\n")
	operatorOnNode(ctx, node)
	certificates(ctx)
	return map[string]string{"NAMESPACE": namespace, "NAME": "demo", "SECRET": "certificate", "POD": "demo-a"}
}

// operatorOnNode is the operator's Deployment as it is installed, with a Pod that has a log, and its lease.
func operatorOnNode(ctx context.Context, node *logNode) {
	GinkgoHelper()
	labels := render.OperatorPodLabels()
	spec := corev1.PodSpec{Containers: []corev1.Container{{Name: "manager", Image: image}}}
	meta := metav1.ObjectMeta{Name: "llama-stack-k8s-operator-controller-manager", Namespace: harness.OperatorNamespace, Labels: labels}
	deployment := &appsv1.Deployment{ObjectMeta: meta, Spec: appsv1.DeploymentSpec{
		Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: spec},
	}}
	pod := &corev1.Pod{ObjectMeta: meta, Spec: spec}
	// Pods of other specs are on nodes that do not exist any more.
	Expect(admin.DeleteAllOf(ctx, &corev1.Pod{}, client.InNamespace(meta.Namespace), client.MatchingLabels(labels), client.GracePeriodSeconds(0))).To(Succeed())
	harness.Create(ctx, admin, deployment)
	node.pod(ctx, pod, `{"level":"error","msg":"failed to renew the lease"}`+"\n")
	DeferCleanup(func(ctx context.Context) {
		Expect(admin.Delete(ctx, deployment)).To(Succeed())
		Expect(admin.Delete(ctx, pod, client.GracePeriodSeconds(0))).To(Succeed())
	})
	harness.Get(ctx, admin, harness.OperatorNamespace, "54e06e98.llamastack.io", &coordinationv1.Lease{})
}

// certificates lets the API server serve the Certificates of cert-manager.
func certificates(ctx context.Context) {
	GinkgoHelper()
	definition := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": map[string]any{"name": "certificates.cert-manager.io"},
		"spec": map[string]any{
			"group": "cert-manager.io", "scope": "Namespaced",
			"names": map[string]any{"plural": "certificates", "singular": "certificate", "kind": "Certificate", "listKind": "CertificateList"},
			"versions": []any{map[string]any{
				"name": "v1", "served": true, "storage": true, "schema": map[string]any{"openAPIV3Schema": map[string]any{
					"type": "object", "x-kubernetes-preserve-unknown-fields": true,
				}},
			}},
		},
	}}
	harness.Create(ctx, admin, definition)
	DeferCleanup(func(ctx context.Context) {
		Expect(admin.Delete(ctx, definition)).To(Succeed())
		Eventually(func() error { return admin.Get(ctx, client.ObjectKeyFromObject(definition), definition) }).Should(Satisfy(apierrors.IsNotFound))
	})
	Eventually(func() error {
		list := &unstructured.UnstructuredList{}
		list.SetGroupVersionKind(schema.GroupVersionKind{Group: "cert-manager.io", Version: "v1", Kind: "CertificateList"})
		return admin.List(ctx, list)
	}).Should(Succeed())
}

var _ = Describe("The commands of the runbooks", Ordered, func() {
	var commands map[string][][]string

	BeforeAll(func() {
		files, err := filepath.Glob(filepath.Join(runbooks, "*.md"))
		Expect(err).NotTo(HaveOccurred())
		Expect(files).NotTo(BeEmpty())
		commands = map[string][][]string{}
		for _, file := range files {
			text, err := os.ReadFile(file)
			Expect(err).NotTo(HaveOccurred())
			commands[filepath.Base(file)], err = commandsIn(string(text))
			Expect(err).NotTo(HaveOccurred(), file)
			Expect(commands[filepath.Base(file)]).NotTo(BeEmpty(), file)
		}
	})

	It("exist, with their options", func(ctx context.Context) {
		for file, all := range commands {
			for _, words := range all {
				Expect(parsed(ctx, words)).To(Succeed(), file)
			}
		}
	})

	It("succeed, if they only read", func(ctx context.Context) {
		names, count := troubled(ctx), 0
		for file, all := range commands {
			for _, words := range all {
				if !reads(words) {
					continue
				}
				count++
				text := placeholder.ReplaceAllStringFunc(strings.Join(words[1:], "\x00"), func(name string) string { return names[name] })
				words := strings.Split(text, "\x00")
				if words[0] == pluginWord {
					found := run(ctx, nil, append(words[1:], "-n", names["NAMESPACE"])...)
					Expect(found.Code).To(BeZero(), "%s: %v: %s", file, words, found.Err)
					continue
				}
				_, err := kubectl(ctx, words...)
				Expect(err).NotTo(HaveOccurred(), file)
			}
		}
		Expect(count).To(BeNumerically(">=", 25), "runbooks read before they change")
	})

	DescribeTable("are refused if they are wrong", func(ctx context.Context, line, why string) {
		found, err := commandsIn("```shell\n" + line + "\n```\n")
		for _, words := range found {
			err = errors.Join(err, parsed(ctx, words))
		}
		Expect(err).To(MatchError(ContainSubstring(why)))
	},
		Entry("with a command that does not exist", "kubectl gett pods", "unknown command"),
		Entry("with an option that does not exist", "kubectl get pods --frobnicate", "unknown flag"),
		Entry("with an option of another command", "kubectl get pods --since=10m", "unknown flag"),
		Entry("with a part of a group that does not exist", "kubectl rollout reboot deploy/a", "is no command"),
		Entry("with a value of the wrong type", "kubectl logs a --tail=many", "invalid argument"),
		Entry("of this program", "kubectl llamastack statsu demo", "unknown command"),
		Entry("of this program, with an option that does not exist", "kubectl llamastack status --frobnicate", "unknown flag"),
		Entry("at the end of a pipe", "kubectl get pods | jq .", "and not jq"),
		Entry("with a quote without an end", "kubectl get pods -o 'a", "has no end"),
		Entry("with more of the shell than is read", "kubectl get pods; reboot", "more than this test reads"),
	)

	It("are refused if they name an object or a field that does not exist", func(ctx context.Context) {
		for _, wrong := range []string{"get llsdd", "get llsd -o jsonpath={.status", "get pods -l 'a b'", "logs deploy/none"} {
			_, err := kubectl(ctx, strings.Fields(wrong)...)
			Expect(err).To(HaveOccurred(), wrong)
		}
	})
})
