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

package rollouts

import (
	"cmp"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// canonical is the same for states that differ in nothing but which server of a namespace is which.
func (m *model) canonical(state modelState) modelState {
	order := make([]int, modelServers)
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(m.namespaces[a], m.namespaces[b]), compareServers(&state.servers[a], &state.servers[b]))
	})
	out := state
	for to, from := range order {
		out.servers[to] = state.servers[from]
	}
	return out
}

func compareServers(a, b *modelServer) int {
	return slices.Compare(digits(a), digits(b))
}

func digits(s *modelServer) []int8 {
	bit := func(b bool) int8 {
		if b {
			return 1
		}
		return 0
	}
	all := []int8{bit(s.exists), bit(s.spoiled), bit(s.work), bit(s.completed), bit(s.refused), s.uid, s.author}
	all = append(all, bit(s.reading.begun), bit(s.reading.read), s.reading.granted)
	for _, d := range []modelled{s.is, s.shown, s.reading.shown} {
		all = append(all, bit(d.exists), d.uid, d.author, d.release, d.turn, d.progress)
	}
	for uid := range s.places {
		all = append(all, s.places[uid], s.granted[uid], s.authors[uid], bit(s.called[uid]))
	}
	return all
}

// check expects what holds in every state.
func (m *model) check(state modelState) {
	total, in := 0, map[string]int{}
	for i := range state.servers {
		if server := state.servers[i]; server.exists && server.is.exists && counts(server.is.turn) && server.is.progress == isRolling {
			total++
			in[m.namespaces[i]]++
		}
	}
	if total > m.limits.AtOnce {
		Fail("more servers roll in a turn than there are turns")
	}
	for namespace, count := range in {
		if count > m.limits.PerNamespace {
			Fail("more servers of namespace " + namespace + " roll in a turn than may")
		}
	}
}

// checkEnd expects what holds when nothing is left to do: everybody has had a turn who was to have one.
func checkEnd(state modelState) {
	for i := range state.servers {
		server := state.servers[i]
		if server.places != [2]int8{} {
			Fail("a server waits, and nobody rolls")
		}
		if server.exists && !server.spoiled && (server.is.release != state.release() || server.is.author != server.author) {
			Fail("a server was not updated")
		}
	}
}

// explore visits every state, and returns how many there are. What has to happen leads to an end, in which nobody waits: there
// is no way back to a state by such steps alone.
func (m *model) explore(start modelState) int {
	known := map[modelState]int{}
	var states []modelState
	visit := func(state modelState) int {
		state = m.canonical(state)
		id, ok := known[state]
		if !ok {
			id = len(states)
			known[state] = id
			states = append(states, state)
		}
		return id
	}
	visit(start)
	var forced [][]int
	for at := 0; at < len(states); at++ { //nolint:intrange // there come more
		m.check(states[at])
		forced = append(forced, nil)
		for _, next := range m.steps(states[at]) {
			if to := visit(next.to); next.forced && to != at {
				forced[at] = append(forced[at], to)
			}
		}
		if len(forced[at]) == 0 {
			checkEnd(states[at])
		}
	}
	Expect(acyclic(forced)).To(BeTrue(), "servers wake each other without end")
	return len(states)
}

// acyclic takes away what nothing leads to, until nothing is left.
func acyclic(edges [][]int) bool {
	arrows := make([]int, len(edges))
	for _, to := range edges {
		for _, id := range to {
			arrows[id]++
		}
	}
	var free []int
	for id, count := range arrows {
		if count == 0 {
			free = append(free, id)
		}
	}
	for taken := 0; ; taken++ {
		if len(free) == 0 {
			return taken == len(edges)
		}
		last := free[len(free)-1]
		free = free[:len(free)-1]
		for _, id := range edges[last] {
			arrows[id]--
			if arrows[id] == 0 {
				free = append(free, id)
			}
		}
	}
}

// course is what can happen in a model.
type course struct {
	// slow is whether reconciles take their time.
	slow bool
	// servers that there are, changes that the operator makes of all, and disturbances beside the first of them.
	servers               int
	changes, disturbances int8
	perNamespace          int
	namespaces            [modelServers]string
}

var _ = DescribeTable("The model of four servers and two turns keeps the limits, loses no turn, and lets nobody starve",
	func(c course) {
		m := newModel(c.slow, c.perNamespace, c.namespaces)
		states := m.explore(modelStart(c.disturbances, c.changes, c.servers))
		GinkgoWriter.Println(states, "states")
		Expect(states).To(BeNumerically(">", 500))
	},
	Entry("in one namespace", course{
		servers: modelServers, changes: 2, disturbances: 1, perNamespace: modelTurns, namespaces: [modelServers]string{"x", "x", "x", "x"},
	}),
	Entry("in two namespaces that may have one turn each", course{
		servers: modelServers, changes: 2, disturbances: 1, perNamespace: 1, namespaces: [modelServers]string{"x", "x", "x", "y"},
	}),
	Entry("of which there are three, with two disturbances", course{
		servers: modelServers - 1, changes: 2, disturbances: 2, perNamespace: modelTurns, namespaces: [modelServers]string{"x", "x", "x", "x"},
	}),
	Entry("of which there are three, while reconciles act on what they have read before", course{
		slow: true, servers: modelServers - 1, changes: 1, disturbances: 1, perNamespace: modelTurns, namespaces: [modelServers]string{"x", "x", "x", "x"},
	}),
	Entry("of which there are two with one turn, while reconciles act on what they have read before", course{
		slow: true, servers: modelServers - 2, changes: 2, disturbances: 1, perNamespace: 1, namespaces: [modelServers]string{"x", "x", "x", "x"},
	}),
)
