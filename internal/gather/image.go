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

package gather

import (
	"errors"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/distribution"
	"github.com/llamastack/llama-stack-k8s-operator/internal/observed"
	"github.com/llamastack/llama-stack-k8s-operator/internal/operatorconfig"
)

// image decides which image the server is to run. A name follows the operator's configuration, which may be unknown
// (malformed since the start) or wrong for this name: then what ran before continues.
func (g *Gatherer) image(instance *v1alpha1.LlamaStackDistribution, config operatorconfig.Config, f *Found) {
	spec := instance.Spec.Server.Distribution
	running := observed.RequestedImage(f.Children.Deployment(), instance)
	f.Requested = running
	f.Available = g.Catalog.Available(config.ImageOverrides.Value)
	byName := spec.Image == "" && spec.Name != ""
	if byName && !config.ImageOverrides.Known {
		f.Resolved.Active = spec.Name
		f.keepImage(running, v1alpha1.ReasonOperatorConfigMalformed,
			"image-overrides in the operator's ConfigMap "+operatorconfig.Name+" is malformed, so the image of a distribution name is not known: fix it")
		return
	}
	resolved, err := g.Catalog.Resolve(spec, config.ImageOverrides.Value)
	if why, invalid := config.InvalidOverrides[spec.Name]; byName && invalid && resolved.Source != distribution.SourceOverride {
		f.Resolved.Active = spec.Name
		f.keepImage(running, v1alpha1.ReasonInvalidImageOverride,
			"the operator's ConfigMap "+operatorconfig.Name+" has an image override for "+spec.Name+" that cannot be used ("+why+"): fix it")
		return
	}
	if err != nil {
		f.distributionProblem(err)
		return
	}
	f.Resolved, f.Input.Image = resolved, resolved.Image
	if err := distribution.CheckReference(resolved.Image); err != nil && !byName {
		f.Noticef("%v", err)
	} else if distribution.Floating(resolved.Image) {
		f.Noticef("image %s can be another one after each restart of a Pod: name a version or a digest", resolved.Image)
	}
}

func (f *Found) distributionProblem(err error) {
	if unknown, ok := errors.AsType[*distribution.UnknownError](err); ok {
		f.Problemf(v1alpha1.ReasonUnknownDistribution,
			"distribution name %q in spec.server.distribution.name is not known to the operator: use one of %s, or set spec.server.distribution.image",
			unknown.Name, strings.Join(unknown.Known, ", "))
		return
	}
	f.Problemf(v1alpha1.ReasonInvalidDistribution, "spec.server.distribution: %v", err)
}

// keepImage keeps the image that runs and reports why; a server that does not run yet cannot start.
func (f *Found) keepImage(running string, reason v1alpha1.Reason, why string) {
	if running == "" {
		f.Problemf(reason, "%s", why)
		return
	}
	f.Input.Image = running
	f.Noticef("%s; the server keeps %s", why, running)
}
