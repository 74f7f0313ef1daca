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

var _ = DescribeTable("CheckReference takes", func(image string) {
	Expect(distribution.CheckReference(image)).To(Succeed())
},
	Entry("a tag", ownImage),
	Entry("a tag with capitals", "registry.example.com/own/server:RC1"),
	Entry("a digest", relatedStarter),
	Entry("a port", "localhost:5000/server"),
	Entry("a short name", "server"),
)

var _ = DescribeTable("CheckReference says what to write in the place of", func(image, advice string) {
	Expect(distribution.CheckReference(image)).To(MatchError(And(ContainSubstring("%q", image), HaveSuffix(": "+advice))))
},
	Entry("capitals", "quay.io/MyOrg/Server:V1", "only the tag may have capitals; write quay.io/myorg/server:V1"),
	Entry("capitals before a port and a digest", "localhost:5000/Own@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"only the tag may have capitals; write localhost:5000/own@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
	Entry("capitals without a tag", "quay.io/MyOrg/Server", "only the tag may have capitals; write quay.io/myorg/server"),
	Entry("blanks", "Not An Image", "write one such as registry.example.com/team/server:1.0"),
)
