// SPDX-License-Identifier: Apache-2.0
#include "notifiers/oncall/local_time.h"

namespace outrider {

Nanos InstantOf(absl::CivilSecond local, absl::TimeZone zone) {
  const absl::TimeZone::TimeInfo info = zone.At(local);
  const bool skipped = info.kind == absl::TimeZone::TimeInfo::SKIPPED;
  return absl::ToUnixNanos(skipped ? info.trans : info.pre);
}

absl::CivilSecond LocalAt(Nanos time, absl::TimeZone zone) {
  return absl::ToCivilSecond(absl::FromUnixNanos(time), zone);
}

}  // namespace outrider
