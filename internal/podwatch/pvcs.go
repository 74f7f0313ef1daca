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

package podwatch

import (
	"sync"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

// firstPVCPoll is when the Events about a PVC that is not bound are first read.
const firstPVCPoll = 20 * time.Second

// PVCs finds out why PVCs are not bound. The PVC does not show the reason, only the Events about it do: its StorageClass
// does not exist, or there is no space left.
type PVCs struct {
	events *poller
	wake   func(server types.NamespacedName)

	mu sync.Mutex
	// pending are the PVCs that servers wait for.
	pending map[types.NamespacedName]pendingPVC
	tickets uint64
}

type pendingPVC struct {
	uid types.UID
	// ticket numbers the polls: a server may wait for the same PVC again.
	ticket  uint64
	trouble status.Trouble
}

// NewPVCs shares the rate limit of the Events with the Pods, and calls wake when the reason of a server changes.
func NewPVCs(pods *Pods, wake func(types.NamespacedName)) *PVCs {
	return &PVCs{events: pods.events, wake: wake, pending: map[types.NamespacedName]pendingPVC{}}
}

// Follow returns why the PVC that a server waits for is not bound, as far as it is known, and starts to find out. Without
// a PVC it stops.
func (p *PVCs) Follow(server types.NamespacedName, pvc *corev1.PersistentVolumeClaim) status.Trouble {
	p.mu.Lock()
	defer p.mu.Unlock()
	if pvc == nil {
		delete(p.pending, server)
		return status.Trouble{}
	}
	known, ok := p.pending[server]
	if ok && known.uid == pvc.UID {
		return known.trouble
	}
	p.tickets++
	ticket := p.tickets
	p.pending[server] = pendingPVC{uid: pvc.UID, ticket: ticket}
	p.events.poll(pvc.Namespace, pvc.UID, firstPVCPoll,
		func() bool { return p.waits(server, ticket) },
		func(events []corev1.Event) { p.learn(server, ticket, status.PVCTrouble(events)) })
	return status.Trouble{}
}

func (p *PVCs) waits(server types.NamespacedName, ticket uint64) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	known, ok := p.pending[server]
	return ok && known.ticket == ticket
}

func (p *PVCs) learn(server types.NamespacedName, ticket uint64, found status.Trouble) {
	p.mu.Lock()
	defer p.mu.Unlock()
	known, ok := p.pending[server]
	if !ok || known.ticket != ticket {
		return
	}
	found = found.Like(known.trouble)
	if found == known.trouble {
		return
	}
	known.trouble = found
	p.pending[server] = known
	p.wake(server)
}
