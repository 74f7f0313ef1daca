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

package harness

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

const (
	// longestLine of an audit log, in bytes.
	longestLine = 1 << 24
	// patience is how long the operator may work before it is quiet.
	patience = 2 * time.Minute
	// attention is how much of the time between two checks counts as quiet at most: what delays a check for longer, such as a busy machine,
	// keeps an operator in the same process from working, too.
	attention = 200 * time.Millisecond
)

// AuditLog is the API server's own record of every request that it answered.
type AuditLog struct{ path, policy string }

func newAuditLog(dir string) *AuditLog {
	GinkgoHelper()
	log := &AuditLog{path: filepath.Join(dir, "audit.log"), policy: filepath.Join(dir, "policy.yaml")}
	policy := "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules:\n- level: Metadata\n"
	Expect(os.WriteFile(log.policy, []byte(policy), 0o600)).To(Succeed())
	return log
}

// Request is one answered request of the operator's.
type Request struct {
	Verb, Resource, Subresource, Namespace, Name, URI string
	Code                                              int32
	// Begins is true for the beginning of a watch, not for its end.
	Begins bool
	// Denied is true if the operator lacks the right; admission can forbid a request in spite of the right.
	Denied bool
}

// Mark is the position in the log after which a spec reads.
func (a *AuditLog) Mark() int64 {
	GinkgoHelper()
	info, err := os.Stat(a.path)
	Expect(err).NotTo(HaveOccurred())
	return info.Size()
}

// Since returns the operator's requests after the mark, except those that never stop: the lease, the watches and the
// Events.
func (a *AuditLog) Since(mark int64) []Request {
	GinkgoHelper()
	return a.Read(mark, func(r Request) bool { return r.Verb != "watch" && r.Resource != "leases" && r.Resource != "events" })
}

// In is Since, for the objects of one namespace.
func (a *AuditLog) In(namespace string, mark int64) []Request {
	GinkgoHelper()
	return slices.DeleteFunc(a.Since(mark), func(r Request) bool { return r.Namespace != namespace })
}

// Watches polls which resources the operator began to watch after the mark.
func (a *AuditLog) Watches(mark int64) func() []string {
	return func() []string {
		GinkgoHelper()
		var resources []string
		for _, r := range a.Read(mark, func(r Request) bool { return r.Verb == "watch" && r.Begins }) {
			resources = append(resources, r.Resource)
		}
		return resources
	}
}

// Forbidden are all requests that the operator's RBAC does not allow.
func (a *AuditLog) Forbidden() []Request {
	GinkgoHelper()
	return a.Read(0, func(r Request) bool { return r.Denied })
}

// Read returns the operator's requests after the mark that keep selects.
func (a *AuditLog) Read(mark int64, keep func(Request) bool) []Request {
	GinkgoHelper()
	file, err := os.Open(a.path)
	Expect(err).NotTo(HaveOccurred())
	defer func() { _ = file.Close() }()
	_, err = file.Seek(mark, io.SeekStart)
	Expect(err).NotTo(HaveOccurred())
	var found []Request
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, longestLine)
	for lines.Scan() {
		if r, ok := parse(lines.Bytes()); ok && keep(r) {
			found = append(found, r)
		}
	}
	Expect(lines.Err()).NotTo(HaveOccurred())
	return found
}

// parse returns false for a line that is being written, and for a request of others.
func parse(line []byte) (Request, bool) {
	event := &auditv1.Event{}
	if json.Unmarshal(line, event) != nil || event.ImpersonatedUser == nil || event.ImpersonatedUser.Username != ServiceAccount {
		return Request{}, false
	}
	r := Request{Verb: event.Verb, URI: event.RequestURI, Begins: event.Stage == auditv1.StageResponseStarted}
	if event.ObjectRef != nil {
		r.Resource, r.Subresource = event.ObjectRef.Resource, event.ObjectRef.Subresource
		r.Namespace, r.Name = event.ObjectRef.Namespace, event.ObjectRef.Name
	}
	if event.ResponseStatus != nil {
		r.Code = event.ResponseStatus.Code
		r.Denied = r.Code == 403 && event.Annotations["authorization.k8s.io/decision"] != "allow"
	}
	return r, true
}

// WaitForQuiet waits until the operator has sent nothing for a while, except what also counts as quiet, and, if it runs in this process,
// reconciles nothing: a request that the API server has not answered yet is not in its log.
func (a *AuditLog) WaitForQuiet(while time.Duration, but ...func(Request) bool) {
	GinkgoHelper()
	loud := func(r Request) bool {
		return !slices.ContainsFunc(but, func(quiet func(Request) bool) bool { return quiet(r) })
	}
	mark, checked, silent := a.Mark(), time.Now(), time.Duration(0)
	var last []Request
	Eventually(func() time.Duration {
		next, now := a.Mark(), time.Now()
		requests := slices.DeleteFunc(a.Since(mark), func(r Request) bool { return !loud(r) })
		silent += min(now.Sub(checked), attention)
		mark, checked = next, now
		switch {
		case len(requests) > 0:
			last, silent = requests, 0
		case silent > while && reconciling():
			silent = 0
		}
		return silent
	}).WithTimeout(while+patience).Should(BeNumerically(">", while), func() string { return fmt.Sprintf("the last requests: %+v", last) })
}

// Writes are the requests that change something.
func Writes(requests []Request) []Request {
	return only(requests, "create", "update", "patch", "delete", "deletecollection")
}

// Reads are the requests that change nothing.
func Reads(requests []Request) []Request { return only(requests, "get", "list") }

func only(requests []Request, verbs ...string) []Request {
	var found []Request
	for _, r := range requests {
		if slices.Contains(verbs, r.Verb) {
			found = append(found, r)
		}
	}
	return found
}
