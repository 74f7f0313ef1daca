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

package cli

import (
	"slices"
	"strconv"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// serverView is what "status NAME" shows.
type serverView struct {
	Namespace       string          `json:"namespace"`
	Name            string          `json:"name"`
	Phase           string          `json:"phase,omitempty"`
	Next            string          `json:"next"`
	Image           string          `json:"image,omitempty"`
	ServerVersion   string          `json:"serverVersion,omitempty"`
	OperatorVersion string          `json:"operatorVersion,omitempty"`
	URLs            []string        `json:"urls,omitempty"`
	Conditions      []conditionView `json:"conditions"`
	Objects         []objectView    `json:"objects"`
	Events          []eventView     `json:"events"`
	// Unread is what could not be read, and why.
	Unread []string `json:"unread,omitempty"`
}

// conditionView is a condition.
type conditionView struct {
	Type    string      `json:"type"`
	Status  string      `json:"status"`
	Reason  string      `json:"reason"`
	Message string      `json:"message,omitempty"`
	Since   metav1.Time `json:"since"`
	State   state       `json:"state"`
}

// objectView is an object of the server with those that belong to it.
type objectView struct {
	Kind   string `json:"kind"`
	Name   string `json:"name"`
	State  state  `json:"state"`
	Detail string `json:"detail"`
	// Trouble is what is wrong, line by line.
	Trouble []string     `json:"trouble,omitempty"`
	Objects []objectView `json:"objects,omitempty"`
}

// state is how an object or a condition is.
type state string

const (
	stateGood  state = "Good"
	stateWaits state = "Waits"
	stateBad   state = "Bad"
)

// tone that shows a state.
func (s state) tone() tone {
	switch s {
	case stateGood:
		return good
	case stateWaits:
		return waits
	case stateBad:
		return bad
	}
	return plain
}

// badness orders states: what is bad comes first.
func (s state) badness() int { return slices.Index([]state{stateBad, stateWaits, stateGood}, s) }

// viewOf turns what was read into what is shown.
func viewOf(f *facts) serverView {
	server := f.server
	view := serverView{
		Namespace: server.Namespace, Name: server.Name, Phase: string(server.Status.Phase), Next: next(server),
		Image: clean(server.Status.Image), ServerVersion: clean(server.Status.Version.LlamaStackServerVersion),
		OperatorVersion: clean(server.Status.Version.OperatorVersion),
		Conditions:      conditionsOf(server), Objects: objectsOf(f), Events: f.events, Unread: f.unread,
	}
	for _, url := range []*string{&server.Status.ServiceURL, server.Status.RouteURL} {
		if url != nil && *url != "" {
			view.URLs = append(view.URLs, clean(*url))
		}
	}
	return view
}

// conditionsOf are the conditions, those that are not as they should be first, and Ready first among equals.
func conditionsOf(server *v1alpha1.LlamaStackDistribution) []conditionView {
	views := make([]conditionView, 0, len(server.Status.Conditions))
	for i := range server.Status.Conditions {
		condition := &server.Status.Conditions[i]
		views = append(views, conditionView{
			Type: condition.Type, Status: string(condition.Status), Reason: condition.Reason, Message: clean(condition.Message),
			Since: condition.LastTransitionTime, State: stateOf(condition),
		})
	}
	rank := func(view conditionView) int {
		place := 2 * view.State.badness()
		if view.Type != string(v1alpha1.ConditionReady) {
			place++
		}
		return place
	}
	slices.SortStableFunc(views, func(a, b conditionView) int { return rank(a) - rank(b) })
	return views
}

// stateOf says how a condition is. A paused server is not as it should be, although the condition is True.
func stateOf(condition *metav1.Condition) state {
	kind, reason := v1alpha1.ConditionType(condition.Type), v1alpha1.Reason(condition.Reason)
	switch {
	case kind == v1alpha1.ConditionPaused:
		return stateWaits
	case condition.Status == metav1.ConditionTrue, reason == v1alpha1.ReasonScaledToZero:
		return stateGood
	case status.Normal(kind, reason):
		return stateWaits
	}
	return stateBad
}

// rowView is a server in the table of all.
type rowView struct {
	Namespace string      `json:"namespace"`
	Name      string      `json:"name"`
	Phase     string      `json:"phase"`
	Ready     string      `json:"ready"`
	Reason    string      `json:"reason,omitempty"`
	Available string      `json:"available"`
	Version   string      `json:"version,omitempty"`
	Created   metav1.Time `json:"created"`
	Next      string      `json:"next"`
	State     state       `json:"state"`
}

// rowOf turns a server into its row.
func rowOf(server *v1alpha1.LlamaStackDistribution) rowView {
	row := rowView{
		Namespace: server.Namespace, Name: server.Name, Phase: string(server.Status.Phase), Ready: string(metav1.ConditionUnknown),
		Version: clean(server.Status.Version.LlamaStackServerVersion), Created: server.CreationTimestamp,
		Available: strconv.Itoa(int(server.Status.AvailableReplicas)) + "/" + strconv.Itoa(int(server.WantedReplicas())),
		Next:      next(server), State: stateWaits,
	}
	if ready := meta.FindStatusCondition(server.Status.Conditions, string(v1alpha1.ConditionReady)); ready != nil {
		row.Ready, row.Reason, row.State = string(ready.Status), ready.Reason, stateOf(ready)
	}
	if server.Paused() && row.State == stateGood {
		row.State = stateWaits
	}
	return row
}

// firstLine of a text, so that one row is one line.
func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}
