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
  struct Part {
    std::shared_ptr<const Incident> incident;
    std::string link;  // opens a page for this one alone
  };
  AnswerClaim claim;
  std::vector<Part> parts;  // what a message about several incidents is answered for; else empty
  std::shared_ptr<const Incident> incident;  // the first of the parts
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
  // Of a message about several incidents: what became of each. `outcome` is the best of them,
  // `incident` the first.
  std::vector<AnswerResult> parts;
};

}  // namespace outrider
