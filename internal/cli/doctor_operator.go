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
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/version"
)

// knownBad are versions of the operator with a known fault: those before a version.
var knownBad = []struct{ before, fault, fix string }{ //nolint:gochecknoglobals // nobody changes it
	{firstRelease, "releases before 1.0.0 set no reason of Ready, and their servers are taken over by 1.0.0", "upgrade the operator: " + docs("migrating.md")},
}

// checkAPIServer reports what the API server says about itself.
func checkAPIServer(c *clusterFacts) []finding {
	switch {
	case !c.answers:
		return []finding{failure("find out why the control plane is down; servers that run continue to serve, and the operator continues by itself",
			"the API server does not answer: %s", c.troubles)}
	case c.troubles != "":
		return []finding{failure("find out why this part of the control plane is down; without etcd, nothing can be read or changed", "the API server is not ready: %s", c.troubles)}
	}
	return nil
}

// checkCRD reports a CRD that is not there, or does not serve all that is stored.
func checkCRD(c *clusterFacts) []finding {
	if c.noCRD {
		return []finding{failure("install the operator: "+docs("install.md"), "the CRD %s is not installed", crdName)}
	}
	if c.crd == nil {
		return nil
	}
	var found []finding
	served := map[string]bool{}
	versions, _, _ := unstructured.NestedSlice(c.crd.Object, "spec", "versions")
	for _, item := range versions {
		if fields, ok := item.(map[string]any); ok {
			name, _ := fields["name"].(string)
			served[name], _ = fields["served"].(bool)
		}
	}
	stored, _, _ := unstructured.NestedStringSlice(c.crd.Object, "status", "storedVersions")
	for _, name := range stored {
		if !served[name] {
			found = append(found, failure("install the CRD of the operator's release again", "objects are stored in version %s, which the CRD does not serve", name))
		}
	}
	conditions, _, _ := unstructured.NestedSlice(c.crd.Object, "status", "conditions")
	established := slices.ContainsFunc(conditions, func(item any) bool {
		fields, ok := item.(map[string]any)
		return ok && fields["type"] == "Established" && fields["status"] == "True"
	})
	if !established {
		found = append(found, failure("kubectl describe crd "+crdName, "the CRD is not established"))
	}
	return found
}

// checkOperator reports an operator that does not run, runs twice, restarted, or has a known fault.
func checkOperator(c *clusterFacts) []finding {
	if c.operators == nil {
		return nil // what could not be read is in your-rights
	}
	switch len(c.operators) {
	case 0:
		return []finding{failure("install the operator, or name its namespace with --operator-namespace: "+findOperator(),
			"no Deployment of the operator exists in namespace %s", c.from)}
	case 1:
	default:
		return []finding{failure("delete the Deployments that are not of the installed release", "%d Deployments of the operator exist in namespace %s", len(c.operators), c.from)}
	}
	operator := &c.operators[0]
	found := versionFaults(operator)
	wanted := int32(1)
	if operator.Spec.Replicas != nil {
		wanted = *operator.Spec.Replicas
	}
	available := operator.Status.AvailableReplicas
	look := "kubectl -n " + c.from + " describe deploy,pod -l " + operatorSelector()
	switch {
	case wanted == 0:
		found = append(found, failure("kubectl -n "+c.from+" scale deploy/"+operator.Name+" --replicas=2", "the operator is scaled to 0 replicas"))
	case available == 0:
		found = append(found, failure(look, "none of %d Pods of the operator is available (%d exist)", wanted, len(c.processes)))
	case available < wanted:
		found = append(found, warning(look, "%d of %d Pods of the operator are available", available, wanted))
	}
	return append(append(found, processFaults(c)...), c.replaced(operator)...)
}

// processFaults are the ends and troubles of the operator's Pods.
func processFaults(c *clusterFacts) []finding {
	var found []finding
	for i := range c.processes {
		view := podView(&c.processes[i], c.now.Time)
		if len(view.Trouble) > 0 {
			found = append(found, warning("kubectl -n "+c.from+" logs "+view.Name+" --previous", "Pod %s: %s", view.Name, strings.Join(view.Trouble, "; ")))
		}
		if c.unconnected(&c.processes[i]) {
			found = append(found, warning("kubectl -n "+c.from+" logs "+view.Name+"; a NetworkPolicy, or a missing RoleBinding",
				"Pod %s runs and is not ready: it cannot reach the API server, or may not read what it watches", view.Name))
		}
	}
	return found
}

// versionFaults are the known faults of the operator's version.
func versionFaults(operator *appsv1.Deployment) []finding {
	var found []finding
	running := variable(operator.Spec.Template.Spec.Containers, versionVariable)
	for _, fault := range knownBad {
		if olderThan(running, fault.before) {
			found = append(found, warning(fault.fix, "operator %s: %s", running, fault.fault))
		}
	}
	return found
}

// olderThan compares versions. What is no version is not older.
func olderThan(this, that string) bool {
	parsed, err := version.ParseGeneric(this)
	return err == nil && parsed.LessThan(version.MustParseGeneric(that))
}

// checkLeader reports that no process leads, or that somebody deleted the lease.
func checkLeader(c *clusterFacts) []finding {
	if c.leases == nil || len(c.operators) == 0 {
		return nil
	}
	at := slices.IndexFunc(c.leases, func(l coordinationv1.Lease) bool {
		return l.Name == operatorLease && l.Spec.HolderIdentity != nil && l.Spec.RenewTime != nil
	})
	if at < 0 {
		return []finding{failure("wait for 20 seconds, in which a process takes it; then see the logs of the operator",
			"nobody holds lease %s in namespace %s, so that no process of the operator leads", operatorLease, c.from)}
	}
	lease := &c.leases[at]
	seconds := int32(15) //nolint:mnd // the default of the operator
	if lease.Spec.LeaseDurationSeconds != nil {
		seconds = *lease.Spec.LeaseDurationSeconds
	}
	patience := 2 * time.Duration(seconds) * time.Second
	holder, _, _ := strings.Cut(*lease.Spec.HolderIdentity, "_")
	silent := c.now.Sub(lease.Spec.RenewTime.Time)
	if silent <= patience {
		return c.lostLease(lease, holder, patience)
	}
	cause := "its Pod does not exist any more"
	for i := range c.processes {
		if c.processes[i].Name == holder {
			cause = "its Pod exists, so that it cannot reach the API server, or may not write the lease"
		}
	}
	return []finding{failure("kubectl -n "+c.from+" logs deploy/"+c.operators[0].Name+"; a NetworkPolicy, or a missing RoleBinding",
		"%s leads, and has not renewed lease %s for %d seconds: %s", holder, lease.Name, int(silent.Seconds()), cause)}
}

// checkOperatorRights reports rights that the operator lacks.
func checkOperatorRights(c *clusterFacts) []finding {
	if len(c.lacks) == 0 {
		return nil
	}
	return []finding{failure("restore the ClusterRoleBinding or RoleBinding of the operator's ServiceAccount: install the operator's release again",
		"the operator may not %s", strings.Join(c.lacks, ", "))}
}

// checkYourRights reports what the user may not do.
func checkYourRights(c *clusterFacts) []finding {
	found := unread(c.missed)
	for _, right := range c.denied {
		found = append(found, warning("an administrator can give you the role edit of the namespace", "you may not %s", right))
	}
	return found
}
