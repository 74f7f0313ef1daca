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

package controller

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/internal/render"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

// Volumes are mounted within seconds. Of a Pod whose volumes are not, the Events are read after firstLook, then after
// twice the time again, up to longestPause: a Pod that waits for a Secret does not say so, only an Event about it does.
// Nothing is read of any other Pod.
const (
	firstLook    = 10 * time.Second
	longestPause = 5 * time.Minute
)

// eventReader reads the Events about one Pod.
type eventReader func(ctx context.Context, namespace string, pod types.UID) ([]corev1.Event, error)

func readEvents(client rest.Interface) eventReader {
	return func(ctx context.Context, namespace string, pod types.UID) ([]corev1.Event, error) {
		list := &corev1.EventList{}
		about := &metav1.ListOptions{FieldSelector: fields.OneTermEqualSelector("involvedObject.uid", string(pod)).String()}
		if err := client.Get().Namespace(namespace).Resource("events").VersionedParams(about, metav1.ParameterCodec).Do(ctx).Into(list); err != nil {
			return nil, fmt.Errorf("failed to list the Events about a Pod in namespace %s: %w", namespace, err)
		}
		return list.Items, nil
	}
}

// lookLater looks at a Pod after a pause, and again until its volumes are mounted.
func (p *pods) lookLater(server types.NamespacedName, name string, pod types.UID, pause time.Duration) {
	p.later(pause, func(ctx context.Context) {
		if !p.mounting(server, name, pod) {
			return
		}
		events, err := p.events(ctx, server.Namespace, pod)
		if err != nil {
			log.FromContext(ctx).V(1).Info("the Events about a Pod could not be read", "namespace", server.Namespace, "pod", name, "error", err.Error())
		} else {
			p.change(server, func(states map[string]podState) {
				if state, ok := states[name]; ok && state.mounting == pod {
					state.trouble = status.MountTrouble(events)
					states[name] = state
				}
			})
		}
		p.lookLater(server, name, pod, min(2*pause, longestPause))
	})
}

// mounting says that the volumes of a Pod are still not mounted.
func (p *pods) mounting(server types.NamespacedName, name string, pod types.UID) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	state, ok := p.states[server][name]
	return ok && state.mounting == pod
}

// withAdvice adds to the trouble of the certificate's Secret what to do about it.
func withAdvice(trouble string, serving *render.Serving) string {
	if serving == nil || !strings.Contains(trouble, fmt.Sprintf("volume %q", render.ServingVolume)) {
		return trouble
	}
	return fmt.Sprintf("%s: create Secret %s, which spec.server.tlsConfig.serving names, with the keys %s and %s",
		trouble, serving.SecretName, corev1.TLSCertKey, corev1.TLSPrivateKeyKey)
}
