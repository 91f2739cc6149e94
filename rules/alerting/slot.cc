// SPDX-License-Identifier: Apache-2.0
#include "rules/alerting/slot.h"

#include <string>

#include "storage/base/xxh64.h"

namespace outrider {

DurationMs SlotOffset(std::string_view file, std::string_view name, DurationMs interval) {
  std::string bytes;
  for (const std::string_view part :
       {std::string_view("file"), file, std::string_view("name"), name}) {
    bytes += part;
    bytes += '\xff';
  }
  const uint64_t nanos = Xxh64(bytes) % (static_cast<uint64_t>(interval) * kNanosPerMilli);
  return static_cast<DurationMs>(nanos / kNanosPerMilli);
}

Timestamp SlotAt(Timestamp now, DurationMs interval, DurationMs offset) {
  Timestamp phase = (now - offset) % interval;
  if (phase < 0) phase += interval;
  return now - phase;
}

}  // namespace outrider
