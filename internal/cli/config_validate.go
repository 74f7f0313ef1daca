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
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/crdcheck"
	"github.com/llamastack/llama-stack-k8s-operator/internal/preview"
	"github.com/llamastack/llama-stack-k8s-operator/internal/status"
	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// validation is what was found in one LlamaStackDistribution.
type validation struct {
	Server   string        `json:"server"`
	Problems []problemView `json:"problems"`
	Notes    []string      `json:"notes,omitempty"`
}

// validations are those of all LlamaStackDistributions in a file.
type validations struct {
	Items []validation `json:"items"`
}

// problemView is a problem with its field, as far as it is known.
type problemView struct {
	Field   string `json:"field,omitempty"`
	Message string `json:"message"`
}

// fieldOf finds the field in a message of the operator.
var fieldOf = regexp.MustCompile(`\b(?:spec|metadata)(?:\.[A-Za-z]+(?:\[\d+\])?)+`)

func (p *program) configValidateCommand() *cobra.Command {
	var (
		file, format string
		online       bool
	)
	cmd := &cobra.Command{
		Use:   "validate -f FILE",
		Short: "Check LlamaStackDistributions in a file",
		Long: "Check the " + v1alpha1.Kind + "s in a file: by the schema and the rules of the CRD, and by what the operator checks before it " +
			"applies anything. Each problem is on a line of its own, with its field. The command fails if there is a problem.\n\n" +
			"No cluster is needed. With --online, the API server checks them, too, in a dry run, and so is what they refer to. To let the image " +
			"of the server check its configuration, apply it, and run: " + Name + " check NAME",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return p.validate(cmd.Context(), file, online, format) },
	}
	addFile(cmd, &file)
	cmd.Flags().BoolVar(&online, "online", false, "Also let the cluster check them, and what they refer to.")
	addOutput(cmd, &format)
	return cmd
}

func (p *program) validate(ctx context.Context, file string, online bool, format string) error {
	objects, err := p.readServers(file)
	if err != nil {
		return err
	}
	check, err := p.newValidator(online)
	if err != nil {
		return err
	}
	found, problems := make([]validation, 0, len(objects)), 0
	for _, object := range objects {
		one, err := check.validate(ctx, object)
		if err != nil {
			return err
		}
		found, problems = append(found, one), problems+len(one.Problems)
	}
	if err := p.show(format, validations{Items: found}, func(out painter) { out.validations(found) }); err != nil {
		return err
	}
	if problems > 0 {
		return fmt.Errorf("%s is not valid; problems: %d", file, problems)
	}
	return nil
}

// validator checks LlamaStackDistributions.
type validator struct {
	schema  *crdcheck.Checker
	preview *preview.Previewer
	// session is nil without a cluster.
	session *session
	// namespace of servers in a file that names none. required says that no other may be named.
	namespace string
	required  bool
}

func (p *program) newValidator(online bool) (*validator, error) {
	v := &validator{}
	var err error
	if v.namespace, v.required, err = p.flags.ToRawKubeConfigLoader().Namespace(); err != nil {
		return nil, fmt.Errorf("failed to find the namespace in the kubeconfig: %w", err)
	}
	if v.schema, err = crdcheck.New(); err != nil {
		return nil, fmt.Errorf("failed to prepare the check: %w", err)
	}
	var reader client.Reader
	if online {
		if v.session, err = p.open(); err != nil {
			return nil, err
		}
		reader = v.session
	}
	if v.preview, err = preview.New(reader); err != nil {
		return nil, fmt.Errorf("failed to prepare the check: %w", err)
	}
	return v, nil
}

// validate checks one object, which it changes. What the operator says is asked where the schema has no objection.
func (v *validator) validate(ctx context.Context, object map[string]any) (validation, error) {
	name, _, _ := unstructured.NestedString(object, "metadata", "name")
	found := validation{Server: clean(name), Problems: []problemView{}}
	if name == "" {
		found.add("metadata.name", "a name is required")
	}
	sent := (&unstructured.Unstructured{Object: object}).DeepCopy()
	for _, wrong := range v.schema.Check(ctx, object) {
		found.add(wrong.Field, wrong.ErrorBody())
	}
	if len(found.Problems) > 0 {
		return found, nil
	}
	server, err := typed(object)
	if err != nil {
		return found, err
	}
	if err := v.adopt(ctx, server); err != nil {
		return found, err
	}
	if v.session != nil {
		sent.SetNamespace(server.Namespace)
		if err := v.dryRun(ctx, sent, &found); err != nil {
			return found, err
		}
	}
	wanted, err := v.preview.Of(ctx, server)
	if err != nil {
		return found, fmt.Errorf("failed to check %s: %w", name, err)
	}
	found.see(&wanted)
	return found, nil
}

// adopt gives a server from a file its namespace, and the identity and the status that it has on the cluster.
func (v *validator) adopt(ctx context.Context, server *v1alpha1.LlamaStackDistribution) error {
	if v.required && server.Namespace != "" && server.Namespace != v.namespace {
		return fmt.Errorf("the file has %s in namespace %s, and -n says %s; leave out -n, or the namespace in the file", server.Name, server.Namespace, v.namespace)
	}
	server.Namespace = cmp.Or(server.Namespace, v.namespace)
	if v.session == nil {
		return nil
	}
	live := &v1alpha1.LlamaStackDistribution{}
	if err := v.session.Get(ctx, client.ObjectKeyFromObject(server), live); err != nil {
		if apierrors.IsNotFound(err) && !isUnserved(err) {
			return nil
		}
		return fmt.Errorf("failed to read %s %s: %w", v1alpha1.Kind, server.Name, err)
	}
	server.UID, server.Generation, server.CreationTimestamp, server.Status = live.UID, live.Generation, live.CreationTimestamp, live.Status
	return nil
}

// dryRun lets the API server check an object, its admission policies included.
func (v *validator) dryRun(ctx context.Context, object *unstructured.Unstructured, found *validation) error {
	unstructured.RemoveNestedField(object.Object, "status")
	unstructured.RemoveNestedField(object.Object, "metadata", "managedFields")
	unstructured.RemoveNestedField(object.Object, "metadata", "resourceVersion")
	err := v.session.Patch(ctx, object, client.Apply, client.DryRunAll, client.ForceOwnership) //nolint:staticcheck // the object is from a file
	answer := apierrors.APIStatus(nil)
	switch {
	case err == nil:
	case apierrors.IsInvalid(err) && errors.As(err, &answer) && answer.Status().Details != nil:
		for _, cause := range answer.Status().Details.Causes {
			found.add(cause.Field, cause.Message)
		}
	case apierrors.IsForbidden(err), apierrors.IsBadRequest(err):
		found.add("", explain(err).Error())
	default:
		return fmt.Errorf("failed to let the API server check %s: %w", object.GetName(), err)
	}
	return nil
}

// see adds what the operator says.
func (v *validation) see(wanted *preview.Preview) {
	for _, problem := range wanted.Problems {
		field := fieldOf.FindString(problem.Message)
		if problem.Reason == v1alpha1.ReasonNameTooLong {
			field = "metadata.name"
		}
		v.add(field, strings.TrimLeft(strings.TrimPrefix(problem.Message, field), ": "))
	}
	for _, notice := range append(notesOf(wanted.Unknown), wanted.Notices...) {
		v.Notes = append(v.Notes, clean(notice))
	}
}

// notesOf are problems that may be none.
func notesOf(unknown []status.Problem) []string {
	notes := make([]string, 0, len(unknown))
	for _, problem := range unknown {
		notes = append(notes, "not checked without the cluster or the operator: "+problem.Message)
	}
	return notes
}

// add adds a problem, once.
func (v *validation) add(field, message string) {
	problem := problemView{Field: clean(field), Message: clean(message)}
	if !slices.Contains(v.Problems, problem) {
		v.Problems = append(v.Problems, problem)
	}
}

// validations prints what was found.
func (p painter) validations(found []validation) {
	for _, one := range found {
		name := cmp.Or(one.Server, "a "+v1alpha1.Kind+" without a name")
		for _, problem := range one.Problems {
			text := problem.Message
			if problem.Field != "" {
				text = problem.Field + ": " + text
			}
			p.linef("%s: %s", name, p.in(bad, text))
		}
		if len(one.Problems) == 0 {
			p.linef("%s: %s", name, p.in(good, "valid"))
		}
		for _, note := range one.Notes {
			p.linef("%s: note: %s", name, note)
		}
	}
}
