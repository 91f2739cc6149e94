// SPDX-License-Identifier: Apache-2.0
// alerting.alertmanagers of outrider.yml: Prometheus' alertmanager_config, with static targets.
#pragma once

#include <string>
#include <vector>

#include "notifiers/channel/http_settings.h"
#include "notifiers/relay/relabel.h"
#include "storage/base/status.h"
#include "storage/base/strict_yaml.h"

namespace outrider {

struct RelayTarget {
  std::string url;  // http://host:9093/prefix/api/v2/alerts
  HttpSettings http{};
  DurationMs timeout = 10 * kSecond;
  std::vector<RelabelRule> alert_relabel{};
};

struct RelayConfig {
  std::vector<RelayTarget> targets;
  std::vector<std::string> dropped;        // URLs that relabel_configs drop
  std::vector<RelabelRule> alert_relabel;  // of all alerts, before those of the targets
  DurationMs resend_delay = kMinute;
};

// A copy of the list `alertmanagers` without its secrets.
YamlNode MaskAlertmanagers(const YamlNode& alertmanagers);

// Reads `alertmanagers`, `alert_relabel_configs` and `resend_delay` of the section `alerting`.
// Errors name file:line:column; service discovery is refused by name.
void ReadRelayConfig(YamlReader& alerting, const std::string& file, RelayConfig* relay);

}  // namespace outrider
