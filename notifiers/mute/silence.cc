// SPDX-License-Identifier: Apache-2.0
// A stored silence is one JSON object with a version, so that a row can be read by people and
// extended.
#include "notifiers/mute/silence.h"

#include <fmt/format.h>

#include <algorithm>

#include "notifiers/mute/recurrence.h"
#include "storage/base/duration.h"
#include "storage/base/json.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

// 2: recurrence, idle_end. A silence without them is written as 1, which older binaries read.
constexpr int64_t kVersion = 2;

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

SilenceState Silence::LifeAt(Nanos now) const {
  if (now >= ends_at) return SilenceState::kExpired;
  return now < starts_at ? SilenceState::kPending : SilenceState::kActive;
}

SilenceState Silence::StateAt(Nanos now) const {
  const SilenceState life = LifeAt(now);
  if (life != SilenceState::kActive || recurrence.empty()) return life;
  return InOccurrence(recurrence, now) ? SilenceState::kActive : SilenceState::kPending;
}

Nanos Silence::NextEdge(Nanos now) const {
  if (now < starts_at) return starts_at;
  if (now >= ends_at || recurrence.empty()) return ends_at;
  return NextOccurrenceEdge(recurrence, now, ends_at);
}

Status CheckSilenceReach(const SilenceLimits& limits, const Silence& silence,
                         const SilenceReach& reach) {
  const DurationMs duration = (silence.ends_at - silence.starts_at) / kNanosPerMilli;
  if (limits.duration > 0 && duration > limits.duration) {
    // Clients mean a start of "now", which is some milliseconds ago.
    const DurationMs rounded = (duration + kSecond / 2) / kSecond * kSecond;
    return InvalidArgument(fmt::format("silence too long: {} (limit: {})", FormatDuration(rounded),
                                       FormatDuration(limits.duration)));
  }
  if (limits.matching > 0 && reach.matching > limits.matching) {
    return InvalidArgument(
        fmt::format("silence too broad: it would mute {} of {} firing alerts now (limit: {})",
                    reach.matching, reach.firing, limits.matching));
  }
  if (limits.share > 0 && reach.firing >= SilenceLimits::kShareFrom &&
      static_cast<double>(reach.matching) > limits.share * static_cast<double>(reach.firing)) {
    return InvalidArgument(fmt::format(
        "silence too broad: it would mute {} of {} firing alerts now (limit: a share of {})",
        reach.matching, reach.firing, limits.share));
  }
  return absl::OkStatus();
}

Status ValidateSilence(const Silence& silence) {
  if (silence.matchers.empty()) return InvalidArgument("at least one matcher required");
  for (size_t i = 0; i < silence.matchers.size(); ++i) {
    if (silence.matchers[i].name().empty()) {
      return InvalidArgument(
          fmt::format("invalid label matcher {} in set 0: invalid label name \"\"", i));
    }
  }
  // Matchers that exclude something narrow enough, as in Alertmanager.
  const auto matches_empty = [](const Matcher& matcher) {
    const bool positive =
        matcher.type() == MatchType::kEqual || matcher.type() == MatchType::kRegex;
    return positive && matcher.MatchesEmpty();
  };
  if (std::ranges::all_of(silence.matchers, matches_empty)) {
    return InvalidArgument("matcher set 0: at least one matcher must not match the empty string");
  }
  if (silence.starts_at == 0) return InvalidArgument("invalid zero start timestamp");
  if (silence.ends_at == 0) return InvalidArgument("invalid zero end timestamp");
  if (silence.ends_at < silence.starts_at) {
    return InvalidArgument("end time must not be before start time");
  }
  if (!silence.recurrence.empty() && silence.idle_end > 0) {
    return InvalidArgument("a recurring silence cannot end when nothing matches it");
  }
  if (silence.idle_end != 0 && silence.idle_end < kSecond) {
    return InvalidArgument("expireWhenIdle must be at least 1s");
  }
  if (!TextsAreUtf8(silence)) return InvalidArgument("silence holds text that is not valid UTF-8");
  return absl::OkStatus();
}

bool CanUpdateInPlace(const Silence& current, const Silence& update, Nanos now) {
  if (current.matchers != update.matchers) return false;
  switch (current.LifeAt(now)) {
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
  if (current != nullptr && current->LifeAt(now) != SilenceState::kExpired) {
    change.expired = ExpireSilence(*current, now);
  }
  return change;
}

Silence ExpireSilence(Silence silence, Nanos now) {
  const SilenceState state = silence.LifeAt(now);
  if (state == SilenceState::kExpired) return silence;
  if (state == SilenceState::kPending) silence.starts_at = now;
  silence.ends_at = now;
  silence.updated_at = now;
  return silence;
}

bool Silence::Mutes(const Labels& labels, Nanos now) const {
  if (LifeAt(now) != SilenceState::kActive || !MatchesAll(matchers, labels)) return false;
  // Zones are looked up only for a recurring silence that matches.
  return recurrence.empty() || InOccurrence(recurrence, now);
}

std::string EncodeSilence(const Silence& silence) {
  std::string out;
  JsonWriter json(&out);
  const bool extended = !silence.recurrence.empty() || silence.idle_end > 0;
  json.StartObject().Key("version").Int(extended ? 2 : 1).Key("id").String(silence.id);
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
  json.EndObject();
  if (!silence.recurrence.empty()) {
    json.Key("recurrence");
    WriteRecurrence(silence.recurrence, &json);
  }
  if (silence.idle_end > 0) {
    json.Key("idle_ms").Int(silence.idle_end).Key("matched_at").Int(silence.matched_at);
  }
  json.EndObject();
  return out;
}

StatusOr<Silence> DecodeSilence(std::string_view bytes) {
  const JsonValue row = TRY(ParseJson(bytes));
  const int64_t version = row.GetInt("version");
  if (version < 1 || version > kVersion) {
    return InvalidArgument(
        fmt::format("stored silence has version {}, known is {}", version, kVersion));
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
  if (const JsonValue* recurrence = row.Find("recurrence")) {
    silence.recurrence = TRY(ReadRecurrence(*recurrence));
  }
  silence.idle_end = row.GetInt("idle_ms");
  silence.matched_at = row.GetInt("matched_at");
  if (!TextsAreUtf8(silence) || !IsValidUtf8(silence.id)) {
    return InvalidArgument("stored silence is not valid UTF-8");
  }
  return silence;
}

}  // namespace outrider
