// SPDX-License-Identifier: Apache-2.0
// Silences: pure rules over values. Source: specs/alertmanager.md §2 "Silences".
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "notifiers/config/alertmanager_config.h"
#include "storage/base/clock.h"
#include "storage/base/status.h"
#include "storage/model/matcher.h"

namespace outrider {

enum class SilenceState { kPending, kActive, kExpired };
std::string_view SilenceStateText(SilenceState state);

struct Silence {
  std::string id;  // UUID
  std::vector<Matcher> matchers;
  Nanos starts_at = 0;
  Nanos ends_at = 0;
  Nanos updated_at = 0;
  std::string created_by;
  std::string comment;
  std::map<std::string, std::string> annotations;
  // Not in Alertmanager. Holds only inside these intervals (recurrence.h); none: all the time.
  std::vector<TimeIntervalSpec> recurrence;
  // Ends when nothing that fires has matched it for so long; 0: at its end only.
  DurationMs idle_end = 0;
  Nanos matched_at = 0;  // when something was seen last that matches; for idle_end

  // pending: now < starts, or between two occurrences; expired: now >= ends.
  SilenceState StateAt(Nanos now) const;
  // The same by its two ends alone.
  SilenceState LifeAt(Nanos now) const;
  // Whether it holds back an alert with these labels then.
  bool Mutes(const Labels& labels, Nanos now) const;
  // When StateAt changes next, as far as it is known: look again then. ends_at or later: never.
  Nanos NextEdge(Nanos now) const;
};

// What a new silence may be; 0: no limit. Source: specs/alertmanager.md §2 "Silences"; the last
// three are guard rails of ours against silences that are too broad.
struct SilenceLimits {
  size_t count = 0;     // silences that are kept, expired ones included
  size_t bytes = 0;     // of one silence, as it is stored
  size_t matching = 0;  // alerts that fire now and would be muted
  double share = 0;     // the same, of all that fire; looked at from kShareFrom alerts on
  DurationMs duration = 0;
  static constexpr size_t kShareFrom = 10;  // one of three is no outage
  friend bool operator==(const SilenceLimits&, const SilenceLimits&) = default;
};
// What a silence would mute.
struct SilenceReach {
  size_t matching = 0;
  size_t firing = 0;  // all alerts that fire
};
// Refuses what is too broad or too long; the texts say by how much. `duration` is looked at for a
// recurring silence too.
Status CheckSilenceReach(const SilenceLimits& limits, const Silence& silence,
                         const SilenceReach& reach);

// Checks a silence from outside (matchers, times, author); the texts are Alertmanager's.
Status ValidateSilence(const Silence& silence);
// Whether `update` may be written over `current` in place; else the current one expires and the
// update gets a new id.
bool CanUpdateInPlace(const Silence& current, const Silence& update, Nanos now);
// What storing a silence does: `current` (the one with the update's id, if there is one) may end,
// and `stored` is written under its id.
struct SilenceChange {
  std::optional<Silence> expired;
  Silence stored;
};
// Alertmanager's Set: a new silence begins at `now` at the earliest; an update that may not be made
// in place ends the current one and is stored as a new silence with `fresh_id`. NotFound when the
// update names an id but `current` is null.
StatusOr<SilenceChange> DecideSilence(const Silence* current, Silence update, Nanos now,
                                      const std::string& fresh_id);
// The silence ended at `now`: an active one ends, a pending one never starts; an expired one stays
// as it is.
Silence ExpireSilence(Silence silence, Nanos now);
// One row of Family::kSilences.
std::string EncodeSilence(const Silence& silence);
StatusOr<Silence> DecodeSilence(std::string_view bytes);

}  // namespace outrider
