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

package outside_test

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/test/infra/harness"
	"github.com/llamastack/llama-stack-k8s-operator/test/infra/standin/internal/outside"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const (
	openAI  = "api.openai.com"
	runtime = "bedrock-runtime.eu-central-1.amazonaws.com"
	tokens  = "sts.eu-central-1.amazonaws.com"

	signature = "AWS4-HMAC-SHA256 Credential=ASIASTANDINSTANDIN00/20260101/eu-central-1/bedrock/aws4_request"
	question  = `{"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello?"}]}`
)

var _ = Describe("Proxy", func() {
	var (
		client *http.Client
		proxy  *httptest.Server
	)

	BeforeEach(func() {
		certificate, key := harness.NewKeyPair(openAI, "*.eu-central-1.amazonaws.com")
		pair, err := tls.X509KeyPair([]byte(certificate), []byte(key))
		Expect(err).NotTo(HaveOccurred())
		proxy = httptest.NewServer(&outside.Proxy{Models: []string{"gpt-4o"}, Certificate: pair})
		DeferCleanup(proxy.Close)

		trusted := x509.NewCertPool()
		Expect(trusted.AppendCertsFromPEM([]byte(certificate))).To(BeTrue())
		address, err := url.Parse(proxy.URL)
		Expect(err).NotTo(HaveOccurred())
		transport := &http.Transport{Proxy: http.ProxyURL(address), TLSClientConfig: &tls.Config{RootCAs: trusted, MinVersion: tls.VersionTLS12}}
		DeferCleanup(transport.CloseIdleConnections)
		client = &http.Client{Transport: transport}
	})

	// post sends a body with a header, and returns the status and the body of the answer.
	post := func(address, header, value, body string) (int, string) {
		GinkgoHelper()
		request, err := http.NewRequestWithContext(GinkgoT().Context(), http.MethodPost, address, strings.NewReader(body))
		Expect(err).NotTo(HaveOccurred())
		request.Header.Set(header, value)
		response, err := client.Do(request)
		Expect(err).NotTo(HaveOccurred())
		text, err := io.ReadAll(response.Body)
		Expect(err).NotTo(HaveOccurred())
		Expect(response.Body.Close()).To(Succeed())
		return response.StatusCode, string(text)
	}

	DescribeTable("answers for", func(address, header, value string) {
		for range 2 { // The second request has the connection of the first.
			status, text := post(address, header, value, question)
			Expect(status).To(Equal(http.StatusOK), text)
			Expect(text).To(ContainSubstring("You said: Hello?"))
		}
	},
		Entry("OpenAI, to who has a key", "https://"+openAI+"/v1/chat/completions", "Authorization", "Bearer key"),
		Entry("Anthropic's own client, which sends its key elsewhere", "https://"+openAI+"/v1/chat/completions", "X-Api-Key", "key"),
		Entry("Bedrock, to who has signed with a role", "https://"+runtime+"/openai/v1/chat/completions", "Authorization", signature),
	)

	DescribeTable("refuses at", func(host, value string) {
		status, text := post("https://"+host+"/v1/chat/completions", "Authorization", value, question)
		Expect(status).To(Equal(http.StatusUnauthorized))
		Expect(text).To(ContainSubstring("the authorization for " + host))
	},
		Entry("OpenAI who has no key", openAI, ""),
		Entry("Bedrock who has a key instead of a role", runtime, "Bearer key"),
		Entry("Bedrock who signs with a key of one's own", runtime, strings.Replace(signature, "ASIA", "AKIA", 1)),
	)

	const assume = "Action=AssumeRoleWithWebIdentity&WebIdentityToken="
	form := func(body string) (int, string) {
		GinkgoHelper()
		return post("https://"+tokens+"/", "Content-Type", "application/x-www-form-urlencoded", body)
	}

	It("gives the credentials of a role for the token of a ServiceAccount", func() {
		status, text := form(assume + "header.claims.signature")
		Expect(status).To(Equal(http.StatusOK))
		Expect(text).To(ContainSubstring("<AccessKeyId>ASIASTANDINSTANDIN00</AccessKeyId>"))
	})

	DescribeTable("gives no credentials", func(body string) {
		status, _ := form(body)
		Expect(status).To(Equal(http.StatusForbidden))
	},
		Entry("for another action", "Action=GetCallerIdentity&WebIdentityToken=a.b.c"),
		Entry("for what is no token", assume+"text"),
	)

	It("says that it is ready", func() {
		request, err := http.NewRequestWithContext(GinkgoT().Context(), http.MethodGet, proxy.URL+"/health", http.NoBody)
		Expect(err).NotTo(HaveOccurred())
		response, err := http.DefaultClient.Do(request)
		Expect(err).NotTo(HaveOccurred())
		Expect(response.StatusCode).To(Equal(http.StatusOK))
		Expect(response.Body.Close()).To(Succeed())
	})
})
