// SPDX-License-Identifier: Apache-2.0
// A stored silence is one JSON object with a version, so that a row can be read by people and
// extended.
#include "notifiers/mute/silence.h"

#include <fmt/format.h>

#include <algorithm>

#include "storage/base/json.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr int64_t kVersion = 1;

// A matcher's type as stored; never renumber.
constexpr MatchType kMatchTypes[] = {MatchType::kEqual, MatchType::kNotEqual, MatchType::kRegex,
                                     MatchType::kNotRegex};

int64_t TypeNumber(MatchType type) {
  return std::ranges::find(kMatchTypes, type) - std::begin(kMatchTypes);
}

StatusOr<Matcher> DecodeMatcher(const JsonValue& row) {
  const int64_t type = row.GetInt("t", -1);
  if (type < 0 || type >= std::ssize(kMatchTypes)) {
    return InvalidArgument("stored silence has an unknown matcher type");
  }
  return Matcher::Create(kMatchTypes[type], row.GetString("n"), row.GetString("v"),
                         Regex::Dot::kNoNewline);
}

// JSON escapes can smuggle in half surrogates, which could be stored but never read back.
bool TextsAreUtf8(const Silence& silence) {
  bool good = IsValidUtf8(silence.created_by) && IsValidUtf8(silence.comment);
  for (const auto& [name, value] : silence.annotations) {
    good = good && IsValidUtf8(name) && IsValidUtf8(value);
  }
  for (const Matcher& matcher : silence.matchers) {
    good = good && IsValidUtf8(matcher.name()) && IsValidUtf8(matcher.value());
  }
  return good;
}

}  // namespace

std::string_view SilenceStateText(SilenceState state) {
  switch (state) {
    case SilenceState::kPending:
      return "pending";
    case SilenceState::kActive:
      return "active";
    case SilenceState::kExpired:
      return "expired";
  }
  return "";
}

SilenceState Silence::StateAt(Nanos now) const {
  if (now >= ends_at) return SilenceState::kExpired;
  return now < starts_at ? SilenceState::kPending : SilenceState::kActive;
}

Status ValidateSilence(const Silence& silence) {
  if (silence.matchers.empty()) return InvalidArgument("at least one matcher required");
  for (size_t i = 0; i < silence.matchers.size(); ++i) {
    if (silence.matchers[i].name().empty()) {
      return InvalidArgument(fmt::format("invalid label matcher {}: invalid label name \"\"", i));
    }
  }
  if (std::ranges::all_of(silence.matchers, [](const Matcher& m) { return m.MatchesEmpty(); })) {
    return InvalidArgument("at least one matcher must not match the empty string");
  }
  if (silence.starts_at == 0) return InvalidArgument("invalid zero start timestamp");
  if (silence.ends_at == 0) return InvalidArgument("invalid zero end timestamp");
  if (silence.ends_at < silence.starts_at) {
    return InvalidArgument("end time must not be before start time");
  }
  if (!TextsAreUtf8(silence)) return InvalidArgument("silence holds text that is not valid UTF-8");
  return absl::OkStatus();
}

bool CanUpdateInPlace(const Silence& current, const Silence& update, Nanos now) {
  if (current.matchers != update.matchers) return false;
  switch (current.StateAt(now)) {
    case SilenceState::kActive:
      return update.starts_at / kNanosPerSecond == current.starts_at / kNanosPerSecond &&
             update.ends_at >= now;
    case SilenceState::kPending:
      return update.starts_at >= now;
    case SilenceState::kExpired:
      return false;
  }
  return false;
}

StatusOr<SilenceChange> DecideSilence(const Silence* current, Silence update, Nanos now,
                                      const std::string& fresh_id) {
  if (!update.id.empty() && current == nullptr) return NotFound("silence not found");
  SilenceChange change;
  update.updated_at = now;
  if (current != nullptr && CanUpdateInPlace(*current, update, now)) {
    TRY(ValidateSilence(update));
    change.stored = std::move(update);
    return change;
  }
  if (update.starts_at < now) update.starts_at = now;
  TRY(ValidateSilence(update));
  update.id = fresh_id;
  change.stored = std::move(update);
  if (current != nullptr && current->StateAt(now) != SilenceState::kExpired) {
    change.expired = ExpireSilence(*current, now);
  }
  return change;
}

Silence ExpireSilence(Silence silence, Nanos now) {
  const SilenceState state = silence.StateAt(now);
  if (state == SilenceState::kExpired) return silence;
  if (state == SilenceState::kPending) silence.starts_at = now;
  silence.ends_at = now;
  silence.updated_at = now;
  return silence;
}

std::vector<std::string> SilencedBy(const std::map<std::string, Silence>& silences,
                                    const Labels& labels, Nanos now) {
  std::vector<std::string> ids;
  for (const auto& [id, silence] : silences) {
    if (silence.StateAt(now) == SilenceState::kActive && MatchesAll(silence.matchers, labels)) {
      ids.push_back(id);
    }
  }
  return ids;
}

std::string EncodeSilence(const Silence& silence) {
  std::string out;
  JsonWriter json(&out);
  json.StartObject().Key("version").Int(kVersion).Key("id").String(silence.id);
  json.Key("matchers").StartArray();
  for (const Matcher& matcher : silence.matchers) {
    json.StartObject().Key("t").Int(TypeNumber(matcher.type()));
    json.Key("n").String(matcher.name()).Key("v").String(matcher.value()).EndObject();
  }
  json.EndArray();
  json.Key("starts_at").Int(silence.starts_at).Key("ends_at").Int(silence.ends_at);
  json.Key("updated_at").Int(silence.updated_at);
  json.Key("created_by").String(silence.created_by).Key("comment").String(silence.comment);
  json.Key("annotations").StartObject();
  for (const auto& [name, value] : silence.annotations) json.Key(name).String(value);
  json.EndObject().EndObject();
  return out;
}

StatusOr<Silence> DecodeSilence(std::string_view bytes) {
  const JsonValue row = TRY(ParseJson(bytes));
  if (row.GetInt("version") != kVersion) {
    return InvalidArgument(
        fmt::format("stored silence has version {}, known is {}", row.GetInt("version"), kVersion));
  }
  Silence silence;
  silence.id = row.GetString("id");
  if (silence.id.empty()) return InvalidArgument("stored silence has no id");
  silence.starts_at = row.GetInt("starts_at");
  silence.ends_at = row.GetInt("ends_at");
  silence.updated_at = row.GetInt("updated_at");
  silence.created_by = row.GetString("created_by");
  silence.comment = row.GetString("comment");
  if (const JsonValue* matchers = row.Find("matchers")) {
    for (const JsonValue& matcher : matchers->items) {
      silence.matchers.push_back(TRY(DecodeMatcher(matcher)));
    }
  }
  if (const JsonValue* annotations = row.Find("annotations")) {
    for (const auto& [name, value] : annotations->members) silence.annotations[name] = value.string;
  }
  if (!TextsAreUtf8(silence) || !IsValidUtf8(silence.id)) {
    return InvalidArgument("stored silence is not valid UTF-8");
  }
  return silence;
}

}  // namespace outrider
