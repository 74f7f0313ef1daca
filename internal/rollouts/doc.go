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

// Package rollouts decides which servers may be rolled because the operator itself changed something: the image behind a
// distribution's name, what it renders, a server that an earlier release made. Few do so at a time. What the author of a
// server changes never waits.
//
// What was decided stands on the Deployments, as a Record: what the author had asked for, which template was applied for
// it, and since when the server has a turn. A turn is held as long as its Deployment shows that it rolls, and no longer
// than MaxTurn. So nothing has to be given back, and a restart loses nothing. Judge says whether a template needs a turn,
// and the Queue whose turn it is; it remembers only who waits, and for a moment what the caches do not show yet.
package rollouts
