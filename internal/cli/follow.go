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

package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/wait"
)

// longestPause is the longest time before a log is opened again.
const longestPause = 30 * time.Second

// follower prints lines as they arrive. It finds Pods that start later, and containers that start again.
type follower struct {
	finder *logFinder
	out    io.Writer
	// say says what is waited for, and what goes wrong.
	say    io.Writer
	outage *patience

	mu sync.Mutex
	// logs by the key of their source.
	logs map[string]*followed
	said map[string]bool
}

// followed is a log that is followed, or was.
type followed struct {
	// active says that it is open, and ended that it was read to its end.
	active, ended bool
	// last is the time of the last line, after which it continues.
	last time.Time
	// again is when it may be opened again.
	again time.Time
	pause wait.Backoff
}

func newFollower(finder *logFinder, out, say io.Writer) *follower {
	return &follower{
		finder: finder, out: out, say: say, outage: &patience{to: say, limit: longestOutage},
		logs: map[string]*followed{}, said: map[string]bool{},
	}
}

// run ends without an error when the context does.
func (f *follower) run(ctx context.Context) error {
	var streams sync.WaitGroup
	defer streams.Wait()
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	err := wait.PollUntilContextCancel(ctx, pollInterval, true, func(context.Context) (bool, error) {
		asking, cancel := context.WithTimeout(ctx, answersWithin)
		defer cancel()
		sources, err := f.finder.sources(asking)
		if ctx.Err() != nil {
			return false, nil
		}
		if borne := f.outage.bear(err); borne != nil || err != nil {
			return false, borne
		}
		f.announce(sources)
		for i := range sources {
			if from := &sources[i]; started(from) && f.begin(from) {
				streams.Go(func() { f.follow(ctx, from, end) })
			}
		}
		return false, nil
	})
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	if err != nil && !errors.Is(err, context.Canceled) { // an interrupt is the normal end
		return fmt.Errorf("failed to follow the logs: %w", err)
	}
	return nil
}

// announce says what is waited for.
func (f *follower) announce(sources []source) {
	pods := false
	for i := range sources {
		from := &sources[i]
		pods = pods || from.keep == nil
		if !started(from) {
			f.oncef("Waiting until %s in Pod %s starts.", from.container, from.pod.Name)
		}
	}
	if !pods {
		f.oncef("%s has no Pods; %s. Waiting for Pods.", f.finder.server.Name, next(f.finder.server))
	}
}

// oncef says something that it has not said yet.
func (f *follower) oncef(format string, arguments ...any) {
	text := fmt.Sprintf(format, arguments...)
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.said[text] {
		f.said[text] = true
		sayf(f.say, "%s\n", text)
	}
}

// begin reports whether a log is to be opened. The end of a log whose container runs can be that of a connection only.
func (f *follower) begin(from *source) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	log := f.logs[from.key()]
	if log == nil {
		log = &followed{}
		log.rest()
		f.logs[from.key()] = log
	}
	if log.active || log.ended && !runs(from) || time.Now().Before(log.again) {
		return false
	}
	log.active = true
	return true
}

// rest lets the pauses start with the shortest one.
func (l *followed) rest() {
	l.pause = wait.Backoff{Duration: pollInterval, Factor: 2, Steps: int(longestPause / pollInterval), Cap: longestPause}
}

// follow prints the lines of a log until it ends. A later poll continues after an error that can pass; another one ends the
// command, unless only the operator's lines are missing.
func (f *follower) follow(ctx context.Context, from *source, end context.CancelCauseFunc) {
	f.mu.Lock()
	log := f.logs[from.key()]
	after := log.last
	f.mu.Unlock()
	reader, err := f.finder.openOne(ctx, from, after)
	if err != nil && ctx.Err() == nil {
		if apierrors.IsForbidden(err) && from.keep == nil {
			end(err)
			return
		}
		f.oncef("Not shown: %v", explain(err))
	}
	for err == nil {
		if err = reader.advance(); err != nil {
			break
		}
		f.mu.Lock()
		if err = reader.write(f.out); err != nil {
			end(err)
		}
		log.last = reader.at
		log.rest()
		f.mu.Unlock()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if apierrors.IsForbidden(err) {
		return // it stays active, so that nobody opens it again
	}
	log.active, log.ended = false, errors.Is(err, io.EOF)
	log.again = time.Now().Add(log.pause.Step())
}

// started says that the container of a source has started, so that it has a log.
func started(from *source) bool { return from.containerID() != "" }

// runs says that the container of a source runs.
func runs(from *source) bool {
	status := from.status()
	return status != nil && status.State.Running != nil
}

// containersOf are the names of all containers of a Pod.
func containersOf(pod *corev1.Pod) []string {
	names := make([]string, 0, len(pod.Spec.InitContainers)+len(pod.Spec.Containers)+len(pod.Spec.EphemeralContainers))
	for i := range pod.Spec.InitContainers {
		names = append(names, pod.Spec.InitContainers[i].Name)
	}
	for i := range pod.Spec.Containers {
		names = append(names, pod.Spec.Containers[i].Name)
	}
	for i := range pod.Spec.EphemeralContainers {
		names = append(names, pod.Spec.EphemeralContainers[i].Name)
	}
	return names
}

// noContainer says which containers there are in the place of one that no Pod has.
func noContainer(server, container string, names []string) error {
	return fmt.Errorf("no Pod of %s has a container %s; name one of these: %s", server, container, strings.Join(names, ", "))
}
