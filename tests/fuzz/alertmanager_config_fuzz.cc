// SPDX-License-Identifier: Apache-2.0
// alertmanager.yml and matchers: no input may crash, and what loads must load again after masking.
#include <cstdlib>

#include "notifiers/config/alertmanager_config.h"
#include "notifiers/config/incidents_config.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto matchers = outrider::ParseMatchers(text); matchers.ok()) {
    const auto again = outrider::ParseMatchers(outrider::MatchersText(*matchers));
    if (!again.ok() || *again != *matchers) std::abort();
  }
  if (const auto config = outrider::ParseAlertmanagerConfig(text, "fuzz.yml"); config.ok()) {
    const auto again =
        outrider::ParseAlertmanagerConfig(outrider::MaskedYaml(*config), "again.yml");
    if (!again.ok()) std::abort();
  }
  auto config = outrider::DefaultAlertmanagerConfig();
  if (!outrider::AddBundle(text, "bundle.yml", &config).ok() && config.receivers.size() != 1) {
    std::abort();
  }
  (void)outrider::ParseIncidentsConfig(text, "incidents.yml");
  return 0;
}
