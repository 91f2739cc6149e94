// SPDX-License-Identifier: Apache-2.0
// Answers by text message: `1a` says that incident 1 is acknowledged. Numbers belong to a phone, so
// that they stay short; which incident a number means is kept as long as a link would be valid.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "notifiers/desk/answer_token.h"
#include "storage/base/clock.h"
#include "storage/base/status.h"

namespace outrider {

// Of one phone; a row of Family::kPaging.
struct AnswerCodes {
  struct Entry {
    int number = 0;
    std::string incident_id;
    std::string contact;  // the receiver whose page it was in
    Nanos expires_at = 0;
    AnsweredStep step = {};  // of the newest page
    friend bool operator==(const Entry&, const Entry&) = default;
  };
  std::string phone;  // as PhoneText has it
  std::vector<Entry> entries;
  int last = 0;                // the number given last
  std::vector<Nanos> replies;  // our automatic answers of the last hour
  friend bool operator==(const AnswerCodes&, const AnswerCodes&) = default;
};
inline constexpr std::string_view kAnswerCodesPrefix{"codes\0", 6};
std::string AnswerCodesKey(const std::string& phone);
std::string EncodeAnswerCodes(const AnswerCodes& codes);
StatusOr<AnswerCodes> DecodeAnswerCodes(std::string_view bytes);

// "+49 (170) 12-3" and "+4917012 3" are one phone.
std::string PhoneText(std::string_view number);

// The incident's number on this phone: the one it has, else the next free one. Numbers go round
// from 1 to 99, so that an answer to yesterday's message seldom means today's incident; when all
// are taken, the one that expires first makes room. What has expired is left out on the way.
int GiveNumber(AnswerCodes::Entry entry, Nanos now, AnswerCodes* codes);
// nullptr: no incident has that number now. Number 0 stands for the only one there is.
const AnswerCodes::Entry* FindNumber(const AnswerCodes& codes, int number, Nanos now);
// Whether one more automatic answer may be sent: five an hour, or two machines would talk to each
// other for ever. Counts it if so.
bool CountReply(Nanos now, AnswerCodes* codes);

// `1a`, `1 ack`, `a`: number (0 when missing) and what to do; `r` or `c` resolve, `e` escalates.
// nullopt for other texts.
struct CodeAnswer {
  int number = 0;
  AnswerAction action = AnswerAction::kView;
};
std::optional<CodeAnswer> ParseCodeAnswer(std::string_view text);
// The letter of an action in a message; 0 for one that has none.
char CodeLetter(AnswerAction action);

}  // namespace outrider
