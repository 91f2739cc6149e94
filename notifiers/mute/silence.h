// SPDX-License-Identifier: Apache-2.0
// Silences: pure rules over values. Source: specs/alertmanager.md §2 "Silences".
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

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

  SilenceState StateAt(Nanos now) const;  // pending: now < starts; expired: now >= ends
};

// Checks a silence from outside (matchers, times, author); the texts are Alertmanager's.
Status ValidateSilence(const Silence& silence);
// Whether `update` may be written over `current` in place; else the current one expires and the update gets a new id.
bool CanUpdateInPlace(const Silence& current, const Silence& update, Nanos now);
// Ids of the silences that mute these labels at `now`, sorted.
std::vector<std::string> SilencedBy(const std::map<std::string, Silence>& silences, const Labels& labels, Nanos now);

// One row of Family::kSilences.
std::string EncodeSilence(const Silence& silence);
StatusOr<Silence> DecodeSilence(std::string_view bytes);

}  // namespace outrider
