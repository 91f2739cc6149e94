// SPDX-License-Identifier: Apache-2.0
// A silence as Alertmanager's API has it. Source: specs/alertmanager.md §2 "Silences".
#pragma once

#include "notifiers/mute/silence.h"
#include "storage/base/json.h"
#include "storage/base/status.h"

namespace outrider {

// Of an object that has an array of matchers; what else is missing is empty. The texts of errors
// are Alertmanager's.
// Beside Alertmanager's members: `recurrence` (recurrence.h) and `expireWhenIdle` (a duration).
StatusOr<Silence> ReadSilence(const JsonValue& json);
// Of an array of {name, value, isRegex, isEqual}.
StatusOr<std::vector<Matcher>> ReadSilenceMatchers(const JsonValue& list);

}  // namespace outrider
