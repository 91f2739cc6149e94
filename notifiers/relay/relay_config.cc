// SPDX-License-Identifier: Apache-2.0
#include "notifiers/relay/relay_config.h"

#include <fmt/format.h>

#include <algorithm>

#include "notifiers/config/http_config.h"
#include "notifiers/config/schema.h"
#include "storage/base/duration.h"
#include "storage/base/file.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

constexpr std::string_view kAddress = "__address__";
constexpr std::string_view kScheme = "__scheme__";
constexpr std::string_view kPath = "__alerts_path__";

std::string Schema() {
  return "scheme path_prefix timeout:d api_version relabel_configs:* alert_relabel_configs:* "
         "static_configs[targets:l labels:m] " +
         std::string(kHttpConfigSchema);
}

Status CheckDiscovery(const YamlNode& node, const std::string& file) {
  for (const auto& [key, value] : node.entries) {
    if (!key.scalar.ends_with("_sd_configs") && key.scalar != "sigv4" &&
        key.scalar != "google_iam") {
      continue;
    }
    return YamlError(file, key,
                     fmt::format("alertmanagers: {} is not supported yet, name the targets in "
                                 "static_configs",
                                 key.scalar));
  }
  return absl::OkStatus();
}

std::string Scalar(const YamlNode& node, std::string_view key, std::string_view fallback) {
  return std::string(IsSet(node, key) ? std::string_view(node.Find(key)->scalar) : fallback);
}

std::string PostPath(std::string prefix) {
  while (prefix.ends_with('/')) prefix.pop_back();
  if (!prefix.empty() && !prefix.starts_with('/')) prefix = "/" + prefix;
  return prefix + "/api/v2/alerts";
}

std::string UrlOf(const Labels& labels) {
  return fmt::format("{}://{}{}", labels.Get(kScheme), labels.Get(kAddress), labels.Get(kPath));
}

// The files of a tls_config that has passed CheckSchema. One that is not there would be noticed
// only when an alert is to be sent.
Status CheckTlsFiles(const YamlNode* tls, const std::string& file) {
  if (tls == nullptr) return absl::OkStatus();
  for (const std::string_view key : {"ca_file", "cert_file", "key_file"}) {
    if (!IsSet(*tls, key)) continue;
    const YamlNode& name = *tls->Find(key);
    if (name.scalar.empty()) continue;
    const StatusOr<std::string> pem = ReadFile(ResolveBeside(file, name.scalar));
    if (!pem.ok()) {
      return YamlError(file, name, fmt::format("{}: {}", key, Message(pem.status())));
    }
    if (!Contains(*pem, "-----BEGIN ")) {
      return YamlError(file, name, fmt::format("{}: {} is no PEM file", key, Quote(name.scalar)));
    }
  }
  return absl::OkStatus();
}

Status CheckTlsFilesOf(const YamlNode& node, const std::string& file) {
  TRY(CheckTlsFiles(node.Find("tls_config"), file));
  const YamlNode* oauth2 = node.Find("oauth2");
  return oauth2 == nullptr ? absl::OkStatus() : CheckTlsFiles(oauth2->Find("tls_config"), file);
}

Status CheckScalars(const YamlNode& node, const std::string& file) {
  const std::string scheme = Scalar(node, "scheme", "http");
  if (scheme != "http" && scheme != "https") {
    return YamlError(file, *node.Find("scheme"), "scheme must be http or https");
  }
  if (Scalar(node, "api_version", "v2") != "v2") {
    return YamlError(file, *node.Find("api_version"), "api_version must be v2");
  }
  return absl::OkStatus();
}

// One entry of static_configs: an address is a target unless relabelling drops it.
Status AddTargets(const YamlNode& group, LabelsBuilder labels,
                  const std::vector<RelabelRule>& rules, const std::string& file,
                  RelayTarget target, RelayConfig* relay) {
  const YamlNode* addresses = group.Find("targets");
  if (addresses == nullptr) return absl::OkStatus();
  for (const YamlNode& address : addresses->items) {
    if (Contains(address.scalar, "/")) {
      return YamlError(file, address, Quote(address.scalar) + " is not a valid hostname");
    }
    const Labels named = labels.Set(kAddress, address.scalar).Build();
    const std::optional<Labels> kept = Relabel(rules, named);
    if (!kept) {
      relay->dropped.push_back(UrlOf(named));
      continue;
    }
    target.url = UrlOf(*kept);
    // Once, however often it is named.
    const bool is_new = std::ranges::none_of(
        relay->targets, [&](const RelayTarget& other) { return other.url == target.url; });
    if (is_new) relay->targets.push_back(target);
  }
  return absl::OkStatus();
}

LabelsBuilder LabelsOf(const YamlNode& node, const YamlNode& group) {
  LabelsBuilder labels;
  if (const YamlNode* own = group.Find("labels")) {
    for (const auto& [name, value] : own->entries) labels.Set(name.scalar, value.scalar);
  }
  labels.Set(kScheme, Scalar(node, "scheme", "http"));
  labels.Set(kPath, PostPath(Scalar(node, "path_prefix", "")));
  return labels;
}

Status ReadTargets(const YamlNode& node, const std::string& file, RelayConfig* relay) {
  TRY(CheckDiscovery(node, file));
  TRY(CheckSchema(node, Schema(), file, "alertmanagers"));
  TRY(CheckHttpConfigRules(node, file));
  TRY(CheckScalars(node, file));
  TRY(CheckTlsFilesOf(node, file));
  RelayTarget target;
  target.http = TRY(ReadHttpConfig(node, file));
  target.alert_relabel = TRY(ReadRelabelRules(node.Find("alert_relabel_configs"), file));
  const auto rules = TRY(ReadRelabelRules(node.Find("relabel_configs"), file));
  if (IsSet(node, "timeout")) {
    target.timeout = TRY(ParseDuration(node.Find("timeout")->scalar));
  }
  const YamlNode* groups = node.Find("static_configs");
  if (groups == nullptr) return absl::OkStatus();
  for (const YamlNode& group : groups->items) {
    TRY(AddTargets(group, LabelsOf(node, group), rules, file, target, relay));
  }
  return absl::OkStatus();
}

Status Read(const YamlNode* alertmanagers, const YamlNode* relabel, const std::string& file,
            RelayConfig* relay) {
  relay->alert_relabel = TRY(ReadRelabelRules(relabel, file));
  if (alertmanagers == nullptr || alertmanagers->IsNull()) return absl::OkStatus();
  if (!alertmanagers->IsSequence()) {
    return YamlError(file, *alertmanagers, "alertmanagers must be a list");
  }
  for (const YamlNode& node : alertmanagers->items) TRY(ReadTargets(node, file, relay));
  return absl::OkStatus();
}

}  // namespace

YamlNode MaskAlertmanagers(const YamlNode& alertmanagers) {
  YamlNode masked = alertmanagers;
  for (YamlNode& item : masked.items) item = MaskSchema(item, Schema());
  return masked;
}

void ReadRelayConfig(YamlReader& alerting, const std::string& file, RelayConfig* relay) {
  const YamlNode* alertmanagers = alerting.Child("alertmanagers");
  const YamlNode* relabel = alerting.Child("alert_relabel_configs");
  alerting.Duration("resend_delay", &relay->resend_delay);
  if (relay->resend_delay < kSecond) {
    alerting.Fail("resend_delay", "resend_delay must be at least 1s");
  }
  const Status status = Read(alertmanagers, relabel, file, relay);
  if (!status.ok()) alerting.Fail(status);
}

}  // namespace outrider
