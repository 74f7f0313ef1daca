//go:build perf

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

package perf_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/internal/llsdtest"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const (
	// plainServers is how many servers have neither a configuration nor certificates.
	plainServers = 100
	// bundled is how many servers have a large CA bundle.
	bundled = 50
	// bundleSize is that of each, in bytes.
	bundleSize = 200_000
)

// describeMemory measures the memory of plain servers, and of servers that trust many certificate authorities.
func describeMemory() {
	var plainEach, plainHeap float64

	It("needs little memory for each plain server", func(ctx context.Context) {
		newNamespace(ctx, "plain-servers")
		inParallel(plainServers, func(number int) {
			// The second replica creates a PodDisruptionBudget, the fifth child.
			create(ctx, llsdtest.Make(fmt.Sprintf("plain-%03d", number)).Namespace("plain-servers").Distribution("starter").Storage("1Gi").Replicas(2).Obj())
		})
		becomeReady(ctx, "plain-servers", plainServers)
		restart(ctx)

		plainHeap = operator.liveHeap()
		plainEach = (plainHeap - fleetHeap) / plainServers
		figuref("memory, each plain server with a PVC (budget 25 KiB)", "%.1f KiB of live heap; %.1f MiB of its own", plainEach/kibi, operator.resident("RssAnon")/mebi)
		Expect(plainEach).To(BeNumerically("<=", memberBudget))
	})

	It("does not keep the certificates that servers trust", func(ctx context.Context) {
		newNamespace(ctx, "bundles")
		certificates := newBundle()
		inParallel(bundled, func(number int) {
			name := fmt.Sprintf("trusting-%02d", number)
			create(ctx,
				&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "bundles", Name: name + "-ca"}, Data: map[string]string{"ca.crt": certificates}},
				llsdtest.Make(name).Namespace("bundles").Distribution("starter").Storage("1Gi").CABundle(name+"-ca", "ca.crt").Obj())
		})
		becomeReady(ctx, "bundles", bundled)
		restart(ctx)

		each := (operator.liveHeap() - plainHeap) / bundled
		figuref("memory, each server with a CA bundle of 200 kB", "%.1f KiB of live heap; %.1f MiB of its own", each/kibi, operator.resident("RssAnon")/mebi)
		Expect(each).To(BeNumerically("<=", memberBudget+contentBudget))
	})
}

// newBundle is as many certificates as make the size of a bundle.
func newBundle() string {
	GinkgoHelper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	Expect(err).NotTo(HaveOccurred())
	var bundle strings.Builder
	for serial := int64(1); bundle.Len() < bundleSize; serial++ {
		template := &x509.Certificate{
			SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: fmt.Sprintf("authority %d", serial)},
			NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		}
		der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
		Expect(err).NotTo(HaveOccurred())
		Expect(pem.Encode(&bundle, &pem.Block{Type: "CERTIFICATE", Bytes: der})).To(Succeed())
	}
	return bundle.String()
}
