// SPDX-License-Identifier: Apache-2.0
// A run as text, for whoever looks for the cause of a violation.
#include <fmt/format.h>

#include "tests/sim/incident_model.h"

namespace outrider::sim {
namespace {

constexpr const char* kKinds[] = {"start",     "crash", "clock",     "set back", "tick",
                                  "began",     "ended", "deed",      "setup",    "silence",
                                  "unsilence", "works", "works end", "beat",     "attempt"};
constexpr const char* kDeeds[] = {
    "acknowledge", "investigate", "resolve", "reopen", "unacknowledge", "severity", "snooze",
    "wake",        "merge",       "unmerge", "assign", "note",          "confirm",  "escalate",
    "force",       "reapply",     "hold",    "unhold", "create"};

std::string TimeText(Nanos time) {
  return fmt::format("{}.{:09}", UtcText(time).substr(8, 11), time % kSec);
}

std::string Text(const RunLog& log, const Fact& fact) {
  const auto number = static_cast<size_t>(fact.number);
  switch (fact.kind) {
    case FactKind::kBegan:
    case FactKind::kEnded:
      return fmt::format("{}/{}/{} {}", kPool[number].name, kPool[number].service,
                         kPool[number].instance, SeverityText(kPool[number].severity));
    case FactKind::kDeed:
      return fmt::format("{} {} {} {} until {}", kDeeds[static_cast<size_t>(fact.deed)],
                         fact.incident, fact.other, SeverityText(fact.severity),
                         TimeText(fact.until));
    case FactKind::kWorks:
      return fmt::format("{} {} to {}", fact.works.service, TimeText(fact.works.from),
                         TimeText(fact.works.to));
    case FactKind::kAttempt: {
      const Attempt& attempt = log.attempts[number];
      return fmt::format("{} {} {} result {}{}", attempt.Lane(), attempt.incident, attempt.reason,
                         static_cast<int>(attempt.result), attempt.bundled.empty() ? "" : " +");
    }
    default:
      return fmt::format("{} until {}", fact.other, TimeText(fact.until));
  }
}

}  // namespace

void Print(const RunLog& log) {
  SetupPtr setup;
  for (const Fact& fact : log.facts) {
    if (fact.kind == FactKind::kTick) continue;
    fmt::print("{} {} {} {}{}\n", TimeText(fact.time), kKinds[static_cast<size_t>(fact.kind)],
               Text(log, fact), fact.token, fact.lost ? " LOST" : "");
    if (fact.setup == nullptr || fact.setup == setup) continue;
    setup = fact.setup;
    fmt::print("{}", FileText(*setup));
    for (const Timetable& table : setup->timetables) {
      for (const Cover& cover : table.covers) fmt::print("{}: {}\n", table.name, CoverText(cover));
    }
  }
  for (const Trouble& trouble : log.troubles) {
    fmt::print("trouble {} {} to {} {}\n", trouble.lane, TimeText(trouble.from),
               TimeText(trouble.to), static_cast<int>(trouble.result));
  }
  for (const Shown& shown : log.incidents) {
    fmt::print("{} {} {} {}\n", shown.id, shown.key, TimeText(shown.received_at), shown.state);
    for (const AuditEvent& event : shown.events) {
      fmt::print("  {} {} {} {} {} {}\n", TimeText(event.time), AuditKindText(event.kind),
                 event.from, event.to, event.channel, event.text);
    }
  }
}

}  // namespace outrider::sim
