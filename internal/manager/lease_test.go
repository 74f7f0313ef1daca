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

package manager_test

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/internal/manager"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	clocktesting "k8s.io/utils/clock/testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var errNoAnswer = errors.New("connection refused")

// answering is a lease whose API server says one thing.
type answering struct {
	resourcelock.Interface

	err error
}

func (a *answering) Get(context.Context) (*resourcelock.LeaderElectionRecord, []byte, error) {
	return &resourcelock.LeaderElectionRecord{HolderIdentity: "another"}, nil, a.err
}

func (a *answering) Create(context.Context, resourcelock.LeaderElectionRecord) error { return a.err }

func (a *answering) Update(context.Context, resourcelock.LeaderElectionRecord) error { return a.err }

var _ = Describe("The lease of a standby", func() {
	var (
		server *answering
		clock  *clocktesting.FakePassiveClock
		lease  resourcelock.Interface
		lost   bool
	)
	BeforeEach(func() {
		server, clock, lost = &answering{}, clocktesting.NewFakePassiveClock(time.Now()), false
		lease, _ = manager.NewWatchedLock(server, clock, func() { lost = true })
	})
	// ask asks for the lease, after a while in which nothing was asked.
	ask := func(ctx context.Context, after time.Duration, answer error) {
		GinkgoHelper()
		clock.SetTime(clock.Now().Add(after))
		server.err = answer
		_, _, err := lease.Get(ctx)
		if answer == nil {
			Expect(err).NotTo(HaveOccurred())
		} else {
			Expect(err).To(BeIdenticalTo(answer))
		}
	}

	It("ends the manager when the API server has not answered for 10 s", func(ctx context.Context) {
		ask(ctx, 0, errNoAnswer)
		ask(ctx, 9*time.Second, errNoAnswer)
		Expect(lost).To(BeFalse())
		ask(ctx, time.Second, errNoAnswer)
		Expect(lost).To(BeTrue())
		ask(ctx, time.Second, errNoAnswer)
	})

	It("counts from the last answer, whatever the request was", func(ctx context.Context) {
		ask(ctx, 0, errNoAnswer)
		clock.SetTime(clock.Now().Add(9 * time.Second))
		server.err = nil
		Expect(lease.Create(ctx, resourcelock.LeaderElectionRecord{})).To(Succeed())
		ask(ctx, 9*time.Second, errNoAnswer)
		Expect(lost).To(BeFalse())
		clock.SetTime(clock.Now().Add(10 * time.Second))
		Expect(lease.Update(ctx, resourcelock.LeaderElectionRecord{})).To(MatchError(errNoAnswer))
		Expect(lost).To(BeTrue())
	})

	It("is requested while the manager waits for its caches", func(ctx context.Context) {
		lost := make(chan struct{})
		clock := &clocktesting.SimpleIntervalClock{Time: time.Now(), Duration: 11 * time.Second}
		_, keepAsking := manager.NewWatchedLock(&answering{err: errNoAnswer}, clock, sync.OnceFunc(func() { close(lost) }))
		ctx, cancel := context.WithCancel(ctx)
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			keepAsking(ctx)
		}()
		Eventually(lost).WithTimeout(time.Minute).Should(BeClosed())
		cancel()
		Eventually(ended).Should(BeClosed())
	})

	leases := schema.GroupResource{Group: "coordination.k8s.io", Resource: "leases"}
	DescribeTable("counts an error response as an answer", func(ctx context.Context, answer error, is bool) {
		for range 4 {
			ask(ctx, 5*time.Second, answer)
		}
		Expect(lost).To(Equal(!is))
	},
		Entry("the lease", nil, true),
		Entry("there is none", apierrors.NewNotFound(leases, "a"), true),
		Entry("a conflict", apierrors.NewConflict(leases, "a", errNoAnswer), true),
		Entry("it is not allowed", apierrors.NewForbidden(leases, "a", errNoAnswer), true),
		Entry("too many requests", apierrors.NewTooManyRequests("later", 1), true),
		Entry("but not that the database is not available", apierrors.NewInternalError(errNoAnswer), false),
		Entry("nor that it took too long", apierrors.NewTimeoutError("etcd", 1), false),
	)
})
