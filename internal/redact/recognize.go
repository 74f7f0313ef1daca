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

// secretName are the names of keys, options and variables with a secret.
const secretName = `(?:password|passwd|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|` +
	`encryption[_-]?key|credential|auth[_-]?key|dsn|connection[_-]?string|signature|\bsig\b)`

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
	assigned = regexp.MustCompile(`(?i)([a-z0-9_.-]*` + secretName + `[a-z0-9_.-]*)(\\?["']?\s*[:=]\s*)` +
		`("(?:[^"\\]|\\.)*"?|\\"(?:[^"\\]|\\\\(?:\\.)?|\\[^"\\])*(?:\\")?|'(?:[^'\\]|\\.)*'?|\[[^\]]*\]|[^\s"',;&}\]]+)`)
	// given is an option with a secret as the next word.
	given = regexp.MustCompile(`(?i)(\s--?[a-z0-9_-]*` + secretName + `[a-z0-9_-]*\s+)[^\s\[-]\S*`)
	// secretKey is the name of a field whose value is a secret.
	secretKey = regexp.MustCompile(`(?i)` + secretName + `|^authorization$|cookie`)
	// key is the name of a key without a prefix that says what it is for, such as OPENAI_KEY.
	key = regexp.MustCompile(`(?i)(?:^|[-_.])(?:keys?|bearer)$|[a-z]Key$`)
	// tokenizer is no token.
	tokenizer = regexp.MustCompile(`(?i)tokenizers?`)
	// quotes are those that a value starts with.
	quotes  = regexp.MustCompile(`^(?:\\?"|')?`)
	number  = regexp.MustCompile(`^[0-9.]+$`)
	counted = regexp.MustCompile(`(?i)tokens`)
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
	text = given.ReplaceAllString(text, "${1}"+Removed)
	return assigned.ReplaceAllStringFunc(text, func(found string) string {
		parts := assigned.FindStringSubmatch(found)
		if !isSecretValue(parts[1], parts[3]) {
			return found
		}
		quote := quotes.FindString(parts[3])
		return parts[1] + parts[2] + quote + Removed + quote
	})
}

// isSecretValue says whether a value is a secret, and not a number of tokens, or removed already.
func isSecretValue(name, value string) bool {
	value = strings.TrimLeft(value, `"'\`)
	return !strings.HasPrefix(value, Removed) && !strings.HasPrefix(value, valueOf) && (!counted.MatchString(name) || !number.MatchString(value))
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
	for _, match := range assigned.FindAllStringSubmatch(value, -1) {
		if isSecretValue(match[1], match[3]) {
			found = append(found, strings.Trim(match[3], `"'\`))
		}
	}
	return found
}
