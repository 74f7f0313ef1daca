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

package sources_test

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/internal/sources"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("What runs beside a source", func() {
	// end ends the manager's runnable and says whether it has ended.
	start := func(ctx context.Context, beside *sources.Background) (context.CancelFunc, <-chan error) {
		ctx, end := context.WithCancel(ctx)
		ended := make(chan error, 1)
		go func() { ended <- beside.Start(ctx) }()
		return end, ended
	}

	It("is awaited when the manager ends", func(ctx context.Context) {
		beside := sources.NewBackground()
		cleaningUp := make(chan struct{})
		beside.Run(ctx, func(ctx context.Context) {
			<-ctx.Done()
			<-cleaningUp
		})
		end, ended := start(ctx, beside)
		end()
		Consistently(ended).WithTimeout(50 * time.Millisecond).ShouldNot(Receive())
		close(cleaningUp)
		Eventually(ended).Should(Receive(BeNil()))
	})

	It("does not start after that", func(ctx context.Context) {
		beside := sources.NewBackground()
		end, ended := start(ctx, beside)
		end()
		Eventually(ended).Should(Receive())
		var ran atomic.Bool
		beside.Run(ctx, func(context.Context) { ran.Store(true) })
		Consistently(ran.Load).WithTimeout(50 * time.Millisecond).Should(BeFalse())
	})

	It("ends by itself, and when it is stopped", func(ctx context.Context) {
		beside := sources.NewBackground()
		ended := make(chan struct{})
		stop := beside.Run(ctx, func(ctx context.Context) {
			<-ctx.Done()
			close(ended)
		})
		stop()
		Eventually(ended).Should(BeClosed())
	})

	It("is done after a pause, but not once the manager has ended", func(ctx context.Context) {
		beside := sources.NewBackground()
		var done atomic.Int32
		beside.After(ctx, time.Millisecond, func(context.Context) { done.Add(1) })
		Eventually(done.Load).Should(Equal(int32(1)))

		beside.After(ctx, time.Hour, func(context.Context) { done.Add(1) })
		end, ended := start(ctx, beside)
		end()
		Eventually(ended).Should(Receive(), "a timer blocks nothing")
		Expect(done.Load()).To(Equal(int32(1)))
	})

	It("survives a panic", func(ctx context.Context) {
		beside := sources.NewBackground()
		beside.Run(ctx, func(context.Context) { panic("a hostile object") })
		end, ended := start(ctx, beside)
		end()
		Eventually(ended).Should(Receive(BeNil()))
	})
})
