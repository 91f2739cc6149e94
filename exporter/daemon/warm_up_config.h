// SPDX-License-Identifier: Apache-2.0
// outrider.yml, analytics.warm_up: the server that holds the past of what new analytics entries
// watch.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "exporter/trial/history_walk.h"
#include "exporter/trial/server_history.h"
#include "notifiers/channel/http_settings.h"
#include "storage/base/clock.h"
#include "storage/base/strict_yaml.h"

namespace outrider {

struct WarmUpConfig {
  std::string url;  // "": there is none
  DurationMs history = 14 * kDay;
  SourceApi api = SourceApi::kBest;
  std::vector<DropLabel> drop_labels;
  std::vector<std::pair<std::string, std::string>> labels;  // put on series that lack them
  HttpSettings http;
};

// Reads `warm_up` of the section; errors stay with the reader.
void ReadWarmUp(YamlReader& analytics, const std::string& file, WarmUpConfig* config);

// A copy of the section with secrets replaced.
YamlNode MaskWarmUp(const YamlNode& warm_up);

}  // namespace outrider
