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
	"context"
	"time"

	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"
)

// Empty knows no Pods yet.
func Empty(watched toolscache.ListerWatcher, events EventReader) *Pods {
	return emptyPods(watched, events)
}

// EventReader reads the Events about one object.
type EventReader = eventReader

// ReadEvents reads those about one object.
var ReadEvents = readEvents

// Later has a test do what is due after a pause.
func (p *Pods) Later(later func(time.Duration, func(context.Context))) { p.events.later = later }

// Now is what the clock shows.
func (p *Pods) Now(now time.Time) { p.now = func() time.Time { return now } }

// Read has a test read the Events.
func (p *Pods) Read(read EventReader) { p.events.read = read }

// Leaving is which Pod of a server does not go.
func (p *Pods) Leaving(server types.NamespacedName) string { return p.Summary(server).Leaving }

// Warnings are those of the newest Pod of a server.
func (p *Pods) Warnings(server types.NamespacedName) string { return p.Summary(server).Warnings }

// Known is how many Pods of a server are known.
func (p *Pods) Known(server types.NamespacedName) int { return len(p.states[server]) }

// Trouble is why the Pods of a server do not run.
func (p *Pods) Trouble(server types.NamespacedName) string {
	found := p.Summary(server)
	return found.Troubles[found.Newest]
}
