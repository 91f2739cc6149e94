// SPDX-License-Identifier: Apache-2.0
// An alert whose parts are shared: what it is stands once in memory however many records, messages
// and snapshots speak of it. A copy costs no block.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rules/alerting/alert.h"

namespace outrider {

// What an alert is, apart from its times. Shared by all versions of its record, so that a repeat
// that moves only times copies none of it.
struct AlertIdentity {
  uint64_t fingerprint = 0;  // of the labels
  Labels labels;
  std::string details;  // PackDetails: one block instead of a tree of texts
};

// The generator's URL and the annotations as one text. Equal details have equal bytes.
std::string PackDetails(const Annotations& annotations, std::string_view generator_url);
// The same piece by piece: first the URL, then the annotations by ascending name.
void AppendDetail(std::string_view text, std::string* details);
// Reads one text off the front of `details`.
std::string_view TakeDetail(std::string_view* details);

// Calls `visit(name, value)` for each annotation, by name.
template <typename Visit>
void ForEachAnnotation(const AlertIdentity& identity, Visit&& visit) {
  std::string_view rest = identity.details;
  TakeDetail(&rest);  // the URL
  while (!rest.empty()) {
    const std::string_view name = TakeDetail(&rest);
    visit(name, TakeDetail(&rest));
  }
}

struct PackedAlert {
  std::shared_ptr<const AlertIdentity> identity;
  AlertTime starts_at;
  AlertTime ends_at;
  Nanos updated_at = 0;
  double value = 0;
  AlertSource source = AlertSource::kApi;
  bool timeout = false;

  bool ResolvedAt(Nanos now) const { return ends_at.nanos != 0 && ends_at.nanos <= now; }
  Alert ToAlert() const;
};

// In the order of a notification (alert_order.h).
void SortAlerts(std::vector<Alert>* alerts);
void SortAlerts(std::vector<PackedAlert>* alerts);

}  // namespace outrider
