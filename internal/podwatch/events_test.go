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

package podwatch_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/internal/podwatch"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("The Events about an object", func() {
	// events answers with a list of Events of which each has a message of a length.
	events := func(number, length int) (*rest.RESTClient, *[]string) {
		GinkgoHelper()
		var asked []string
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked = append(asked, r.URL.Query().Get("limit"), r.URL.Query().Get("fieldSelector"))
			list := corev1.EventList{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "EventList"}}
			for range number {
				list.Items = append(list.Items, corev1.Event{Reason: "FailedMount", Message: strings.Repeat("x", length)})
			}
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(list)
		}))
		DeferCleanup(server.Close)
		restClient, err := rest.RESTClientFor(&rest.Config{Host: server.URL, APIPath: "/api", ContentConfig: rest.ContentConfig{
			GroupVersion: &corev1.SchemeGroupVersion, NegotiatedSerializer: scheme.Codecs.WithoutConversion(), ContentType: "application/vnd.kubernetes.protobuf",
		}})
		Expect(err).NotTo(HaveOccurred())
		return restClient, &asked
	}

	It("are limited in number by the request", func(ctx context.Context) {
		restClient, asked := events(3, 10)
		Expect(podwatch.ReadEvents(restClient)(ctx, "ns", "uid")).To(HaveExactElements(
			HaveField("Reason", "FailedMount"), HaveField("Reason", "FailedMount"), HaveField("Message", "xxxxxxxxxx")))
		Expect(*asked).To(Equal([]string{"100", "involvedObject.uid=uid"}))
	})

	It("are read up to a size", func(ctx context.Context) {
		restClient, _ := events(100, 1<<20)
		_, err := podwatch.ReadEvents(restClient)(ctx, "ns", "uid")
		Expect(err).To(MatchError(ContainSubstring("at most 1048576 bytes")))
	})
})
