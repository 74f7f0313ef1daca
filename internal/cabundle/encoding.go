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

package cabundle

import (
	"encoding/binary"
	"strings"
	"unicode/utf16"
)

// byteOrderMark is the start of a text of Windows editors.
const byteOrderMark = "\ufeff"

// IsUTF16 reports whether a text is UTF-16, by its byte order mark or by the zero byte of its first character.
func IsUTF16(text string) bool { return orderOf(text) != nil }

// orderOf returns nil for a text that is not UTF-16.
func orderOf(text string) binary.ByteOrder {
	switch {
	case len(text) < 2 || len(text)%2 != 0:
		return nil
	case strings.HasPrefix(text, "\xff\xfe"), text[0] != 0 && text[1] == 0:
		return binary.LittleEndian
	case strings.HasPrefix(text, "\xfe\xff"), text[0] == 0 && text[1] != 0:
		return binary.BigEndian
	default:
		return nil
	}
}

// decodeText decodes UTF-16. Other texts stay unchanged: PEM is ASCII, which UTF-8 and Latin-1 have in common, and the
// text around it does not matter.
func decodeText(content string) string {
	order := orderOf(content)
	if order == nil {
		return content
	}
	units := make([]uint16, 0, len(content)/2)
	for i := 0; i+1 < len(content); i += 2 {
		units = append(units, order.Uint16([]byte(content[i:i+2])))
	}
	return string(utf16.Decode(units))
}
