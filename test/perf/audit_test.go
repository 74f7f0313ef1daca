//go:build perf

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

package perf_test

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"time"

	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// quietTime without a request is what counts as quiet.
const quietTime = 3 * time.Second

// auditLog is the API server's own record of every request that it answered.
type auditLog struct{ path, policy string }

func newAuditLog(dir string) *auditLog {
	log := &auditLog{path: filepath.Join(dir, "audit.log"), policy: filepath.Join(dir, "policy.yaml")}
	policy := "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules:\n- level: Metadata\n"
	Expect(os.WriteFile(log.policy, []byte(policy), 0o600)).To(Succeed())
	return log
}

// request is one answered request of the operator's.
type request struct {
	Verb, Resource, Subresource, Name, URI string
	Code                                   int32
}

// mark is the place in the log up to which a spec does not look.
func (a *auditLog) mark() int64 {
	GinkgoHelper()
	info, err := os.Stat(a.path)
	Expect(err).NotTo(HaveOccurred())
	return info.Size()
}

// since returns the operator's requests after the mark, but those that are always on the wire: the lease, the watches
// and the Events.
func (a *auditLog) since(mark int64) []request {
	GinkgoHelper()
	return a.read(mark, func(r request) bool { return r.Verb != "watch" && r.Resource != "leases" && r.Resource != "events" })
}

func (a *auditLog) read(mark int64, keep func(request) bool) []request {
	GinkgoHelper()
	file, err := os.Open(a.path)
	Expect(err).NotTo(HaveOccurred())
	defer func() { _ = file.Close() }()
	_, err = file.Seek(mark, 0)
	Expect(err).NotTo(HaveOccurred())
	var found []request
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		event := &auditv1.Event{}
		if json.Unmarshal(lines.Bytes(), event) != nil || event.ImpersonatedUser == nil || event.ImpersonatedUser.Username != serviceAccount {
			continue // a line that is being written, or somebody else's request
		}
		if r := asRequest(event); keep(r) {
			found = append(found, r)
		}
	}
	return found
}

func asRequest(event *auditv1.Event) request {
	r := request{Verb: event.Verb, URI: event.RequestURI}
	if event.ObjectRef != nil {
		r.Resource, r.Subresource, r.Name = event.ObjectRef.Resource, event.ObjectRef.Subresource, event.ObjectRef.Name
	}
	if event.ResponseStatus != nil {
		r.Code = event.ResponseStatus.Code
	}
	return r
}

// waitForQuiet waits until the operator has sent nothing for a while.
func waitForQuiet() {
	GinkgoHelper()
	mark, since := audit.mark(), time.Now()
	Eventually(func() time.Duration {
		if len(audit.since(mark)) > 0 {
			mark, since = audit.mark(), time.Now()
		}
		return time.Since(since)
	}).Should(BeNumerically(">", quietTime))
}

// traffic sorts requests by what they cost.
type traffic struct {
	// discovery asks what there is to read; it names no resource.
	discovery, lists, gets, writes []request
}

func sortOut(requests []request) traffic {
	var t traffic
	for _, r := range requests {
		switch {
		case r.Resource == "":
			t.discovery = append(t.discovery, r)
		case r.Verb == "list":
			t.lists = append(t.lists, r)
		case r.Verb == "get":
			t.gets = append(t.gets, r)
		default:
			t.writes = append(t.writes, r)
		}
	}
	return t
}
