// SPDX-License-Identifier: Apache-2.0
// What the status page shows, as plain values, and where it comes from.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "exporter/api/rules.h"
#include "exporter/api/status.h"
#include "exporter/ingest/ingest_store.h"
#include "notifiers/desk/desk.h"
#include "storage/base/clock.h"

namespace outrider {

struct StatusData {
  Nanos now = 0;
  Nanos started_at = 0;
  std::string version;
  bool ready = false;

  struct Ingest {
    uint64_t samples = 0;
    uint64_t series = 0;
    uint64_t held_samples = 0;
    Timestamp last_received = 0;                             // 0: nothing came yet
    std::vector<std::pair<std::string, uint64_t>> rejected;  // by reason
  } ingest;

  struct FailingRule {
    std::string rule;
    std::string group;
    std::string error;
  };
  uint64_t rule_groups = 0;
  uint64_t rules = 0;
  std::vector<FailingRule> failing_rules;

  struct AlertRow {
    std::string name;
    std::string severity;
    std::string state;  // firing, pending, suppressed
    std::string summary;
    Nanos since = 0;
  };
  std::vector<AlertRow> alerts;  // firing first, then by name
  uint64_t alerts_left_out = 0;  // a page shows at most kMaxRows

  struct IncidentRow {
    std::string id;
    std::string title;
    std::string summary;
    std::string severity;
    std::string state;
    Nanos opened_at = 0;
    std::string clock;       // "acknowledge", "resolve" or "" when none runs
    int64_t clock_left = 0;  // nanoseconds; negative: overdue
    Nanos resolved_at = 0;
    std::string resolved_by;  // "" by the system
  };
  std::vector<IncidentRow> incidents;  // open ones, newest first
  uint64_t incidents_left_out = 0;
  std::vector<IncidentRow> resolved;  // the newest few of those resolved
  uint64_t open_breaches = 0;         // SLA targets that are missed and whose clock still runs

  struct ReceiverRow {
    std::string name;
    std::string integrations;
    std::string outcome;  // of the last message; "" when none was sent
    std::string detail;
    Nanos at = 0;
  };
  std::vector<ReceiverRow> receivers;
  uint64_t outbox_rows = 0;
  double outbox_oldest_seconds = 0;

  std::vector<std::string> problems;  // sentences: what is wrong
};

inline constexpr size_t kMaxRows = 100;

// All outlive the page; the functions are called from several threads at once.
struct StatusSources {
  std::function<IngestStoreStats()> ingest;
  RuleGroupsFn rules;
  Desk& desk;
  const Clock& clock;
  BuildInfo build;
  Nanos started_at = 0;
  std::function<std::string()> config_error;  // of the last reload; "" when it went well
  // Sentences of others, such as analytics entries that fail; may be empty.
  std::function<std::vector<std::string>()> more_problems = {};
};

StatusData CollectStatus(const StatusSources& sources);
// The sentences for what is in `data` otherwise. Pure.
std::vector<std::string> FindProblems(const StatusData& data);

}  // namespace outrider
