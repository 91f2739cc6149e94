// SPDX-License-Identifier: Apache-2.0
// Alerts by API against the real desk and dispatcher on virtual time: several groups of one
// receiver, four integrations of which two can tell a repeat, a receiver that says Retry-After
// beyond the end of a flush, silences, and a process that dies at a chosen commit and starts again,
// with the configuration it had or with another one. The client is a model: it posts again until it
// is answered, as Prometheus does.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "storage/state/faulty_store.h"

namespace outrider::sim {

struct ApiCrash {
  StoreFault fault = StoreFault::kNone;
  uint64_t at = 0;
  bool power_cut =
      false;            // un-synced commits are lost as well; the client posts all it knows again
  bool reload = false;  // starts with another group_interval and a receiver more
};

// One message as it arrived.
struct ApiArrival {
  int64_t second = 0;   // since the start
  std::string target;   // "team/webhook[0]"
  std::string group;    // group key
  std::string key;      // idempotency key
  bool repeat = false;  // marked as one
  std::string alerts;   // "Disk:a+ Disk:b-", sorted
  std::vector<std::string> firing;
  std::vector<std::string> resolved;
};

// What was true of an alert: "Disk:a" fired from second `from` to `to`.
struct ApiTruth {
  std::string alert;
  int64_t from = 0, to = 0;
};

struct ApiReport {
  uint64_t commits = 0;  // until the crash, or all
  bool crashed = false;
  // Outbox rows on disk at the crash, by state.
  int rows_due = 0, rows_sending = 0, rows_retrying = 0;
  std::vector<ApiTruth> truth;
  std::vector<ApiArrival> arrivals;
  std::vector<std::string> violations;
};

// `seed` makes the alerts, silences and outages of two hours.
ApiReport RunApi(uint64_t seed, const ApiCrash& crash);

}  // namespace outrider::sim
