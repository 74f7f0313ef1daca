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

package provenance

import (
	"fmt"
	"strings"

	intoto "github.com/in-toto/attestation/go/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
)

// Statement says something about artefacts, in the form of in-toto 1: digests by name, such as sha256:….
func Statement(subjects map[string]string, predicateType string, predicate *structpb.Struct) ([]byte, error) {
	statement := &intoto.Statement{Type: intoto.StatementTypeUri, PredicateType: predicateType, Predicate: predicate}
	for name, digest := range subjects {
		algorithm, value, _ := strings.Cut(digest, ":")
		statement.Subject = append(statement.Subject, &intoto.ResourceDescriptor{Name: name, Digest: map[string]string{algorithm: value}})
	}
	if err := statement.Validate(); err != nil {
		return nil, fmt.Errorf("failed to make the statement: %w", err)
	}
	text, err := protojson.Marshal(statement)
	if err != nil {
		return nil, fmt.Errorf("failed to write the statement: %w", err)
	}
	return text, nil
}

// Parse reads a predicate.
func Parse(text []byte) (*structpb.Struct, error) {
	predicate := &structpb.Struct{}
	if err := protojson.Unmarshal(text, predicate); err != nil {
		return nil, fmt.Errorf("failed to read the predicate: %w", err)
	}
	return predicate, nil
}

func toStruct(message proto.Message) (*structpb.Struct, error) {
	text, err := protojson.Marshal(message)
	if err != nil {
		return nil, fmt.Errorf("failed to write the predicate: %w", err)
	}
	return Parse(text)
}
