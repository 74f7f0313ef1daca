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

// Package checks has the tests that only need the bundle, and the catalog that it will be part of.
package checks

import (
	"context"

	"github.com/llamastack/llama-stack-k8s-operator/test/scorecard/internal/bundle"
	"github.com/llamastack/llama-stack-k8s-operator/test/scorecard/internal/report"
)

// Names of the tests, as scorecard's configuration has them.
const (
	FieldsHaveDescriptors = "fields-have-descriptors"
	RelatedImagesCover    = "related-images-cover"
	RightsAreLeast        = "rights-are-least"
	ChannelsAreConnected  = "channels-are-connected"
)

// Check checks a bundle and reports what it found.
type Check func(context.Context, *bundle.Bundle, *report.Report)
