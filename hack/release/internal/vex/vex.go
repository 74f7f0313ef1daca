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

// Package vex completes the statements about vulnerabilities, which config/release/vex.json has, for the images of a release.
package vex

import (
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"time"

	"github.com/openvex/go-vex/pkg/vex"
)

// Write writes the statements of a file for the given images, references by digest. The file names each by its repository's last part,
// as in pkg:oci/llama-stack-k8s-operator; a product that is none of the images is a mistake.
func Write(w io.Writer, file, id string, issued time.Time, images []string) error {
	document, err := vex.Open(file)
	if err != nil {
		return fmt.Errorf("failed to read the statements: %w", err)
	}
	if len(document.Statements) == 0 {
		return errors.New("there are no statements")
	}
	known := map[string][]string{}
	for _, image := range images {
		repository, digest, _ := strings.Cut(image, "@")
		name := path.Base(repository)
		known["pkg:oci/"+name] = append(known["pkg:oci/"+name], purl(name, repository, digest))
	}
	document.ID, document.Timestamp, document.LastUpdated = id, &issued, nil
	for i := range document.Statements {
		if err := complete(&document.Statements[i], known); err != nil {
			return fmt.Errorf("failed to complete the statement about %s: %w", document.Statements[i].Vulnerability.Name, err)
		}
	}
	if err := document.ToJSON(w); err != nil {
		return fmt.Errorf("failed to write the statements: %w", err)
	}
	return nil
}

func complete(statement *vex.Statement, known map[string][]string) error {
	var products []vex.Product
	for _, product := range statement.Products {
		urls, found := known[product.ID]
		if !found {
			return fmt.Errorf("%s is no image of the release", product.ID)
		}
		for _, url := range urls {
			products = append(products, vex.Product{
				Component:     vex.Component{ID: url, Identifiers: map[vex.IdentifierType]string{vex.PURL: url}},
				Subcomponents: product.Subcomponents,
			})
		}
	}
	statement.Products = products
	if err := statement.Validate(); err != nil {
		return fmt.Errorf("failed to validate it: %w", err)
	}
	return nil
}

func purl(name, repository, digest string) string {
	return "pkg:oci/" + name + "@" + strings.ReplaceAll(digest, ":", "%3A") + "?repository_url=" + strings.NewReplacer(":", "%3A", "/", "%2F").Replace(repository)
}
