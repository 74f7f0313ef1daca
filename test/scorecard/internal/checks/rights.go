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

package checks

import (
	"context"
	"slices"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/test/scorecard/internal/bundle"
	"github.com/llamastack/llama-stack-k8s-operator/test/scorecard/internal/report"
	rbacv1 "k8s.io/api/rbac/v1"
)

// ban is a right that the operator must not have.
type ban struct {
	// group and resources say on what; no group is every group, and no resources are every resource.
	group     string
	everyone  bool
	resources []string
	// verbs that are banned; none are all.
	verbs []string
	why   string
}

// changes are the verbs that change something.
func changes() []string {
	return []string{"create", "update", "patch", "delete", "deletecollection"}
}

// bans lists rights that lead to more rights, or that the operator does not need.
func bans() []ban {
	return []ban{
		{resources: []string{"secrets"}, why: "the operator must not see Secrets"},
		{resources: []string{"serviceaccounts/token"}, why: "tokens are the rights of others"},
		{
			resources: []string{"pods/exec", "pods/attach", "pods/portforward", "pods/proxy", "pods/ephemeralcontainers", "services/proxy", "nodes/proxy"},
			why:       "it gives access to other people's containers",
		},
		{resources: []string{"pods", "nodes", "namespaces"}, verbs: changes(), why: "the operator changes Deployments, and nothing below or above them"},
		{everyone: true, verbs: []string{"escalate", "bind", "impersonate"}, why: "it gives rights that the operator does not have"},
		{group: "rbac.authorization.k8s.io", verbs: changes(), why: "the operator grants nothing to anyone"},
		{group: "certificates.k8s.io", why: "a signed certificate is an identity"},
		{group: "admissionregistration.k8s.io", verbs: changes(), why: "admission sees and changes everything"},
		{group: "apiextensions.k8s.io", verbs: changes(), why: "OLM owns the CRDs"},
		{group: "apiregistration.k8s.io", verbs: changes(), why: "it replaces the API server"},
		{group: "security.openshift.io", verbs: append(changes(), "use"), why: "servers run under the platform's own constraints"},
	}
}

// secretWatcher is the role that an administrator may grant so that the operator notices new certificates. docs/tls.md
// says how.
const secretWatcher = "llama-stack-k8s-operator-llsd-secret-watcher-role"

// offered is whether a rule is all that the role secretWatcher may have, in a bundle that gives it to nobody.
func offered(grant bundle.Grant, rule rbacv1.PolicyRule) bool {
	return grant.Offered == secretWatcher && slices.Equal(rule.APIGroups, []string{""}) && slices.Equal(rule.Resources, []string{"secrets"}) &&
		slices.Equal(rule.Verbs, []string{"list", "watch"})
}

// Rights requires that the operator's rights have no wildcard, no access to Secrets, and no way to more rights.
func Rights(_ context.Context, b *bundle.Bundle, r *report.Report) {
	grants, err := b.Grants()
	if err != nil {
		r.Errorf("%v", err)
		return
	}
	rules := 0
	for _, grant := range grants {
		rules += len(grant.Rules)
		for _, rule := range grant.Rules {
			if !offered(grant, rule) {
				checkRule(grant.Where, rule, r)
			}
		}
	}
	if rules == 0 {
		r.Errorf("the CSV grants the operator nothing, and it cannot work without rights: list config/rbac in config/manifests, and run make bundle")
	}
	r.Logf("%d rules in %d grants", rules, len(grants))
}

func checkRule(where string, rule rbacv1.PolicyRule, r *report.Report) {
	if wildcard(rule) {
		r.Errorf("%s: a rule has a wildcard (%s): name what is needed in the rbac markers of internal/controller, and run make manifests bundle", where, inWords(rule))
		return // a wildcard includes all others
	}
	for _, ban := range bans() {
		if ban.hits(rule) {
			r.Errorf("%s: a rule allows what it must not (%s): %s; remove it from the rbac markers of internal/controller, and run make manifests bundle",
				where, inWords(rule), ban.why)
		}
	}
}

func wildcard(rule rbacv1.PolicyRule) bool {
	all := slices.Concat(rule.Verbs, rule.APIGroups, rule.Resources, rule.NonResourceURLs)
	return slices.ContainsFunc(all, func(s string) bool { return strings.Contains(s, "*") })
}

func (b ban) hits(rule rbacv1.PolicyRule) bool {
	return (b.everyone || slices.Contains(rule.APIGroups, b.group)) && overlap(b.resources, rule.Resources) && overlap(b.verbs, rule.Verbs)
}

// overlap reports whether any banned right is granted. If bans is empty, every right is banned.
func overlap(banned, granted []string) bool {
	return len(banned) == 0 || slices.ContainsFunc(banned, func(s string) bool { return slices.Contains(granted, s) })
}

// inWords is a rule as it reads in a message.
func inWords(rule rbacv1.PolicyRule) string {
	var parts []string
	for _, part := range []struct {
		name   string
		values []string
	}{
		{"groups", rule.APIGroups}, {"resources", rule.Resources}, {"URLs", rule.NonResourceURLs}, {"verbs", rule.Verbs},
	} {
		if len(part.values) > 0 {
			parts = append(parts, part.name+" "+quoted(part.values))
		}
	}
	return strings.Join(parts, ", ")
}

func quoted(values []string) string { return `"` + strings.Join(values, `", "`) + `"` }
