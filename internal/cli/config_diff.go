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
	"fmt"
	"maps"
	"reflect"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/children"
	"github.com/llamastack/llama-stack-k8s-operator/internal/preview"
	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/diff"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// diffView is what an edit of a server would change.
type diffView struct {
	Server  string       `json:"server"`
	Changes []changeView `json:"changes"`
	// Pods says what happens to the Pods, and Restart that new ones replace them.
	Pods    string   `json:"pods"`
	Restart bool     `json:"restart"`
	Notes   []string `json:"notes,omitempty"`
}

// changeView is a configuration or an object that changes. Values that are hidden are hidden on both sides, so that both can be
// equal; one is missing where there is none.
type changeView struct {
	What   string `json:"what"`
	Before any    `json:"before,omitempty"`
	After  any    `json:"after,omitempty"`
}

func (p *program) configDiffCommand() *cobra.Command {
	var file, format string
	cmd := &cobra.Command{
		Use:   "diff -f FILE",
		Short: "Show what an edit would change, and whether Pods restart",
		Long: "Show what the " + v1alpha1.Kind + " in a file would change, if you applied it: the objects and the configuration that the operator " +
			"would render, compared with those of the " + v1alpha1.Kind + " as it is. Nothing is applied. The last line says whether Pods restart.\n\n" +
			"It renders as the operator of the same release does, so what another release of the operator renders in another way is not shown. Hidden " +
			"values are those that config hides.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return p.configDiff(cmd.Context(), file, format) },
	}
	addFile(cmd, &file)
	addOutput(cmd, &format)
	return cmd
}

func (p *program) configDiff(ctx context.Context, file, format string) error {
	if err := known(format); err != nil {
		return err
	}
	objects, err := p.readServers(file)
	if err != nil {
		return err
	}
	check, err := p.newValidator(true)
	if err != nil {
		return err
	}
	views := make([]diffView, 0, len(objects))
	for _, object := range objects {
		view, err := diffOf(ctx, check, object)
		for _, note := range view.Notes {
			sayf(p.ErrOut, "%s: note: %s\n", view.Server, note)
		}
		if err != nil {
			return err
		}
		if format == asText {
			p.painter().changes(&view)
		}
		views = append(views, view)
	}
	return p.show(format, map[string]any{itemsKey: views}, func(painter) {})
}

// diffOf is what one object would change.
func diffOf(ctx context.Context, check *validator, object map[string]any) (diffView, error) {
	view := diffView{Changes: []changeView{}}
	found := validation{}
	for _, wrong := range check.schema.Check(ctx, object) {
		found.add(wrong.Field, wrong.ErrorBody())
	}
	if len(found.Problems) > 0 {
		return view, found.refused()
	}
	edited, err := typed(object)
	if err != nil {
		return view, err
	}
	if err := check.adopt(ctx, edited); err != nil {
		return view, err
	}
	found.Server = edited.Name
	before, err := check.before(ctx, edited)
	if err != nil {
		return view, err
	}
	after, err := check.preview.Of(ctx, edited)
	if err != nil {
		return view, fmt.Errorf("failed to render %s: %w", edited.Name, err)
	}
	found.see(&after)
	view.Server, view.Notes = edited.Name, found.Notes
	if len(found.Problems) > 0 {
		return view, found.refused()
	}
	view.compare(edited, &before, &after)
	return view, nil
}

// refused says that the edit would not take effect.
func (v *validation) refused() error {
	lines := make([]string, 0, len(v.Problems))
	for _, problem := range v.Problems {
		lines = append(lines, strings.TrimPrefix(problem.Field+": "+problem.Message, ": "))
	}
	return fmt.Errorf("the edit of %s would not take effect: %s", v.Server, strings.Join(lines, "; "))
}

// before is what the operator renders now; empty for a server that does not exist, or whose spec is not applied. Labels and
// annotations that a file does not name stay.
func (v *validator) before(ctx context.Context, edited *v1alpha1.LlamaStackDistribution) (preview.Preview, error) {
	live := &v1alpha1.LlamaStackDistribution{}
	if err := v.session.Get(ctx, client.ObjectKeyFromObject(edited), live); err != nil {
		if apierrors.IsNotFound(err) {
			return preview.Preview{}, nil
		}
		return preview.Preview{}, fmt.Errorf("failed to read %s %s: %w", v1alpha1.Kind, edited.Name, err)
	}
	edited.Labels, edited.Annotations = merged(live.Labels, edited.Labels), merged(live.Annotations, edited.Annotations)
	before, err := v.preview.Of(ctx, live)
	if err != nil {
		return preview.Preview{}, fmt.Errorf("failed to render %s as it is: %w", live.Name, err)
	}
	return before, nil
}

func merged(below, above map[string]string) map[string]string {
	all := maps.Clone(below)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, above)
	return all
}

// compare finds the differences.
func (v *diffView) compare(edited *v1alpha1.LlamaStackDistribution, before, after *preview.Preview) {
	v.add("Configuration of spec.server.userConfig", document(before.UserConfig), document(after.UserConfig), before.UserConfig != after.UserConfig)
	v.add("Declared configuration", document(before.Declared), document(after.Declared), before.Declared != after.Declared)
	kinds := children.All()
	for i := range kinds {
		kind := kinds[i].Kind
		was, is := children.Find(before.Objects, kind), children.Find(after.Objects, kind)
		v.add(kind, shownObject(was), shownObject(is), !reflect.DeepEqual(content(was), content(is)))
	}
	v.Pods, v.Restart = restarts(edited, before, after)
}

// add adds a difference.
func (v *diffView) add(what string, before, after any, differs bool) {
	if differs {
		v.Changes = append(v.Changes, changeView{What: what, Before: before, After: after})
	}
}

// changes prints the differences.
func (p painter) changes(view *diffView) {
	if len(view.Changes) == 0 {
		p.linef("Nothing changes.")
		return
	}
	for i := range view.Changes {
		p.change(&view.Changes[i])
	}
	p.linef("%s", p.in(bold, view.Server+": "+view.Pods))
}

// change prints one difference.
func (p painter) change(view *changeView) {
	text := diff.Diff(view.Before, view.After)
	if text == "" {
		p.linef("%s: a hidden value changes\n", p.in(bold, view.What))
		return
	}
	p.linef("%s:", p.in(bold, view.What))
	for line := range strings.Lines(text) {
		tone := plain
		switch line[0] {
		case '+':
			tone = good
		case '-':
			tone = bad
		}
		p.linef("%s", p.in(tone, strings.TrimRight(clean(line), " ")))
	}
	p.linef("")
}

// document is a configuration with its secrets hidden; nil: there is none.
func document(text string) any {
	if text == "" {
		return nil
	}
	content, err := readConfig(text)
	if err != nil {
		return "not shown: " + err.Error()
	}
	return content
}

func content(object *unstructured.Unstructured) map[string]any {
	if object == nil {
		return nil
	}
	return object.Object
}

// shownObject is an object with the secrets in the environment and the commands of its containers hidden; nil: there is none.
func shownObject(object *unstructured.Unstructured) any {
	if object == nil {
		return nil
	}
	shown := object.DeepCopy()
	for _, list := range []string{"containers", "initContainers"} {
		containers, _, _ := unstructured.NestedSlice(shown.Object, "spec", "template", "spec", list)
		for _, one := range containers {
			if container, ok := one.(map[string]any); ok {
				hideContainer(container)
			}
		}
		if len(containers) > 0 {
			_ = unstructured.SetNestedSlice(shown.Object, containers, "spec", "template", "spec", list)
		}
	}
	return shown.Object
}

// hideContainer hides the secrets of a container.
func hideContainer(container map[string]any) {
	variables, _, _ := unstructured.NestedSlice(container, "env")
	for _, one := range variables {
		variable, _ := one.(map[string]any)
		name, _ := variable["name"].(string)
		if value, ok := variable["value"].(string); ok {
			variable["value"] = hideText(name, value)
		}
	}
	if len(variables) > 0 {
		container["env"] = variables
	}
	for _, key := range []string{"command", "args"} {
		words, found, err := unstructured.NestedStringSlice(container, key)
		if found && err == nil {
			_ = unstructured.SetNestedStringSlice(container, hideWords(words), key)
		}
	}
}

// restarts says what happens to the Pods, and whether new ones replace them.
func restarts(edited *v1alpha1.LlamaStackDistribution, before, after *preview.Preview) (string, bool) {
	was, is := templateIn(before), templateIn(after)
	replicas := edited.Spec.Replicas
	switch {
	case edited.Spec.Suspend, replicas != nil && *replicas == 0 && !edited.Spec.Server.Autoscaled():
		return "no Pods run with this spec.", false
	case was == nil:
		return "Pods start; there were none.", false
	case reflect.DeepEqual(was, is):
		return "the Pods stay as they are; none restarts.", false
	}
	text := "Pods restart: new Pods replace all of the server's."
	if strategy, _, _ := unstructured.NestedString(content(children.Find(after.Objects, children.Deployment)), "spec", "strategy", "type"); strategy == "Recreate" {
		text += " The old Pod stops before the new one starts, so the server does not answer in the meantime."
	}
	if edited.Paused() {
		text += " The server is paused: nothing happens before it is unpaused."
	}
	return text, true
}

// templateIn is the Pod template; nil: there is none.
func templateIn(one *preview.Preview) map[string]any {
	template, _, _ := unstructured.NestedMap(content(children.Find(one.Objects, children.Deployment)), "spec", "template")
	return template
}
