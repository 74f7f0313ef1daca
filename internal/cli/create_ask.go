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
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"

	"golang.org/x/term"
	"k8s.io/apimachinery/pkg/api/resource"
)

// longestAnswer is how much of an answer is read, in bytes.
const longestAnswer = 1000

// complete asks on a terminal for what no option says, and refuses what is not enough without one.
func (p *program) complete(ctx context.Context, c *creation) error {
	if c.Distribution != "" || c.Image != "" {
		return nil
	}
	if !isTerminal(p.In) {
		return errors.New("--distribution or --image is missing, and there is no terminal to ask on; add one, such as --distribution " + defaultDistribution)
	}
	asked := make(chan error, 1)
	go func() { asked <- (&questions{from: bufio.NewReader(p.In), to: p.ErrOut}).about(c) }()
	select {
	case err := <-asked:
		return err
	case <-ctx.Done(): // a read of a terminal cannot be interrupted
		return errors.New("interrupted; nothing was created")
	}
}

// isTerminal says whether the input is a terminal.
func isTerminal(in io.Reader) bool {
	file, ok := in.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// questions asks a person.
type questions struct {
	from *bufio.Reader
	to   io.Writer
	err  error
}

// about asks for what is missing, and leaves what an option says.
func (q *questions) about(c *creation) error {
	q.ask(&c.Distribution, "Distribution", defaultDistribution, oneWord)
	q.ask(&c.Provider, "Type of the provider of models, such as vllm or openai; empty for what the image has", "", oneWord)
	if c.Provider != "" {
		q.ask(&c.URL, "URL of the provider, such as http://vllm.models:8000/v1; empty for that of the provider", "", c.fitsProvider)
		q.ask(&c.secretRef, "Secret with the key for the provider, as NAME/KEY; empty for none", "", nameAndKey)
		if len(c.Models) == 0 {
			model := ""
			q.ask(&model, "Model of the provider; empty for those that it lists", "", oneWord)
			if model != "" {
				c.Models = []string{model}
			}
		}
	}
	q.ask(&c.Storage, "Size of the PVC; - for none", defaultStorage, sizeOrNone)
	c.Storage = strings.TrimPrefix(c.Storage, "-")
	return q.err
}

// oneWord refuses a text with spaces.
func oneWord(answer string) error {
	if strings.ContainsAny(answer, " \t") {
		return errors.New("it is one word, without spaces")
	}
	return nil
}

// fitsProvider refuses what is no URL, and none for a provider that needs one.
func (c *creation) fitsProvider(answer string) error {
	if answer == "" && withPrefix(c.Provider) == vllm {
		return fmt.Errorf("the provider %s needs the URL of its API", vllm)
	}
	parsed, err := url.Parse(answer)
	if answer != "" && (err != nil || parsed.Host == "" || parsed.Scheme != "http" && parsed.Scheme != "https") {
		return errors.New("it starts with http:// or https://, and has a host")
	}
	return nil
}

// nameAndKey refuses what does not name the key of a Secret.
func nameAndKey(answer string) error {
	name, key, ok := strings.Cut(answer, "/")
	if answer != "" && (!ok || name == "" || key == "") {
		return errors.New("it is NAME/KEY, such as openai/api-key: the name of the Secret, and its key")
	}
	return nil
}

// sizeOrNone refuses what is no size.
func sizeOrNone(answer string) error {
	if answer == "-" {
		return nil
	}
	if size, err := resource.ParseQuantity(answer); err != nil || size.Sign() <= 0 {
		return errors.New("it is a size, such as " + defaultStorage)
	}
	return nil
}

// ask asks one question if there is no answer yet, and again after an answer that does not fit.
func (q *questions) ask(answer *string, question, preset string, fits func(string) error) {
	if preset != "" {
		question += " [" + preset + "]"
	}
	for *answer == "" && q.err == nil {
		sayf(q.to, "%s: ", question)
		line, err := q.line()
		if err != nil {
			q.err = fmt.Errorf("failed to read the answer: %w", err)
			return
		}
		given := cmp.Or(strings.TrimSpace(line), preset)
		if err := fits(given); err != nil {
			sayf(q.to, "%v\n", err)
			continue
		}
		*answer = given
		if given == "" {
			return
		}
	}
}

// line reads up to the end of a line. The end of the input in a line ends it, too.
func (q *questions) line() (string, error) {
	var line []byte
	for len(line) <= longestAnswer {
		next, err := q.from.ReadByte()
		switch {
		case errors.Is(err, io.EOF) && len(line) > 0, err == nil && next == '\n':
			return string(line), nil
		case errors.Is(err, io.EOF):
			return "", errors.New("the input ended")
		case err != nil:
			return "", err //nolint:wrapcheck // the caller says what
		}
		line = append(line, next)
	}
	return "", fmt.Errorf("it has more than %d bytes", longestAnswer)
}
