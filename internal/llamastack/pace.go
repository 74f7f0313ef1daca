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

package llamastack

import "time"

// The pace of a Prober:
//
//	the server is starting, or says that it is unhealthy     every 15 s
//	its Pods are up and it is healthy, or gives 401 or 403   every 5 min
//	its Pods are up and it gives no usable answer, or not all every 15 s, after 8 tries every 5 min: something keeps the operator out
//	its Pods are up and nobody answers at all                the same, but 1, 2, 4 and 8 s at first
//	it answers 429                                           twice as long as it would be, each time anew, up to an hour
const (
	// firstWait is after the first time that nobody answers: a Service may lead to Pods a moment after they are up.
	firstWait    = time.Second
	startingPace = 15 * time.Second
	settledPace  = 5 * time.Minute
	longestPace  = time.Hour
	// patience is how many tries in a row may give no usable answer before the pace slows down.
	patience = 8
	// maxJitter is by which part of itself a wait is longer or shorter.
	maxJitter = 0.1
)

// pace counts what happened in a row at one server.
type pace struct {
	// unanswered tries gave no usable answer though the Pods are up.
	unanswered int
	// throttled tries were answered with 429.
	throttled int
}

// next is how long to wait after an observation.
func (p *pace) next(settled bool, observation Observation, throttled bool) time.Duration {
	wait := p.unthrottled(settled, observation)
	if !throttled {
		p.throttled = 0
		return wait
	}
	p.throttled++
	for range p.throttled {
		wait = min(2*wait, longestPace)
	}
	return wait
}

func (p *pace) unthrottled(settled bool, observation Observation) time.Duration {
	answered := (observation.Health != "" || observation.Limited != 0) && !observation.Interrupted
	if !settled || answered {
		p.unanswered = 0
	} else {
		p.unanswered++
	}
	switch {
	case !settled:
		return startingPace
	case p.unanswered >= patience, answered && (observation.Health == HealthOK || observation.Limited != 0):
		return settledPace
	case !observation.Reached:
		return min(firstWait<<(p.unanswered-1), startingPace)
	default:
		return startingPace
	}
}

// dueHeap is a container/heap of servers by when they are due.
type dueHeap []*watched

// Len is for container/heap.
func (h *dueHeap) Len() int { return len(*h) }

// Less is for container/heap.
func (h *dueHeap) Less(i, j int) bool { return (*h)[i].due.Before((*h)[j].due) }

// Swap is for container/heap.
func (h *dueHeap) Swap(i, j int) {
	s := *h
	s[i], s[j] = s[j], s[i]
	s[i].index, s[j].index = i, j
}

// Push is for container/heap.
func (h *dueHeap) Push(x any) {
	if w, ok := x.(*watched); ok {
		w.index = len(*h)
		*h = append(*h, w)
	}
}

// Pop is for container/heap.
func (h *dueHeap) Pop() any {
	last := len(*h) - 1
	w := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	w.index = -1
	return w
}
