// SPDX-License-Identifier: Apache-2.0
// What would have been notified to whom: the daemon's desk (notifiers/desk) on a clock of its own,
// told what the rules told, with channels that note down instead of sending. Routes, grouping,
// inhibition, time intervals and repeats are those of the given alertmanager.yml; silences can be
// given.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "exporter/trial/trial_seams.h"
#include "notifiers/config/alertmanager_config.h"
#include "notifiers/mute/silence.h"
#include "storage/base/random.h"

namespace outrider {

// One message to one integration.
struct TrialMessage {
  Nanos time = 0;
  std::string receiver;
  std::string integration;  // "webhook[0]"
  std::string group_key;
  std::string reason;            // why it was sent: the desk's words
  int firing = 0;                // alerts told
  int resolved = 0;              // the same
  std::set<std::string> alerts;  // their names
};

class NotificationReplay {
 public:
  // `silences` hold between their times, as they were last. `random` outlives this.
  // InvalidArgument: an integration or a silence is wrong.
  static StatusOr<std::unique_ptr<NotificationReplay>> Create(AlertmanagerConfig config,
                                                              std::vector<Silence> silences,
                                                              const std::string& external_url,
                                                              Timestamp start, Random& random);
  virtual ~NotificationReplay() = default;

  // In the order of time.
  virtual Status OnTold(const ToldAlerts& told) = 0;
  // Whatever is due until `end`, and the messages.
  virtual StatusOr<std::vector<TrialMessage>> Finish(Timestamp end) = 0;
};

}  // namespace outrider
