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

package llamastack

import (
	"encoding/json"
	"errors"
)

// decodeList reads the list "data" of an object entry by entry, until add says that it is enough. whole is false for an entry
// with a value of another type than expected, which is left out. It returns false where there is no such list, or where the
// list is incomplete.
func decodeList[T any](from *json.Decoder, add func(entry T, whole bool) bool) bool {
	if !opens(from, '{') {
		return false
	}
	for from.More() {
		key, err := from.Token()
		if err != nil {
			return false
		}
		if key == "data" {
			return opens(from, '[') && decodeEntries(from, add)
		}
		var other skipped
		if err := from.Decode(&other); err != nil {
			return false
		}
	}
	return false
}

func decodeEntries[T any](from *json.Decoder, add func(entry T, whole bool) bool) bool {
	for from.More() {
		var entry T
		err := from.Decode(&entry)
		_, mistyped := errors.AsType[*json.UnmarshalTypeError](err)
		if err != nil && !mistyped {
			return false
		}
		if !add(entry, !mistyped) {
			return true
		}
	}
	_, err := from.Token() // the end of the list
	return err == nil
}

func opens(from *json.Decoder, with json.Delim) bool {
	token, err := from.Token()
	return err == nil && token == with
}

// skipped is a value that nobody needs: it is checked, and not built.
type skipped struct{}

// UnmarshalJSON implements json.Unmarshaler.
func (*skipped) UnmarshalJSON([]byte) error { return nil }
