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

package render

import (
	"strconv"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	"sigs.k8s.io/kustomize/api/resmap"
)

// setCommand sets the container's command and arguments. Neither is set where the image's own start is right.
type setCommand struct {
	*server

	script string
}

// Transform implements resmap.Transformer.
func (t setCommand) Transform(m resmap.ResMap) error {
	e := edit(m, children.Deployment)
	if command := t.command(); len(command) > 0 {
		e.set(containerPath, "command", stringList(command))
	}
	if args := t.Spec.Server.ContainerSpec.Args; len(args) > 0 {
		e.set(containerPath, "args", stringList(args))
	}
	return e.err
}

// command is the CR's own; or the launcher, where there is a configuration to start with and the CR does not leave
// that to the image. The launcher's last word is the scheme that the server will speak; the CR's args come after it.
func (t setCommand) command() []string {
	own := t.Spec.Server.ContainerSpec.Command
	if len(own) > 0 || t.UserConfig == nil && t.Config == nil || t.Spec.Server.Launch == v1alpha1.LaunchImage {
		return own
	}
	launch := []string{"/bin/sh", "-c", t.script, "launch"}
	if t.Serving == nil || t.Serving.Unused {
		return append(launch, strings.ToLower(t.scheme()))
	}
	launch = append(launch, "serving", servingPath)
	if t.Serving.Rolls {
		return append(launch, "never")
	}
	grace := defaultGracePeriod
	if seconds := t.overrides.TerminationGracePeriodSeconds; seconds != nil {
		grace = *seconds
	}
	return append(launch, strconv.FormatInt(grace, 10))
}
