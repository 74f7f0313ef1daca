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
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// logOptions are the options of one run of "logs".
type logOptions struct {
	follow, previous, operator bool
	tail                       int64
	since                      time.Duration
	container, from, format    string
}

func (p *program) logsCommand() *cobra.Command {
	var o logOptions
	cmd := &cobra.Command{
		Use:   "logs NAME",
		Short: "Show the logs of all Pods of a server",
		Long: "Show the logs of all Pods of a server in the order of time, each line with the name of its Pod. With --operator, the lines of " +
			"the operator about the server are between them, which requires the right to read the logs in the operator's namespace.\n\n" +
			"With --follow, lines are shown as they arrive, also those of Pods that start later. After an outage of the API server of up to 10 minutes, the command " +
			"continues.\n\n" +
			"On a terminal, what it would obey is left out of the lines, such as colours. A file or a pipe gets all of each line.",
		Args: cobra.ExactArgs(1), ValidArgsFunction: p.completeServer,
		RunE: func(cmd *cobra.Command, args []string) error { return p.logs(cmd.Context(), args[0], o) },
	}
	flags := cmd.Flags()
	flags.BoolVarP(&o.follow, "follow", "f", false, "Continue with new lines, until you interrupt it.")
	flags.BoolVarP(&o.previous, "previous", "p", false, "Show the log of the containers that ran before the last restart.")
	flags.Int64Var(&o.tail, "tail", -1, "How many of the last lines to show of each Pod; -1 for all.")
	flags.DurationVar(&o.since, "since", 0, "Show lines that are not older than this, such as 10m.")
	flags.StringVarP(&o.container, "container", "c", "", "The container, such as "+v1alpha1.ConfigureContainerName+"; default that of the server.")
	flags.BoolVar(&o.operator, "operator", false, "Also show the lines of the operator about this server.")
	addOperatorNamespace(cmd, &o.from)
	flags.StringVarP(&o.format, "output", "o", asText, "The format of the output: json, with an object for each line. The default is text.")
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{asJSON}, cobra.ShellCompDirectiveNoFileComp))
	cmd.MarkFlagsMutuallyExclusive("follow", "previous")
	return cmd
}

// logs shows the logs of a server, or follows them.
func (p *program) logs(ctx context.Context, name string, o logOptions) error {
	if o.format != asText && o.format != asJSON {
		return fmt.Errorf("unknown format %q of --output; use json", o.format)
	}
	s, err := p.open()
	if err != nil {
		return err
	}
	server, err := s.server(ctx, name)
	if err != nil {
		return err
	}
	if o.operator {
		o.from = s.home(ctx, o.from)
	}
	find := &logFinder{session: s, server: server, options: o, report: func(err error) { sayf(p.ErrOut, "Not shown: %v\n", explain(err)) }}
	if o.follow {
		return newFollower(find, p.data(), p.ErrOut).run(ctx)
	}
	sources, err := find.sources(ctx)
	if err != nil {
		return err
	}
	if len(sources) == 0 {
		sayf(p.ErrOut, "%s has no Pods; %s\n", name, next(server))
		return nil
	}
	return mergeLogs(p.data(), find.open(ctx, sources))
}

// source is the log of one container.
type source struct {
	pod       *corev1.Pod
	container string
	// keep says which lines are shown; nil: all.
	keep func(line string) bool
}

// key identifies the source. A container that starts again is another one.
func (s *source) key() string { return string(s.pod.UID) + "/" + s.container + "/" + s.containerID() }

// containerID is that of the container that runs or ran last; empty if none has started.
func (s *source) containerID() string {
	if status := s.status(); status != nil {
		return status.ContainerID
	}
	return ""
}

// status of the container; nil if it has none yet.
func (s *source) status() *corev1.ContainerStatus {
	of := &s.pod.Status
	for _, statuses := range [][]corev1.ContainerStatus{of.InitContainerStatuses, of.ContainerStatuses, of.EphemeralContainerStatuses} {
		for i := range statuses {
			if statuses[i].Name == s.container {
				return &statuses[i]
			}
		}
	}
	return nil
}

// logFinder finds and opens the logs of a server.
type logFinder struct {
	*session

	server  *v1alpha1.LlamaStackDistribution
	options logOptions
	// report reports what cannot be shown.
	report func(error)
	// without says that the operator's logs may not be read.
	without bool
}

// sources are the logs that there are now. A container that a person names is one that a Pod has, if there are Pods.
func (f *logFinder) sources(ctx context.Context) ([]source, error) {
	pods, err := f.pods(ctx, f.server)
	if err != nil {
		return nil, err
	}
	container := cmp.Or(f.options.container, f.server.Spec.Server.ContainerName())
	found, others := make([]source, 0, len(pods)), []string{}
	for i := range pods {
		if names := containersOf(&pods[i]); f.options.container != "" && !slices.Contains(names, container) {
			others = append(others, names...)
			continue
		}
		found = append(found, source{pod: &pods[i], container: container})
	}
	if len(found) == 0 && len(others) > 0 {
		slices.Sort(others)
		return nil, noContainer(f.server.Name, container, slices.Compact(others))
	}
	if !f.options.operator || f.without {
		return found, nil
	}
	operators, err := f.operatorPods(ctx)
	if err != nil {
		f.without = true
		f.report(err)
		return found, nil
	}
	for i := range operators {
		found = append(found, source{pod: &operators[i], container: operatorContainer, keep: about(f.server)})
	}
	return found, nil
}

// operatorPods are the Pods of the operator.
func (f *logFinder) operatorPods(ctx context.Context) ([]corev1.Pod, error) {
	var found []corev1.Pod
	err := f.eachPage(ctx, func() client.ObjectList { return &corev1.PodList{} }, func(object runtime.Object) {
		if pod, ok := object.(*corev1.Pod); ok {
			found = append(found, *pod)
		}
	}, ofOperator(f.options.from)...)
	if err != nil {
		return nil, fmt.Errorf("failed to list the Pods of the operator: %w", err)
	}
	return found, nil
}

// open opens logs from their beginning. What cannot be opened is reported.
func (f *logFinder) open(ctx context.Context, sources []source) []*logReader {
	readers := make([]*logReader, 0, len(sources))
	for i := range sources {
		from := &sources[i]
		if !started(from) {
			f.report(fmt.Errorf("the log of %s in Pod %s does not exist yet: the container has not started", from.container, from.pod.Name))
			continue
		}
		reader, err := f.openOne(ctx, from, time.Time{})
		if err != nil {
			f.report(err)
			continue
		}
		readers = append(readers, reader)
	}
	return readers
}

// openOne opens a log after a time; the zero time is what the options say.
func (f *logFinder) openOne(ctx context.Context, from *source, after time.Time) (*logReader, error) {
	options := &corev1.PodLogOptions{Container: from.container, Follow: f.options.follow, Timestamps: true}
	if from.keep == nil {
		options.Previous = f.options.previous
	}
	if f.options.tail >= 0 && from.keep == nil { // the last lines of the operator can be about other servers
		options.TailLines = new(f.options.tail)
	}
	if f.options.since > 0 {
		options.SinceSeconds = new(int64(f.options.since.Seconds()))
	}
	if !after.IsZero() {
		options.TailLines, options.SinceSeconds = nil, nil
		options.SinceTime = timeAfter(after)
	}
	stream, err := f.core.Pods(from.pod.Namespace).GetLogs(from.pod.Name, options).Stream(ctx)
	if err != nil {
		return nil, fmt.Errorf("failed to read the log of %s in Pod %s: %w", from.container, from.pod.Name, err)
	}
	return newLogReader(from, stream, after, f.options.format), nil
}
