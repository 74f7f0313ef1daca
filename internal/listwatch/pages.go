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

package listwatch

import (
	"context"
	"fmt"
	"slices"

	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Objects that others make can be many, and as large as the API server takes them, which is 1.5 MiB. They are listed by
// small pages, one of which is in memory at a time, and no more than some.
const (
	pageSize  = 10
	MostPages = 100
)

// Pages calls a function with each page of a list, up to a number of them, and says whether that was all of it.
func Pages[T client.ObjectList](ctx context.Context, from client.Reader, most int, empty func() T, each func(T), options ...client.ListOption) (bool, error) {
	next := ""
	for range most {
		page := empty()
		if err := from.List(ctx, page, append(slices.Clone(options), client.Limit(pageSize), client.Continue(next))...); err != nil {
			return false, fmt.Errorf("failed to list what others can make: %w", err)
		}
		each(page)
		if next = page.GetContinue(); next == "" {
			return true, nil
		}
	}
	return false, nil
}
