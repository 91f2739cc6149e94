// SPDX-License-Identifier: Apache-2.0
// The alert: the one value that everybody downstream of the rules reads.
#pragma once

#include <map>
#include <string>

#include "storage/base/clock.h"
#include "storage/model/labels.h"

namespace outrider {

// A time with the offset it was written in, because webhook payloads give it back as it came.
struct AlertTime {
  Nanos nanos = 0;  // 0: not set
  int offset_seconds = 0;
  friend bool operator==(const AlertTime&, const AlertTime&) = default;
};

using Annotations = std::map<std::string, std::string>;

enum class AlertSource : uint8_t { kRule, kApi };

// An alert is resolved at `now` when ends_at is set and <= now. Alerts of our own rules carry
// ends_at only once they are resolved; alerts posted through the API always carry one (given, or
// now + resolve_timeout).
struct Alert {
  Labels labels;  // with alertname; the identity
  Annotations annotations;
  std::string generator_url;
  AlertTime starts_at;
  AlertTime ends_at;
  Nanos updated_at = 0;
  bool timeout = false;  // ends_at was not given but computed (specs/alertmanager.md §2 "Ingest")
  AlertSource source = AlertSource::kRule;
  double value = 0;  // of the expression, at the last evaluation

  uint64_t Fingerprint() const { return labels.Fingerprint(); }
  bool ResolvedAt(Nanos now) const { return ends_at.nanos != 0 && ends_at.nanos <= now; }
};

}  // namespace outrider
