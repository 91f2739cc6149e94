// SPDX-License-Identifier: Apache-2.0
// /api/v1/status/* and alertmanagers. Source: specs/prometheus.md §5.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "exporter/http/server.h"
#include "storage/base/clock.h"
#include "storage/window/querier.h"

namespace outrider {

// What was built. `version` is Outrider's own.
struct BuildInfo {
  std::string version;
  std::string revision;
  std::string branch;
  std::string build_user;
  std::string build_date;
  std::string compiler;
};

// Clients choose features by the version they are told: that of the API we answer like, ours behind
// a plus.
inline constexpr std::string_view kPrometheusApiVersion = "3.14.0";
inline constexpr std::string_view kAlertmanagerApiVersion = "0.34.0";
std::string ApiVersion(std::string_view api_version,
                       const BuildInfo& build);  // 3.14.0+outrider.0.1.0

struct RuntimeInfo {
  Nanos started_at = 0;
  bool reload_ok = true;
  Nanos last_config_at = 0;  // of the last good load
  uint64_t corruption_count = 0;
  int threads = 0;
  std::string storage_retention;  // `24h`
};
struct HeadInfo {
  uint64_t series = 0;
  uint64_t chunks = 0;
  Timestamp min_time = 0;
  Timestamp max_time = 0;
  std::vector<std::pair<std::string, uint64_t>> series_by_sender;  // those who made some
};

// All are called from several threads at once.
struct StatusApiDeps {
  const Querier& querier;
  const Clock& clock;
  BuildInfo build;
  std::function<RuntimeInfo()> runtime;
  std::function<HeadInfo()> head;
  std::function<std::string()> config_yaml;  // outrider.yml with defaults, secrets masked
  std::vector<std::pair<std::string, std::string>> flags;
  // External ones that alerts are sent on to; may be null.
  std::function<std::vector<std::string>()> alertmanager_urls;
  std::function<std::vector<std::string>()> dropped_alertmanager_urls;  // by relabelling
};

void RegisterStatusApi(Router& router, const StatusApiDeps& deps);

}  // namespace outrider
