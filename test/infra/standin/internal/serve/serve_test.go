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

package serve_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/test/infra/standin/internal/serve"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// soon bounds what should happen at once, on a machine that is busy.
const soon = time.Minute

var _ = Describe("Run", func() {
	var (
		signals chan os.Signal
		options serve.Options
		lines   chan string
		address chan net.Addr
		ended   chan error
	)

	hello := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })

	BeforeEach(func() {
		signals, lines = make(chan os.Signal, 1), make(chan string, 100)
		address, ended = make(chan net.Addr, 1), make(chan error, 1)
		options = serve.Options{
			Address:   "127.0.0.1:0",
			Log:       func(format string, args ...any) { lines <- fmt.Sprintf(format, args...) },
			Listening: func(a net.Addr) { address <- a },
		}
	})

	start := func() context.CancelFunc {
		ctx, cancel := context.WithCancel(context.Background())
		DeferCleanup(cancel)

		go func() { ended <- serve.Run(ctx, signals, hello, options) }()

		return cancel
	}

	listening := func() string {
		GinkgoHelper()

		var got net.Addr
		Eventually(address).WithTimeout(soon).Should(Receive(&got))

		return got.String()
	}

	get := func(client *http.Client, url string) (string, error) {
		request, err := http.NewRequestWithContext(GinkgoT().Context(), http.MethodGet, url, http.NoBody)
		Expect(err).NotTo(HaveOccurred())

		response, err := client.Do(request)
		if err != nil {
			return "", err
		}
		body, err := io.ReadAll(response.Body)

		return string(body), errors.Join(err, response.Body.Close())
	}

	It("serves until the context ends", func() {
		cancel := start()
		Expect(get(http.DefaultClient, "http://"+listening())).To(Equal("hello"))
		cancel()
		Eventually(ended).WithTimeout(soon).Should(Receive(BeNil()))
	})

	DescribeTable("ends at", func(signal os.Signal) {
		start()
		listening()
		signals <- signal
		Eventually(ended).WithTimeout(soon).Should(Receive(BeNil()))
		Eventually(lines).WithTimeout(soon).Should(Receive(Equal("ending at " + signal.String())))
	},
		Entry("SIGTERM", syscall.SIGTERM),
		Entry("SIGINT", os.Interrupt),
	)

	Describe("configured to ignore SIGTERM", func() {
		var refuse atomic.Bool

		BeforeEach(func() {
			refuse.Store(true)
			options.Refuse = refuse.Load
		})

		It("continues, until it is configured otherwise", func() {
			start()
			url := "http://" + listening()
			signals <- syscall.SIGTERM
			Eventually(lines).WithTimeout(soon).Should(Receive(Equal("ignoring terminated, as configured")))
			Expect(get(http.DefaultClient, url)).To(Equal("hello"))
			refuse.Store(false)
			signals <- syscall.SIGTERM
			Eventually(ended).WithTimeout(soon).Should(Receive(BeNil()))
		})

		It("ends at SIGINT, so that a person can end it", func() {
			start()
			listening()
			signals <- os.Interrupt
			Eventually(ended).WithTimeout(soon).Should(Receive(BeNil()))
		})
	})

	Describe("a late start", func() {
		It("accepts nothing before its time", func() {
			options.Delay = 100 * time.Millisecond
			started := time.Now()
			start()
			listening()
			Expect(time.Since(started)).To(BeNumerically(">=", options.Delay))
			Expect(lines).To(Receive(Equal("listening in 100ms")))
		})

		It("ends at SIGTERM without having listened", func() {
			options.Delay = time.Hour
			start()
			signals <- syscall.SIGTERM
			Eventually(ended).WithTimeout(soon).Should(Receive(BeNil()))
			Expect(address).NotTo(Receive())
		})
	})

	It("serves TLS with the files that it is given", func() {
		options.CertFile, options.KeyFile = certificate()
		start()

		roots := x509.NewCertPool()
		text, err := os.ReadFile(options.CertFile)
		Expect(err).NotTo(HaveOccurred())
		Expect(roots.AppendCertsFromPEM(text)).To(BeTrue())

		transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
		DeferCleanup(transport.CloseIdleConnections)
		Expect(get(&http.Client{Transport: transport}, "https://"+listening())).To(Equal("hello"))
	})

	It("reports that the TLS files are invalid", func() {
		options.CertFile, options.KeyFile = "missing.crt", "missing.key"
		start()
		Eventually(ended).WithTimeout(soon).Should(Receive(MatchError(And(HavePrefix("failed to serve"), ContainSubstring("missing.crt")))))
	})

	It("reports that the port is in use", func() {
		start()
		options.Address = listening()
		Expect(serve.Run(GinkgoT().Context(), signals, hello, options)).To(MatchError(ContainSubstring("address already in use")))
	})
})

// certificate makes a self-signed one for 127.0.0.1 and returns the files of it and of its key.
func certificate() (string, string) {
	GinkgoHelper()

	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	Expect(err).NotTo(HaveOccurred())

	template := x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, &key.PublicKey, key)
	Expect(err).NotTo(HaveOccurred())

	secret, err := x509.MarshalECPrivateKey(key)
	Expect(err).NotTo(HaveOccurred())

	folder := GinkgoT().TempDir()
	write := func(name, kind string, bytes []byte) string {
		path := filepath.Join(folder, name)
		Expect(os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes}), 0o600)).To(Succeed())

		return path
	}

	return write("tls.crt", "CERTIFICATE", der), write("tls.key", "EC PRIVATE KEY", secret)
}
