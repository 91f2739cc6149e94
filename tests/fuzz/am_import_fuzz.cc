// SPDX-License-Identifier: Apache-2.0
// The state files of an Alertmanager: no bytes may crash; what a file that is refused held is not
// taken, and what is taken can be stored and read back.
#include <cstdlib>

#include "notifiers/import/alertmanager_state.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  outrider::ImportedState state;
  if (!outrider::ReadSilencesFile(bytes, &state).ok() &&
      (!state.silences.empty() || !state.skipped.empty())) {
    std::abort();
  }
  for (const outrider::Silence& silence : state.silences) {
    const auto again = outrider::DecodeSilence(outrider::EncodeSilence(silence));
    if (!again.ok() || again->matchers != silence.matchers) std::abort();
  }
  outrider::ImportedState log;
  if (!outrider::ReadLogFile(bytes, &log).ok() && !log.log.empty()) std::abort();
  for (const outrider::ImportedLogEntry& entry : log.log) {
    if (entry.group_key.empty() || entry.receiver.empty()) std::abort();
  }
  return 0;
}
