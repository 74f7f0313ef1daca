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
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

const (
	// longestLog is how much of the end of a log a report has, in bytes.
	longestLog = 1 << 20
	// longestRead is how much of a log is read for that, in bytes, and lastLines how many of its lines.
	longestRead = 16 << 20
	lastLines   = 10_000
	// longestMetrics is how much of the metrics of a Pod is read, in bytes.
	longestMetrics = 4 << 20
	// slowestAnswer is how long a log or the metrics of a Pod may take.
	slowestAnswer = 30 * time.Second
)

// errInterrupted ends a report that a person interrupts.
var errInterrupted = errors.New("interrupted")

// errSilent is why a log is not read.
var errSilent = errors.New("not read, because another log of the same node took too long")

// errNoToken is why the metrics of the operator are not read. A report sends the credentials of a person to the API server alone.
var errNoToken = errors.New("they are for clients with a token, which the API server does not pass on; add what your monitoring has of them")

// write writes the report: the objects first, whose values are then removed from the logs.
func (c *collector) write(ctx context.Context) error {
	if ctx.Err() != nil { // what was not read since then is not what is missing
		return errInterrupted
	}
	version, err := c.core.RESTClient().Get().AbsPath("/version").DoRaw(ctx)
	c.bundle.miss("the version of the cluster", err)
	if err := c.bundle.flush(); err != nil {
		return err
	}
	if err := c.bundle.text("version", Name+" report\n"+c.bundle.index.Version+"\n", false); err != nil {
		return err
	}
	if len(version) > 0 {
		if err := c.bundle.text("cluster/version.json", string(version), false); err != nil {
			return err
		}
	}
	for i := range c.logs {
		if err := c.pod(ctx, &c.logs[i]); err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return errInterrupted
	}
	return c.bundle.finish()
}

// pod writes the logs and the metrics of a Pod.
func (c *collector) pod(ctx context.Context, files *podFiles) error {
	for _, container := range slices.Concat(files.pod.Status.InitContainerStatuses, files.pod.Status.ContainerStatuses) {
		if container.ContainerID == "" {
			continue
		}
		name := path.Join(files.folder, container.Name)
		if err := c.log(ctx, &files.pod, name+".log", &corev1.PodLogOptions{Container: container.Name}); err != nil {
			return err
		}
		if container.RestartCount > 0 {
			if err := c.log(ctx, &files.pod, name+".previous.log", &corev1.PodLogOptions{Container: container.Name, Previous: true}); err != nil {
				return err
			}
		}
	}
	if files.metrics.number == 0 || files.pod.Status.Phase != corev1.PodRunning {
		return nil
	}
	metrics, err := []byte(nil), c.unasked(&files.pod)
	if err == nil {
		metrics, err = c.streams.scrape(ctx, &files.pod, files.metrics)
	}
	if apierrors.IsUnauthorized(err) {
		err = errNoToken
	}
	if err != nil {
		c.bundle.miss("the metrics of Pod "+files.pod.Name, err)
		return nil
	}
	return c.bundle.text(path.Join(files.folder, "metrics.txt"), string(metrics), false)
}

// unasked is why nothing is read of a Pod; nil: it is.
func (c *collector) unasked(pod *corev1.Pod) error {
	switch {
	case c.connection.gaveUp.Load():
		return errImpatient
	case c.silent[pod.Spec.NodeName]:
		return errSilent
	}
	return nil
}

// log writes the end of a log.
func (c *collector) log(ctx context.Context, pod *corev1.Pod, name string, options *corev1.PodLogOptions) error {
	if ctx.Err() != nil {
		return errInterrupted
	}
	if err := c.unasked(pod); err != nil {
		c.bundle.miss(name, err)
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, slowestAnswer)
	defer cancel()
	options.TailLines, options.Timestamps = new(int64(lastLines)), true
	stream, err := c.streams.core.Pods(pod.Namespace).GetLogs(pod.Name, options).Stream(ctx)
	c.silent[pod.Spec.NodeName] = errors.Is(err, context.DeadlineExceeded)
	if err != nil {
		c.bundle.miss(name, err)
		return nil
	}
	defer func() { _ = stream.Close() }()
	end, truncated, err := tailOf(io.LimitReader(stream, longestRead), longestLog)
	c.bundle.miss(name, err)
	return c.bundle.text(name, end, truncated)
}

// tailOf is the end of a stream, from the beginning of a line: a part of a line can be a part of a secret that nobody
// recognizes.
func tailOf(stream io.Reader, limit int) (string, bool, error) {
	var kept []byte
	truncated, part := false, make([]byte, 64<<10) //nolint:mnd // as much as one read returns
	for {
		n, err := stream.Read(part)
		kept = append(kept, part[:n]...)
		if len(kept) > 2*limit {
			kept, truncated = append([]byte(nil), kept[len(kept)-limit:]...), true
		}
		if err == nil {
			continue
		}
		if len(kept) > limit {
			kept, truncated = kept[len(kept)-limit:], true
		}
		if truncated {
			_, kept, _ = bytes.Cut(kept, []byte("\n"))
		}
		if !errors.Is(err, io.EOF) {
			return string(kept), truncated, fmt.Errorf("failed to read to the end: %w", err)
		}
		return string(kept), truncated, nil
	}
}

// scrape reads the metrics of a Pod through the API server.
func (s *session) scrape(ctx context.Context, pod *corev1.Pod, port metricsPort) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, slowestAnswer)
	defer cancel()
	scheme := ""
	if port.tls {
		scheme = "https:"
	}
	stream, err := s.core.RESTClient().Get().Namespace(pod.Namespace).Resource("pods").
		Name(scheme + pod.Name + ":" + strconv.Itoa(int(port.number))).SubResource("proxy").Suffix("metrics").Stream(ctx)
	if err != nil {
		return nil, fmt.Errorf("failed to read the metrics of Pod %s: %w", pod.Name, err)
	}
	defer func() { _ = stream.Close() }()
	metrics, err := io.ReadAll(io.LimitReader(stream, longestMetrics+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("failed to read the metrics of Pod %s: %w", pod.Name, err)
	case len(metrics) > longestMetrics:
		return nil, fmt.Errorf("the metrics of Pod %s have more than %d bytes", pod.Name, longestMetrics)
	}
	return metrics, nil
}
