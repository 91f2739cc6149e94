// SPDX-License-Identifier: Apache-2.0
#include "notifiers/desk/answer_codes.h"

#include <algorithm>

#include "storage/base/text.h"
#include "storage/state/row_codec.h"

namespace outrider {
namespace {

constexpr uint8_t kFormat = 2;  // 1: entries without a step
constexpr int kMostNumbers = 99;
constexpr size_t kRepliesPerHour = 5;
constexpr int64_t kHourNanos = 3600 * kNanosPerSecond;

struct Word {
  std::string_view word;
  AnswerAction action;
};
constexpr Word kWords[] = {
    {"a", AnswerAction::kAcknowledge},
    {"ack", AnswerAction::kAcknowledge},
    {"acknowledge", AnswerAction::kAcknowledge},
    {"r", AnswerAction::kResolve},
    {"c", AnswerAction::kResolve},
    {"resolve", AnswerAction::kResolve},
    {"close", AnswerAction::kResolve},
    {"e", AnswerAction::kEscalate},
    {"escalate", AnswerAction::kEscalate},
};

bool IsTaken(const AnswerCodes& codes, int number) {
  return std::ranges::any_of(
      codes.entries, [&](const AnswerCodes::Entry& entry) { return entry.number == number; });
}

}  // namespace

std::string AnswerCodesKey(const std::string& phone) {
  return std::string(kAnswerCodesPrefix) + phone;
}

std::string EncodeAnswerCodes(const AnswerCodes& codes) {
  RowWriter out(kFormat);
  out.Text(codes.phone).I64(codes.last).U64(codes.entries.size());
  for (const AnswerCodes::Entry& entry : codes.entries) {
    out.I64(entry.number).Text(entry.incident_id).Text(entry.contact).I64(entry.expires_at);
    WriteStep(entry.step, &out);
  }
  out.U64(codes.replies.size());
  for (const Nanos reply : codes.replies) out.I64(reply);
  return out.Take();
}

StatusOr<AnswerCodes> DecodeAnswerCodes(std::string_view bytes) {
  RowReader in(bytes, kFormat, "the codes of a phone");
  const auto number = [&in] {
    const int64_t value = in.I64();
    if (value < 0 || value > kMostNumbers) in.Fail();
    return static_cast<int>(std::clamp<int64_t>(value, 0, kMostNumbers));
  };
  AnswerCodes codes;
  codes.phone = in.Text();
  codes.last = number();
  for (uint64_t i = in.Count(); i > 0; --i) {
    AnswerCodes::Entry& entry = codes.entries.emplace_back();
    entry.number = number();
    entry.incident_id = in.Text();
    entry.contact = in.Text();
    entry.expires_at = in.I64();
    if (in.format() >= 2) entry.step = ReadStep(&in);
  }
  for (uint64_t i = in.Count(); i > 0; --i) codes.replies.push_back(in.I64());
  TRY(in.Finish());
  return codes;
}

std::string PhoneText(std::string_view number) {
  std::string out;
  for (const char c : number) {
    if (std::string_view(" \t-().").find(c) == std::string_view::npos) out.push_back(c);
  }
  return out;
}

int GiveNumber(AnswerCodes::Entry entry, Nanos now, AnswerCodes* codes) {
  std::erase_if(codes->entries,
                [&](const AnswerCodes::Entry& known) { return known.expires_at <= now; });
  for (AnswerCodes::Entry& known : codes->entries) {
    if (known.incident_id != entry.incident_id) continue;
    known.expires_at = std::max(known.expires_at, entry.expires_at);
    if (entry.step.tier >= 0) known.step = entry.step;
    return known.number;
  }
  if (codes->entries.size() >= static_cast<size_t>(kMostNumbers)) {
    codes->entries.erase(
        std::ranges::min_element(codes->entries, {}, &AnswerCodes::Entry::expires_at));
  }
  int number = codes->last;
  do {
    number = number % kMostNumbers + 1;
  } while (IsTaken(*codes, number));
  codes->last = number;
  entry.number = number;
  codes->entries.push_back(std::move(entry));
  return number;
}

const AnswerCodes::Entry* FindNumber(const AnswerCodes& codes, int number, Nanos now) {
  const AnswerCodes::Entry* found = nullptr;
  for (const AnswerCodes::Entry& entry : codes.entries) {
    if (entry.expires_at <= now || (number != 0 && entry.number != number)) continue;
    if (found != nullptr) return nullptr;  // "the only one" means nothing
    found = &entry;
  }
  return found;
}

bool CountReply(Nanos now, AnswerCodes* codes) {
  // One from the future is of a clock that was set back since.
  std::erase_if(codes->replies,
                [&](Nanos reply) { return reply <= now - kHourNanos || reply > now; });
  if (codes->replies.size() >= kRepliesPerHour) return false;
  codes->replies.push_back(now);
  return true;
}

std::optional<CodeAnswer> ParseCodeAnswer(std::string_view text) {
  text = Trim(text);
  const size_t letters = std::min(text.find_first_not_of("0123456789"), text.size());
  CodeAnswer answer;
  if (letters > 0) {
    const StatusOr<int64_t> number = ParseInt(text.substr(0, letters));
    if (!number.ok() || *number < 1 || *number > kMostNumbers) return std::nullopt;
    answer.number = static_cast<int>(*number);
  }
  const std::string word = ToLower(Trim(text.substr(letters)));
  for (const Word& known : kWords) {
    if (known.word != word) continue;
    answer.action = known.action;
    return answer;
  }
  return std::nullopt;
}

char CodeLetter(AnswerAction action) {
  switch (action) {
    case AnswerAction::kAcknowledge:
    case AnswerAction::kConfirm:  // of one that is acknowledged
      return 'a';
    case AnswerAction::kResolve:
      return 'r';
    case AnswerAction::kEscalate:
      return 'e';
    case AnswerAction::kView:
      break;
  }
  return 0;
}

}  // namespace outrider
