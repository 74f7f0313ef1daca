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

package pictures

import (
	"math"
	"strconv"
	"strings"
)

// A scale is a unit with its larger units.
type scale struct {
	factor float64
	name   string
}

// format is a value with its unit.
func format(v float64, unit string) string {
	switch {
	case unit == "percentunit":
		return digits(v*100) + " %"
	case unit == "reqps":
		return digits(v) + " req/s"
	case unit == "ops":
		return digits(v) + " ops/s"
	case unit == "bytes":
		return scaled(v, []scale{{1 << 30, " GiB"}, {1 << 20, " MiB"}, {1 << 10, " KiB"}, {1, " B"}})
	case unit == "s":
		return scaled(v, []scale{{86400, " d"}, {3600, " h"}, {60, " min"}, {1, " s"}, {1e-3, " ms"}})
	case strings.HasPrefix(unit, "suffix:"):
		return digits(v) + strings.TrimPrefix(unit, "suffix:")
	default:
		return digits(v)
	}
}

func scaled(v float64, scales []scale) string {
	for _, one := range scales {
		if v >= one.factor {
			return digits(v/one.factor) + one.name
		}
	}
	return digits(v)
}

// digits is a number with three digits that count.
func digits(v float64) string {
	if v == 0 || math.IsNaN(v) {
		return "0"
	}
	places := max(0, 2-int(math.Floor(math.Log10(math.Abs(v)))))
	text := strconv.FormatFloat(v, 'f', places, 64)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}

// ceiling is the end of an axis: a round number above a value.
func ceiling(v float64, unit string) float64 {
	if v <= 0 {
		return 1
	}
	factor := 1.0
	switch {
	case unit == "bytes":
		factor = math.Pow(1024, math.Floor(math.Log2(v)/10))
	case unit == "s" && v >= 86400:
		factor = 86400
	case unit == "s" && v >= 60:
		factor = 60
	}
	v /= factor
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, round := range []float64{1, 2, 3, 4, 5, 6, 8, 10} {
		if v <= round*power*1.001 {
			return round * power * factor
		}
	}
	return v * factor
}
