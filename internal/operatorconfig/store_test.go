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

package operatorconfig_test

import (
	"sync"

	"github.com/llamastack/llama-stack-k8s-operator/internal/operatorconfig"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

var _ = Describe("Store", func() {
	flags := func(content string) map[string]string { return key(operatorconfig.KeyFeatureFlags, content) }

	It("knows nothing before the first update", func() {
		Expect(operatorconfig.NewStore().Current()).To(Equal(operatorconfig.Config{}))
		Expect(operatorconfig.NewStore().Loaded()).To(BeFalse())
	})

	It("is loaded by an update, even one with malformed content", func() {
		store := operatorconfig.NewStore()

		changed, problems := store.Update(map[string]string{"featureFlags": "[", "image-overrides": "[", "ca-bundle-namespaces": "[", "rollouts": "["})

		Expect(changed).To(BeFalse())
		Expect(problems).To(HaveLen(len(operatorconfig.Keys())))
		Expect(store.Loaded()).To(BeTrue())
	})

	It("has the defaults when the ConfigMap does not exist", func() {
		store := operatorconfig.NewStore()

		changed, problems := store.Update(nil)

		Expect(changed).To(BeTrue())
		Expect(problems).To(BeEmpty())
		Expect(store.Current().NetworkPolicy).To(Equal(operatorconfig.Setting[bool]{Known: true}))
		Expect(store.Current().ImageOverrides.Known).To(BeTrue())
		Expect(store.Current().CABundleNamespaces.Known).To(BeTrue())
	})

	It("reports no change when the same content is written differently", func() {
		store := operatorconfig.NewStore()
		store.Update(flags("enableNetworkPolicy: {enabled: true}"))

		changed, _ := store.Update(flags("# on since Monday\nenableNetworkPolicy:\n  enabled: true\n"))

		Expect(changed).To(BeFalse())
	})

	It("keeps the last good value during malformed content, and follows the fix", func() {
		store := operatorconfig.NewStore()
		store.Update(flags("enableNetworkPolicy: {enabled: true}"))

		changed, problems := store.Update(flags("enableNetworkPolicy: perhaps"))
		Expect(changed).To(BeFalse())
		Expect(problems).To(HaveLen(1))
		Expect(store.Current().NetworkPolicy).To(Equal(operatorconfig.Setting[bool]{Value: true, Known: true}))

		changed, problems = store.Update(flags("enableNetworkPolicy: {enabled: false}"))
		Expect(changed).To(BeTrue())
		Expect(problems).To(BeEmpty())
		Expect(store.Current().NetworkPolicy).To(Equal(operatorconfig.Setting[bool]{Known: true}))
	})

	It("says that an override became unusable, though its image stays", func() {
		store := operatorconfig.NewStore()
		store.Update(key(operatorconfig.KeyImageOverrides, "starter: "+starterImage))

		changed, _ := store.Update(key(operatorconfig.KeyImageOverrides, "starter: not an image"))

		Expect(changed).To(BeTrue())
		Expect(store.Current().ImageOverrides.Value).To(HaveKeyWithValue("starter", starterImage))
		Expect(store.Current().InvalidOverrides).To(HaveKey("starter"))
	})

	It("does not change a Config that it returned earlier", func() {
		store := operatorconfig.NewStore()
		store.Update(key(operatorconfig.KeyImageOverrides, "starter: "+starterImage))
		before := store.Current()

		store.Update(key(operatorconfig.KeyImageOverrides, "starter: "+otherImage))

		Expect(before.ImageOverrides.Value).To(HaveKeyWithValue("starter", starterImage))
	})

	It("can be used from several goroutines", func() {
		store := operatorconfig.NewStore()
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() { store.Update(flags("enableNetworkPolicy: {enabled: true}")) })
			group.Go(func() { store.Current() })
		}
		group.Wait()

		Expect(store.Current().NetworkPolicy.Value).To(BeTrue())
	})
})
