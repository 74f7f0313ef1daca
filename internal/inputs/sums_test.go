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
	"fmt"
	"strings"
	"sync"

	"github.com/llamastack/llama-stack-k8s-operator/internal/inputs"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("The sums of a ConfigMap that Pods read", func() {
	var (
		server   *apiServer
		contents *inputs.Contents
	)
	BeforeEach(func() {
		server = serving()
		contents = inputs.New(server, server.liveRead, nil)
	})
	sums := func(ctx context.Context, reference *metav1.PartialObjectMetadata) inputs.Sums {
		GinkgoHelper()
		found, err := contents.Sums(ctx, reference)
		Expect(err).NotTo(HaveOccurred())
		return found
	}
	of := func(ctx context.Context, data map[string]string) inputs.Sums {
		GinkgoHelper()
		return sums(ctx, referenceTo(server.put(ctx, "config", data)))
	}
	required := map[string]bool{"a": true}

	It("are read once for each version, for all servers", func(ctx context.Context) {
		reference := referenceTo(server.put(ctx, "config", map[string]string{"a": "1"}))
		var asking sync.WaitGroup
		for range 200 {
			asking.Go(func() {
				defer GinkgoRecover()
				Expect(sums(ctx, reference).Of(required, false)).NotTo(BeEmpty())
			})
		}
		asking.Wait()
		Expect(server.reads["ConfigMap"]).To(Equal(1))
		of(ctx, map[string]string{"a": "2"})
		Expect(server.reads["ConfigMap"]).To(Equal(2))
	})

	It("are none where it does not exist, which is not read, or has just been deleted", func(ctx context.Context) {
		Expect(sums(ctx, nil).Of(nil, true)).To(BeEmpty())
		Expect(server.reads).To(BeEmpty())
		reference := referenceTo(server.put(ctx, "config", map[string]string{"a": "1"}))
		server.remove(ctx, "config")
		Expect(sums(ctx, reference).Of(nil, true)).To(BeEmpty())
	})

	DescribeTable("are others", func(ctx context.Context, keys map[string]bool, whole bool, before, after map[string]string, differ bool) {
		first := of(ctx, before).Of(keys, whole)
		second := of(ctx, after).Of(keys, whole)
		Expect(first).NotTo(BeEmpty())
		Expect(second).NotTo(BeEmpty())
		if differ {
			Expect(second).NotTo(Equal(first))
		} else {
			Expect(second).To(Equal(first))
		}
	},
		Entry("for another value of a key that is named", required, false, map[string]string{"a": "1"}, map[string]string{"a": "2"}, true),
		Entry("not for another value of another key", required, false, map[string]string{"a": "1", "b": "1"}, map[string]string{"a": "1", "b": "2"}, false),
		Entry("not for another key", required, false, map[string]string{"a": "1"}, map[string]string{"a": "1", "b": "2"}, false),
		Entry("for any key where all count", map[string]bool{}, true, map[string]string{"a": "1"}, map[string]string{"a": "1", "b": "2"}, true),
		Entry("for any key where all count beside one that is named", required, true, map[string]string{"a": "1"}, map[string]string{"a": "1", "b": "2"}, true),
		Entry("for a key that may be absent", map[string]bool{"a": false}, false, map[string]string{"b": "1"}, map[string]string{"a": "1", "b": "1"}, true),
		Entry("for values that changed places", map[string]bool{"a": true, "b": true}, false, map[string]string{"a": "1", "b": "2"}, map[string]string{"a": "2", "b": "1"}, true),
	)

	It("are none without a key that the Pods need to start", func(ctx context.Context) {
		Expect(of(ctx, map[string]string{"b": "1"}).Of(required, false)).To(BeEmpty())
		Expect(of(ctx, map[string]string{"b": "2"}).Of(required, true)).To(BeEmpty())
		Expect(of(ctx, map[string]string{}).Of(required, false)).To(BeEmpty())
	})

	It("count every key of a ConfigMap with many", func(ctx context.Context) {
		data := map[string]string{"a": "1"}
		for i := range inputs.MaxSummedKeys {
			data[fmt.Sprintf("key-%d", i)] = ""
		}
		first := of(ctx, data).Of(required, false)
		data["key-1"] = "new"
		Expect(of(ctx, data).Of(required, false)).NotTo(Equal(first))
	})

	DescribeTable("weigh little", func(ctx context.Context, keys, bytes int) {
		data := map[string]string{}
		for i := range keys {
			data[fmt.Sprintf("%0200d", i)] = strings.Repeat("x", bytes/keys)
		}
		of(ctx, data)
		weight, entries := contents.Remembered()
		Expect(entries).To(Equal(1))
		Expect(weight).To(BeNumerically("<", 5<<10))
	},
		Entry("with one large value", 1, 1<<20),
		Entry("with as many keys as are followed", inputs.MaxSummedKeys, 1<<20),
		Entry("with more", 4000, 1<<20),
	)
})
