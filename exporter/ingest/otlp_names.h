// SPDX-License-Identifier: Apache-2.0
// OTLP's names and units as Prometheus' OTLP receiver writes them (its otlp.translation_strategy
// and label_name_* settings). Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "storage/base/status.h"

namespace outrider {

enum class OtlpStrategy : uint8_t {
  kUnderscoreEscapingWithSuffixes,
  kUnderscoreEscapingWithoutSuffixes,
  kNoUtf8EscapingWithSuffixes,
  kNoTranslation,
};
// By the names that prometheus.yml uses: UnderscoreEscapingWithSuffixes, …
StatusOr<OtlpStrategy> ParseOtlpStrategy(std::string_view text);

inline bool EscapesNames(OtlpStrategy strategy) {
  return strategy == OtlpStrategy::kUnderscoreEscapingWithSuffixes ||
         strategy == OtlpStrategy::kUnderscoreEscapingWithoutSuffixes;
}
inline bool AddsSuffixes(OtlpStrategy strategy) {
  return strategy == OtlpStrategy::kUnderscoreEscapingWithSuffixes ||
         strategy == OtlpStrategy::kNoUtf8EscapingWithSuffixes;
}

// What a metric is, as far as its name shows it: a gauge of unit 1 is a _ratio, a counter a _total.
enum class OtlpNameKind : uint8_t { kGauge, kCounter, kOther };

// The metric family's name. InvalidArgument when nothing is left of it.
StatusOr<std::string> OtlpMetricName(std::string_view name, std::string_view unit,
                                     OtlpNameKind kind, OtlpStrategy strategy);

// A unit in words, for metadata: "By/s" is bytes_per_second, "1" and "{requests}" are "".
std::string OtlpUnitName(std::string_view unit);

struct OtlpLabelRules {
  bool escape = true;                     // else any non-empty name is taken as it is
  bool key_before_underscore = true;      // _x becomes key_x (__x does not)
  bool keep_multiple_underscores = true;  // else runs are collapsed, but for __x__
};

// The label of an attribute. InvalidArgument when nothing but underscores is left of it.
StatusOr<std::string> OtlpLabelName(std::string_view attribute, const OtlpLabelRules& rules);

}  // namespace outrider
