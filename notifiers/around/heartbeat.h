// SPDX-License-Identifier: Apache-2.0
// A heartbeat (dead man's switch): something that says regularly that it is alive, and whose
// silence is an incident. A beat may say how a check went: then failures are an incident too, of
// their own.
//   heartbeats:
//   - name: nightly-backup
//     interval: 24h
//     grace: 1h                      # 1m
//     severity: high                 # critical
//     team: storage
//     labels: {service: backup}
//     policy: default                # an escalation policy; else chosen by severity
//   - name: prometheus
//     interval: 1m
//     alert: ['alertname = Watchdog']  # each post of a firing alert that matches is a beat
//   - name: checkout page
//     interval: 1m
//     failures: 3                    # so many in a row are an incident …
//     successes: 2                   # … and so many in a row its end
#pragma once

#include <map>
#include <string>
#include <vector>

#include "storage/base/clock.h"
#include "storage/base/status.h"
#include "storage/base/strict_yaml.h"
#include "storage/model/matcher.h"

namespace outrider {

struct HeartbeatConfig {
  std::string name;
  DurationMs interval = 0;
  DurationMs grace = kMinute;
  std::string severity = "critical";
  std::string policy;
  std::string team;
  std::map<std::string, std::string> labels;
  std::vector<Matcher> alert;  // empty: alerts are no beats
  int64_t failures = 3;        // results in a row that are an incident
  int64_t successes = 2;       // … that end it
};

// What a beat says beside being one.
struct BeatResult {
  bool success = true;
  std::string error;  // of a failure, for people
};

// `list`: null for none. Errors: file:line:column.
StatusOr<std::vector<HeartbeatConfig>> ParseHeartbeats(const YamlNode& list,
                                                       const std::string& file);

}  // namespace outrider
