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

package manager

import (
	"crypto/tls"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/llamastack/llama-stack-k8s-operator/internal/delegatedauth"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

// errNoTLS is that of a certificate which nothing would be served with.
var errNoTLS = errors.New("--metrics-cert-dir is for metrics that are served over TLS: leave out --metrics-secure=false")

// metricsOptions are those of the server of the metrics.
func metricsOptions(options Options) (metricsserver.Options, error) {
	made := metricsserver.Options{
		BindAddress: options.MetricsAddress, SecureServing: options.MetricsSecure, CertDir: options.MetricsCertDir,
		TLSOpts: []func(*tls.Config){withoutHTTP2},
	}
	if options.MetricsSecure {
		made.FilterProvider = delegatedauth.Filter
	}
	if options.MetricsCertDir == "" {
		return made, nil
	}
	if !options.MetricsSecure {
		return made, errNoTLS
	}
	// Where one is missing, the server would make itself a certificate, and whoever verifies it would not know why.
	if _, err := tls.LoadX509KeyPair(filepath.Join(made.CertDir, "tls.crt"), filepath.Join(made.CertDir, "tls.key")); err != nil {
		return made, fmt.Errorf("failed to read the certificate of the metrics: %w", err)
	}
	return made, nil
}

// withoutHTTP2 leaves out what nobody reads metrics by. A connection that carries many streams lets one who may read
// nothing cause the work of many.
func withoutHTTP2(config *tls.Config) { config.NextProtos = []string{"http/1.1"} }
