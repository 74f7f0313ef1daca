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
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// longestAnswer is how much of an answer is read, in bytes.
const longestAnswer = 1000

// complete asks on a terminal for what no option says, and refuses what is not enough without one.
func (p *program) complete(c *creation) error {
	if c.Distribution != "" || c.Image != "" {
		return nil
	}
	if !isTerminal(p.In) {
		return errors.New("--distribution or --image is missing, and there is no terminal to ask on; add one, such as --distribution " + defaultDistribution)
	}
	return (&questions{from: bufio.NewReader(p.In), to: p.ErrOut}).about(c)
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
	q.ask(&c.Distribution, "Distribution", defaultDistribution)
	q.ask(&c.Provider, "Type of the provider of models, such as vllm or openai; empty for what the image has", "")
	if c.Provider != "" {
		q.ask(&c.URL, "URL of the provider, such as http://vllm.models:8000/v1; empty for that of the provider", "")
		q.ask(&c.secretRef, "Secret with the key for the provider, as NAME/KEY; empty for none", "")
		if len(c.Models) == 0 {
			model := ""
			q.ask(&model, "Model of the provider; empty for those that it lists", "")
			if model != "" {
				c.Models = []string{model}
			}
		}
	}
	q.ask(&c.Storage, "Size of the PVC; - for none", defaultStorage)
	c.Storage = strings.TrimPrefix(c.Storage, "-")
	return q.err
}

// ask asks one question if there is no answer yet.
func (q *questions) ask(answer *string, question, preset string) {
	if *answer != "" || q.err != nil {
		return
	}
	if preset != "" {
		question += " [" + preset + "]"
	}
	sayf(q.to, "%s: ", question)
	line, err := q.line()
	if err != nil {
		q.err = fmt.Errorf("failed to read the answer: %w", err)
		return
	}
	if *answer = strings.TrimSpace(line); *answer == "" {
		*answer = preset
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
