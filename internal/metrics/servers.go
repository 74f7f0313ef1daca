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

package metrics

import (
	"maps"
	"sync"
	"time"
	"unique"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/bound"
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/types"
)

// maxLabel is the maximum length of the value of a label that authors and servers choose, in bytes.
const maxLabel = 512

// maxConditions is how many conditions of a server have series. The operator sets fewer; others could add more.
const maxConditions = 32

const (
	labelCRNamespace  = "exported_namespace"
	labelCRName       = "llamastackdistribution"
	labelPhase        = "phase"
	labelDistribution = "distribution"
	labelImage        = "image"
	labelVersion      = "version"
	labelState        = "state"
	labelType         = "type"
	labelStatus       = "status"
	labelReason       = "reason"

	stateWanted = "wanted"
	stateReady  = "ready"
)

// Server is what a reconcile found about a LlamaStackDistribution.
type Server struct {
	// Instance has the new status.
	Instance *v1alpha1.LlamaStackDistribution
	// Wanted is how many replicas the server is to have.
	Wanted int32
	// Contested has the kind of each object that the operator may not write.
	Contested []string
	// CertificateEnds is when the certificate of the server ends, in Unix time; 0 without HTTPS.
	CertificateEnds int64
	// First means that the server had no status before.
	First bool
	// Settled means that the status is that of the current objects, and written.
	Settled bool
	// Now is the time of the reconcile.
	Now time.Time
}

// servers is the collector of all metrics of servers. A vector for each metric would keep the labels of each series: the
// state of a server is a tenth of that, and the series exist only during a scrape.
type servers struct {
	phase, info, condition, transition, replicas, certificate, contested *prometheus.Desc

	mu    sync.Mutex
	known map[types.NamespacedName]*server
}

// server is the state of one server. It does not change: the next state replaces it. Servers share the texts.
type server struct {
	phase, version, distribution, image unique.Handle[string]
	conditions                          []condition
	contested                           []string
	wanted, ready                       int32
	certificateEnds                     int64
	edit                                edit
}

type condition struct {
	kind, status, reason unique.Handle[string]
	since                int64
}

func newServers() *servers {
	return &servers{
		known: map[types.NamespacedName]*server{},
		phase: ofServer("phase", "1 for the current phase of a LlamaStackDistribution.", labelPhase),
		info: ofServer("info", "1 with the version that the server reports, the distribution, and the image of its Pods.",
			labelDistribution, labelImage, labelVersion),
		condition: ofServer("condition", "1 for the current status and reason of each condition of a LlamaStackDistribution.",
			labelReason, labelStatus, labelType),
		transition:  ofServer("last_transition_timestamp_seconds", "Unix time of the last change of the status of the conditions Ready and Available.", labelType),
		replicas:    ofServer("replicas", "Replicas of a server, by state: wanted, and ready to serve.", labelState),
		certificate: ofServer("certificate_expiry_timestamp_seconds", "Unix time when the first of the certificates ends that a server sends, for servers with HTTPS."),
		contested: prometheus.NewDesc(prometheus.BuildFQName(namespace, "", "contested_objects"),
			"Objects that the operator may not write because they belong to others, or because others change the same fields, by kind.",
			[]string{labelKind}, nil),
	}
}

func ofServer(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(prometheus.BuildFQName(namespace, "llamastackdistribution", name), help,
		append([]string{labelCRNamespace, labelCRName}, labels...), nil)
}

// record replaces the state of a server. It returns how long the last edit took until the server was ready, if it just
// became that.
func (s *servers) record(seen *Server) (time.Duration, bool) {
	key := types.NamespacedName{Namespace: seen.Instance.Namespace, Name: seen.Instance.Name}
	next := newServer(seen)
	s.mu.Lock()
	defer s.mu.Unlock()
	var took time.Duration
	var ready bool
	next.edit, took, ready = follow(s.known[key], seen)
	s.known[key] = next
	return took, ready
}

func newServer(seen *Server) *server {
	status := &seen.Instance.Status
	next := &server{
		phase: shared(string(status.Phase)), version: shared(status.Version.LlamaStackServerVersion),
		distribution: shared(status.DistributionConfig.ActiveDistribution), image: shared(status.Image),
		wanted: seen.Wanted, ready: status.AvailableReplicas, contested: seen.Contested, certificateEnds: seen.CertificateEnds,
	}
	known := status.Conditions[:min(len(status.Conditions), maxConditions)]
	next.conditions = make([]condition, 0, len(known))
	for i := range known {
		one := &known[i]
		next.conditions = append(next.conditions, condition{
			kind: shared(one.Type), status: shared(string(one.Status)), reason: shared(one.Reason), since: one.LastTransitionTime.Unix(),
		})
	}
	return next
}

func shared(text string) unique.Handle[string] { return unique.Make(bound.Text(text, maxLabel)) }

func (s *servers) forget(key types.NamespacedName) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.known, key)
}

func (s *servers) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.known)
}

// Describe implements prometheus.Collector.
func (s *servers) Describe(descs chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{s.phase, s.info, s.condition, s.transition, s.replicas, s.certificate, s.contested} {
		descs <- desc
	}
}

// Collect implements prometheus.Collector. It does not hold the lock for as long as the receiver takes.
func (s *servers) Collect(series chan<- prometheus.Metric) {
	contested, texts := map[string]int{}, texts{}
	current := s.snapshot()
	for key, server := range current {
		s.collect(series, texts, key, server)
		for _, kind := range server.contested {
			contested[kind]++
		}
	}
	if len(current) == 0 {
		return // a process that does not lead knows of none
	}
	all := children.All()
	for i := range all {
		series <- newSample(s.contested, float64(contested[all[i].Kind]), texts.label(labelKind, all[i].Kind))
	}
}

func (s *servers) snapshot() map[types.NamespacedName]*server {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.known)
}

func (s *servers) collect(series chan<- prometheus.Metric, texts texts, key types.NamespacedName, server *server) {
	in, of := texts.label(labelCRNamespace, key.Namespace), newLabel(labelCRName, key.Name)
	series <- newSample(s.phase, 1, in, of, texts.label(labelPhase, server.phase.Value()))
	series <- newSample(s.info, 1, texts.label(labelDistribution, server.distribution.Value()), in,
		texts.label(labelImage, server.image.Value()), of, texts.label(labelVersion, server.version.Value()))
	series <- newSample(s.replicas, float64(server.wanted), in, of, texts.label(labelState, stateWanted))
	series <- newSample(s.replicas, float64(server.ready), in, of, texts.label(labelState, stateReady))
	if server.certificateEnds != 0 {
		series <- newSample(s.certificate, float64(server.certificateEnds), in, of)
	}
	for _, one := range server.conditions {
		kind := texts.label(labelType, one.kind.Value())
		series <- newSample(s.condition, 1, in, of, texts.label(labelReason, one.reason.Value()), texts.label(labelStatus, one.status.Value()), kind)
		if dated(one.kind.Value()) {
			series <- newSample(s.transition, float64(one.since), in, of, kind)
		}
	}
}

// dated reports whether a condition has a series with its last transition. The others would add a third to all series.
func dated(kind string) bool {
	return kind == string(v1alpha1.ConditionReady) || kind == string(v1alpha1.ConditionAvailable)
}
