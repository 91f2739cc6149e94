// SPDX-License-Identifier: Apache-2.0
#include "storage/base/local_time.h"

#include <fmt/format.h>

#include <algorithm>

#include "storage/base/duration.h"
#include "storage/base/text.h"

namespace outrider {

Nanos InstantOf(absl::CivilSecond local, absl::TimeZone zone) {
  const absl::TimeZone::TimeInfo info = zone.At(local);
  const bool skipped = info.kind == absl::TimeZone::TimeInfo::SKIPPED;
  return absl::ToUnixNanos(skipped ? info.trans : info.pre);
}

absl::CivilSecond LocalAt(Nanos time, absl::TimeZone zone) {
  return absl::ToCivilSecond(absl::FromUnixNanos(time), zone);
}

StatusOr<absl::CivilSecond> ParseLocalTime(const std::string& text, absl::TimeZone zone) {
  absl::CivilSecond local;
  if (absl::ParseLenientCivilTime(text, &local) && local.year() >= 1970 && local.year() <= 2200) {
    return local;
  }
  const StatusOr<Nanos> instant = ParseRfc3339(text);
  if (instant.ok()) return LocalAt(*instant, zone);
  return InvalidArgument(
      fmt::format("{} is no time: a local one (2026-01-05T09:00) or one with an offset "
                  "(2026-01-05T09:00:00+01:00) is wanted",
                  Quote(text)));
}

StatusOr<Nanos> ParseLocalInstant(const std::string& text, absl::TimeZone zone) {
  const StatusOr<Nanos> instant = ParseRfc3339(text);
  if (instant.ok()) return *instant;
  return InstantOf(TRY(ParseLocalTime(text, zone)), zone);
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
