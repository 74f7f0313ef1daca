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

package distribution_test

import (
	"github.com/llamastack/llama-stack-k8s-operator/internal/distribution"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = DescribeTable("An image can become another one by itself", func(image string, want bool) {
	Expect(distribution.Floating(image)).To(Equal(want))
},
	Entry("with the tag latest", "docker.io/llamastack/distribution-starter:latest", true),
	Entry("without a tag", "quay.io/a/b", true),
	Entry("without a tag, from a registry with a port", "localhost:5000/a", true),
	Entry("without anything but a name", "server", true),
	Entry("not with a version", "quay.io/a/b:0.7.3", false),
	Entry("not with a version, from a registry with a port", "localhost:5000/a:1", false),
	Entry("not with a digest", "quay.io/a/b@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", false),
	Entry("not with a digest beside the tag", "quay.io/a/b:latest@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", false),
	Entry("not with a tag that only starts so", "quay.io/a/b:latest-1", false),
)
