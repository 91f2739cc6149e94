// SPDX-License-Identifier: Apache-2.0
// The world outside the process: receivers that remember what arrived, across crashes of the
// process.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "notifiers/channel/channel.h"
#include "notifiers/outbox/receivers.h"
#include "tests/support/fake_clock.h"

namespace outrider::sim {

struct Arrival {
  uint64_t order = 0;  // among arrivals and acknowledgements
  Nanos time = 0;
  std::string target;  // "team/webhook[0]"
  bool idempotent = false;
  std::string key;
  bool repeat = false;
  bool resolved = false;
  std::string incident_id;  // pages
  std::string alerts;       // what it told: names and status, sorted
  // What it says, whatever its key: two unmarked ones of the same reason would be a repeat.
  std::string Text() const;
};

// When a receiver was out of order.
struct Outage {
  std::string target;
  Nanos from = 0;
  Nanos to = 0;
};

class World {
 public:
  explicit World(FakeClock& clock) : clock_(clock) {}

  // Called by the channels.
  SendResult Receive(const std::string& target, bool idempotent, const Notification& notification);

  // A dead process sends nothing, whatever its code would still do.
  void SetAlive(std::function<bool()> alive) { alive_ = std::move(alive); }
  void AddOutage(Outage outage) { outages_.push_back(std::move(outage)); }
  void NoteAcknowledged(const std::string& incident_id) {
    acknowledged_.insert({incident_id, ++order_});
  }
  void NoteReleased(const std::string& incident_id) { acknowledged_.erase(incident_id); }

  const std::vector<Arrival>& arrivals() const { return arrivals_; }
  const std::vector<std::string>& violations() const { return violations_; }
  FakeClock& clock() { return clock_; }

 private:
  FakeClock& clock_;
  std::function<bool()> alive_;
  uint64_t order_ = 0;
  std::vector<Outage> outages_;
  std::vector<Arrival> arrivals_;
  std::set<std::string> keys_;  // of idempotent receivers: a second arrival is dropped there
  std::map<std::string, uint64_t> acknowledged_;
  std::vector<std::string> violations_;
};

// team: webhook (idempotent) and email (not); pager: sms (not); boss: webhook (idempotent).
std::shared_ptr<const Receivers> MakeReceivers(World& world);

}  // namespace outrider::sim
