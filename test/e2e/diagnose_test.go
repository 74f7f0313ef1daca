//go:build e2e

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

package e2e_test

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	. "github.com/onsi/ginkgo/v2"
)

const (
	// lastLines of a server's log are shown when a spec fails.
	lastLines = 40
	// reportTimeout bounds how long the report of a failure may take.
	reportTimeout = 30 * time.Second
)

// A spec that failed shows what there is in its namespace, before it is cleaned up.
var _ = JustAfterEach(func(ctx SpecContext) {
	if !CurrentSpecReport().Failed() {
		return
	}
	logs.collect(ctx)
	for _, namespace := range inUse.names {
		GinkgoWriter.Printf("\n===== namespace %s =====\n", namespace)
		showServers(ctx, namespace)
		showPods(ctx, namespace)
		showEvents(ctx, namespace)
		GinkgoWriter.Printf("\n----- the operator's log -----\n%s\n", strings.Join(logs.matching(namespace), "\n"))
	}
}, NodeTimeout(reportTimeout))

func showServers(ctx context.Context, namespace string) {
	list := &v1alpha1.LlamaStackDistributionList{}
	if err := kube.List(ctx, list, client.InNamespace(namespace)); err != nil {
		GinkgoWriter.Println(err)
	}
	for i := range list.Items {
		list.Items[i].ManagedFields = nil
		text, err := yaml.Marshal(list.Items[i])
		GinkgoWriter.Printf("\n----- LlamaStackDistribution %s (%v) -----\n%s", list.Items[i].Name, err, text)
	}
}

func showPods(ctx context.Context, namespace string) {
	list := &corev1.PodList{}
	if err := kube.List(ctx, list, client.InNamespace(namespace)); err != nil {
		GinkgoWriter.Println(err)
	}
	for i := range list.Items {
		pod := list.Items[i]
		status, err := yaml.Marshal(pod.Status.ContainerStatuses)
		GinkgoWriter.Printf("\n----- Pod %s: %s (%v) -----\n%s", pod.Name, pod.Status.Phase, err, status)
		lines := readLog(ctx, pod, false)
		GinkgoWriter.Println(strings.Join(lines[max(0, len(lines)-lastLines):], "\n"))
	}
}

func showEvents(ctx context.Context, namespace string) {
	list := &corev1.EventList{}
	if err := kube.List(ctx, list, client.InNamespace(namespace)); err != nil {
		GinkgoWriter.Println(err)
	}
	slices.SortFunc(list.Items, func(a, b corev1.Event) int { return whenOf(a).Compare(whenOf(b)) })
	GinkgoWriter.Println("\n----- events -----")
	for i := range list.Items {
		event := list.Items[i]
		GinkgoWriter.Printf("%s %s %s/%s %s: %s\n", whenOf(event).Format(time.TimeOnly), event.Type,
			event.InvolvedObject.Kind, event.InvolvedObject.Name, event.Reason, event.Message)
	}
}

// whenOf is when an event was last seen; events of the newer API have only the second time.
func whenOf(event corev1.Event) time.Time {
	if !event.LastTimestamp.IsZero() {
		return event.LastTimestamp.Time
	}
	return event.EventTime.Time
}
