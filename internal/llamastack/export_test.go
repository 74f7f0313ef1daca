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

package llamastack

import (
	"context"
	"sync"
	"sync/atomic"
)

// MostDecodings is how many of a number of decodings were under way at once.
func MostDecodings(c *Client, number int, each func()) int32 {
	var now, most atomic.Int32
	var all sync.WaitGroup
	for range number {
		all.Go(func() {
			c.decode(func() string {
				for is := now.Add(1); ; {
					was := most.Load()
					if is <= was || most.CompareAndSwap(was, is) {
						break
					}
				}
				each()
				now.Add(-1)
				return ""
			})
		})
	}
	all.Wait()
	return most.Load()
}

// ObserveWanted is Observe of a server with models that are wanted.
func ObserveWanted(ctx context.Context, c *Client, endpoint Endpoint, ids ...string) Observation {
	observation, _ := c.observe(ctx, endpoint, Want(ids))
	return observation
}
