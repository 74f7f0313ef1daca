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

package distribution_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/distribution"
)

// FuzzResolve holds for any names and images, wherever they come from: the CR's own image is taken as it is; any other
// is a reference that a kubelet can pull, or an error of a known kind; a name that is shown as available resolves to
// the image that is shown; and of two names at most one asks for the same variable of the environment.
func FuzzResolve(f *testing.F) {
	for _, seed := range [][4]string{
		{"starter", "", "", ""},
		{"starter", "", "", relatedStarter},
		{"our-own", "", ownImage, "::"},
		{"our_own", "", "", ownImage},
		{"", "Odd Image", "", ""},
		{"a\nb", "", override, "a:b:c"},
		{"x", "", "", "registry.example.com/x:1.0@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3])
	}
	f.Fuzz(func(t *testing.T, distributionName, image, overridden, related string) {
		asked := map[string]bool{}
		catalog, err := distribution.New(func(string) string { return "" })
		if err != nil {
			t.Fatal(err)
		}
		withEnvironment, err := distribution.New(func(variable string) string {
			asked[variable] = true
			return related
		})
		if err != nil && !errors.As(err, new(*distribution.InvalidImageError)) {
			t.Fatalf("error of an unknown kind: %v", err)
		} else if err == nil {
			catalog = withEnvironment
		}
		clear(asked)

		overrides := usable(distributionName, overridden)
		wanted := v1alpha1.DistributionType{Name: distributionName, Image: image}
		got, err := catalog.Resolve(wanted, overrides)
		checkResolved(t, wanted, overrides, got, err)
		for variable := range asked {
			if bare, found := strings.CutPrefix(variable, "RELATED_IMAGE_"); !found || strings.ContainsAny(bare, "- \n=") || bare != strings.ToUpper(bare) {
				t.Errorf("the environment was asked for %q", variable)
			}
		}
		for known, shown := range catalog.Available(overrides) {
			if other, err := catalog.Resolve(v1alpha1.DistributionType{Name: known}, overrides); err != nil || other.Image != shown {
				t.Errorf("%q is shown as %q and resolves to %q: %v", known, shown, other.Image, err)
			}
		}
	})
}

// usable are overrides as they come from the operator's ConfigMap: checked.
func usable(distributionName, image string) map[string]string {
	if _, err := name.ParseReference(image, name.WeakValidation); err != nil || strings.TrimSpace(distributionName) == "" {
		return nil
	}
	return map[string]string{distributionName: image}
}

func checkResolved(t *testing.T, wanted v1alpha1.DistributionType, overrides map[string]string, got distribution.Resolved, err error) {
	t.Helper()
	switch {
	case err != nil:
		if !errors.Is(err, distribution.ErrUnset) && !errors.As(err, new(*distribution.UnknownError)) && !errors.As(err, new(*distribution.InvalidImageError)) {
			t.Errorf("error of an unknown kind: %v", err)
		}
		if wanted.Image != "" || overrides[wanted.Name] != "" && wanted.Name != "" {
			t.Errorf("there is an image, and the answer is %v", err)
		}
	case wanted.Image != "":
		if got.Image != wanted.Image || got.Active != v1alpha1.CustomDistribution {
			t.Errorf("the image %q became %+v", wanted.Image, got)
		}
	default:
		if _, err := name.ParseReference(got.Image, name.WeakValidation); err != nil || got.Active != wanted.Name {
			t.Errorf("%q became %+v: %v", wanted.Name, got, err)
		}
		if image, found := overrides[wanted.Name]; found && got.Image != image {
			t.Errorf("the override %q lost to %q", image, got.Image)
		}
	}
}
