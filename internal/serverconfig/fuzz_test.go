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

package serverconfig_test

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/llamastack/llama-stack-k8s-operator/internal/serverconfig"
	"sigs.k8s.io/yaml"
)

// FuzzInspect shows that no text makes the parser panic or take longer than patience, that numbers and files are distinguished as
// documented, and that WithWorkers changes one key and nothing else: all other facts and all other content stay, a
// second time it changes nothing, and what it returns can be read again.
func FuzzInspect(f *testing.F) {
	for _, seed := range []string{
		"", "version: 2\nserver: {port: 1}", "a: &a {<<: [*a, *a]}\nserver: *a", "server: ~", "- a", "a: 1\n---\nb: 2",
		"? {a: b}\n: c", "server:\n  auth: {route_policy: [{permit: {paths: 'regex:('}}]}", "\tx", "!!binary x: y", "a: *b",
		"server: {tls_certfile: '${env.CERT:=}', tls_keyfile: /k, tls_cafile: /ca, workers: '3'}",
	} {
		f.Add(seed)
	}
	eras, err := filepath.Glob("testdata/era-*[0-9].yaml")
	if err != nil || len(eras) == 0 {
		f.Fatalf("no configurations of servers: %v", err)
	}
	for _, era := range eras {
		text, err := os.ReadFile(era)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, config string) { inTime(t, config, checkConfig) })
}

// FuzzAliases is FuzzInspect for texts that a generator makes: levels of anchors, each of which refers to the one before
// it a number of times, as a list or by merging it, in all the places that are read.
func FuzzAliases(f *testing.F) {
	f.Add(uint8(3), uint8(2), true)
	f.Add(uint8(90), uint8(40), false)
	f.Add(uint8(255), uint8(255), true)
	f.Fuzz(func(t *testing.T, levels, width uint8, merges bool) {
		inTime(t, aliases(int(levels), int(width), merges), checkConfig)
	})
}

func aliases(levels, width int, merges bool) string {
	var text strings.Builder
	text.WriteString("a0: &a0 {type: kv_sqlite, workers: 1, paths: [/v1/health], permit: {paths: /v1/health}}\n")
	for level := 1; level <= levels; level++ {
		list := "[" + strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d,", level-1), width), ",") + "]"
		if merges {
			list = "{<<: " + list + "}"
		}
		fmt.Fprintf(&text, "a%d: &a%d %s\n", level, level, list)
	}
	last := fmt.Sprintf("*a%d", levels)
	text.WriteString("server: {<<: " + last + ", auth: {route_policy: [" + last + ", " + last + "]}}\n")
	text.WriteString("storage: {backends: " + last + "}\nproviders: {vector_io: [" + last + "], files: " + last + "}\n")
	return text.String()
}

// patience is how much processor time one text may take, on any machine, with all that is asked of it.
const patience = 10 * time.Second

// used is the processor time of this process: unlike that of a clock, it does not pass while the machine does something else.
func used() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// inTime fails where a check of a text goes on for longer than that.
func inTime(t *testing.T, config string, check func(t *testing.T, config string)) {
	t.Helper()
	started, ended := used(), make(chan struct{})
	defer close(ended)
	go func() {
		for ticks := time.Tick(patience); ; {
			select {
			case <-ended:
				return
			case <-ticks:
			}
			if used()-started > patience {
				panic("a text of " + strconv.Itoa(len(config)) + " bytes takes too long: " + config[:min(len(config), 500)])
			}
		}
	}()
	check(t, config)
	if took := used() - started; took > patience {
		t.Fatalf("a text of %d bytes took %s", len(config), took)
	}
}

// checkConfig is the body of the targets.
func checkConfig(t *testing.T, config string) {
	t.Helper()
	before, err := serverconfig.Inspect(config)
	if err != nil {
		if _, changeErr := serverconfig.WithWorkers(config, workers); changeErr == nil {
			t.Fatalf("unreadable, and yet changed: %v", err)
		}
		return
	}
	places, err := serverconfig.LocalState(config)
	if err != nil || len(places) > 5 {
		t.Fatalf("readable, and yet its state is not: %v, %v", places, err)
	}
	if before.TLS && before.TLSUncertain || before.MutualTLS && !before.TLS && !before.TLSUncertain {
		t.Fatalf("facts that exclude each other: %+v", before)
	}
	checkCertificate(t, config, before)
	changed, err := serverconfig.WithWorkers(config, workers)
	if err != nil || changed == config {
		return
	}
	checkChanged(t, config, before, changed)
}

// checkCertificate shows that a configuration that takes a certificate makes the server speak TLS, with no other fact
// changed, and takes it once.
func checkCertificate(t *testing.T, config string, before serverconfig.Facts) {
	t.Helper()
	files := serverconfig.Certificate{CertFile: "/t/tls.crt", KeyFile: "/t/tls.key"}
	changed, own, err := serverconfig.WithCertificate(config, files)
	if err != nil {
		return
	}
	after, err := serverconfig.Inspect(changed)
	if err != nil || !after.TLS || own && changed != config {
		t.Fatalf("%q became %q: %+v, %v", config, changed, after, err)
	}
	before.TLS, before.TLSUncertain, before.MutualTLS = after.TLS, after.TLSUncertain, after.MutualTLS
	if !reflect.DeepEqual(after, before) {
		t.Fatalf("%q became %q: %+v, want %+v", config, changed, after, before)
	}
	if again, same, err := serverconfig.WithCertificate(changed, files); err != nil || again != changed || same != own {
		t.Fatalf("a second time %q became %q: %v", changed, again, err)
	}
}

// workers is what the fuzz target sets.
const workers = int32(7)

func checkChanged(t *testing.T, config string, before serverconfig.Facts, changed string) {
	t.Helper()
	after, err := serverconfig.Inspect(changed)
	if err != nil {
		t.Fatalf("%q became unreadable: %q: %v", config, changed, err)
	}
	want := before
	set := workers
	want.Workers = &set
	if !reflect.DeepEqual(after, want) {
		t.Fatalf("%q became %q: %+v, want %+v", config, changed, after, want)
	}
	if again, err := serverconfig.WithWorkers(changed, workers+1); err != nil || again != changed {
		t.Fatalf("a second time %q became %q: %v", changed, again, err)
	}
	content, readable := contentOf(config)
	if !readable {
		return
	}
	got, readable := contentOf(changed)
	if server, ok := got["server"].(map[string]any); ok {
		delete(server, "workers")
	}
	if server, ok := content["server"].(map[string]any); !ok || len(server) == 0 {
		content["server"] = map[string]any{}
	}
	if !readable || !reflect.DeepEqual(got, content) {
		t.Fatalf("more than the workers changed: %q became %q", config, changed)
	}
}

// bareTag finds the tag "!", which makes a text of any value and which the parser of the operator does not keep. Nobody
// writes it.
var bareTag = regexp.MustCompile(`!([\s,\]}]|$)`)

// complexKey finds a list or a mapping as a key, or a key spelled like one, which JSON cannot say and the other parser
// takes in one spelling only.
var complexKey = regexp.MustCompile(`[}\]]\s*:|(^|\n)\s*\?`)

// contentOf is a configuration's content, where JSON can say it, as read by another parser than the operator's.
func contentOf(config string) (map[string]any, bool) {
	if bareTag.MatchString(config) || complexKey.MatchString(config) {
		return nil, false
	}
	content := map[string]any{}
	if err := yaml.Unmarshal([]byte(config), &content); err != nil || content == nil {
		return nil, false
	}
	return content, true
}
