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

package debian

import (
	"bufio"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Mirror is the address of the Debian archive that this machine is configured to use, found in the folder etc (/etc):
// the first one that provides the release that runs here. It is empty on another system or if nothing is found;
// mmdebstrap then uses Debian's own default.
func Mirror(etc string) string {
	release := osRelease(filepath.Join(etc, "os-release"))
	if release["ID"] != "debian" {
		return ""
	}

	files, _ := filepath.Glob(filepath.Join(etc, "apt", "sources.list.d", "*")) // The pattern is right.
	for _, path := range append([]string{filepath.Join(etc, "apt", "sources.list")}, files...) {
		text, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		for _, source := range parseSources(path, string(text)) {
			if source.provides(release["VERSION_CODENAME"]) {
				return source.uris[0]
			}
		}
	}
	return ""
}

// source is what one entry of apt's configuration provides.
type source struct {
	types, uris, suites, components []string
}

// provides reports whether the source is Debian's own archive of packages: third parties, updates and security fixes
// have suites or components of other names.
func (s source) provides(codename string) bool {
	return slices.Contains(s.types, "deb") && len(s.uris) > 0 &&
		slices.Contains(s.suites, codename) && slices.Contains(s.components, "main")
}

// parseSources reads the file of either format; see sources.list(5).
func parseSources(path, text string) []source {
	var sources []source

	switch filepath.Ext(path) {
	case ".sources":
		for stanza := range strings.SplitSeq(text, "\n\n") {
			sources = append(sources, parseStanza(stanza))
		}
	case ".list":
		for line := range strings.Lines(text) {
			sources = append(sources, parseLine(line))
		}
	}
	return sources
}

// parseStanza reads an entry of the form "URIs: http://... \n Suites: ...".
func parseStanza(stanza string) source {
	var result source

	fields := map[string]*[]string{
		"types": &result.types, "uris": &result.uris, "suites": &result.suites, "components": &result.components,
	}
	for line := range strings.Lines(stanza) {
		key, value, _ := strings.Cut(line, ":")
		if field, known := fields[strings.ToLower(key)]; known {
			*field = strings.Fields(value)
		}
		if strings.EqualFold(strings.TrimSpace(line), "enabled: no") {
			return source{}
		}
	}
	return result
}

// parseLine reads an entry of the form "deb [options] http://... suite component ...".
func parseLine(line string) source {
	words := strings.Fields(line)
	if len(words) > 1 && strings.HasPrefix(words[1], "[") {
		end := slices.IndexFunc(words, func(word string) bool { return strings.HasSuffix(word, "]") })
		words = slices.Delete(words, 1, end+1)
	}

	const typeURIAndSuite = 3
	if len(words) < typeURIAndSuite {
		return source{}
	}
	return source{types: words[:1], uris: words[1:2], suites: words[2:3], components: words[3:]}
}

// osRelease reads the variables of an os-release file; see os-release(5).
func osRelease(path string) map[string]string {
	variables := map[string]string{}

	file, err := os.Open(path)
	if err != nil {
		return variables
	}
	defer file.Close() //nolint:errcheck // It is only read.

	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if key, value, found := strings.Cut(lines.Text(), "="); found {
			variables[key] = strings.Trim(value, `"'`)
		}
	}
	return variables
}
