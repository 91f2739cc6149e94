// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/silence_json.h"

#include "exporter/api/am_common.h"

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

StatusOr<Silence> ReadSilence(const JsonValue& json) {
  Silence silence;
  silence.id = json.GetString("id");
  silence.starts_at = TRY(ReadTime(json, "startsAt")).nanos;
  silence.ends_at = TRY(ReadTime(json, "endsAt")).nanos;
  silence.created_by = json.GetString("createdBy");
  silence.comment = json.GetString("comment");
  for (const JsonValue& matcher : json.Find("matchers")->items)
    silence.matchers.push_back(TRY(ReadMatcher(matcher)));
  if (const JsonValue* annotations = json.Find("annotations")) {
    for (const auto& [name, value] : annotations->members) silence.annotations[name] = value.string;
  }
  return silence;
}

}  // namespace outrider
