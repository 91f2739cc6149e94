// SPDX-License-Identifier: Apache-2.0
#include "rules/analytics/plain_selector.h"

#include <cstddef>

#include "storage/model/labels.h"

namespace outrider {

bool IsPlainSelector(std::string_view canonical) {
  const size_t brace = canonical.find('{');
  const std::string_view name = canonical.substr(0, brace);
  if (!name.empty() && !IsLegacyMetricName(name)) return false;
  if (brace == std::string_view::npos) return !name.empty();
  char quote = 0;
  for (size_t i = brace + 1; i < canonical.size(); ++i) {
    const char c = canonical[i];
    if (quote != 0) {
      if (c == '\\' && quote != '`') {
        ++i;
      } else if (c == quote) {
        quote = 0;
      }
    } else if (c == '"' || c == '\'' || c == '`') {
      quote = c;
    } else if (c == '}') {
      return i + 1 == canonical.size();
    }
  }
  return false;
}

}  // namespace outrider
