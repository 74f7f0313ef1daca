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

package inputs_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/inputs"
	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	"github.com/llamastack/llama-stack-k8s-operator/internal/yamlbudget"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestInputs(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Inputs by reference")
}

// found returns a finding of the version that was asked for.
func found(version string) func(context.Context) (inputs.Found, string, error) {
	return func(context.Context) (inputs.Found, string, error) {
		return inputs.Found("of " + version), version, nil
	}
}

var _ = Describe("What is found in a content", func() {
	It("is read once for all servers, and remembered", func(ctx context.Context) {
		contents := inputs.New(nil, nil, nil)
		var counted atomic.Int32
		begin := make(chan struct{})
		find := func(ctx context.Context) (inputs.Found, string, error) {
			<-begin
			counted.Add(1)
			return found("1")(ctx)
		}
		var asking sync.WaitGroup
		for range 8 {
			asking.Go(func() {
				defer GinkgoRecover()
				Expect(inputs.Once(ctx, contents, "key", "1", find)).To(Equal(inputs.Found("of 1")))
			})
		}
		close(begin)
		asking.Wait()
		Expect(inputs.Once(ctx, contents, "key", "1", find)).To(Equal(inputs.Found("of 1")))
		Expect(counted.Load()).To(BeEquivalentTo(1))
	})

	It("is read again after an error", func(ctx context.Context) {
		contents := inputs.New(nil, nil, nil)
		failure := errors.New("lost")
		_, err := inputs.Once(ctx, contents, "key", "1", func(context.Context) (inputs.Found, string, error) { return "", "", failure })
		Expect(err).To(MatchError(failure))
		Expect(inputs.Once(ctx, contents, "key", "1", found("1"))).To(Equal(inputs.Found("of 1")))
	})

	It("is only remembered for the last version", func(ctx context.Context) {
		contents := inputs.New(nil, nil, nil)
		for version := range 100 {
			Expect(inputs.Once(ctx, contents, "key", strconv.Itoa(version), found(strconv.Itoa(version)))).To(Equal(inputs.Found(fmt.Sprintf("of %d", version))))
		}
		_, entries := contents.Remembered()
		Expect(entries).To(Equal(1))
	})

	It("is not waited for longer than the limit", func(ctx context.Context) {
		contents := inputs.New(nil, nil, nil)
		release := make(chan struct{})
		var busy sync.WaitGroup
		for i := range 2 {
			started := make(chan struct{})
			busy.Go(func() {
				defer GinkgoRecover()
				_, err := inputs.Once(ctx, contents, fmt.Sprintf("busy-%d", i), "1", func(ctx context.Context) (inputs.Found, string, error) {
					close(started)
					<-release
					return found("1")(ctx)
				})
				Expect(err).NotTo(HaveOccurred())
			})
			<-started
		}
		ended, cancel := context.WithCancel(ctx)
		cancel()
		_, err := inputs.Once(ended, contents, "key", "1", found("1"))
		Expect(err).To(MatchError(context.Canceled))
		close(release)
		busy.Wait()
		Expect(inputs.Once(ctx, contents, "key", "1", found("1"))).To(Equal(inputs.Found("of 1")))
	})

	It("uses little memory, whatever the content is and however often it changes", func(ctx context.Context) {
		contents := inputs.New(nil, nil, nil)
		configMap := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "apps", Name: "large", UID: "1"}, Data: map[string]string{}}
		certificates := strings.Repeat(harness.NewCertificate("a"), 200)
		for i := range 4000 { // one key of 200 characters each, which would all be named
			configMap.Data[fmt.Sprintf("%s-%d", strings.Repeat("k", 200), i)] = ""
		}
		configMap.Data["ca-bundle.crt"] = certificates
		for edit := range 100 {
			configMap.ResourceVersion, configMap.Data["edit"] = strconv.Itoa(edit), "# "+strconv.Itoa(edit)
			for _, problem := range contents.Find(ctx, configMap) {
				if problem != nil {
					Expect(len(problem.Message)).To(BeNumerically("<", 4096))
				}
			}
		}
		weight, entries := contents.Remembered()
		Expect(entries).To(Equal(2))
		Expect(weight).To(BeNumerically("<", 1<<20))
	})
})

var _ = Describe("A user's configuration", func() {
	configOf := func(data map[string]string) *corev1.ConfigMap {
		return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "apps", Name: "config", UID: "1"}, Data: data}
	}
	large := "version: 2\n# " + strings.Repeat("x", yamlbudget.MaxBytes)
	commanded := func() *llsdtest.Wrapper {
		return llsdtest.Make("a").Command("/bin/sh", "-c", "llama stack run /etc/llama-stack/run.yaml")
	}

	DescribeTable("is mounted, read or not",
		func(server *llsdtest.Wrapper, data map[string]string, unread bool, notices ...string) {
			got := inputs.UserConfigOf(server.Obj(), configOf(data))

			Expect(got.Message).To(BeEmpty())
			Expect(got.Mounted).To(BeTrue())
			Expect(got.Unread).To(Equal(unread))
			if len(notices) == 0 {
				Expect(got.Notice).To(BeEmpty())
			}
			for _, text := range notices {
				Expect(got.Notice).To(ContainSubstring(text))
			}
		},
		Entry("a valid configuration", llsdtest.Make("a"), map[string]string{"config.yaml": "version: 2\n"}, false),
		Entry("with a byte order mark and Windows line ends", llsdtest.Make("a").Workers(2), map[string]string{"config.yaml": "\ufeffversion: 2\r\nserver:\r\n  port: 1\r\n"}, false),
		Entry("too large to be inspected", llsdtest.Make("a"), map[string]string{"config.yaml": large}, true,
			"key config.yaml of ConfigMap apps/config has 262157 bytes", "at most 262144", "mounted as it is", "speaks TLS", "keeps state"),
		Entry("too large for the number of workers", llsdtest.Make("a").Workers(2), map[string]string{"config.yaml": large}, true, "server.workers is not put in"),
		Entry("with a command, under another key", commanded(), map[string]string{"run.yaml": "version: 2\n"}, true),
		Entry("with a command, beside a key that is not a configuration", commanded(), map[string]string{"run.yaml": "version: 2\n", "config.yaml": "see run.yaml\n"}, true),
		Entry("with a command that may read it", commanded(), map[string]string{"config.yaml": "version: 2\n"}, false),
		Entry("with a command and a certificate, half of which it names", commanded().ServingTLS("tls"),
			map[string]string{"config.yaml": "server: {tls_certfile: /c}\n"}, true),
		Entry("with a command, empty", commanded(), nil, true),
	)

	It("that is too large leaves open how the server is probed", func() {
		Expect(inputs.UserConfigOf(llsdtest.Make("a").Obj(), configOf(map[string]string{"config.yaml": large})).TCPProbe).To(BeTrue())
		Expect(inputs.UserConfigOf(commanded().Obj(), configOf(map[string]string{"run.yaml": "version: 2\n"})).TCPProbe).To(BeFalse())
	})

	DescribeTable("is refused",
		func(server *llsdtest.Wrapper, change func(*corev1.ConfigMap), reason v1alpha1.Reason, texts ...string) {
			configMap := configOf(map[string]string{})
			change(configMap)
			got := inputs.UserConfigOf(server.Obj(), configMap)

			Expect(got.Reason).To(Equal(reason))
			Expect(len(got.Message)).To(BeNumerically("<", 4096))
			for _, text := range texts {
				Expect(got.Message).To(ContainSubstring(text))
			}
		},
		Entry("where it has no such key, of which there are many", llsdtest.Make("a"), func(c *corev1.ConfigMap) {
			for i := range 2000 {
				c.Data[fmt.Sprintf("key-%04d", i)] = ""
			}
		}, v1alpha1.ReasonUserConfigKeyNotFound, "(it has key-0000, key-0001", "key-0009 and 1990 more)"),
		Entry("where it has no key at all", llsdtest.Make("a"), func(*corev1.ConfigMap) {}, v1alpha1.ReasonUserConfigKeyNotFound, "(it has none)"),
		Entry("with aliases that expand to too much", llsdtest.Make("a"), func(c *corev1.ConfigMap) { c.Data["config.yaml"] = nested(90, 40) },
			v1alpha1.ReasonUserConfigInvalid, "apps/config", "more than 50000 values"),
		Entry("too large for a certificate", llsdtest.Make("a").ServingTLS("tls"), func(c *corev1.ConfigMap) { c.Data["config.yaml"] = large },
			v1alpha1.ReasonUserConfigInvalid, "cannot be put in", "make it shorter"),
		Entry("in UTF-16", llsdtest.Make("a"), func(c *corev1.ConfigMap) {
			c.BinaryData = map[string][]byte{"config.yaml": []byte("\xff\xfev\x00:\x00 \x002\x00")}
		}, v1alpha1.ReasonUserConfigInvalid, "key config.yaml of ConfigMap apps/config", "it is UTF-16: save the file as UTF-8"),
		Entry("in Latin-1", llsdtest.Make("a"), func(c *corev1.ConfigMap) {
			c.BinaryData = map[string][]byte{"config.yaml": []byte("version: 2 # f\xfcr uns\n")}
		}, v1alpha1.ReasonUserConfigInvalid, "key config.yaml of ConfigMap apps/config", "Latin-1"),
		Entry("as a file of another kind", llsdtest.Make("a"), func(c *corev1.ConfigMap) {
			c.BinaryData = map[string][]byte{"config.yaml": []byte("\x1f\x8b\x08\x00\x00")}
		}, v1alpha1.ReasonUserConfigInvalid, "it is no text"),
	)
})

// nested is a small text that stands for more than anybody can visit.
func nested(levels, width int) string {
	var text strings.Builder
	text.WriteString("a0: &a0 x\n")
	for level := 1; level <= levels; level++ {
		fmt.Fprintf(&text, "a%d: &a%d [%s]\n", level, level, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d,", level-1), width), ","))
	}
	return text.String()
}

var _ = Describe("The hash of a content", func() {
	hash := func(data map[string]string, binary map[string][]byte) string {
		return inputs.ContentHash(&corev1.ConfigMap{Data: data, BinaryData: binary})
	}
	It("only depends on keys and values", func() {
		base := hash(map[string]string{"a": "1", "b": "2"}, nil)
		Expect(hash(map[string]string{"b": "2", "a": "1"}, nil)).To(Equal(base))
		Expect(hash(map[string]string{"a": "1"}, map[string][]byte{"b": []byte("2")})).NotTo(Equal(base))
		Expect(hash(map[string]string{"a": "1\n\"b\"=\"2\""}, nil)).NotTo(Equal(base))
		Expect(hash(map[string]string{"a": "2", "b": "1"}, nil)).NotTo(Equal(base))
	})
})
