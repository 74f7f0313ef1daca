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
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// metricsSince is the first version of servers with an endpoint for metrics.
const metricsSince = "1.2.0"

// serverFault is a fault that servers of some versions have: those from one version, before another one. It matters for the
// servers that it is about.
type serverFault struct {
	from, before string
	about        func(*patient) bool
	fault, fix   string
	// source is where the fault is reported.
	source string
}

// serverFaults are the known faults.
var serverFaults = []serverFault{ //nolint:gochecknoglobals // nobody changes it
	{
		from: "1.2.0", before: "1.2.1", about: startsByImage, fix: "use 1.2.1 or later",
		fault: "its image ends at the start, because it requires certificates for TLS", source: serverIssue + "6288",
	},
	{
		from: "0.4.0", before: "0.7.0", about: func(f *patient) bool { return startsByImage(f) && f.workers() > 1 },
		fault: "it ends at the start if it has several workers", fix: "use 0.7.0 or later, or set spec.server.workers to 1", source: serverIssue + "5283",
	},
	{
		before: "0.7.0", about: func(f *patient) bool { return f.workers() > 1 || f.server.WantedReplicas() > 1 },
		fault: "what a client creates in one process, such as a vector store, is not found by the others before they restart",
		fix:   "use 0.7.0 or later, or one replica with one worker", source: serverIssue + "5008",
	},
	{
		before: "0.3.0", about: func(f *patient) bool {
			return f.server.Spec.Server.Config != nil && f.server.Spec.Server.Config.Auth != nil
		},
		fault: "it requires authentication also for its health, so that probes fail", fix: "use 0.3.0 or later", source: serverIssue + "3735",
	},
	{
		from: "0.3.1", before: "0.4.0", about: func(f *patient) bool {
			return startsByImage(f) && f.service != nil && len(f.service.Spec.IPFamilies) == 1 && f.service.Spec.IPFamilies[0] == corev1.IPv6Protocol
		},
		fault: "it listens on IPv4 only, and its Service has an IPv6 address only", fix: "use 0.4.0 or later", source: serverIssue + "4210",
	},
	{from: "0.4.0", before: "0.4.7", fault: "it lacks the security fixes of 0.4.7", fix: "use 0.4.7 or later", source: serverReleases},
	{from: "0.5.0", before: "0.5.4", fault: "it lacks the security fixes of 0.5.4", fix: "use 0.5.4 or later", source: serverReleases},
	{from: "0.7.0", before: "0.7.3", fault: "it lacks the security fixes of 0.7.3", fix: "use 0.7.3 or later", source: serverReleases},
}

const (
	serverIssue    = "https://github.com/ogx-ai/ogx/issues/"
	serverReleases = "https://github.com/ogx-ai/ogx/releases"
)

// checkServerVersion reports what the version of a server lacks, and its known faults.
func checkServerVersion(f *patient) []finding {
	found := f.version()
	var all []finding
	if f.server.Spec.Server.MetricsPort() > 0 && olderThan(found, metricsSince) {
		all = append(all, warning("use an image with a later server, or turn telemetry.metrics off",
			"server %s has no endpoint for metrics, which telemetry.metrics turns on; it needs %s", found, metricsSince))
	}
	if !isVersion(found) || strings.Contains(found, "+") { // who builds a version of their own can have the fix
		return all
	}
	for i := range serverFaults {
		fault := &serverFaults[i]
		if olderThan(found, fault.before) && (fault.from == "" || !olderThan(found, fault.from)) && (fault.about == nil || fault.about(f)) {
			all = append(all, warning(fault.fix+"; see "+fault.source, "server %s has a known fault: %s", found, fault.fault))
		}
	}
	return all
}

// version is the one that the server has reported, or else the tag of its image.
func (f *patient) version() string {
	if reported := f.server.Status.Version.LlamaStackServerVersion; reported != "" {
		return reported
	}
	image, _, _ := strings.Cut(f.server.Status.Image, "@")
	name := image[strings.LastIndex(image, "/")+1:]
	_, tag, _ := strings.Cut(name, ":")
	return tag
}

// workers are the processes of a Pod.
func (f *patient) workers() int32 {
	if workers := f.server.Spec.Server.Workers; workers != nil {
		return *workers
	}
	return 1
}

// startsByImage says that the container starts as its image says.
func startsByImage(f *patient) bool {
	spec := &f.server.Spec.Server
	return !spec.Configured() && len(spec.ContainerSpec.Command)+len(spec.ContainerSpec.Args) == 0
}
