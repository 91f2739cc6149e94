// SPDX-License-Identifier: Apache-2.0
// Rule files and rows of alert state: no input may crash; what loads says the same twice, and a row
// that can be read can be written and read again.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "rules/alerting/alert_rows.h"
#include "rules/rulefile/check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto first = outrider::ParseRuleFile(text, "fuzz.yml");
  const auto second = outrider::ParseRuleFile(text, "fuzz.yml");
  if (first.ok() != second.ok()) std::abort();
  if (first.ok() && first->groups != second->groups) std::abort();
  outrider::RuleFileOptions options;
  options.ignore_unknown_fields = true;
  (void)outrider::CheckRuleFile(text, "fuzz.yml", options, true).Text();
  const auto row = outrider::DecodeAlertRow({std::string(33, 'k'), std::string(text), 1});
  if (!row.ok()) return 0;
  const auto again =
      outrider::DecodeAlertRow({std::string(33, 'k'), outrider::EncodeAlertRow(*row), 1});
  if (!again.ok() || again->alert->labels != row->alert->labels) std::abort();
  return 0;
}
