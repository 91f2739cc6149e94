// SPDX-License-Identifier: Apache-2.0
// What the incidents of one team, or of one service, add up to: the same as of all
// (incident_totals.h), in a row for each. Which team and service an incident is counted for is
// decided when it opens and stays (Incident::for_team, for_service): a counter does not fall
// because somebody configures or removes a team. Bounded, because labels are not: a team counts
// when it is configured, a service while fewer than kMaxServiceShares were counted; all others are
// counted for "".
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "notifiers/config/paging_config.h"
#include "notifiers/desk/incident_totals.h"
#include "notifiers/desk/table.h"
#include "notifiers/incident/incident.h"
#include "storage/base/status.h"
#include "storage/state/state_store.h"

namespace outrider {

// The names of the shares that an incident is counted for.
inline std::string_view TeamShare(const Incident& incident) {
  return incident.for_team ? std::string_view(incident.team) : std::string_view();
}
inline std::string_view ServiceShare(const Incident& incident) {
  return incident.for_service ? std::string_view(incident.service) : std::string_view();
}

inline constexpr size_t kMaxTeamShares = 1000;
inline constexpr size_t kMaxServiceShares = 200;

struct IncidentShares {
  std::map<std::string, IncidentTotals> teams;
  std::map<std::string, IncidentTotals> services;
};

// What one decision changes of `known`: shares as they are then.
class SharesEdit {
 public:
  explicit SharesEdit(const IncidentShares& known) : known_(known) {}
  // Of a new incident.
  void Assign(const PagingConfig& people, Incident* incident);
  // An incident changed: as IncidentTotals::Count.
  void Count(const Incident* before, const Incident& after);
  const IncidentShares& changed() const { return changed_; }

 private:
  const IncidentShares& known_;
  IncidentShares changed_;
};

// Rows of Family::kMeta: "team_totals" or "service_totals", 0x00, the name.
void EncodeShares(const IncidentShares& changed, Batch* batch);
// A share without a row is made of the incidents that are kept: they are of an older build.
Status ReadShares(const StateStore& store, const Table<std::string, Incident>& incidents,
                  IncidentShares* shares);

}  // namespace outrider
