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
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/types"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// attempt is one decision in a state, which it changes. late, where it is not negative, is a Deployment that the cache comes to
// show in the middle of it: before the Deployments are listed, or after that.
type attempt struct {
	*model

	state  *modelState
	late   int
	before bool
}

// Holders implements Cluster.
func (a *attempt) Holders() ([]Holder, error) {
	if a.late >= 0 && a.before {
		a.state.servers[a.late].sync()
	}
	var holders []Holder
	for i := range a.state.servers {
		server := &a.state.servers[i]
		d := a.deployment(server.shown)
		if d != nil && server.exists && server.shown.uid == server.uid && Holding(d) {
			holders = append(holders, Holder{Server: a.server(i, server.uid), Turn: TurnOf(d)})
		}
	}
	if a.late >= 0 && !a.before {
		a.state.servers[a.late].sync()
	}
	return holders, nil
}

// Shows implements Cluster.
func (a *attempt) Shows(of Server, turn string) bool {
	i := int(of.UID[0] - 'a')
	server := &a.state.servers[i]
	gone := !server.exists || a.server(i, server.uid).UID != of.UID
	return gone || server.shown.exists && server.shown.uid == server.uid && turnTexts[server.shown.turn] == turn
}

// queue is the Queue of the state.
func (a *attempt) queue() *Queue {
	q := NewQueue(func(key types.NamespacedName) { a.state.servers[key.Name[0]-'a'].work = true }, func(Cause, int) {})
	q.waiting = make([]place, 0, modelServers)
	for next := int8(1); next <= 2*modelServers; next++ {
		for i := range a.state.servers {
			for uid, at := range a.state.servers[i].places {
				if at != next {
					continue
				}
				waiting := place{Asker: Asker{Server: a.server(i, int8(uid)), Author: fmt.Sprint("author-", a.state.servers[i].authors[uid]), Cause: Rendering}}
				if a.state.servers[i].called[uid] {
					waiting.called = modelNow
				}
				q.waiting = append(q.waiting, waiting)
			}
		}
	}
	for i := range a.state.servers {
		for uid, number := range a.state.servers[i].granted {
			if number > 0 {
				q.granted[a.server(i, int8(uid)).UID] = flight{Grant: grantOf(number), server: a.server(i, int8(uid)), at: modelNow}
			}
		}
	}
	return q
}

// keep writes a Queue back into the state.
func (a *attempt) keep(q *Queue) {
	for i := range a.state.servers {
		for uid := range a.state.servers[i].places {
			server, self := &a.state.servers[i], a.server(i, int8(uid))
			server.places[uid], server.called[uid], server.authors[uid], server.granted[uid] = 0, false, 0, 0
			if at := q.index(self.Key); at >= 0 && q.waiting[at].UID == self.UID {
				server.places[uid], server.called[uid] = int8(at+1), !q.waiting[at].called.IsZero() //nolint:gosec // they are few
				server.authors[uid] = int8(q.waiting[at].Author[len("author-")] - '0')              //nolint:gosec // they are few
			}
			if granted, ok := q.granted[self.UID]; ok {
				server.granted[uid] = numberOf(granted.Grant)
			}
		}
	}
}

// reconcile works on a server once, as the controller does.
func (a *attempt) reconcile(i int) {
	a.readGranted(i)
	a.readDeployment(i)
	a.act(i)
}

func (a *attempt) readGranted(i int) {
	server := &a.state.servers[i]
	server.work, server.reading = false, reading{begun: true, granted: server.granted[server.uid]}
}

func (a *attempt) readDeployment(i int) {
	server := &a.state.servers[i]
	server.reading.read, server.reading.shown = true, server.shown
}

func (a *attempt) act(i int) {
	server, q := &a.state.servers[i], a.queue()
	defer func() { server.reading = reading{} }()
	if !server.exists {
		q.Forget(a.server(i, server.uid))
	} else if server.spoiled || !a.decide(i, q) {
		q.Leave(a.server(i, server.uid))
	}
	Expect(q.Advance(a, a.limits, a.state.now())).To(Succeed())
	a.keep(q)
}

// decide applies what may be applied, and says whether the server waits.
func (a *attempt) decide(i int, q *Queue) bool {
	server := &a.state.servers[i]
	self := a.server(i, server.uid)
	release := a.state.release()
	wanted := record(server.author, release, "")
	shown := server.reading.shown
	if shown.uid != server.uid {
		shown = modelled{} // it is the one of a deleted server
	}
	broken := shown.progress == isFailed
	edited := shown.exists && shown.author != server.author
	var granted *Grant
	if number := server.reading.granted; number > 0 {
		found := grantOf(number)
		granted = &found
	}
	verdict := Judge(Seen{Deployment: a.deployment(shown), Applied: server.completed, Granted: granted, Now: a.state.now()}, wanted)
	if verdict.Cause != None {
		answer, err := q.Ask(Asker{Server: self, Author: wanted.Author, Cause: verdict.Cause}, a, a.limits, a.state.now())
		Expect(err).NotTo(HaveOccurred())
		if !answer.Granted {
			Expect(broken || edited).To(BeFalse(), "a broken server and an edit do not wait")
			server.completed = false
			return true
		}
		verdict.Turn = answer.Turn
	} else {
		q.Proceed(self, verdict.Turn)
	}
	if verdict.Turn != "" && (shown.release != release || shown.author != server.author) && server.is != server.reading.shown {
		server.completed, server.refused, server.work = false, server.is != server.shown, server.is == server.shown
		return false // the API server refuses it, and the operator retries when the cache has caught up
	}
	next := modelled{exists: true, uid: server.uid, author: server.author, release: release, progress: server.is.progress}
	next.turn = int8(slices.Index(turnTexts[:], verdict.Turn)) //nolint:gosec // they are few
	if was := server.is; was.uid == server.uid && was.release > 0 && counts(was.turn) && was.progress == isRolling && was.author == next.author && !counts(next.turn) {
		Fail("a server that still rolls loses its turn")
	}
	if !server.is.exists || server.is.release != release || server.is.author != next.author {
		next.progress = isRolling
	}
	server.is, server.completed = next, true
	return false
}

// sync has the cache show a Deployment as it is, which wakes the operator unless that was its own doing.
func (s *modelServer) sync() {
	if s.is != s.shown && (s.refused || !s.is.exists || s.is.progress != isRolling) {
		s.work = true
	}
	s.shown, s.refused = s.is, false
}
