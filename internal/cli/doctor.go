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
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// verdict is the result of a check.
type verdict string

const (
	verdictOK      verdict = "OK"
	verdictWarning verdict = "Warning"
	verdictFailure verdict = "Failure"
)

// tone that shows a verdict.
func (v verdict) tone() tone {
	return map[verdict]tone{verdictOK: good, verdictWarning: waits, verdictFailure: bad}[v]
}

// finding is what a check found, and what to do about it.
type finding struct {
	Check   string  `json:"check"`
	Server  string  `json:"server,omitempty"`
	Verdict verdict `json:"verdict"`
	Message string  `json:"message,omitempty"`
	Fix     string  `json:"fix,omitempty"`
}

// failure is a finding that keeps servers from running or from following an edit.
func failure(fix, format string, arguments ...any) finding {
	return finding{Verdict: verdictFailure, Message: clean(fmt.Sprintf(format, arguments...)), Fix: fix}
}

// warning is a finding that does not, yet.
func warning(fix, format string, arguments ...any) finding {
	found := failure(fix, format, arguments...)
	found.Verdict = verdictWarning
	return found
}

// check is an entry of the table of checks: of the cluster and the operator, or of a server. A check that finds nothing is
// OK.
type check struct {
	name, about string
	cluster     func(*clusterFacts) []finding
	server      func(*patient) []finding
}

// doctorChecks are the checks in the order in which a cause hides others.
func doctorChecks() []check {
	return []check{
		{name: "api-server", about: "the API server and its database answer", cluster: checkAPIServer},
		{name: "crd", about: "the CRD is installed, and serves every version that objects are stored in", cluster: checkCRD},
		{name: "operator", about: "the operator runs once, its Pods are ready and were not replaced, and its version has no known fault", cluster: checkOperator},
		{name: "leader", about: "a process of the operator leads, and nobody deleted its lease", cluster: checkLeader},
		{name: "operator-rights", about: "the operator has the rights that it needs", cluster: checkOperatorRights},
		{name: "your-rights", about: "you have the rights that these commands need", cluster: checkYourRights, server: func(f *patient) []finding { return unread(f.unread) }},
		{name: "reconciled", about: "the operator has seen the last edit, and is not paused", server: checkReconciled},
		{name: "image", about: "the image is known, and can be pulled", server: checkImage},
		{name: "server-version", about: "the version of the server has what the spec uses, and no known fault", server: checkServerVersion},
		{name: "configuration", about: "the configuration and the spec are valid", server: checkConfiguration},
		{name: "references", about: "the ConfigMaps, Secrets and PVCs that the spec names exist", server: checkReferences},
		{name: "storage", about: "the PVC is bound and can be mounted, and its StorageClass exists", server: checkStorage},
		{name: "quota", about: "no quota, LimitRange or policy refuses objects", server: checkQuota},
		{name: "objects", about: "the objects of the server exist, with its labels and the server as their owner, and nobody else changed them", server: checkObjects},
		{name: "nodes", about: "the nodes of the Pods are ready, and their kubelets report", server: checkNodes},
		{name: "pods", about: "the Pods run, and do not restart", server: checkPods},
		{name: "health", about: "the server answers, and is healthy", server: checkHealth},
		{name: "network", about: "the Service leads to the Pods, and NetworkPolicies let the Pods reach DNS and the providers", server: checkNetwork},
		{name: "providers", about: "the providers answer, and the declared models are there", server: checkProviders},
		{name: "certificates", about: "the CA bundle and the certificates are valid, and do not end soon", server: checkCertificates},
		{name: "exposure", about: "routes are accepted, and require authentication", server: checkExposure},
		{name: "other", about: "every other condition is as it should be", server: checkOther},
	}
}

// doctorText says what is checked.
func doctorText() string {
	var text strings.Builder
	text.WriteString("Make the checks that support would make, of the operator, and of a server or all servers of the namespace. Each is OK, a warning or a failure, " +
		"with what to do. The exit code is 1 if one fails.\n\n| check | OK if |\n| --- | --- |\n")
	for _, c := range doctorChecks() {
		fmt.Fprintf(&text, "| `%s` | %s |\n", c.name, c.about)
	}
	text.WriteString("\nThe command reads the API only. It runs nothing in Pods and reads no Secrets. Therefore it judges DNS, the network and certificates by " +
		"NetworkPolicies, by what the server reports about its providers, by the CA bundle, and by the Certificates of cert-manager. What you may not read is a warning.")
	return text.String()
}

// doctorView is what "doctor" shows.
type doctorView struct {
	Findings []finding `json:"findings"`
}

func (p *program) doctorCommand() *cobra.Command {
	var format, from string
	cmd := &cobra.Command{
		Use: "doctor [NAME]", Short: "Check the operator and servers, and say what to do", Long: doctorText(),
		Args: cobra.MaximumNArgs(1), ValidArgsFunction: p.completeServer,
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.doctor(cmd.Context(), strings.Join(args, ""), from, format)
		},
	}
	addOperatorNamespace(cmd, &from)
	addOutput(cmd, &format)
	return cmd
}

// doctor makes the checks.
func (p *program) doctor(ctx context.Context, name, from, format string) error {
	connection := &impatient{}
	s, err := p.open(connection.limit)
	if err != nil {
		return err
	}
	cluster := s.examine(ctx, from, metav1.Time{Time: p.now()})
	view := doctorView{Findings: cluster.findings()}
	if !cluster.blind {
		from := s
		see := func(server *v1alpha1.LlamaStackDistribution) {
			view.Findings = append(view.Findings, from.examineServer(ctx, cluster, server).findings()...)
		}
		if name == "" {
			from = s.snapshot()
			err = s.eachServer(ctx, s.namespace, see)
		} else {
			err = s.seeServer(ctx, name, see)
		}
		if err != nil && !isUnserved(err) && !connection.gaveUp.Load() {
			return err
		}
	}
	if connection.gaveUp.Load() { // what was not read is not what is missing
		view.Findings = s.askAgain(ctx, cluster).findings()
	}
	if err := p.show(format, view, func(out painter) { out.findings(view.Findings) }); err != nil {
		return err
	}
	failed := 0
	for i := range view.Findings {
		if view.Findings[i].Verdict == verdictFailure {
			failed++
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d checks failed", failed)
	}
	return nil
}

// findings are the results of all checks of the cluster.
func (c *clusterFacts) findings() []finding {
	var all []finding
	for _, check := range doctorChecks() {
		if check.cluster != nil && (!c.blind || check.name == "api-server") {
			all = append(all, named(check.name, "", check.cluster(c))...)
		}
	}
	return all
}

// findings are the results of all checks of a server. A condition is reported by the first check that is about it.
func (f *patient) findings() []finding {
	var all []finding
	for _, check := range doctorChecks() {
		if check.server != nil {
			all = append(all, named(check.name, f.server.Name, check.server(f))...)
		}
	}
	return all
}

// unread are warnings for what could not be read.
func unread(texts []string) []finding {
	found := make([]finding, 0, len(texts))
	for _, text := range texts {
		found = append(found, warning("", "not checked: %s", text))
	}
	return found
}

// named completes the findings of a check. One that found nothing is OK.
func named(name, server string, found []finding) []finding {
	if len(found) == 0 {
		found = []finding{{Verdict: verdictOK}}
	}
	for i := range found {
		found[i].Check, found[i].Server = name, server
	}
	return found
}

// findings prints what was found.
func (p painter) findings(found []finding) {
	for i := range found {
		one := &found[i]
		text := cmp.Or(one.Server, "operator") + " " + one.Check
		if one.Message != "" {
			text += ": " + one.Message
		}
		p.linef("%s  %s", p.in(one.Verdict.tone(), fmt.Sprintf("%-7s", one.Verdict)), text)
		if one.Fix != "" {
			p.linef("         %s", p.in(bold, "fix: "+one.Fix))
		}
	}
}
