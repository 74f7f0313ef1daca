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
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/api/v1alpha1"
	"github.com/spf13/cobra"
)

const (
	// longestPrompt is how long one text of a person may be, and longestTalk what is sent of a conversation, in bytes.
	longestPrompt = 64 << 10
	longestTalk   = 256 << 10
	longestToken  = 64 << 10
)

// Roles of messages.
const (
	roleSystem    = "system"
	roleUser      = "user"
	roleAssistant = "assistant"
)

// chatOptions are the options of "chat".
type chatOptions struct{ system, prompt, tokenFile, format string }

// answerView is an answer for programs.
type answerView struct {
	Server string `json:"server"`
	Model  string `json:"model"`
	Answer string `json:"answer"`
}

func (p *program) chatCommand() *cobra.Command {
	var o chatOptions
	cmd := &cobra.Command{
		Use:   "chat [NAME] [MODEL]",
		Short: "Talk to a model of a server",
		Long: "Talk to a model of a server in the terminal, through a port-forward to a Pod that serves, which ends with the command. When " +
			"the Pod is gone, the next question goes to another one. NAME can be " +
			"left out if the namespace has one server, and MODEL for the first model that the status lists.\n\n" +
			"Each line is a question. Ctrl-C ends an answer, and at a question, or Ctrl-D, the command. Up to 256 KiB of the conversation are " +
			"sent; older messages are left out. It requires the right to forward ports to Pods, which editors have. The certificate of a server " +
			"with TLS is not verified, because the API server is what connects to the Pod.",
		Example: "  " + Name + " chat demo\n  " + Name + " chat demo vllm/assistant --prompt 'Say hello'",
		Args:    cobra.MaximumNArgs(2), ValidArgsFunction: p.completeModel,
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.chat(cmd.Context(), append(args, "", ""), o)
		},
	}
	cmd.Flags().StringVar(&o.system, "system", "", "What the model is to follow in the whole conversation.")
	cmd.Flags().StringVar(&o.prompt, "prompt", "", "Ask this one question, and end.")
	cmd.Flags().StringVar(&o.tokenFile, "token-file", "", "The file with a token or an API key, for a server that requires one.")
	_ = cmd.MarkFlagFilename("token-file")
	addOutput(cmd, &o.format)
	cmd.Flags().Lookup("output").Usage = "The format of the answer to --prompt: json or yaml. The default is text, as it comes."
	return cmd
}

func (p *program) chat(ctx context.Context, args []string, o chatOptions) error {
	if err := known(o.format); err != nil {
		return err
	}
	if o.format != asText && o.prompt == "" {
		return errors.New("a conversation has no format; use --output with --prompt")
	}
	token, err := readToken(o.tokenFile)
	if err != nil {
		return err
	}
	s, err := p.open()
	if err != nil {
		return err
	}
	server, err := s.oneServer(ctx, args[0])
	if err != nil {
		return err
	}
	model, err := modelOf(server, args[1])
	if err != nil {
		return err
	}
	wire := &wire{session: s, name: server.Name}
	if err := wire.connect(ctx); err != nil {
		return err
	}
	defer wire.end()
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	defer signal.Stop(interrupts)
	t := &talk{
		endpoint: endpoint{client: plainClient(), url: wire.url, token: token}, wire: wire,
		model: model, system: o.system, in: p.In, out: p.Out, errOut: p.ErrOut, interrupts: interrupts,
	}
	// The signal that ends an answer also ends the context of the command.
	ctx = context.WithoutCancel(ctx)
	if o.format == asText {
		return t.run(ctx, o.prompt, isTerminal(p.In))
	}
	t.out = io.Discard
	if err := t.turn(ctx, o.prompt); err != nil {
		return err
	}
	if len(t.said) == 0 {
		return errors.New("the model has not answered")
	}
	return p.show(o.format, answerView{Server: server.Name, Model: model, Answer: t.said[len(t.said)-1].Content}, nil)
}

// completeModel completes the second argument with the models of the server that can talk.
func (p *program) completeModel(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	if len(args) != 1 {
		return p.completeServer(cmd, args, typed)
	}
	s, err := p.open((&impatient{}).limit)
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	server, err := s.server(cmd.Context(), args[0])
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	return talkers(server), cobra.ShellCompDirectiveNoFileComp
}

// readToken reads a token of a bounded size.
func readToken(file string) (string, error) {
	if file == "" {
		return "", nil
	}
	opened, err := os.Open(file) //nolint:gosec // it is the file that the caller names
	if err != nil {
		return "", fmt.Errorf("failed to read the token: %w", err)
	}
	defer func() { _ = opened.Close() }()
	content, err := io.ReadAll(io.LimitReader(opened, longestToken+1))
	if err != nil {
		return "", fmt.Errorf("failed to read the token: %w", err)
	}
	token := strings.TrimSpace(string(content))
	if token == "" || len(content) > longestToken || strings.ContainsAny(token, "\r\n") {
		return "", fmt.Errorf("%s must have one line with the token", file)
	}
	return token, nil
}

// modelOf is the model that is asked for, or the first one that can talk.
func modelOf(server *v1alpha1.LlamaStackDistribution, name string) (string, error) {
	if name != "" {
		return name, nil
	}
	if models := talkers(server); len(models) > 0 {
		return models[0], nil
	}
	return "", fmt.Errorf("the status of %s lists no model that can talk; add the id of one: %s chat %s MODEL", server.Name, Name, server.Name)
}

// talkers are the models of a server that can talk, as its status lists them.
func talkers(server *v1alpha1.LlamaStackDistribution) []string {
	var models []string
	if server.Status.Models != nil {
		for i := range server.Status.Models.Items {
			if model := &server.Status.Models.Items[i]; model.Type == "llm" {
				models = append(models, model.ID)
			}
		}
	}
	return models
}

// schemeOf is how a server is reached.
func schemeOf(server *v1alpha1.LlamaStackDistribution) string {
	if strings.HasPrefix(server.Status.ServiceURL, "https:") {
		return "https"
	}
	return "http"
}

// plainClient follows no redirect and uses no proxy.
func plainClient() *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: true}, //nolint:gosec // the port-forward decides which Pod it is
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// talk is a conversation.
type talk struct {
	endpoint endpoint
	// wire leads to the server; nil where nothing has to connect.
	wire   *wire
	model  string
	system string
	in     io.Reader
	out    io.Writer
	errOut io.Writer
	// interrupts are those of the person.
	interrupts <-chan os.Signal
	said       []message
}

// run talks until the input ends or is interrupted. With a prompt, it asks that only.
func (t *talk) run(ctx context.Context, prompt string, terminal bool) error {
	if prompt != "" {
		return t.turn(ctx, prompt)
	}
	if terminal {
		sayf(t.errOut, "Talking to %s. Ctrl-C ends an answer, Ctrl-D the conversation.\n", clean(t.model))
	}
	ctx, end := context.WithCancel(ctx)
	defer end()
	wanted, lines := make(chan struct{}), make(chan input)
	go readLines(ctx, t.in, wanted, lines)
	for {
		if terminal {
			sayf(t.errOut, "> ")
		}
		wanted <- struct{}{}
		select {
		case <-t.interrupts:
			return nil
		case line := <-lines:
			if line.ended || line.err != nil {
				return line.err
			}
			if line.text == "" {
				continue
			}
			if err := t.turn(ctx, line.text); err != nil {
				if !terminal {
					return err
				}
				sayf(t.errOut, "error: %v\n", err)
			}
		}
	}
}

// input is a line of a person.
type input struct {
	text  string
	ended bool
	err   error
}

// readLines reads a line whenever one is wanted. A read of a terminal cannot be interrupted, so it may outlive its reader.
func readLines(ctx context.Context, from io.Reader, wanted <-chan struct{}, lines chan<- input) {
	scanner := bufio.NewScanner(from)
	scanner.Buffer(nil, longestPrompt)
	for {
		select {
		case <-wanted:
		case <-ctx.Done():
			return
		}
		next := input{ended: !scanner.Scan()}
		next.text = strings.TrimSpace(scanner.Text())
		if err := scanner.Err(); err != nil {
			next.err = fmt.Errorf("failed to read the question, which can have up to %d bytes: %w", longestPrompt, err)
		}
		select {
		case lines <- next:
		case <-ctx.Done():
			return
		}
	}
}

// turn asks a question and prints the answer as it comes. What an interrupt leaves of an answer is kept.
func (t *talk) turn(ctx context.Context, text string) error {
	answering, end := context.WithCancel(ctx)
	defer end()
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		select {
		case <-t.interrupts:
			end()
		case <-answering.Done():
		}
	}()
	asked := append(t.said, message{Role: roleUser, Content: text}) //nolint:gocritic // it becomes what was said when it was answered
	var answer strings.Builder
	err := t.ask(answering, question{Model: t.model, Messages: t.sent(asked), Stream: true}, func(part string) {
		answer.WriteString(part)
		sayf(t.out, "%s", part)
	})
	interrupted := answering.Err() != nil && ctx.Err() == nil
	end()
	<-stopped
	if answer.Len() > 0 {
		sayf(t.out, "\n")
		t.said = t.kept(append(asked, message{Role: roleAssistant, Content: answer.String()}))
	}
	if interrupted && errors.Is(err, context.Canceled) {
		sayf(t.errOut, "Interrupted.\n")
		return nil
	}
	return err
}

// ask asks a question, and once more through another port-forward if the one there was leads nowhere.
func (t *talk) ask(ctx context.Context, asked question, see func(string)) error {
	err := t.endpoint.ask(ctx, asked, see)
	if t.wire == nil || ctx.Err() != nil || !errors.As(err, new(unreachedError)) {
		return err
	}
	lost := t.wire.pod
	if failed := t.wire.connect(ctx); failed != nil {
		return fmt.Errorf("failed to replace the port-forward to Pod %s, which is gone: %w", lost, failed)
	}
	sayf(t.errOut, "The port-forward to Pod %s was gone; connected to Pod %s.\n", lost, t.wire.pod)
	t.endpoint.url = t.wire.url
	return t.endpoint.ask(ctx, asked, see)
}

// sent is what a server receives of a conversation.
func (t *talk) sent(said []message) []message {
	said = t.kept(said)
	if t.system == "" {
		return said
	}
	return append([]message{{Role: roleSystem, Content: t.system}}, said...)
}

// kept are the last messages of a conversation within its limit. They start with a question, which stays in any case.
func (t *talk) kept(said []message) []message {
	size, from := len(t.system), len(said)
	for i, one := range slices.Backward(said) {
		size += len(one.Content)
		if size > longestTalk && from < len(said) {
			break
		}
		if one.Role == roleUser {
			from = i
		}
	}
	return said[from:]
}
