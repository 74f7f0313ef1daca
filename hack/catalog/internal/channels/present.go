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

package channels

import (
	"fmt"
	"os"

	"github.com/operator-framework/operator-registry/alpha/declcfg"
	"github.com/operator-framework/operator-registry/alpha/model"
)

// present gives the packages an icon, and the description of the release that the default channel ends with. Rendered bundles
// have no icon: their CSVs are reduced to an olm.csv.metadata, and opm adds the icon of the package when it serves them. OLM v1
// only shows the icon and the description of the package.
func (s Source) present(catalog *declcfg.DeclarativeConfig, packages model.Model) error {
	if s.Icon == "" {
		return nil
	}
	icon, err := os.ReadFile(s.Icon)
	if err != nil {
		return fmt.Errorf("failed to read the icon: %w", err)
	}
	for at := range catalog.Packages {
		one := &catalog.Packages[at]
		one.Icon = &declcfg.Icon{Data: icon, MediaType: "image/svg+xml"}
		head, err := packages[one.Name].DefaultChannel.Head()
		if err != nil {
			return fmt.Errorf("failed to find the newest release of %s: %w", one.Name, err)
		}
		for _, metadata := range head.PropertiesP.CSVMetadatas {
			one.Description = metadata.Description
		}
	}
	return nil
}
