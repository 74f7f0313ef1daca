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

package podwatch_test

import (
	"context"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/internal/podwatch"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("The PVCs that servers wait for", func() {
	pending := func(uid string) *corev1.PersistentVolumeClaim {
		return &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "a-pvc", UID: types.UID(uid)}}
	}

	It("are polled while a server waits for them, and show why they are not bound", func(ctx context.Context) {
		var timers []func(context.Context)
		var pauses []time.Duration
		events := []corev1.Event{{Reason: "ProvisioningFailed", Message: `storageclass "fast" not found`}}
		woken := 0
		pods := podwatch.Empty(nil, func(context.Context, string, types.UID) ([]corev1.Event, error) { return events, nil })
		pods.Later(func(pause time.Duration, do func(context.Context)) {
			pauses, timers = append(pauses, pause), append(timers, do)
		})
		pvcs := podwatch.NewPVCs(pods, func(types.NamespacedName) { woken++ })
		ring := func() {
			GinkgoHelper()
			Expect(timers).NotTo(BeEmpty())
			next := timers[0]
			timers = timers[1:]
			next(ctx)
		}

		Expect(pvcs.Follow(key("a"), pending("1")).String()).To(BeEmpty())
		Expect(pvcs.Follow(key("a"), pending("1")).String()).To(BeEmpty())
		Expect(timers).To(HaveLen(1))
		ring()
		Expect(pvcs.Follow(key("a"), pending("1")).String()).To(Equal(`ProvisioningFailed: storageclass "fast" not found`))
		ring()
		Expect(woken).To(Equal(1), "it is reported once")
		Expect(pauses).To(Equal([]time.Duration{20 * time.Second, 40 * time.Second, 80 * time.Second}))

		Expect(pvcs.Follow(key("a"), pending("2")).String()).To(BeEmpty(), "another PVC")
		ring()
		Expect(timers).To(HaveLen(1), "the first one is forgotten")
		Expect(pvcs.Follow(key("a"), nil).String()).To(BeEmpty())
		ring()
		Expect(timers).To(BeEmpty())
		Expect(woken).To(Equal(1))
	})
})
