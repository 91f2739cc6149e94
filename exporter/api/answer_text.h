// SPDX-License-Identifier: Apache-2.0
// Short sentences for people who answer from a message; every door says the same.
#pragma once

#include <string>

#include "notifiers/desk/answer_views.h"

namespace outrider {

// `3h 5m`, `12s`: the two largest parts.
std::string AgeText(int64_t nanos);
// "acknowledged by anna 12s ago through slack", "new for 3m": where the incident stands and who
// brought it there.
std::string StandingText(const Incident& incident, Nanos now);
// "Acknowledged: DiskFull.", "Acknowledged: 2 incidents (Db, Disk).", that and by whom it was done
// before, or why not; at most 200 characters, which is Telegram's limit.
std::string AnswerSentence(AnswerAction action, const AnswerResult& result, Nanos now);

}  // namespace outrider
