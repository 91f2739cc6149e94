// SPDX-License-Identifier: Apache-2.0
#include "storage/base/local_time.h"

#include <algorithm>

namespace outrider {

Nanos InstantOf(absl::CivilSecond local, absl::TimeZone zone) {
  const absl::TimeZone::TimeInfo info = zone.At(local);
  const bool skipped = info.kind == absl::TimeZone::TimeInfo::SKIPPED;
  return absl::ToUnixNanos(skipped ? info.trans : info.pre);
}

absl::CivilSecond LocalAt(Nanos time, absl::TimeZone zone) {
  return absl::ToCivilSecond(absl::FromUnixNanos(time), zone);
}

std::optional<absl::TimeZone> FindZone(const std::string& name) {
  const bool plain = !name.empty() && name.front() != '/' && name.find("..") == std::string::npos &&
                     std::all_of(name.begin(), name.end(), [](char c) {
                       return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                              (c >= '0' && c <= '9') || c == '_' || c == '+' || c == '-' ||
                              c == '/';
                     });
  absl::TimeZone zone;
  if (!plain || !absl::LoadTimeZone(name, &zone)) return std::nullopt;
  return zone;
}

}  // namespace outrider
