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

package listwatch_test

import (
	"testing"

	"github.com/llamastack/llama-stack-k8s-operator/internal/listwatch"
	toolscache "k8s.io/client-go/tools/cache"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

func TestListWatch(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Lists and watches")
}

// listed cannot be streamed.
type listed struct{ *toolscache.ListWatch }

func (listed) IsWatchListSemanticsUnSupported() bool { return true }

// That it ends is tested where informers are made.
var _ = DescribeTable("What can be ended is streamed where it could be before", func(inner toolscache.ListerWatcher, unsupported bool) {
	asked, ok := listwatch.Interruptible(inner).(interface{ IsWatchListSemanticsUnSupported() bool })
	Expect(ok && asked.IsWatchListSemanticsUnSupported()).To(Equal(unsupported))
},
	Entry("a list that can be", &toolscache.ListWatch{}, false),
	Entry("a list that cannot be", listed{&toolscache.ListWatch{}}, true),
)
