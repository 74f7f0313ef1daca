//go:build olm

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

package olm_test

import (
	"os/exec"
	"time"

	. "github.com/onsi/ginkgo/v2"
)

// reportTimeout bounds how long the report of a failure may take.
const reportTimeout = time.Minute

// A spec that failed shows the state of OLM, before it is cleaned up.
var _ = JustAfterEach(func(ctx SpecContext) {
	if !CurrentSpecReport().Failed() {
		return
	}
	for _, args := range [][]string{
		{"get", "catalogsources,subscriptions,installplans,clusterserviceversions,pods", "--all-namespaces"},
		{"get", "subscriptions,clusterserviceversions", "--namespace=" + operatorNamespace, "--output=yaml"},
		{"get", "events", "--namespace=" + operatorNamespace},
		{"get", "llamastackdistributions,events", "--namespace=" + namespaceUnderTest},
		{"logs", "--namespace=" + operatorNamespace, "--selector=control-plane=controller-manager", "--tail=40", "--prefix"},
		{"logs", "--namespace=" + catalogNamespace, "deployment/catalog-operator", "--tail=60"},
		{"logs", "--namespace=" + catalogNamespace, "deployment/olm-operator", "--tail=40"},
	} {
		shown := exec.CommandContext(ctx, "bin/cluster", append([]string{"kubectl"}, args...)...)
		shown.Dir = root
		shown.Stdout, shown.Stderr = GinkgoWriter, GinkgoWriter
		GinkgoWriter.Printf("\n===== kubectl %v =====\n", args)
		if err := shown.Run(); err != nil {
			GinkgoWriter.Println(err)
		}
	}
}, NodeTimeout(reportTimeout))
