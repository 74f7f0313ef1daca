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

// Package provenance says how an artefact was built, as SLSA 1 has it: from which commit, which images and which workflow.
package provenance

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	slsa "github.com/in-toto/attestation/go/predicates/provenance/v1"
	intoto "github.com/in-toto/attestation/go/v1"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

const (
	// PredicateType is that of the predicate.
	PredicateType = "https://slsa.dev/provenance/v1"
	// buildType is how GitHub describes what its workflows build: https://actions.github.io/buildtypes/workflow/v1 .
	buildType = "https://actions.github.io/buildtypes/workflow/v1"
	// hosted and local are who builds: a machine of GitHub, and a dry run, which nobody should trust.
	hosted = "https://github.com/actions/runner/github-hosted"
	local  = "https://github.com/llamastack/llama-stack-k8s-operator/blob/main/docs/releasing.md#try-a-release"

	repository = "https://github.com/llamastack/llama-stack-k8s-operator"
)

// Build is what the environment says of a build.
type Build struct {
	// Commit is what was built, and Ref the tag, such as refs/tags/v1.1.0.
	Commit, Ref string
	// Workflow is the file of the workflow that builds.
	Workflow string
	// Bases are the images that the Dockerfiles start from, by digest.
	Bases []string
	// Go is the version of the compiler.
	Go string
	// Started is when.
	Started time.Time
	// Environment is that of a workflow of GitHub; without it this is a dry run.
	Environment func(string) string
}

// Predicate describes a build.
func Predicate(build *Build) (*structpb.Struct, error) {
	if build.Commit == "" || build.Ref == "" || build.Workflow == "" {
		return nil, errors.New("a build has a commit, a ref and a workflow")
	}
	dependencies, err := dependencies(build)
	if err != nil {
		return nil, err
	}
	// A push has no inputs, so there is no more to say.
	external, err := structpb.NewStruct(map[string]any{
		"workflow": map[string]any{"ref": build.Ref, "repository": repository, "path": build.Workflow},
	})
	if err != nil {
		return nil, fmt.Errorf("failed to write the parameters: %w", err)
	}
	predicate := &slsa.Provenance{
		BuildDefinition: &slsa.BuildDefinition{
			BuildType: buildType, ExternalParameters: external, InternalParameters: internal(build.Environment),
			ResolvedDependencies: dependencies,
		},
		RunDetails: &slsa.RunDetails{
			Builder:  &slsa.Builder{Id: local, Version: map[string]string{"go": build.Go}},
			Metadata: &slsa.BuildMetadata{StartedOn: timestamppb.New(build.Started)},
		},
	}
	if run := build.Environment("GITHUB_RUN_ID"); run != "" {
		predicate.RunDetails.Builder.Id = hosted
		predicate.RunDetails.Metadata.InvocationId = repository + "/actions/runs/" + run + "/attempts/" + build.Environment("GITHUB_RUN_ATTEMPT")
	}
	if err := predicate.Validate(); err != nil {
		return nil, fmt.Errorf("failed to describe the build: %w", err)
	}
	return toStruct(predicate)
}

// internal are the parameters that the platform of the build sets.
func internal(environment func(string) string) *structpb.Struct {
	names := map[string]string{
		"event_name": "GITHUB_EVENT_NAME", "repository_id": "GITHUB_REPOSITORY_ID", "repository_owner_id": "GITHUB_REPOSITORY_OWNER_ID",
		"runner_environment": "RUNNER_ENVIRONMENT",
	}
	fields := map[string]*structpb.Value{}
	for name, variable := range names {
		if value := environment(variable); value != "" {
			fields[name] = structpb.NewStringValue(value)
		}
	}
	if len(fields) == 0 {
		return nil
	}
	return &structpb.Struct{Fields: map[string]*structpb.Value{"github": structpb.NewStructValue(&structpb.Struct{Fields: fields})}}
}

// dependencies are the commit and the images that it was built with.
func dependencies(build *Build) ([]*intoto.ResourceDescriptor, error) {
	all := make([]*intoto.ResourceDescriptor, 0, 1+len(build.Bases))
	all = append(all, &intoto.ResourceDescriptor{
		Uri: "git+" + repository + "@" + build.Ref, Digest: map[string]string{"gitCommit": build.Commit},
	})
	bases := map[string]string{}
	for _, base := range build.Bases {
		name, digest, pinned := strings.Cut(base, "@sha256:")
		if !pinned {
			return nil, fmt.Errorf("the base image %s has no digest, so nobody knows what was built on", base)
		}
		bases["docker://"+name] = digest
	}
	for _, name := range slices.Sorted(maps.Keys(bases)) {
		all = append(all, &intoto.ResourceDescriptor{Uri: name, Digest: map[string]string{"sha256": bases[name]}})
	}
	return all, nil
}
