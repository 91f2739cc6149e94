// SPDX-License-Identifier: Apache-2.0
// Dependencies: while what something depends on is out, its own failure is no news.
//   dependencies:
//   - name: redis
//     match: ['alertname = ServiceDown', 'service =~ "api-gateway|auth-service"']   # dependants
//     on: ['alertname = ServiceDown', 'service = redis']                            # the outage
//     equal: [cluster]           # labels both must have alike
//     wait: 30s                  # so long a dependant waits for the outage to show before it pages
//     grace: 2m                  # so long it may go on firing once the outage is over
#pragma once

#include <string>
#include <vector>

#include "notifiers/config/alertmanager_config.h"
#include "storage/base/clock.h"
#include "storage/base/status.h"
#include "storage/base/strict_yaml.h"
#include "storage/model/labels.h"
#include "storage/model/matcher.h"

namespace outrider {

struct Dependency {
  std::string name;
  std::vector<Matcher> match;
  std::vector<Matcher> on;
  std::vector<std::string> equal;
  DurationMs wait = 30 * kSecond;
  DurationMs grace = 2 * kMinute;
};

// `list`: null for none. Refused are cycles, with their path: an alert that matches `match` of one
// and `on` of the next, round. Errors: file:line:column.
StatusOr<std::vector<Dependency>> ParseDependencies(const YamlNode& list, const std::string& file);

// Whether some label set surely fulfils both. Regular expressions are asked about the words they
// list (`a|b`).
bool Overlap(const std::vector<Matcher>& a, const std::vector<Matcher>& b);

// The same as inhibition rules: the outage is the source, the dependant the target.
std::vector<InhibitRuleConfig> AsInhibition(const std::vector<Dependency>& dependencies);

// The first dependency by which `dependant` hangs on `outage`; nullptr: none.
const Dependency* FindDependency(const std::vector<Dependency>& dependencies,
                                 const Labels& dependant, const Labels& outage);
// The first dependency of which the alert is a dependant; nullptr: none.
const Dependency* FindDependant(const std::vector<Dependency>& dependencies, const Labels& alert);

}  // namespace outrider
