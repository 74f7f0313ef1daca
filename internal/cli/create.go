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
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"text/template"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/llamastack/llama-stack-k8s-operator/internal/crdcheck"
	"github.com/llamastack/llama-stack-k8s-operator/internal/shell"
	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/runtime"

	_ "embed"
)

//go:embed create.yaml.tmpl
var createTemplate string

// Values of the option --expose.
const (
	exposeIngress = "ingress"
	exposeRoute   = "route"
)

const (
	defaultDistribution = "starter"
	defaultStorage      = "20Gi"
	remotePrefix        = "remote::"
	vllm                = "remote::vllm"
)

// creation is what a server is created from.
type creation struct {
	Name, Namespace       string
	Distribution, Image   string
	Provider, URL         string
	Models                []string
	Secret, SecretKey     string
	Storage, StorageClass string
	Expose, Host          string
	Replicas              int32

	secretRef, format string
	apply             bool
}

func (p *program) createCommand() *cobra.Command {
	var c creation
	cmd := &cobra.Command{
		Use:   "create NAME",
		Short: "Write a LlamaStackDistribution, or create it",
		Long: "Write a " + v1alpha1.Kind + " in YAML to the standard output, with comments that say what each part does. With --apply, create it.\n\n" +
			"With --output, it writes the object without comments.\n\n" +
			"On a terminal, the command asks for what no option says, and again after an answer that does not fit. Without a terminal, it needs --distribution or --image. What it writes " +
			"fits the CRD. A key never is an option: --secret names the Secret that has it.",
		Example: "  " + Name + " create demo --distribution starter --provider vllm --url http://vllm.models:8000/v1 --model my/model >demo.yaml\n" +
			"  " + Name + " create demo --distribution starter --provider openai --secret openai/api-key --model gpt-4o --apply",
		Args: cobra.ExactArgs(1), ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			c.Name = args[0]
			return p.create(cmd.Context(), c)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&c.Distribution, "distribution", "", "The name of a distribution, such as starter.")
	flags.StringVar(&c.Image, "image", "", "An image, in the place of a distribution.")
	flags.StringVar(&c.Provider, "provider", "", "The type of the provider of models, such as vllm or remote::openai. Without it, the configuration in the image applies.")
	flags.StringVar(&c.URL, "url", "", "The URL of the provider, such as http://vllm.models:8000/v1.")
	flags.StringSliceVar(&c.Models, "model", nil, "A model of the provider. You can repeat the option.")
	flags.StringVar(&c.secretRef, "secret", "", "The Secret with the key for the provider, as NAME/KEY.")
	flags.StringVar(&c.Storage, "storage", "", "The size of the PVC, such as 20Gi. Without it, data is lost with each Pod.")
	flags.StringVar(&c.StorageClass, "storage-class", "", "The StorageClass of the PVC. The default is that of the cluster.")
	flags.Int32Var(&c.Replicas, "replicas", 1, "How many Pods serve.")
	flags.StringVar(&c.Expose, "expose", "", "How clients outside of the cluster reach the server: "+exposeIngress+", or "+exposeRoute+" on OpenShift.")
	flags.StringVar(&c.Host, "host", "", "The host name for --expose.")
	flags.BoolVar(&c.apply, "apply", false, "Create the "+v1alpha1.Kind+" on the cluster.")
	addOutput(cmd, &c.format)
	cmd.Flags().Lookup("output").Usage = "The format of the output: json or yaml, without comments."
	cmd.MarkFlagsMutuallyExclusive("distribution", "image")
	_ = cmd.RegisterFlagCompletionFunc("expose", cobra.FixedCompletions([]string{exposeIngress, exposeRoute}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (p *program) create(ctx context.Context, c creation) error {
	if err := known(c.format); err != nil {
		return err
	}
	namespace, _, err := p.flags.ToRawKubeConfigLoader().Namespace()
	if err != nil {
		return fmt.Errorf("failed to find the namespace in the kubeconfig: %w", err)
	}
	c.Namespace = namespace
	if err := p.complete(ctx, &c); err != nil {
		return err
	}
	if err := c.settle(); err != nil {
		return err
	}
	content, object, err := c.write(ctx)
	if err != nil {
		return err
	}
	if !c.apply {
		return p.show(c.format, object, func(painter) { sayf(p.data(), "%s", content) })
	}
	server, err := typed(object)
	if err != nil {
		return err
	}
	s, err := p.open()
	if err != nil {
		return err
	}
	if err := s.Create(ctx, server); err != nil {
		return fmt.Errorf("failed to create %s %s: %w", v1alpha1.Kind, c.Name, err)
	}
	server.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(v1alpha1.Kind)) // the client leaves it out
	err = p.show(c.format, server, func(out painter) {
		out.linef("%s.%s/%s created", strings.ToLower(v1alpha1.Kind), v1alpha1.GroupVersion.Group, c.Name)
	})
	if err != nil {
		return err
	}
	sayf(p.ErrOut, "The operator starts the server. To see how it is, run: %s\n", command("status", server))
	return nil
}

// settle checks what options say of each other.
func (c *creation) settle() error {
	c.Provider = withPrefix(c.Provider)
	switch {
	case c.Provider == "" && (c.URL != "" || c.secretRef != "" || len(c.Models) > 0):
		return fmt.Errorf("--url, --secret and --model are about a provider; add --provider, such as --provider %s", vllm)
	case c.Provider == vllm && c.URL == "":
		return fmt.Errorf("the provider %s needs the URL of its API; add --url, such as --url http://vllm.models:8000/v1", vllm)
	case c.Expose != "" && c.Expose != exposeIngress && c.Expose != exposeRoute:
		return fmt.Errorf("unknown value %q of --expose; use %s or %s", c.Expose, exposeIngress, exposeRoute)
	case (c.Expose == "") != (c.Host == ""):
		return errors.New("--expose and --host belong together; add the other one")
	case c.StorageClass != "" && c.Storage == "":
		return fmt.Errorf("--storage-class is for a PVC; add its size with --storage, such as --storage %s", defaultStorage)
	case c.secretRef == "":
		return nil
	}
	if err := nameAndKey(c.secretRef); err != nil {
		return fmt.Errorf("failed to read --secret: %w", err)
	}
	c.Secret, c.SecretKey, _ = strings.Cut(c.secretRef, "/")
	return nil
}

// withPrefix is the type of a provider as servers know it.
func withPrefix(provider string) string {
	if provider == "" || strings.Contains(provider, "::") {
		return provider
	}
	return remotePrefix + provider
}

// write returns the YAML, and the object that it is.
func (c *creation) write(ctx context.Context) (string, map[string]any, error) {
	parsed, err := template.New("create").Funcs(template.FuncMap{"quote": quote}).Parse(createTemplate)
	if err != nil {
		return "", nil, fmt.Errorf("failed to read the template: %w", err)
	}
	var content bytes.Buffer
	if err := parsed.Execute(&content, c); err != nil {
		return "", nil, fmt.Errorf("failed to write the YAML: %w", err)
	}
	objects, err := objectsIn(content.Bytes(), isServer)
	if err != nil {
		return "", nil, fmt.Errorf("failed to read the YAML: %w", err)
	}
	checker, err := crdcheck.New()
	if err != nil {
		return "", nil, fmt.Errorf("failed to prepare the check: %w", err)
	}
	for _, object := range objects {
		if found := checker.Check(ctx, runtime.DeepCopyJSON(object)); len(found) > 0 {
			return "", nil, fmt.Errorf("failed to make a %s of these options: %w", v1alpha1.Kind, found.ToAggregate())
		}
	}
	return content.String(), objects[0], nil
}

// quote writes a text so that YAML reads the same.
func quote(text string) string {
	return strconv.Quote(strings.ToValidUTF8(text, ""))
}

// ProviderID is the id of the provider, for the template.
func (c *creation) ProviderID() string {
	_, id, _ := strings.Cut(c.Provider, "::")
	return cmp.Or(id, c.Provider)
}

// SecretField is where the provider has its key.
func (c *creation) SecretField() string {
	if c.Provider == vllm {
		return "api_token"
	}
	return "api_key"
}

// Check is the command that checks the file.
func (c *creation) Check() string { return Name + " config validate -f FILE" }

// CreateSecret is the command that creates the Secret.
func (c *creation) CreateSecret() string {
	return clean(shell.Command("kubectl", "create", "secret", "generic", c.Secret, "-n", c.Namespace, "--from-file="+c.SecretKey+"=FILE"))
}
