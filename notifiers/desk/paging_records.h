// SPDX-License-Identifier: Apache-2.0
// What is remembered of paging people, as rows of Family::kPaging: whose turn
// it is, which contact methods come next, what a contact method was sent
// lately. Keys: kind 0x00 id.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "notifiers/desk/answer_token.h"
#include "storage/base/clock.h"
#include "storage/base/status.h"

namespace outrider {

// "turn" policy 0x00 tier: of a tier that tells one of its people in turn.
struct RoundRobinTurn {
  std::string last;  // receiver that was told last
};

// "rule" incident: contact methods of its pages that are still to come.
struct ContactStep {
  Nanos due = 0;
  std::string user;
  uint32_t epoch = 0;
  int loop = 0;
  int tier = 0;
  std::string integration;
  int naming = 0;        // how often the user's rules name the contact method before this
  bool reached = false;  // one of those that were told last got the page: its wait is not cut short
};
struct ContactSteps {
  std::vector<ContactStep> steps;
};

// "told" incident: which tiers of the running round reached somebody, so that a
// refusal elsewhere does not hurry the next one.
struct RoundTold {
  uint32_t epoch = 0;
  int loop = 0;
  std::set<int> tiers;
};

// "contact" receiver 0x00 integration: what one contact method was sent lately; of the integration
// with `/recoveries` behind it: what is known of recoveries that go there together.
struct ContactLoad {
  std::vector<Nanos> sent;  // first attempts of pages, oldest first, as far as limits look
  Nanos window_since = 0;   // of the pages that may become one message; 0: none is open
  // Told by messages of their own within the window; of recoveries: told by one message together.
  std::set<std::string> incidents;
  std::string carrier;            // the page that tells the others as well; "" : none yet
  std::set<std::string> bundled;  // pages that go with it …
  std::set<std::string> waiting;  // … and those that wait for the end of the window
  std::string bundle;             // the AnswerBundle of the carrier's message; "": it is told alone
};

// "account" kind/account: what all contact methods of one provider's account
// were sent lately.
struct AccountLoad {
  std::vector<Nanos> sent;
};

// "verify" receiver 0x00 integration: whether a contact method is its owner's.
struct ContactVerification {
  std::string code_hash;  // SHA-256 of salt and code; "" : nothing is asked
  std::string salt;
  Nanos expires_at = 0;
  int tries = 0;              // wrong ones
  Nanos verified_at = 0;      // 0: not
  uint64_t verified_for = 0;  // ContactInfo::digest then: another address is not
  Nanos asked_at = 0;
  uint64_t asked_for = 0;  // ContactInfo::digest when the code was sent
};

// "bundle" id: the incidents that one message tells of. Its links, buttons and codes name this row
// in place of an incident, so that they stay short and answer all of them.
struct AnswerBundle {
  struct Part {
    std::string incident_id;
    AnsweredStep step;  // of its own page
  };
  Nanos expires_at = 0;  // with the last of its tokens
  std::vector<Part> parts;
};

using PagingRecord = std::variant<RoundRobinTurn, ContactSteps, RoundTold, ContactLoad, AccountLoad,
                                  ContactVerification, AnswerBundle>;

std::string TurnKey(std::string_view policy, int tier);
std::string ContactStepsKey(std::string_view incident);
std::string RoundToldKey(std::string_view incident);
std::string ContactLoadKey(std::string_view receiver, std::string_view integration);
std::string AccountLoadKey(std::string_view account);
std::string VerificationKey(std::string_view receiver, std::string_view integration);
std::string AnswerBundleKey(std::string_view id);

// The id of a kContactRule timer, and its parts.
std::string ContactRuleId(std::string_view incident, std::string_view user);
// {"", ""} for what is no such id.
std::pair<std::string, std::string> SplitPair(std::string_view id);

std::string EncodePagingRecord(const PagingRecord& record);
StatusOr<PagingRecord> DecodePagingRecord(std::string_view bytes);
// Whether the key is one of the above; others of the family are not read here.
bool IsPagingKey(std::string_view key);

}  // namespace outrider
