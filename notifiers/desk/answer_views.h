// SPDX-License-Identifier: Apache-2.0
// What those see who answer from a message.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "notifiers/channel/channel.h"
#include "notifiers/desk/answer_codes.h"
#include "notifiers/desk/answer_token.h"
#include "notifiers/incident/incident.h"

namespace outrider {

// A token, and what can be done with it.
struct AnswerView {
  AnswerClaim claim;
  std::shared_ptr<const Incident> incident;
  // What the incident may be answered with now, as links for the same contact that expire with the
  // token.
  std::vector<NotificationAction> actions;
};

// What became of an answer.
struct AnswerResult {
  enum class Outcome : uint8_t {
    kDone,
    kAgain,    // said before: under the same name, of an escalation by anybody; nothing changed
    kRefused,  // not from this state: somebody was faster, or it is over
  };
  Outcome outcome = Outcome::kDone;
  // Whoever answered is known by a receiver of several people alone: kAgain may have been another
  // one of them. For the door to say.
  bool nameless = false;
  std::shared_ptr<const Incident> incident;  // as it is now
  std::string reason;                        // in words: of kRefused, of kAgain for escalations
};

}  // namespace outrider
