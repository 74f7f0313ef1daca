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

package monitoring_test

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/llamastack/llama-stack-k8s-operator/test/monitoring/grafana"
	"github.com/llamastack/llama-stack-k8s-operator/test/monitoring/pictures"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// maxPicture is how large a picture may be, in bytes: readers load it with the page.
const maxPicture = 60_000

var _ = Describe("The pictures of dashboards", func() {
	for _, name := range boards() {
		It("show every panel of "+name+" as it is now", func(ctx context.Context) {
			content, err := os.ReadFile("../../docs/images/" + name + ".svg")
			Expect(err).NotTo(HaveOccurred())
			Expect(len(content)).To(BeNumerically("<", maxPicture))
			texts := textsOf(string(content))
			for _, panel := range board(name).Panels {
				Expect(texts).To(HaveKey(panel.Title))
			}

			data, err := loadOnce()
			Expect(err).NotTo(HaveOccurred())
			whole, err := grafana.Read(filepath.Join(dashboardFolder, name+".json"))
			Expect(err).NotTo(HaveOccurred())
			drawn, err := pictures.Draw(ctx, whole, data)
			Expect(err).NotTo(HaveOccurred())
			Expect(string(drawn)).To(Equal(string(content)), `%s.svg: run "make dashboards"`, name)
		})
	}

	It("have titles with characters of XML", func(ctx context.Context) {
		data, err := loadOnce()
		Expect(err).NotTo(HaveOccurred())
		odd := board("operator")
		odd.Panels[0].Title = `<b> & "c"`
		drawn, err := pictures.Draw(ctx, odd, data)
		Expect(err).NotTo(HaveOccurred())
		Expect(textsOf(string(drawn))).To(HaveKey(`<b> & "c"`))
	})
})

// textsOf are the texts of a picture. It fails unless the picture is well-formed.
func textsOf(picture string) map[string]bool {
	GinkgoHelper()
	texts := map[string]bool{}
	decoder := xml.NewDecoder(strings.NewReader(picture))
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return texts
		}
		Expect(err).NotTo(HaveOccurred())
		if text, ok := token.(xml.CharData); ok {
			texts[string(text)] = true
		}
	}
}
