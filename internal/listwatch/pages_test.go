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
	"context"
	"strconv"

	"github.com/llamastack/llama-stack-k8s-operator/internal/listwatch"
	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// manyReplicaSets answers lists of a namespace that has a number of ReplicaSets, by the limit that it is asked with.
type manyReplicaSets struct {
	client.Reader

	number int
	most   int
}

func (m *manyReplicaSets) List(_ context.Context, list client.ObjectList, options ...client.ListOption) error {
	asked := (&client.ListOptions{}).ApplyOptions(options)
	from, _ := strconv.Atoi(asked.Continue)
	page, _ := list.(*appsv1.ReplicaSetList)
	until := min(from+int(asked.Limit), m.number)
	page.Items = make([]appsv1.ReplicaSet, until-from)
	m.most = max(m.most, len(page.Items))
	if until < m.number {
		page.Continue = strconv.Itoa(until)
	}
	return nil
}

var _ = Describe("What others can make many of", func() {
	DescribeTable("is read page by page, up to a limit",
		func(ctx context.Context, number, seen int, all bool) {
			from, found := &manyReplicaSets{number: number}, 0
			complete, err := listwatch.Pages(ctx, from, 5, func() *appsv1.ReplicaSetList { return &appsv1.ReplicaSetList{} },
				func(page *appsv1.ReplicaSetList) { found += len(page.Items) }, client.InNamespace("ns"))
			Expect(err).NotTo(HaveOccurred())
			Expect(found).To(Equal(seen))
			Expect(complete).To(Equal(all))
			Expect(from.most).To(BeNumerically("<=", 10))
		},
		Entry("none", 0, 0, true),
		Entry("a page", 10, 10, true),
		Entry("several pages", 41, 41, true),
		Entry("too many", 1000, 50, false),
	)
})
