// SPDX-License-Identifier: Apache-2.0
#include "exporter/daemon/warm_up_config.h"

#include <fmt/format.h>

#include "notifiers/config/http_config.h"
#include "notifiers/config/schema.h"
#include "storage/base/duration.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr std::string_view kSchema =
    "url:R history:d source_api drop_labels:l labels:m http_config:H";
constexpr DurationMs kShortest = kHour;
constexpr DurationMs kLongest = 90 * kDay;

Status ReadApi(const YamlNode& node, const std::string& file, SourceApi* api) {
  if (node.scalar == "auto") {
    *api = SourceApi::kBest;
  } else if (node.scalar == "remote_read") {
    *api = SourceApi::kRemoteRead;
  } else if (node.scalar == "query") {
    *api = SourceApi::kQuery;
  } else {
    return YamlError(file, node, "source_api must be auto, remote_read or query");
  }
  return absl::OkStatus();
}

Status ReadDropLabels(const YamlNode& list, const std::string& file,
                      std::vector<DropLabel>* labels) {
  for (const YamlNode& item : list.items) {
    const size_t at = item.scalar.find('=');
    DropLabel& label = labels->emplace_back(DropLabel{item.scalar.substr(0, at), {}});
    if (at != std::string::npos) label.value = item.scalar.substr(at + 1);
    if (label.name.empty()) return YamlError(file, item, "expected a label's name or name=value");
  }
  return absl::OkStatus();
}

Status ReadHttp(const YamlNode* http, const std::string& file, HttpSettings* settings) {
  if (http == nullptr || http->IsNull()) return absl::OkStatus();
  TRY(CheckHttpConfigRules(*http, file));
  *settings = TRY(ReadHttpConfig(*http, file));
  return absl::OkStatus();
}

Status ReadServer(const YamlNode& node, const std::string& file, WarmUpConfig* config) {
  if (!IsSet(node, "url")) return YamlError(file, node, "warm_up needs the url of a server");
  const YamlNode& url = *node.Find("url");
  if (const Status status = CheckHttpUrl(url.scalar); !status.ok()) {
    return YamlError(file, url, "url: " + Message(status));
  }
  config->url = url.scalar;
  if (IsSet(node, "source_api")) TRY(ReadApi(*node.Find("source_api"), file, &config->api));
  return ReadHttp(node.Find("http_config"), file, &config->http);
}

Status Read(const YamlNode& node, const std::string& file, WarmUpConfig* config) {
  TRY(CheckSchema(node, kSchema, file, "analytics.warm_up"));
  TRY(ReadServer(node, file, config));
  if (IsSet(node, "history")) {
    config->history = TRY(ParseDuration(node.Find("history")->scalar));
    if (config->history < kShortest || config->history > kLongest) {
      return YamlError(file, *node.Find("history"), "history must be from 1h to 90d");
    }
  }
  if (IsSet(node, "drop_labels")) {
    TRY(ReadDropLabels(*node.Find("drop_labels"), file, &config->drop_labels));
  }
  if (IsSet(node, "labels")) {
    for (const auto& [name, value] : node.Find("labels")->entries) {
      config->labels.emplace_back(name.scalar, value.scalar);
    }
  }
  return absl::OkStatus();
}

}  // namespace

void ReadWarmUp(YamlReader& analytics, const std::string& file, WarmUpConfig* config) {
  const YamlNode* node = analytics.Child("warm_up");
  if (node == nullptr || node->IsNull()) return;
  const Status status = Read(*node, file, config);
  if (!status.ok()) analytics.Fail(status);
}

YamlNode MaskWarmUp(const YamlNode& warm_up) { return MaskSchema(warm_up, kSchema); }

}  // namespace outrider
