// SPDX-License-Identifier: Apache-2.0
#include "exporter/api/answer_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr size_t kMaxTitle = 80;  // runes
constexpr size_t kMaxSentence = 200;

std::string_view DoneWord(AnswerAction action) {
  switch (action) {
    case AnswerAction::kView:
      return "Seen";
    case AnswerAction::kAcknowledge:
      return "Acknowledged";
    case AnswerAction::kResolve:
      return "Resolved";
    case AnswerAction::kEscalate:
      return "Escalated";
    case AnswerAction::kConfirm:
      return "Confirmed";
  }
  return "";
}

// "3 incidents (Db, Disk, and 1 more)": as many as fit in `room` runes, at least one.
std::string CountAndNames(const std::vector<std::string>& names, size_t room) {
  std::vector<std::string> shown;
  size_t used = 0;
  for (const std::string& name : names) {
    used += RuneCount(name) + 2;
    if (!shown.empty() && used > room) break;
    shown.push_back(name);
  }
  if (shown.size() < names.size()) {
    shown.push_back(fmt::format("and {} more", names.size() - shown.size()));
  }
  return fmt::format("{} incident{} ({})", names.size(), names.size() == 1 ? "" : "s",
                     Join(shown, ", "));
}

// "Acknowledged: 2 incidents (Db, Disk). Not done: 1 incident (Net is resolved by …)."
std::string SentenceOfAll(AnswerAction action, const AnswerResult& result, Nanos now) {
  const bool mixed = std::ranges::any_of(result.parts, [&](const AnswerResult& part) {
    return part.outcome != result.parts.front().outcome;
  });
  const size_t longest = mixed ? 16 : 40;  // runes of a title …
  const size_t room = mixed ? 40 : 120;    // … and of all, so that what is left undone fits
  std::vector<std::string> done;
  std::vector<std::string> again;
  std::vector<std::string> refused;
  for (const AnswerResult& part : result.parts) {
    std::string title(RunePrefix(part.incident->title, longest));
    switch (part.outcome) {
      case AnswerResult::Outcome::kDone:
        done.push_back(std::move(title));
        break;
      case AnswerResult::Outcome::kAgain:
        again.push_back(std::move(title));
        break;
      case AnswerResult::Outcome::kRefused:
        refused.push_back(fmt::format("{} is {}", title, StandingText(*part.incident, now)));
        break;
    }
  }
  std::vector<std::string> said;
  const auto say = [&](std::string_view what, const std::vector<std::string>& names) {
    if (!names.empty()) said.push_back(fmt::format("{}: {}.", what, CountAndNames(names, room)));
  };
  say(DoneWord(action), done);
  say("Not done", refused);
  say(action == AnswerAction::kEscalate ? "Escalated already" : "Already done", again);
  return Join(said, " ");
}

}  // namespace

std::string AgeText(int64_t nanos) {
  struct Part {
    char unit;
    int64_t size;
  };
  constexpr Part kParts[] = {{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};
  const int64_t seconds = std::max<int64_t>(0, nanos / kNanosPerSecond);
  for (size_t i = 0; i < std::size(kParts); ++i) {
    const int64_t count = seconds / kParts[i].size;
    if (count == 0) continue;
    std::string out = fmt::format("{}{}", count, kParts[i].unit);
    if (i + 1 == std::size(kParts)) return out;
    const int64_t rest = seconds % kParts[i].size / kParts[i + 1].size;
    return rest == 0 ? out : fmt::format("{} {}{}", out, rest, kParts[i + 1].unit);
  }
  return "0s";
}

std::string StandingText(const Incident& incident, Nanos now) {
  const std::string_view state = IncidentStateText(incident.state);
  if (incident.moved_at == 0) {
    return fmt::format("{} for {}", state, AgeText(now - incident.received_at));
  }
  return fmt::format("{} by {} {} ago{}", state,
                     incident.moved_by.empty() ? "the system" : incident.moved_by,
                     AgeText(now - incident.moved_at),
                     incident.moved_via.empty() ? "" : " through " + incident.moved_via);
}

std::string AnswerSentence(AnswerAction action, const AnswerResult& result, Nanos now) {
  std::string title(RunePrefix(result.incident->title, kMaxTitle));
  std::string sentence;
  if (!result.parts.empty()) {
    sentence = SentenceOfAll(action, result, now);
    return std::string(RunePrefix(sentence, kMaxSentence));
  }
  switch (result.outcome) {
    case AnswerResult::Outcome::kDone:
      sentence = fmt::format("{}: {}.", DoneWord(action), title);
      break;
    case AnswerResult::Outcome::kAgain:
      sentence = action == AnswerAction::kEscalate
                     ? fmt::format("Escalated already: {}; {}.", title, result.reason)
                     : fmt::format("{}: {} is {}.", result.nameless ? "Already done" : "You did",
                                   title, StandingText(*result.incident, now));
      break;
    case AnswerResult::Outcome::kRefused:
      sentence = fmt::format("Not done: {} is {}.", title, StandingText(*result.incident, now));
      break;
  }
  return std::string(RunePrefix(sentence, kMaxSentence));
}

}  // namespace outrider
