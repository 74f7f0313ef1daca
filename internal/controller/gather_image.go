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

package controller

import (
	"context"
	"errors"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/distribution"
	"github.com/llamastack/llama-stack-k8s-operator/internal/operatorconfig"
	appsv1 "k8s.io/api/apps/v1"
)

// gatherImage decides which image the server is to run. A name follows the operator's configuration, which may be
// unknown (malformed since the start) or wrong for this name: then what ran before goes on.
func (r *Reconciler) gatherImage(ctx context.Context, instance *v1alpha1.LlamaStackDistribution, config operatorconfig.Config, p *pass) error {
	spec := instance.Spec.Server.Distribution
	running := askedImage(p.children.deployment, instance)
	p.available = r.catalog.Available(config.ImageOverrides.Value)
	byName := spec.Image == "" && spec.Name != ""
	if byName && !config.ImageOverrides.Known {
		p.resolved.Active = spec.Name
		p.keepImage(running, v1alpha1.ReasonOperatorConfigMalformed,
			"image-overrides in the operator's ConfigMap "+operatorconfig.Name+" is malformed, so the image of a distribution name is not known: mend it")
		return nil
	}
	resolved, err := r.catalog.Resolve(spec, config.ImageOverrides.Value)
	if why, invalid := config.InvalidOverrides[spec.Name]; byName && invalid && resolved.Source != distribution.SourceOverride {
		p.resolved.Active = spec.Name
		p.keepImage(running, v1alpha1.ReasonInvalidImageOverride,
			"the operator's ConfigMap "+operatorconfig.Name+" has an image override for "+spec.Name+" that cannot be used ("+why+"): mend it")
		return nil
	}
	if err != nil {
		p.blameDistribution(err)
		return nil
	}
	p.resolved, p.target, p.input.Image = resolved, resolved.Image, resolved.Image
	if distribution.Floating(resolved.Image) {
		p.noticef("image %s can be another one after each restart of a Pod: name a version or a digest", resolved.Image)
	}
	if !byName {
		return nil
	}
	return r.waitForTurn(ctx, instance, running, p)
}

func (p *pass) blameDistribution(err error) {
	if unknown, ok := errors.AsType[*distribution.UnknownError](err); ok {
		p.blamef(v1alpha1.ReasonUnknownDistribution,
			"distribution name %q in spec.server.distribution.name is not known to the operator: use one of %s, or set spec.server.distribution.image",
			unknown.Name, strings.Join(unknown.Known, ", "))
		return
	}
	p.blamef(v1alpha1.ReasonInvalidDistribution, "spec.server.distribution: %v", err)
}

// keepImage goes on with the image that runs and says why; a server that does not run yet cannot be started.
func (p *pass) keepImage(running string, reason v1alpha1.Reason, why string) {
	if running == "" {
		p.blamef(reason, "%s", why)
		return
	}
	p.input.Image = running
	p.noticef("%s; the server keeps %s", why, running)
}

// runningImage is the image of the server's container, or "" where there is none.
func runningImage(deployment *appsv1.Deployment, instance *v1alpha1.LlamaStackDistribution) string {
	if deployment == nil {
		return ""
	}
	name := instance.Spec.Server.ContainerSpec.Name
	containers := deployment.Spec.Template.Spec.Containers
	for i := range containers {
		if containers[i].Name == name {
			return containers[i].Image
		}
	}
	if len(containers) > 0 {
		return containers[0].Image
	}
	return ""
}
