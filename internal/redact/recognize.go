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

package redact

import (
	"regexp"
	"strings"
)

// The forms of secrets. Those of certain vendors are the prefixes that their documentation names.
var (
	keyBlock = regexp.MustCompile(`(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\z)`)
	// keyEnd is the end of a key whose beginning is cut off.
	keyEnd = regexp.MustCompile(`(?s)\A.*-{5}END [A-Z0-9 ]*PRIVATE KEY-{5}`)
	// userInfo of a URL. A password can contain any character when a program prints it without escapes.
	userInfo = regexp.MustCompile(`(://)([^\s"'<>` + "`" + `]+)@(sha256:)?`)
	header   = regexp.MustCompile(`(?i)\b((?:proxy-)?authorization|x-[a-z-]*(?:key|token|auth|secret)|api-key)` +
		`(\\?["']?\s*[:=]\s*\\?["']?)(?:(?:bearer|basic|digest|token|negotiate)\s+)?[^\s"',;\\}\]]+`)
	cookie = regexp.MustCompile(`(?i)\b((?:set-)?cookie)(\\?["']?\s*[:=]\s*\\?["']?)[^"'\\\r\n]+`)
	bearer = regexp.MustCompile(`(?i)\b(bearer|basic)((?:\s|%20|\+)+)[a-z0-9._~+/=-]{8,}`)
	vendor = regexp.MustCompile(`\b(?:sk|pk|rk)-[A-Za-z0-9_-]{6,}|\b(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{6,}|` +
		`\b(?:gh[oprsu]_|github_pat_|glpat-|xox[abeoprs]-|hf_|nvapi-|gsk_|tgp_v1_|fw_|pplx-|r8_|xai-|dop_v1_|npm_|pypi-)[A-Za-z0-9_-]{10,}|` +
		`\b(?:AKIA|ASIA)[A-Z0-9]{12,}|\bAIza[A-Za-z0-9_-]{20,}|\bsha256~[A-Za-z0-9_-]{20,}`)
	webToken = regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*)*`)
	// assigned is a name with a secret, and its value: quoted, or up to a space or a delimiter.
	assigned = regexp.MustCompile(`(?i)([a-z0-9_.-]*` + partOfName + `[a-z0-9_.-]*)(\\?["']?\s*[:=]\s*)` +
		`("(?:[^"\\]|\\.)*"?|\\"(?:[^"\\]|\\\\(?:\\.)?|\\[^"\\])*(?:\\")?|'(?:[^'\\]|\\.)*'?|\[[^\]]*\]|[^\s"',;&}\]]+)`)
	// given is an option with a secret as the next word.
	given = regexp.MustCompile(`(?i)(\s)(--?[a-z0-9_.-]*` + partOfName + `[a-z0-9_.-]*)(\s+)[^\s\[-]\S*`)
	// quotes are those that a value starts with.
	quotes = regexp.MustCompile(`^(?:\\?"|')?`)
)

// recognize removes what has the form of a secret.
func recognize(text string) string {
	text = keyBlock.ReplaceAllString(text, Removed)
	text = keyEnd.ReplaceAllString(text, Removed)
	text = userInfo.ReplaceAllStringFunc(text, withoutUser)
	text = header.ReplaceAllString(text, "${1}${2}"+Removed)
	text = cookie.ReplaceAllString(text, "${1}${2}"+Removed)
	text = bearer.ReplaceAllString(text, "${1}${2}"+Removed)
	text = webToken.ReplaceAllString(text, Removed)
	text = vendor.ReplaceAllString(text, Removed)
	text = given.ReplaceAllStringFunc(text, func(found string) string {
		parts := given.FindStringSubmatch(found)
		if !Named(parts[2]) {
			return found
		}
		return parts[1] + parts[2] + parts[3] + Removed
	})
	return assignments(text, func(_, value string) string {
		quote := quotes.FindString(value)
		return quote + Removed + quote
	})
}

// assignments replaces the secrets that are assigned to a name. What is assigned to another name can have assignments, too.
func assignments(text string, secret func(name, value string) string) string {
	return assigned.ReplaceAllStringFunc(text, func(found string) string {
		parts := assigned.FindStringSubmatch(found)
		name, sign, value := parts[1], parts[2], parts[3]
		if isSecretValue(name, value) {
			return name + sign + secret(name, value)
		}
		return name + sign + assignments(value, secret)
	})
}

// isSecretValue says whether what is assigned to a name is a secret, and not a number of tokens, or removed already.
func isSecretValue(name, value string) bool {
	value = strings.TrimLeft(value, `"'\`)
	return isSecret(name, value) && !strings.HasPrefix(value, Removed) && !strings.HasPrefix(value, valueOf)
}

// withoutUser removes the user information of a URL. An image with a digest is no URL.
func withoutUser(found string) string {
	const digest = "@sha256:"
	if image, ok := strings.CutSuffix(found, digest); ok {
		return userInfo.ReplaceAllStringFunc(image, withoutUser) + digest
	}
	return "://" + Removed + "@"
}

// secretsIn are the secrets in a value that a program can print by themselves: the password of a URL, and what is assigned
// to a name.
func secretsIn(value string) []string {
	var found []string
	for _, match := range userInfo.FindAllStringSubmatch(value, -1) {
		if _, password, ok := strings.Cut(match[2], ":"); ok {
			found = append(found, password)
		}
	}
	assignments(value, func(_, secret string) string {
		found = append(found, strings.Trim(secret, `"'\`))
		return secret
	})
	return found
}
