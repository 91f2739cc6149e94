// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/silence_json.h"

#include <fmt/format.h>

#include "exporter/api/am_common.h"
#include "notifiers/mute/recurrence.h"
#include "storage/base/duration.h"

namespace outrider {
namespace {

StatusOr<Matcher> ReadMatcher(const JsonValue& json) {
  const bool equal = json.GetBool("isEqual", true);
  const bool regex = json.GetBool("isRegex");
  const MatchType type = regex ? (equal ? MatchType::kRegex : MatchType::kNotRegex)
                               : (equal ? MatchType::kEqual : MatchType::kNotEqual);
  return Matcher::Create(type, json.GetString("name"), json.GetString("value"),
                         Regex::Dot::kNoNewline);
}

}  // namespace

StatusOr<std::vector<Matcher>> ReadSilenceMatchers(const JsonValue& list) {
  std::vector<Matcher> matchers;
  for (const JsonValue& item : list.items) {
    StatusOr<Matcher> matcher = ReadMatcher(item);
    if (!matcher.ok()) {
      return InvalidArgument(fmt::format("invalid silence: invalid label matcher {} in set 0: {}",
                                         matchers.size(), Message(matcher.status())));
    }
    matchers.push_back(*std::move(matcher));
  }
  return matchers;
}

StatusOr<Silence> ReadSilence(const JsonValue& json) {
  Silence silence;
  silence.id = json.GetString("id");
  silence.starts_at = TRY(ReadTime(json, "startsAt")).nanos;
  silence.ends_at = TRY(ReadTime(json, "endsAt")).nanos;
  silence.created_by = json.GetString("createdBy");
  silence.comment = json.GetString("comment");
  silence.matchers = TRY(ReadSilenceMatchers(*json.Find("matchers")));
  if (const JsonValue* recurrence = json.Find("recurrence")) {
    silence.recurrence = TRY(ReadRecurrence(*recurrence));
  }
  if (const std::string idle = json.GetString("expireWhenIdle"); !idle.empty()) {
    silence.idle_end = TRY(ParseDuration(idle));
  }
  if (const JsonValue* annotations = json.Find("annotations")) {
    for (const auto& [name, value] : annotations->members) silence.annotations[name] = value.string;
  }
  return silence;
}

}  // namespace outrider
