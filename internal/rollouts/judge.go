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
	"time"

	appsv1 "k8s.io/api/apps/v1"
)

// Cause is why the operator changes a Pod template.
type Cause string

// The causes. None is that a change waits for nothing.
const (
	None Cause = ""
	// Image: the image behind the distribution's name is another one.
	Image Cause = "image"
	// Rendering: another release of the operator renders the Pods in another way, or the platform has it do so.
	Rendering Cause = "rendering"
	// Takeover: an earlier release of the operator made the server.
	Takeover Cause = "takeover"
)

// Causes that a server can wait for.
func Causes() []Cause { return []Cause{Image, Rendering, Takeover} }

// Seen is what is known of a server whose Pod template was rendered.
type Seen struct {
	// Deployment as the cache has it; nil where there is none.
	Deployment *appsv1.Deployment
	// Earlier says that a release of the operator which kept no record made the Deployment, and Edited that the author
	// has changed the server since this one first saw it.
	Earlier, Edited bool
	// Applied says that this process applied the same before, so that what differs is somebody's edit of the Deployment.
	Applied bool
	// Granted is what was granted to the server within the last minute; nil for nothing. The Deployment may show it already.
	Granted *Grant
	// Now is the time.
	Now time.Time
}

// Verdict is what a change of a template has to wait for.
type Verdict struct {
	// Cause of the change; None: it is the author's, or rolls nothing that runs, and goes on at once.
	Cause Cause
	// Turn is the one that the server has, in which it goes on; empty for none.
	Turn string
}

// Judge says whether a template that was rendered needs a turn. wanted has no turn.
func Judge(seen Seen, wanted Record) Verdict {
	deployment, last := seen.Deployment, Read(seen.Deployment)
	if seen.Granted != nil && seen.Granted.Turn == last.Turn {
		seen.Granted = nil // the Deployment shows it, and whether it has been used: the next change needs another one
	}
	switch {
	case deployment == nil || replicas(deployment) == 0:
		return Verdict{}
	case last.Template == wanted.Template:
		return Verdict{Turn: last.Turn}
	case last.edited(wanted, seen):
		return Verdict{}
	case seen.Granted != nil:
		return Verdict{Turn: seen.Granted.Turn}
	case seen.Applied:
		return Verdict{Turn: last.Turn} // which it has still where the cache is only late
	case Broken(deployment):
		return Verdict{}
	case Holding(deployment) && Counts(last.since(), seen.Now):
		return Verdict{Turn: last.Turn}
	}
	return Verdict{Cause: last.cause(wanted, seen)}
}

// edited says that the author asks for something else than when the last template was applied.
func (r Record) edited(wanted Record, seen Seen) bool {
	if seen.Granted != nil && seen.Granted.Author != wanted.Author {
		return true
	}
	if !r.known() {
		return seen.Edited
	}
	return r.Author != wanted.Author
}

func (r Record) cause(wanted Record, seen Seen) Cause {
	switch {
	case !r.known() && seen.Earlier:
		return Takeover
	case r.known() && r.Image != wanted.Image:
		return Image
	default:
		return Rendering
	}
}
