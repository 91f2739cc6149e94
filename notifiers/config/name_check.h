// SPDX-License-Identifier: Apache-2.0
// Whether what incidents.yml names is there: users, schedules, teams and receivers in tiers and
// fallbacks of policies, receivers of `sla.notify`, policies of heartbeats. By the tree and not by
// the values, which do not know their places any more. Pure.
#pragma once

#include "notifiers/config/alertmanager_config.h"
#include "notifiers/config/incidents_config.h"
#include "storage/base/status.h"
#include "storage/base/strict_yaml.h"

namespace outrider {

struct NameCheck {
  // Whose receivers there are; nullptr: not known, and names of receivers are not looked at.
  const AlertmanagerConfig* alertmanager = nullptr;
  // Whether `root` has all policies there are; false: the API may have more.
  bool all_policies = true;
};

// `config` is what `root` was parsed to. InvalidArgument: a line `FILE:LINE:COLUMN: …` for every
// name that nobody has. Policies that are not enabled are left alone.
Status CheckNames(const YamlNode& root, const IncidentsConfig& config, const NameCheck& check);

}  // namespace outrider
