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
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/internal/podtemplate"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// The model: a small cluster with the Queue and Judge as they are, in every state that it can come to.
//
// It starts with an operator that has come up and renders every server in another way. From then on anything that can
// happen next does: a server is worked on, the caches catch up with one Deployment, also in the middle of a decision, a
// rollout ends. Beside that there are disturbances, so many in a run: an edit, a rollout that fails, a server that breaks
// or becomes one that cannot be rendered, a deletion, one that is made again under its name, a turn that ends by its time,
// a restart of the operator, and a second change that the operator makes of all servers.
const (
	modelServers = 4
	modelTurns   = 2
)

var modelNow = time.Date(2026, 11, 28, 10, 0, 0, 0, time.UTC)

// What a modelled Deployment can be like.
const (
	isReady = iota
	isRolling
	isFailed
)

// What turn it can show: one that was granted for the first change of the operator, or for the second.
const (
	noTurn = iota
	aTurn
	aLaterTurn
	anEndedTurn
)

// modelled is a Deployment.
type modelled struct {
	exists         bool
	uid, author    int8
	release        int8
	turn, progress int8
}

// modelServer is a LlamaStackDistribution, its Deployment as it is and as the cache shows it, and what the operator
// remembers of it, under each UID that it has had.
type modelServer struct {
	exists, spoiled, work, completed bool
	// refused says that a write was refused, because it was decided on another Deployment.
	refused     bool
	uid, author int8
	is, shown   modelled
	// places are in the queue from 1 on, and granted is a turn that was granted; see grantOf.
	places, granted [2]int8
	authors         [2]int8
	called          [2]bool
	// reading is what a pass has read that is to act on it.
	reading reading
}

// reading is what a pass reads: what was granted, and then the Deployment.
type reading struct {
	begun, read bool
	granted     int8
	shown       modelled
}

type modelState struct {
	servers [modelServers]modelServer
	left    int8
	// again is 1 from the second change of the operator on.
	again int8
}

// release is what the operator renders.
func (s *modelState) release() int8 { return 1 + s.again }

// now distinguishes the turns that are granted before the second change from those after it.
func (s *modelState) now() time.Time { return modelNow.Add(time.Duration(s.again)) }

// grantOf is what a number stands for, from 1 on; numberOf is the number.
func grantOf(number int8) Grant {
	author, again := (number-1)%2, (number-1)/2
	wanted := record(author, 1+again, turnTexts[aTurn+again])
	return Grant{Turn: wanted.Turn, Author: wanted.Author}
}

func numberOf(grant Grant) int8 {
	for number := int8(1); number <= 4; number++ {
		if grantOf(number) == grant {
			return number
		}
	}
	Fail("no reconcile grants such a turn: " + grant.Turn)
	return 0
}

// step leads to another state. Those that are not forced are disturbances, or take time.
type step struct {
	to     modelState
	forced bool
}

type model struct {
	// slow passes take their time, so that others work between what they read and what they do.
	slow        bool
	limits      Limits
	namespaces  [modelServers]string
	deployments map[modelled]*appsv1.Deployment
}

func newModel(slow bool, perNamespace int, namespaces [modelServers]string) *model {
	return &model{slow: slow, limits: Limits{AtOnce: modelTurns, PerNamespace: perNamespace}, namespaces: namespaces, deployments: map[modelled]*appsv1.Deployment{}}
}

// modelStart is a cluster of so many servers; the others never come to be. The operator has just made the first of its changes.
func modelStart(disturbances, changes int8, servers int) modelState {
	state := modelState{left: disturbances, again: 2 - changes}
	old := modelled{exists: true}
	for i := range state.servers {
		state.servers[i] = modelServer{uid: 1}
	}
	for i := range state.servers[:servers] {
		state.servers[i] = modelServer{exists: true, work: true, is: old, shown: old}
	}
	return state
}

func (m *model) server(i int, uid int8) Server {
	name := "abcd"[i : i+1]
	return Server{UID: types.UID(fmt.Sprint(name, uid)), Key: types.NamespacedName{Namespace: m.namespaces[i], Name: name}}
}

func record(author, release int8, turn string) Record {
	return Record{Author: fmt.Sprint("author-", author), Template: fmt.Sprint("template-", author, "-", release), Turn: turn}
}

var turnTexts = [...]string{
	noTurn: "", aTurn: turnText(0), aLaterTurn: turnText(1), anEndedTurn: turnText(-MaxTurn),
}

func turnText(later time.Duration) string { return modelNow.Add(later).Format(time.RFC3339Nano) }

// deployment is what Judge sees.
func (m *model) deployment(of modelled) *appsv1.Deployment {
	if !of.exists {
		return nil
	}
	if known, ok := m.deployments[of]; ok {
		return known
	}
	rec := record(of.author, of.release, turnTexts[of.turn])
	annotations, err := rec.Annotations(podtemplate.Packed{Hash: rec.Template})
	Expect(err).NotTo(HaveOccurred())
	d := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Generation: 1, Annotations: annotations},
		Status:     appsv1.DeploymentStatus{ObservedGeneration: 1, Replicas: 1, UpdatedReplicas: 1, AvailableReplicas: 1},
	}
	switch of.progress {
	case isRolling:
		d.Generation++
	case isFailed:
		d.Status.Conditions = []appsv1.DeploymentCondition{{Type: appsv1.DeploymentProgressing, Status: corev1.ConditionFalse}}
	}
	m.deployments[of] = d
	return d
}

// steps are all that can come next.
func (m *model) steps(from modelState) []step {
	var next []step
	then := func(forced bool, do func(*attempt)) {
		for late := -1; late < modelServers; late++ {
			if late >= 0 && (!forced || from.servers[late].is == from.servers[late].shown) {
				continue
			}
			for _, before := range []bool{false, true} {
				if late < 0 && before {
					continue
				}
				to := from
				do(&attempt{model: m, state: &to, late: late, before: before})
				next = append(next, step{to: to, forced: forced})
			}
		}
	}
	for i := range from.servers {
		server := from.servers[i]
		switch {
		case server.reading.read:
			then(true, func(a *attempt) { a.act(i) })
		case server.reading.begun:
			then(true, func(a *attempt) { a.readDeployment(i) })
		case server.work && m.slow:
			then(true, func(a *attempt) { a.readGranted(i) })
		case server.work:
			then(true, func(a *attempt) { a.reconcile(i) })
		}
		if server.is != server.shown {
			to := from
			to.servers[i].sync()
			next = append(next, step{to: to, forced: true})
		}
		if server.is.exists && server.is.progress == isRolling {
			to := from
			to.servers[i].is.progress = isReady
			next = append(next, step{to: to, forced: true})
		}
	}
	if from.left == 0 {
		return next
	}
	for _, to := range m.disturbances(from) {
		to.left--
		next = append(next, step{to: to})
	}
	return next
}

// disturbances are what can happen to a server, and to the operator.
func (*model) disturbances(from modelState) []modelState {
	restarted := from
	for i := range restarted.servers {
		server := &restarted.servers[i]
		*server = modelServer{exists: server.exists, spoiled: server.spoiled, uid: server.uid, author: server.author, work: server.exists, is: server.is, shown: server.is}
	}
	found := []modelState{restarted}
	if from.again == 0 {
		found = append(found, changedAgain(from))
	}
	for i := range from.servers {
		server := from.servers[i]
		change := func(may bool, do func(*modelServer)) {
			if may {
				to := from
				do(&to.servers[i])
				found = append(found, to)
			}
		}
		change(server.exists && !server.work, func(s *modelServer) { s.work = true })
		change(server.exists && server.author == 0, func(s *modelServer) { s.author, s.work, s.completed = 1, true, false })
		change(server.exists && !server.spoiled, func(s *modelServer) { s.spoiled, s.work, s.completed = true, true, false })
		change(server.exists, func(s *modelServer) { s.exists, s.work, s.is = false, true, modelled{} })
		change(!server.exists && server.uid == 0, func(s *modelServer) {
			s.exists, s.work, s.spoiled, s.completed, s.uid, s.author = true, true, false, false, 1, 0
		})
		change(server.is.exists && server.is.progress != isFailed, func(s *modelServer) { s.is.progress = isFailed })
		if counts(server.is.turn) && server.shown.turn == server.is.turn {
			found = append(found, timedOut(from, i))
		}
	}
	return found
}

// counts says that a turn has not ended by its time.
func counts(turn int8) bool { return turn == aTurn || turn == aLaterTurn }

// changedAgain is when the operator renders all servers in another way again, as for another image, and works on each.
func changedAgain(from modelState) modelState {
	from.again = 1
	for i := range from.servers {
		if server := &from.servers[i]; server.exists {
			server.work, server.completed = true, false
		}
	}
	return from
}

// timedOut is when the time of a turn is over, which those that wait are set to wake up for. A turn is in flight for a shorter time.
func timedOut(from modelState, i int) modelState {
	for other := range from.servers {
		if server := &from.servers[other]; server.exists && server.places != [2]int8{} {
			server.work = true
		}
	}
	server := &from.servers[i]
	if server.reading.shown.turn == server.is.turn { // what a reconcile has read of the turn ends with it
		server.reading.shown.turn = anEndedTurn
	}
	server.is.turn, server.shown.turn, server.granted, server.reading.granted = anEndedTurn, anEndedTurn, [2]int8{}, 0
	return from
}
