// SPDX-License-Identifier: Apache-2.0
// Stored silences: no bytes may crash, and what decodes must survive a round trip.
#include <cstdlib>

#include "notifiers/mute/silence.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto silence =
      outrider::DecodeSilence(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!silence.ok()) return 0;
  const auto again = outrider::DecodeSilence(outrider::EncodeSilence(*silence));
  if (!again.ok() || again->matchers != silence->matchers || again->ends_at != silence->ends_at) {
    std::abort();
  }
  return 0;
}
