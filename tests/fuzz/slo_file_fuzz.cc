// SPDX-License-Identifier: Apache-2.0
// Any bytes as a file of objectives, ours, Sloth's or OpenSLO's: an error or objectives whose
// alerts are rules that parse, never a crash.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "rules/slo/slo_file.h"
#include "rules/slo/slo_rules.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto file = outrider::ParseSloFile(text, "fuzz.yml");
  if (!file.ok()) return 0;
  const auto slos = outrider::CombineSlos({&*file, 1});
  if (!slos.ok()) return 0;
  for (const outrider::RuleFile& rules : outrider::SloRuleFiles(*slos)) {
    for (const outrider::RuleGroup& group : rules.groups) {
      for (const outrider::Rule& rule : group.rules) {
        if (!rule.error.ok()) __builtin_trap();
      }
    }
  }
  return 0;
}
